"""One policy's way through a replay: modes carried out stretch by stretch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.mode_table import ModeTable
from darkstar.planner.problem import Series
from darkstar.time_machine.held_values import live_by_value
from darkstar.time_machine.information import Information
from darkstar.time_machine.legs import Leg, LivedThrough, legs
from darkstar.time_machine.outcome import Flows
from darkstar.time_machine.plant.carrying import AtWork, Plant, flows_of
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import live_by_set_points
from darkstar.time_machine.stretches import PlanEach, plan_stretch, stretches


@dataclass(frozen=True)
class Made:
    """What a run came to; see `PolicyOutcome`.

    Attributes:
        modes: what was decided, slot by slot; None for the oracle, which has no modes.
        worth: of a stored kWh as each slot's plan saw it, shape (n,), where that was kept; NaN where none was made.
        heats: whether the water heater was on in each slot, shape (n,), where it was planned.
    """

    flows: Flows
    plan_ms: Series
    plans: int
    switches: int
    flips: int | None
    over_least: float | None = None
    modes: ModeTable | None = None
    worth: Series | None = None
    heats: NDArray[np.bool_] | None = None


class Run:
    """Goes through all replayed slots once, by one of its ways to follow."""

    def __init__(self, scenario: Scenario, plant: Plant) -> None:
        history = scenario.history
        self._scenario = scenario
        self._at_work = AtWork(
            plant, scenario.soc_start_kwh, history.load_kwh, history.pv_kwh, history.minutes
        )
        self._results: list[NDArray[np.float64]] = []
        self._modes: list[ModeTable] = []
        self._worth: list[Series] = []
        self._plan_ms: list[Series] = []
        self._plans = 0
        self._flips: int | None = None

    @property
    def made(self) -> Made:
        """What all slots together came to."""
        flows = flows_of(self._scenario.soc_start_kwh, np.concatenate(self._results))
        modes = ModeTable.joined(self._modes)
        return Made(
            flows=flows,
            plan_ms=np.concatenate([np.zeros(0), *self._plan_ms]),
            plans=self._plans,
            switches=int(np.count_nonzero(np.diff(modes.kinds(flows.soc_kwh[:-1])))),
            flips=self._flips,
            modes=modes,
            worth=np.concatenate(self._worth) if self._worth else None,
        )

    def follow(self, modes: ModeTable) -> None:
        """Modes of all slots that need no forecast."""
        self._carry_out(modes)

    def follow_values(self, information: Information, plan_each: PlanEach) -> None:
        """The value of stored energy, planned by the stretch."""
        for modes in plan_each(plan_stretch, stretches(self._scenario, information)):
            self._carry_out(modes.table)
            self._plan_ms.append(modes.plan_ms)
            self._plans += modes.plans

    def follow_held_values(self, information: Information, plan_each: PlanEach) -> None:
        """The same under power tariffs: what may be drawn hangs on what was, so plans are made one after another."""
        for lived in self._legs(information, live_by_value, plan_each):
            self._worth.append(lived.worth)

    def follow_set_points(self, information: Information, plan_each: PlanEach) -> None:
        """Each plan's power, planned from what is stored."""
        self._flips = sum(lived.flips for lived in self._legs(information, live_by_set_points, plan_each))

    def _legs(
        self, information: Information, live: Callable[[Leg], LivedThrough], plan_each: PlanEach
    ) -> Iterator[LivedThrough]:
        cut = stretches(self._scenario, information)
        for lived in legs(self._scenario, self._at_work, cut, live, plan_each):
            self._results.append(lived.results)
            self._modes.append(lived.table)
            self._plan_ms.append(lived.modes.plan_ms)
            self._plans += lived.modes.plans
            yield lived

    def _carry_out(self, modes: ModeTable) -> None:
        self._results.append(self._at_work.through(modes))
        self._modes.append(modes)
