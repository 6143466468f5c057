"""A replay whose plans hang on what came before them: stretches lived through one after another.

    leg (a stretch, and where the replay stands)  ->  modes, what the slots came to, where it stands then  ->  next leg

A leg holds all that its result depends on, so it may be lived through anywhere, and what it came to may be kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_SECONDS, Slots
from darkstar.planner.fast.keeping import NO_BOOKS, Books
from darkstar.planner.fast.set_points import LastPlan, no_plan_yet
from darkstar.planner.fast.stretch import Modes, Outlooks, Work, check_outlooks, run_timed, work_of
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import self_consumption
from darkstar.planner.problem import Series
from darkstar.time_machine.holding import Holding
from darkstar.time_machine.plant.carrying import AtWork
from darkstar.time_machine.plant.held import Held, Lived
from darkstar.time_machine.plant.kernel import RESULTS, Ahead
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.stretches import PlanEach, Stretch

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

NEAR_SLOTS = QUARTERS_OF_DAY
"""Of a plan, in which the one before it counts."""


@dataclass(frozen=True)
class Standing:
    """Where a replay stands between two slots: all that what comes next depends on, besides the past.

    Attributes:
        plant: as `kernel.run` has it, shape (kernel.STATES,).
        owner, owner_kw, peaks_of, running, running_kwh: what the month has drawn, see `keeping.Books`.
        plan_soc_kwh, plan_moved_kwh, plan_at: the last plan, see `set_points.LastPlan`.
    """

    plant: Series
    owner: Counts
    owner_kw: Floats
    peaks_of: Counts
    running: Counts
    running_kwh: Floats
    plan_soc_kwh: Series
    plan_moved_kwh: Series
    plan_at: Counts

    @classmethod
    def of(cls, plant: Series, books: Books, plan: LastPlan) -> "Standing":
        """What these have come to."""
        return cls(
            plant,
            books.owner,
            books.owner_kw,
            books.peaks_of,
            books.running,
            books.running_kwh,
            plan.soc_kwh,
            plan.moved_kwh,
            plan.at,
        )

    def books(self, books: Books) -> Books:
        """The books with what the month has drawn, which may be written to."""
        return books._replace(
            owner=self.owner.copy(),
            owner_kw=self.owner_kw.copy(),
            peaks_of=self.peaks_of.copy(),
            running=self.running.copy(),
            running_kwh=self.running_kwh.copy(),
        )

    def plan(self) -> LastPlan:
        """The last plan, which may be written over."""
        return LastPlan(self.plan_soc_kwh.copy(), self.plan_moved_kwh.copy(), self.plan_at.copy())


@dataclass(frozen=True)
class Leg:
    """A stretch and where the replay stands at its beginning; small, and may be sent anywhere.

    Attributes:
        plant: with its slots and minutes alone; held: with its plans and slots alone.
        first_quarter: its first slot by the clock, in slots.
        threshold: gain above which a plan takes the place of the one made before.
    """

    stretch: Stretch
    plant: Ahead
    held: Held
    before: Standing
    first_quarter: int
    threshold: float


@dataclass(frozen=True)
class LivedThrough:
    """A leg that was planned and carried out.

    Attributes:
        worth: of a stored kWh as each slot's plan saw it, shape (n,), NaN where no plan was made or said so.
        results: what the slots came to, shape (n, kernel.RESULTS).
        flips: slots in which a plan differed from the one made just before.
        after: where the replay stands then.
    """

    modes: Modes
    worth: Series
    results: Floats
    flips: int
    after: Standing

    @property
    def table(self) -> ModeTable:
        """What was decided."""
        return self.modes.table


@dataclass(frozen=True)
class Underway:
    """A leg being lived through, as kernels take it; `plant`, `books` and `plan` are written as it goes on."""

    outlooks: Outlooks
    work: Work
    plant: Ahead
    held: Held
    plan: LastPlan
    lived: Lived


KernelOf = Callable[[Leg, Underway], Callable[[int, int], None]]
"""Answers what lives through a leg's plans, from one instant to another."""


def live(leg: Leg, kernel_of: KernelOf) -> LivedThrough:
    """Plan after plan of a leg, each carried out before the next; deficits are covered while too little is known.

    Raises:
        UsageError: see `stretch.modes_by_value`.
    """
    stretch, outlooks = leg.stretch, leg.stretch.sight.outlooks()
    check_outlooks(outlooks, stretch.site)
    slots = stretch.slots.stop - stretch.slots.start
    # Self-consumption, until plans say otherwise.
    table = ModeTable.of([self_consumption(stretch.site.storage)]).take(np.zeros(slots, dtype=np.int64))
    worth, results, flips = np.full(slots, np.nan), np.empty((slots, RESULTS)), np.zeros(1, dtype=np.int64)
    underway = Underway(
        outlooks,
        work_of(outlooks, stretch.hold, table),
        leg.plant._replace(state=leg.plant.state.copy()),
        leg.held._replace(books=leg.before.books(leg.held.books)),
        leg.before.plan(),
        Lived(table.charge_kw, table.discharge_kw, table.import_kw, worth, results, flips),
    )
    plan_ms = run_timed(kernel_of(leg, underway), outlooks)
    modes = Modes(table, int(np.count_nonzero(outlooks.slots)), plan_ms)
    after = Standing.of(underway.plant.state, underway.held.books, underway.plan)
    return LivedThrough(modes, worth, results, int(flips[0]), after)


def legs(
    scenario: Scenario,
    at_work: AtWork,
    cut: Iterator[Stretch],
    live_one: Callable[[Leg], LivedThrough],
    plan_each: PlanEach,
) -> Iterator[LivedThrough]:
    """All legs of a replay, in order."""
    slots = scenario.history.slots
    holding = Holding(scenario) if scenario.power_tariffs else None
    books = NO_BOOKS if holding is None else holding.books
    standing = Standing.of(at_work.state, books, no_plan_yet(NEAR_SLOTS, scenario.replan_slots))
    for stretch in cut:
        plant = at_work.alone(stretch.slots.stop - stretch.slots.start)._replace(state=standing.plant)
        held = _unheld(stretch, slots) if holding is None else holding.held(stretch)
        quarter = int(slots[stretch.slots.start]) // SLOT_SECONDS
        [lived] = plan_each(live_one, [Leg(stretch, plant, held, standing, quarter, scenario.plan_threshold)])
        standing = lived.after
        yield lived


def _unheld(stretch: Stretch, slots: Slots) -> Held:
    """Where nothing is to be held."""
    none = np.zeros((len(stretch.steps), 0))
    return Held(NO_BOOKS, stretch.clock(slots), none, none)
