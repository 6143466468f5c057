"""Kept or changed: what becomes of the plan made before, and why.

It is kept as long as a new one gains no more than a threshold over it. Both are reckoned alike: with what is expected
now, from the energy that is stored now, each followed for the slots that both have modes for, and the best that can
come behind them (`follow`). It is never kept into a breach: where a device would lack more than under the
new plan, or more would go beyond the main fuse or a phase's, it changes whatever it gains.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.caution import Notice
from darkstar.planner.devices.household import HouseholdPlan, with_devices
from darkstar.planner.phases import overloads
from darkstar.planner.problem import Series
from darkstar.planner.standing.news import news
from darkstar.planner.standing.plan import StandingPlan
from darkstar.planner.why.texts import Text

THRESHOLD_SHARE = 0.0005
"""Of what the next day's load would cost from the grid: the gain that is worth a change where none is stated."""
MOVING_KWH = 1e-3
"""A battery or a device that moves less in a slot rests: plans are kept to a tenth of a watt-hour."""
TOLERANCE = 1e-3
"""Kilowatt-hours and hours that a plan may lack more than another one without being worse."""


class Outcome(StrEnum):
    """What became of it."""

    FIRST = "first"
    """There was none that could be followed."""
    FRESH = "fresh"
    """It was not looked at, as asked for."""
    KEPT = "kept"
    CHANGED = "changed"


@dataclass(frozen=True)
class Verdict:
    """What became of the plan made before.

    Attributes:
        before_utc: when that plan was made [UTC s]; None where there is none.
        gain: what a new plan gains over it; None where they were not compared, or it may not be kept.
        threshold: what it has to gain.
        breach: why it may not be kept whatever it gains; None where it may.
        news: what has changed since it was made, weightiest first.
        flips: slots of the next day in which the plan does something else than that one; `new_flips`: in which the new
            plan does, whether it was taken or not. None where there are none that both plan.
    """

    outcome: Outcome
    before_utc: int | None = None
    gain: float | None = None
    threshold: float | None = None
    breach: Notice | None = None
    news: tuple[Notice, ...] = ()
    flips: int | None = None
    new_flips: int | None = None


FIRST = Verdict(Outcome.FIRST)
FRESH = Verdict(Outcome.FRESH)


@dataclass(frozen=True)
class Compared:
    """The plan before, carried on, beside a new one.

    Attributes:
        gain: what the new one gains over it.
        breach: what only the plan before would breach.
        kept_flips, new_flips: see `Verdict`.
    """

    gain: float
    breach: Notice | None
    kept_flips: int
    new_flips: int


def shared_slots(standing: StandingPlan, start_utc: int, slots: int) -> int:
    """How many of a new plan's first slots the plan before has modes for; 0 or less where it has none."""
    passed = (start_utc - standing.start_utc) // SLOT_SECONDS
    return min(standing.held_slots - passed, slots) if passed >= 0 else 0


def may_be_held(standing: StandingPlan, new: HouseholdPlan) -> bool:
    """Whether both plan the same batteries and devices."""
    batteries = {part.name for part in new.batteries}
    return set(standing.batteries) == batteries and set(standing.devices) == {
        run.wish.name for run in new.devices
    }


def compare(standing: StandingPlan, kept: HouseholdPlan, anew: HouseholdPlan, slots: int) -> Compared:
    """Two plans of the same home.

    Args:
        standing: the plan before, from the first slot of both on.
        kept, anew: that plan and a new one, each followed for so many slots (`follow`).
    """
    return Compared(
        kept.cost - anew.cost,
        _breach(kept, anew),
        _flips(standing, kept, slots),
        _flips(standing, anew, slots),
    )


def judge(
    compared: Compared, standing: StandingPlan, new: HouseholdPlan, threshold: float, prices_until_utc: int
) -> tuple[Outcome, tuple[Notice, ...]]:
    """Kept or changed, and the news that explain a change.

    Args:
        threshold: gain above which it is changed, in the currency of the prices.
        prices_until_utc: end of the prices that are published now.
    """
    if compared.breach is None and compared.gain <= threshold:
        return Outcome.KEPT, ()
    return Outcome.CHANGED, news(standing, new, prices_until_utc)


def usual_threshold(new: HouseholdPlan, slots: int) -> float:
    """The gain that is worth a change where the home's file states none."""
    site = with_devices(new.household.rest, new.devices)
    return THRESHOLD_SHARE * float(np.dot(site.load_kwh[:slots], np.maximum(site.import_price[:slots], 0.0)))


def _breach(kept: HouseholdPlan, new: HouseholdPlan) -> Notice | None:
    """What the plan before would breach and the new one does not."""
    for old, other in zip(kept.devices, new.devices, strict=True):
        for lack in {missing.lack for missing in old.missing}:
            short, less = (
                sum(missing.amount for missing in run.missing if missing.lack is lack) for run in (old, other)
            )
            if short > less + TOLERANCE:
                return Notice(Text.BREACH_NEED, words={"device": old.wish.name})
    if _beyond_fuse(kept) > _beyond_fuse(new) + TOLERANCE:
        return Notice(Text.BREACH_FUSE)
    if _beyond_phases(kept) > _beyond_phases(new) + TOLERANCE:
        return Notice(Text.BREACH_PHASE)
    return None


def _beyond_fuse(plan: HouseholdPlan) -> float:
    rest = plan.household.rest
    drawn = plan.flows.import_kwh + plan.flows.breach_kwh
    return float(np.maximum(drawn - rest.grid.import_max_kw * rest.slot_hours, 0.0).sum())


def _beyond_phases(plan: HouseholdPlan) -> float:
    return sum(over.kwh for over in overloads(plan)) if plan.household.phases is not None else 0.0


def _flips(standing: StandingPlan, plan: HouseholdPlan, slots: int) -> int:
    """Slots in which a battery charges, rests or discharges in one of two plans and does not in the other, and those
    in which a device is on in one of them only."""
    doings = [
        (_does(np.diff(part.plan.soc_kwh)), _does(np.diff(standing.batteries[part.name].soc_kwh)))
        for part in plan.batteries
    ]
    doings += [(_does(run.energy_kwh), _does(standing.devices[run.wish.name])) for run in plan.devices]
    return sum(int((now[:slots] != then[:slots]).sum()) for now, then in doings)


def _does(moved_kwh: Series) -> Series:
    return np.sign(np.where(np.abs(moved_kwh) > MOVING_KWH, moved_kwh, 0.0))
