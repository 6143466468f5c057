"""One policy's way through a replay: modes carried out stretch by stretch, and whoever looks on told of each slot."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.turning import TurningPlanner, one_course
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.problem import Series
from darkstar.time_machine.held_values import live_through
from darkstar.time_machine.holding import Holding
from darkstar.time_machine.information import Information, Outlook, outlook_of
from darkstar.time_machine.outcome import Flows
from darkstar.time_machine.plant.carrying import AtWork, Plant, Step, flows_of
from darkstar.time_machine.plant.kernel import IMPORT, STORED
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import SetPoints, problem_of
from darkstar.time_machine.stretches import PlanEach, Stretch, plan_stretch, stretches
from darkstar.time_machine.witness import Moment, Witness

WorthOf = Callable[[int, Outlook, float], float | None]
"""What a stored kWh was worth to a slot's plan: by the slot's number, what was expected, and the energy stored."""


def _nothing(*_: object) -> None:
    """Nobody asked what a stored kWh is worth."""


@dataclass(frozen=True)
class Made:
    """What a run came to; see `PolicyOutcome`."""

    flows: Flows
    plan_ms: Series
    plans: int
    switches: int
    flips: int | None
    over_least: float | None = None


class Run:
    """Goes through all replayed slots once, by one of its ways to follow."""

    def __init__(self, scenario: Scenario, plant: Plant, witness: Witness | None) -> None:
        history = scenario.history
        self._scenario = scenario
        self._witness = witness
        self._at_work = AtWork(
            plant, scenario.soc_start_kwh, history.load_kwh, history.pv_kwh, history.minutes
        )
        self._results: list[NDArray[np.float64]] = []
        self._kinds: list[NDArray[np.int8]] = []
        self._plan_ms: list[Series] = []
        self._plans = 0
        self._flips: int | None = None

    @property
    def made(self) -> Made:
        """What all slots together came to."""
        kinds = np.concatenate(self._kinds)
        return Made(
            flows=flows_of(self._scenario.soc_start_kwh, np.concatenate(self._results)),
            plan_ms=np.concatenate([np.zeros(0), *self._plan_ms]),
            plans=self._plans,
            switches=int(np.count_nonzero(np.diff(kinds))),
            flips=self._flips,
        )

    def follow(self, modes: ModeTable) -> None:
        """Modes of all slots that need no forecast."""
        self._carry_out(modes, 0, {})

    def follow_values(self, information: Information, plan_each: PlanEach) -> None:
        """The value of stored energy, planned by the stretch."""
        cut, planned = tee(stretches(self._scenario, information))
        for stretch, modes in zip(cut, plan_each(plan_stretch, planned), strict=True):
            told = {} if self._witness is None else _told(stretch)
            self._carry_out(modes.table, stretch.slots.start, told, self._worth)
            self._plan_ms.append(modes.plan_ms)
            self._plans += modes.plans

    def follow_held_values(self, information: Information) -> None:
        """The same under power tariffs: what may be drawn hangs on what was, so plans are made one after another."""
        holding = Holding(self._scenario)
        for stretch in stretches(self._scenario, information):
            first, stored_kwh = stretch.slots.start, self._at_work.soc_kwh
            lived = live_through(stretch, holding, self._at_work)
            told = {} if self._witness is None else _told(stretch)

            def worth(number: int, *_: object, first: int = first, worth: Series = lived.worth) -> float:
                return float(worth[number - first])

            self._enter(lived.modes.table, lived.results, first, stored_kwh, told, worth)
            self._plan_ms.append(lived.modes.plan_ms)
            self._plans += lived.modes.plans

    def follow_set_points(self, information: Information) -> None:
        """Each plan's power, planned from what is stored."""
        policy = SetPoints(self._scenario)
        holding = Holding(self._scenario) if self._scenario.power_tariffs else None
        for step, hold, outlook in _plans(self._scenario, information):
            limit = None
            if holding is not None:
                limit = holding.limit(step, hold if outlook is None else len(outlook.load_kwh))
            modes = policy.modes(step, hold, outlook, self._at_work.soc_kwh, limit)
            drawn = self._carry_out(ModeTable.of(modes), step, {step: outlook})
            if holding is not None:
                holding.drawn(step, drawn.tolist())
        self._plan_ms, self._plans = [np.array(policy.plan_ms)], len(policy.plan_ms)
        self._flips = policy.flips

    def _carry_out(
        self, modes: ModeTable, first: int, told: Mapping[int, Outlook | None], worth_of: WorthOf = _nothing
    ) -> Series:
        """The slots from number `first` on; what each has drawn from the grid. Arguments as for `_enter`."""
        stored_kwh = self._at_work.soc_kwh
        results = self._at_work.through(modes)
        self._enter(modes, results, first, stored_kwh, told, worth_of)
        return results[:, IMPORT]

    def _enter(
        self,
        modes: ModeTable,
        results: NDArray[np.float64],
        first: int,
        stored_kwh: float,
        told: Mapping[int, Outlook | None],
        worth_of: WorthOf,
    ) -> None:
        """What the slots from number `first` on came to, with so much stored before.

        Args:
            told: what plans were made from, by slot number.
        """
        soc_kwh = np.concatenate([[stored_kwh], results[:-1, STORED]])
        self._results.append(results)
        self._kinds.append(modes.kinds(soc_kwh))
        if self._witness is None:
            return
        for row, (soc, result) in enumerate(zip(soc_kwh.tolist(), results.tolist(), strict=True)):
            outlook = told.get(first + row)
            worth = None if outlook is None else worth_of(first + row, outlook, soc)
            self._witness(Moment(first + row, soc, outlook, modes.mode(row, worth), Step._make(result)))

    def _worth(self, _: int, outlook: Outlook, soc_kwh: float) -> float:
        """Of a stored kWh after the slot at hand, as its plan saw it."""
        problem = problem_of(self._scenario, outlook, soc_kwh)
        if outlook.doubt is not None:
            courses = outlook.doubt.around(outlook.load_kwh, outlook.pv_kwh)
            return -TurningPlanner().value_after(problem, courses).slope_at(soc_kwh)
        if len(problem) == 1:
            return -TurningPlanner().value_after(problem, one_course(problem)).slope_at(soc_kwh)
        return -FastEngine().value(problem.after(1)).slope_at(soc_kwh)


def _plans(scenario: Scenario, information: Information) -> Iterator[tuple[int, int, Outlook | None]]:
    """Each plan's first slot by number, for how many slots it holds, and what it is made from."""
    for stretch in stretches(scenario, information):
        outlooks = stretch.sight.outlooks()
        for number, (step, hold) in enumerate(
            zip(stretch.steps.tolist(), stretch.hold.tolist(), strict=True)
        ):
            yield step, hold, outlook_of(outlooks, number)


def _told(stretch: Stretch) -> dict[int, Outlook | None]:
    """What each plan of a stretch was made from, by slot number."""
    outlooks = stretch.sight.outlooks()
    return {step: outlook_of(outlooks, number) for number, step in enumerate(stretch.steps.tolist())}
