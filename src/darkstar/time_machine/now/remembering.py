"""The plans of a home in its ledger: the one before is asked for, the one that is handed on is kept."""

from dataclasses import dataclass
from importlib.metadata import version

from darkstar.config.settings import Settings
from darkstar.planner.caution import Notice
from darkstar.planner.why.texts import Text
from darkstar.planner.why.ways import as_planned
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.plans import PlanRow
from darkstar.time_machine.now.standing import Before, Settled, standing_plan
from darkstar.time_machine.spread.digest import digest

SECOND_US = 1_000_000


@dataclass(frozen=True)
class Remembered:
    """What the ledger has of the plan before.

    Attributes:
        plan_id: None where none was ever kept.
        before: None where it cannot be read, and `damage` says why.
    """

    plan_id: int | None = None
    before: Before | None = None
    damage: str = ""


def remembered(ledger: LedgerFile, settings: Settings) -> Remembered:
    """The plan before; it may be followed where the home and Darkstar are the same as then."""
    last = ledger.plans.last()
    if last is None:
        return Remembered()
    if last.row is None or last.plan is None:
        return Remembered(last.plan_id, damage=last.damage)
    refused = None
    if last.row.version != version("darkstar"):
        refused = Notice(Text.BREACH_VERSION)
    elif last.row.settings_digest != settings_digest(settings):
        refused = Notice(Text.BREACH_SETTINGS)
    return Remembered(last.plan_id, Before(last.row.made_us // SECOND_US, last.plan, refused))


def remember(
    ledger: LedgerFile,
    settings: Settings,
    settled: Settled,
    *,
    after: int | None,
    prices_until_utc: int,
    made_utc: float,
    why: str,
) -> bool:
    """Keep what is handed on; False where another plan came in between, and nothing is kept then.

    Args:
        after: the plan that it was held against.
        why: what became of that one, in words.

    Raises:
        StoreError: the ledger cannot be written.
    """
    plan, verdict, whole = standing_plan(settled, prices_until_utc), settled.verdict, settled.whole
    row = PlanRow(
        made_us=int(made_utc * SECOND_US),
        start_utc=plan.start_utc,
        slots=len(plan),
        held_slots=plan.held_slots,
        prices_until_utc=prices_until_utc,
        version=version("darkstar"),
        engine=whole.engine,
        settings_digest=settings_digest(settings),
        input_digest=digest(whole.household),
        cost=as_planned(settled.course).cost,
        outcome=verdict.outcome,
        why=why,
        gain=verdict.gain,
        threshold=verdict.threshold,
        flips=verdict.flips,
        new_flips=verdict.new_flips,
    )
    return ledger.plans.add(row, plan, after=after, keep_days=settings.plans.keep_days)


def settings_digest(settings: Settings) -> str:
    """The name of all of the home's file that a plan is made by."""
    return digest(
        settings.home,
        settings.battery,
        settings.devices,
        settings.tariffs,
        settings.power_tariffs,
        sorted(channel.value for channel in settings.absent),
    )
