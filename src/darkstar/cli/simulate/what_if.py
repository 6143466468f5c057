"""`darkstar simulate --what-if`: from words to homes that can be replayed beside this one."""

import os
from collections.abc import Sequence

from darkstar.config.settings import Settings
from darkstar.config.tariff_file import read_tariff
from darkstar.domain.home import Battery
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.buying.variant import Variant, parse_variants
from darkstar.time_machine.buying.what_if import Change
from darkstar.time_machine.metered import tariffs_at
from darkstar.time_machine.scenario import Scenario


def variants_of(told: Sequence[str] | None) -> tuple[Variant, ...]:
    """All that is asked for, in order."""
    return tuple(variant for text in told or () for variant in parse_variants(text))


def changes_of(
    variants: Sequence[Variant],
    settings: Settings,
    own: Battery | None,
    ledger: LedgerFile,
    today: Scenario,
) -> list[Change]:
    """The variants with their batteries and tariffs.

    Args:
        own: the battery of the home as it is, None without one.

    Raises:
        ConfigError: a file with a tariff is missing or wrong.
    """
    return [_change(variant, settings, own, ledger, today) for variant in variants]


def _change(
    variant: Variant, settings: Settings, own: Battery | None, ledger: LedgerFile, today: Scenario
) -> Change:
    tariffs, power = settings.tariffs, None
    if variant.tariff is not None:
        tariffs, stated = read_tariff(variant.tariff, os.environ, settings.home.tz)
        power = tariffs_at(ledger, stated, settings.home.tz, int(today.history.slots[0]))
    return Change(variant, variant.battery(own), tariffs.with_terms(**variant.terms), power)
