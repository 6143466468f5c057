"""The section `tariff.power` of `darkstar.yaml`: what a month's highest draws from the grid cost.

One entry or a list of them; months, weekdays and hours as people write them: `nov-mar`, `mon-fri`, `7-20`, or lists.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from darkstar.config.fields import NotNegative, Positive, Section, listed, plain_number
from darkstar.domain.power_tariff import (
    ALL_HOURS,
    ALL_MONTHS,
    ALL_WEEKDAYS,
    PowerTariff,
    PowerWindow,
    Tier,
)

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS_OF_DAY = 24


def _months(value: object) -> frozenset[int]:
    return _circle(value, MONTHS, 1, "must name months, such as nov-mar, [1, 2, 12] or jul")


def _weekdays(value: object) -> frozenset[int]:
    return _circle(value, WEEKDAYS, None, "must name weekdays, such as mon-fri or [sat, sun]")


def _hours(value: object) -> frozenset[int]:
    """Hours of the local clock; the end of a stretch is no longer part of it (`22-6` is from 22:00 to 6:00)."""
    found: set[int] = set()
    for part in value if isinstance(value, list) else [value]:
        edges = _edges(part)
        numbers = [int(edge) for edge in (edge.removesuffix(":00") for edge in edges) if edge.isdecimal()]
        if len(numbers) != len(edges) or numbers[0] >= HOURS_OF_DAY or numbers[-1] > HOURS_OF_DAY:
            raise ValueError("must name whole hours from 0 to 24, such as 7-20, 22-6 or [7, 8, 9]")
        first, end = numbers[0], numbers[-1] if len(numbers) == 2 else numbers[0] + 1
        found |= {hour % HOURS_OF_DAY for hour in range(first, end + (HOURS_OF_DAY if end <= first else 0))}
    return frozenset(found)


def _circle(value: object, names: Sequence[str], first: int | None, wrong: str) -> frozenset[int]:
    """Places in a circle of names; both ends of a stretch are part of it. `first` is the number of the first name."""
    found: set[int] = set()
    for part in value if isinstance(value, list) else [value]:
        places = [_place(edge, names, first) for edge in _edges(part)]
        known = [place for place in places if place is not None]
        if len(known) != len(places):
            raise ValueError(wrong)
        steps = (known[-1] - known[0]) % len(names)
        found |= {(known[0] + step) % len(names) + (first or 0) for step in range(steps + 1)}
    return frozenset(found)


def _edges(part: object) -> list[str]:
    edges = [] if isinstance(part, bool) else [edge.strip().casefold() for edge in str(part).split("-")]
    return edges if 1 <= len(edges) <= 2 else [""]


def _place(name: str, names: Sequence[str], first: int | None) -> int | None:
    if first is not None and name.isdecimal():
        return int(name) - first if first <= int(name) < first + len(names) else None
    return names.index(name[:3]) if name[:3] in names and name.isalpha() else None


def _dates(value: object) -> frozenset[dt.date]:
    days = value if isinstance(value, list) else [value]
    if not all(type(day) is dt.date for day in days):
        raise ValueError("must list dates, such as [2025-12-25, 2025-12-26]")
    return frozenset(days)


class WindowSection(Section):
    """Local times whose draws count; a key that is left out means all of them."""

    months: Annotated[frozenset[int], BeforeValidator(_months)] = ALL_MONTHS
    weekdays: Annotated[frozenset[int], BeforeValidator(_weekdays)] = ALL_WEEKDAYS
    hours: Annotated[frozenset[int], BeforeValidator(_hours)] = ALL_HOURS
    days_off: Annotated[frozenset[dt.date], BeforeValidator(_dates)] = frozenset()
    share: NotNegative = 1.0


class TierSection(Section):
    """A step of the fee."""

    up_to_kw: Positive
    fee: NotNegative


class PowerSection(Section):
    """How a month's peaks are metered and paid; fees without VAT, as everything in `tariff`."""

    peaks: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=31)]
    different_days: Annotated[bool, Field(strict=True)] | None = None
    period: Literal["hour", "quarter"]
    per_kw: Positive | None = None
    least_kw: NotNegative = 0.0
    tiers: tuple[TierSection, ...] | None = None
    windows: Annotated[tuple[WindowSection, ...], BeforeValidator(listed), Field(min_length=1)] = (
        WindowSection(),
    )

    @model_validator(mode="after")
    def _state_the_money(self) -> "PowerSection":
        if (self.per_kw is None) == (not self.tiers):
            raise ValueError("state either per_kw (a month's fee per kW) or tiers (up_to_kw and fee of each)")
        if self.different_days is None and self.peaks > 1:
            raise ValueError("different_days is missing: say whether at most one peak of a day counts")
        for low, high in zip(self.tiers or (), (self.tiers or ())[1:], strict=False):
            if low.up_to_kw >= high.up_to_kw or low.fee > high.fee:
                raise ValueError(f"the tiers up to {low.up_to_kw:g} and {high.up_to_kw:g} kW do not rise")
        return self

    def with_vat(self, vat_percent: float) -> PowerTariff:
        """The tariff as it is paid."""
        paid = 1 + vat_percent / 100
        return PowerTariff(
            peaks=self.peaks,
            different_days=bool(self.different_days),
            hourly=self.period == "hour",
            per_kw=(self.per_kw or 0.0) * paid,
            least_kw=self.least_kw,
            tiers=tuple(Tier(tier.up_to_kw, tier.fee * paid) for tier in self.tiers or ()),
            windows=tuple(PowerWindow(**window.model_dump()) for window in self.windows),
        )


PowerSections = Annotated[tuple[PowerSection, ...], BeforeValidator(listed)]
