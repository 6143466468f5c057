"""A new plan of a home beside the one made before it: which of them is handed on, with which modes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.caution import Notice
from darkstar.planner.devices.engines import FULL_SECONDS, plan_household
from darkstar.planner.devices.household import HouseholdPlan
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Mode
from darkstar.planner.phases import within_phases
from darkstar.planner.problem import Problem, Series
from darkstar.planner.standing.follow import Mover, energies, follow, held_to, keeps_limits_by_energy
from darkstar.planner.standing.plan import Expected, StandingBattery, StandingPlan
from darkstar.planner.standing.verdict import (
    FIRST,
    FRESH,
    Outcome,
    Verdict,
    compare,
    judge,
    may_be_held,
    shared_slots,
    usual_threshold,
)
from darkstar.planner.why.texts import Text
from darkstar.time_machine.now.modes_ahead import modes_ahead
from darkstar.time_machine.plant.carrying import Plant, carry_out

MODE_SLOTS = 96
"""How far modes are told, and a plan is held to: a day."""
Modes = tuple[Mode, ...]


@dataclass(frozen=True)
class Before:
    """The plan made before.

    Attributes:
        made_utc: when it was made [UTC s].
        plan: None where it may not be followed, for the reason `refused`.
    """

    made_utc: int
    plan: StandingPlan | None
    refused: Notice | None = None


@dataclass(frozen=True)
class Settled:
    """What is handed on.

    Attributes:
        whole: the plan; modes: of each battery, for its first slots.
        course: what it comes to if it meets what is expected.
    """

    whole: HouseholdPlan
    modes: tuple[Modes, ...]
    course: HouseholdPlan
    verdict: Verdict


def settle(
    new: HouseholdPlan,
    before: Before | None,
    *,
    prices_until_utc: int,
    threshold: float | None = None,
    seconds: float = FULL_SECONDS,
    fresh: bool = False,
) -> Settled:
    """The plan made before where it is still followed, else the new one.

    Args:
        prices_until_utc: end of the prices that are published now.
        threshold: gain that is worth a change; None for the usual one.
        seconds: time limit where the full engine plans once more, with the devices held to that plan's slots.
        fresh: the plan before is not looked at.
    """
    modes = _modes(new)
    course = _course(new, modes, MODE_SLOTS)
    if fresh or before is None:
        return Settled(new, modes, course, FRESH if fresh else FIRST)
    start_utc = int(new.household.slots[0])
    shared = 0 if before.plan is None else shared_slots(before.plan, start_utc, len(new.household.rest))
    refused = before.refused or _refused(before.plan, new, start_utc, shared)
    if before.plan is None or refused is not None:
        return Settled(new, modes, course, Verdict(Outcome.CHANGED, before.made_utc, breach=refused))
    passed = (start_utc - before.plan.start_utc) // SLOT_SECONDS
    standing = _as_of_now(before.plan.after(passed), new, modes, shared)
    held = new
    if new.devices:
        held = plan_household(held_to(new.household, standing.devices, shared), seconds=seconds)
    kept = _followed(held, standing, shared)
    compared = compare(standing, kept, _course(new, modes, shared), shared)
    least = usual_threshold(new, shared) if threshold is None else threshold
    outcome, news = judge(compared, standing, new, least, prices_until_utc)
    keeps = outcome is Outcome.KEPT
    verdict = Verdict(
        outcome,
        before.made_utc,
        # What is lacking or beyond a fuse has a price that nobody pays.
        compared.gain if compared.breach is None else None,
        least,
        compared.breach,
        news,
        compared.kept_flips if keeps else compared.new_flips,
        compared.new_flips,
    )
    if not keeps:
        return Settled(new, modes, course, verdict)
    carried = _carried_on(kept, standing, modes, shared)
    course = kept if keeps_limits_by_energy(new.household) else _course(held, carried, MODE_SLOTS)
    return Settled(kept, carried, course, verdict)


def standing_plan(settled: Settled, prices_until_utc: int) -> StandingPlan:
    """What another plan may be held to."""
    whole, rest = settled.course, settled.whole.household.rest
    return StandingPlan(
        int(whole.household.slots[0]),
        prices_until_utc,
        min(MODE_SLOTS, len(rest)),
        Expected(rest.load_kwh, rest.pv_kwh, rest.import_price, rest.export_price),
        {
            part.name: StandingBattery(part.plan.soc_kwh, ModeTable.of(modes), _worth(modes))
            for part, modes in zip(whole.batteries, settled.modes, strict=True)
        },
        {run.wish.name: run.energy_kwh for run in whole.devices},
    )


def _refused(plan: StandingPlan | None, new: HouseholdPlan, start_utc: int, shared: int) -> Notice | None:
    """Why the plan before cannot be held against a new one."""
    if plan is None or shared <= 0:
        later = plan is not None and start_utc < plan.start_utc
        return Notice(Text.BREACH_LATER if later else Text.BREACH_OVER)
    return None if may_be_held(plan, new) else Notice(Text.BREACH_OTHERS)


def _modes(whole: HouseholdPlan) -> tuple[Modes, ...]:
    """What a plan hands on to each battery."""
    return tuple(
        within_phases(whole, number, modes_ahead(whole.household, part, MODE_SLOTS))
        for number, part in enumerate(whole.batteries)
    )


def _carried_on(
    kept: HouseholdPlan, standing: StandingPlan, new: Sequence[Modes], shared: int
) -> tuple[Modes, ...]:
    """The modes of the plan before as far as they reach, then those that follow; what energy is worth as of now."""
    carried = []
    for number, (part, anew) in enumerate(zip(kept.batteries, new, strict=True)):
        old = standing.batteries[part.name].modes
        modes = [old.mode(slot, anew[slot].worth) for slot in range(shared)]
        modes += modes_ahead(kept.household, part, MODE_SLOTS, shared)
        carried.append(within_phases(kept, number, modes))
    return tuple(carried)


def _as_of_now(
    standing: StandingPlan, new: HouseholdPlan, modes: Sequence[Modes], shared: int
) -> StandingPlan:
    """The plan before with what hangs on nothing but the present prices: what becomes of the sun."""
    batteries = dict(standing.batteries)
    for part, each in zip(new.batteries, modes, strict=True):
        old = batteries[part.name]
        curtail = ModeTable.of(each).curtail[:shared]
        batteries[part.name] = replace(old, modes=replace(old.modes.take(slice(shared)), curtail=curtail))
    return replace(standing, batteries=batteries)


def _course(new: HouseholdPlan, modes: Sequence[Modes], slots: int) -> HouseholdPlan:
    """What a new plan comes to, its modes followed for so many slots where they keep the home's limits."""
    if keeps_limits_by_energy(new.household):
        return new
    return follow(new, [_carried_out(new, ModeTable.of(each[:slots])) for each in modes])


def _followed(held: HouseholdPlan, standing: StandingPlan, shared: int) -> HouseholdPlan:
    """What the plan before comes to."""
    parts = [(part.plan, standing.batteries[part.name]) for part in held.batteries]
    if keeps_limits_by_energy(held.household):
        return follow(held, [energies(old.soc_kwh, plan.soc_kwh, shared) for plan, old in parts])
    return follow(held, [_carried_out(held, old.modes) for _, old in parts])


def _carried_out(whole: HouseholdPlan, modes: ModeTable) -> Mover:
    """Modes on an ideal battery behind the home's connection."""

    def moves(problem: Problem) -> Series:
        met, plant = slice(len(modes)), Plant(problem.storage, whole.household.rest.grid)
        stored = problem.soc_start_kwh
        flows = carry_out(plant, stored, modes, problem.load_kwh[met], problem.pv_kwh[met])
        return np.diff(flows.soc_kwh)

    return moves


def _worth(modes: Modes) -> Series:
    return np.array([np.nan if mode.worth is None else mode.worth for mode in modes])
