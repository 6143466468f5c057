"""Why a device runs when it does: its blocks, what each costs, and what it is due for. Only figures, no words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.devices.heat_pump import spared_by
from darkstar.planner.devices.household import HouseholdPlan, with_devices
from darkstar.planner.devices.run import DeviceRun
from darkstar.planner.devices.tank import LEAST_KELVIN
from darkstar.planner.devices.wish import Due
from darkstar.planner.full.plan import BoostRun
from darkstar.planner.full.site import Boost, Tank
from darkstar.planner.phases import full_phase
from darkstar.planner.problem import Problem, Series
from darkstar.planner.why.tracing import site_flows, slot_costs

ENERGY_TOLERANCE_KWH = 1e-6
SHORT_PAUSE_SLOTS = 2
"""A pause this short does not part two blocks."""


@dataclass(frozen=True)
class TankBlock:
    """What a block does to a tank: its temperature before and after, and the slot until which it is enough (the next
    block's first; None for beyond the plan)."""

    before_c: float
    after_c: float
    lasts: int | None


@dataclass(frozen=True)
class Spared:
    """What a heat pump spares after a boost.

    Attributes:
        first, end: the slots of it, `end` exclusive.
        kwh, price: what the home does not draw then, and what that would have cost per kWh.
        warmer_c: how much warmer the house is at most.
        gain: what it saves less what the boost costs.
    """

    first: int
    end: int
    kwh: float
    price: float
    warmer_c: float
    gain: float


@dataclass(frozen=True)
class DeviceBlock:
    """A stretch in which a device runs.

    Attributes:
        first, end: its slots, `end` exclusive.
        kwh: energy that it draws.
        price: what that costs the home per kWh, the batteries' moves unchanged: what is bought, or not sold, for it.
        due: the deadline that it serves, None where it serves none.
        usual: mean import price of the slots in which it could have run for this deadline.
        stored_kwh: energy in a car at its end; None where that is not followed.
        heat: what it does to a tank; None for all else.
        full_phase: the phase whose fuse keeps it below its power; None where none does.
        spared: what a boost spares; None where it spares nothing, and for all else.
    """

    first: int
    end: int
    kwh: float
    price: float
    due: Due | None
    usual: float
    stored_kwh: float | None = None
    heat: TankBlock | None = None
    full_phase: int | None = None
    spared: Spared | None = None


def device_blocks(plan: HouseholdPlan, run: DeviceRun) -> list[DeviceBlock]:
    """The blocks of one device, in order."""
    site, moves = _site(plan)
    if run.boost is not None:
        return _boosts(plan, run, run.boost)
    whole = slot_costs(site, site_flows(site, moves))
    blocks = []
    stretches = _stretches(run, run.energy_kwh)
    for number, (first, end) in enumerate(stretches):
        energy = np.zeros(len(site))
        energy[first:end] = run.energy_kwh[first:end]
        without = replace(site, load_kwh=np.maximum(site.load_kwh - energy, 0.0))
        extra = float((whole - slot_costs(without, site_flows(without, moves))).sum())
        kwh = float(energy.sum())
        until = stretches[number + 1][0] if number + 1 < len(stretches) else None
        due = _due(run, first, end)
        blocks.append(
            DeviceBlock(
                first,
                end,
                kwh,
                extra / kwh,
                due,
                _usual(site.import_price, run, _choice(run, due, first, until)),
                None if run.stored_kwh is None else float(run.stored_kwh[end]),
                _heat(run, first, end, until),
                full_phase(plan, run, first, end),
            )
        )
    return blocks


def _site(plan: HouseholdPlan) -> tuple[Problem, Series]:
    """The home as one battery's problem, and how that battery's energy changes in each slot, shape (n,)."""
    if plan.batteries:
        last = plan.batteries[-1]
        return last.problem, np.diff(last.plan.soc_kwh)
    site = with_devices(plan.household.rest, plan.devices)
    return site, np.zeros(len(site))


def _boosts(plan: HouseholdPlan, run: DeviceRun, boost: BoostRun) -> list[DeviceBlock]:
    """The boosts of a heat pump, each with what it spares; the batteries' moves unchanged."""
    site, moves = _site(plan)
    assert isinstance(run.wish.plan, Boost)

    def money(more_kwh: Series) -> float:
        other = replace(site, load_kwh=np.maximum(site.load_kwh + more_kwh, 0.0))
        return float(slot_costs(other, site_flows(other, moves)).sum())

    whole = money(np.zeros(len(site)))
    stretches = _stretches(run, boost.boost_kwh)
    blocks = []
    each = spared_by(run.wish.plan, boost, stretches, site.slot_hours)
    for (first, end), spared in zip(stretches, each, strict=True):
        drawn = np.zeros(len(site))
        drawn[first:end] = boost.boost_kwh[first:end]
        kwh, saved, slots = (
            float(drawn.sum()),
            float(spared.sum()),
            np.flatnonzero(spared > ENERGY_TOLERANCE_KWH),
        )
        alone, neither = money(spared), money(spared - drawn)
        found = None
        if len(slots):
            warmer = float(boost.saved_kwh[first + 1 : int(slots[-1]) + 2].max()) * run.wish.warmer_per_kwh
            used = int(slots[0]), int(slots[-1]) + 1
            found = Spared(*used, saved, (alone - whole) / saved, warmer, neither - whole)
        usual = _usual(site.import_price, run, slice(None))
        price, phase = (alone - neither) / kwh, full_phase(plan, run, first, end)
        blocks.append(DeviceBlock(first, end, kwh, price, None, usual, full_phase=phase, spared=found))
    return blocks


def _stretches(run: DeviceRun, energy_kwh: Series) -> Sequence[tuple[int, int]]:
    """Runs without long pauses, parted at deadlines; of what it draws by itself, shape (n,)."""
    edges = {due.first for due in run.wish.dues}
    found: list[tuple[int, int]] = []
    for slot in np.flatnonzero(energy_kwh > ENERGY_TOLERANCE_KWH).tolist():
        parted = found and any(found[-1][1] <= edge <= slot for edge in edges)
        if found and not parted and slot - found[-1][1] <= SHORT_PAUSE_SLOTS:
            found[-1] = found[-1][0], slot + 1
        else:
            found.append((slot, slot + 1))
    return found


def _due(run: DeviceRun, first: int, end: int) -> Due | None:
    """The deadline that a block serves; of a tank, that of a disinfection that it is the first to be hot enough for."""
    due = next((due for due in run.wish.dues if due.first <= first < due.last), None)
    if run.temperature_c is None or due is None:
        return due
    assert isinstance(run.wish.plan, Tank)
    assert run.wish.plan.legionella is not None
    hot = run.temperature_c[1:] >= run.wish.plan.legionella.temperature_c - LEAST_KELVIN
    return due if hot[first:end].any() and not hot[due.first : first].any() else None


def _heat(run: DeviceRun, first: int, end: int, lasts: int | None) -> TankBlock | None:
    course = run.temperature_c
    return None if course is None else TankBlock(float(course[first]), float(course[end]), lasts)


def _choice(run: DeviceRun, due: Due | None, first: int, until: int | None) -> slice:
    """The slots that a block was chosen from: until its deadline; of a tank, until it heats again."""
    if run.temperature_c is not None:
        return slice(first, until)
    return slice(None) if due is None else slice(due.first, due.last)


def _usual(prices: Series, run: DeviceRun, span: slice) -> float:
    allowed = run.wish.available[span]
    return float(prices[span][allowed].mean()) if allowed.any() else float(prices[span].mean())
