"""A replay that is through, told slot by slot to whoever looks on: passage by passage, in any process, in any order.

What was expected is large and was thrown away with each plan; it is made again here, from the same sights.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.turning import TurningPlanner, one_course
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Mode, setpoint
from darkstar.planner.problem import Series
from darkstar.time_machine.information import Honesty, Knowledge, Outlook, information, outlook_of
from darkstar.time_machine.outcome import MPC, SETPOINT, Flows
from darkstar.time_machine.plant.carrying import Step, steps_of
from darkstar.time_machine.run import Made
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import problem_of
from darkstar.time_machine.stretches import STRETCH_SLOTS, Stretch, stretches
from darkstar.time_machine.witness import Moment, Witness


@dataclass(frozen=True)
class Passage:
    """Some slots of a replay, with all that is to be told of them; small, and may be sent anywhere.

    Attributes:
        first: the number of the first among all replayed slots.
        scenario: these slots alone, and what was published at them.
        modes, worth: see `Made`, of these slots.
        stretch: what its plans were made from; None where none were made.
    """

    policy: str
    first: int
    scenario: Scenario
    flows: Flows
    modes: ModeTable | None
    worth: Series | None
    stretch: Stretch | None

    def tell(self, witness: Witness) -> None:
        """The witness is told of each slot, in order."""
        told = {} if self.stretch is None else _told(self.stretch)
        for row, (soc, step) in enumerate(
            zip(self.flows.soc_kwh[:-1].tolist(), steps_of(self.flows), strict=True)
        ):
            outlook = told.get(self.first + row)
            witness(Moment(self.first + row, soc, outlook, self._mode(row, outlook, soc, step), step))

    def _mode(self, row: int, outlook: Outlook | None, soc_kwh: float, step: Step) -> Mode:
        if self.modes is None:
            return setpoint(self.scenario.storage, (step.charge_kwh - step.discharge_kwh) / SLOT_HOURS)
        worth = None
        if outlook is not None and self.worth is not None:
            worth = float(self.worth[row])
        elif outlook is not None and self.policy == MPC:
            worth = _worth(self.scenario, outlook, soc_kwh)
        return self.modes.mode(row, worth)


def passages(scenario: Scenario, policy: str, honesty: Honesty | Knowledge, made: Made) -> Iterator[Passage]:
    """The whole replay, from its first slot to its last."""
    for slots, stretch in _cut(scenario, policy, honesty):
        yield Passage(
            policy,
            slots.start,
            scenario.only(slots),
            made.flows.part(slots),
            None if made.modes is None else made.modes.take(slots),
            None if made.worth is None else made.worth[slots],
            stretch,
        )


def _cut(
    scenario: Scenario, policy: str, honesty: Honesty | Knowledge
) -> Iterator[tuple[slice, Stretch | None]]:
    if policy in (MPC, SETPOINT):
        for stretch in stretches(scenario, information(honesty, scenario)):
            yield stretch.slots, stretch
        return
    count = len(scenario.history)
    for first in range(0, count, STRETCH_SLOTS):
        yield slice(first, min(first + STRETCH_SLOTS, count)), None


def _told(stretch: Stretch) -> dict[int, Outlook | None]:
    """What each plan of a stretch was made from, by slot number."""
    outlooks = stretch.sight.outlooks()
    return {step: outlook_of(outlooks, number) for number, step in enumerate(stretch.steps.tolist())}


def _worth(scenario: Scenario, outlook: Outlook, soc_kwh: float) -> float:
    """Of a stored kWh after the slot at hand, as its plan saw it."""
    problem = problem_of(scenario, outlook, soc_kwh)
    if outlook.doubt is not None:
        courses = outlook.doubt.around(outlook.load_kwh, outlook.pv_kwh)
        return -TurningPlanner().value_after(problem, courses).slope_at(soc_kwh)
    if len(problem) == 1:
        return -TurningPlanner().value_after(problem, one_course(problem)).slope_at(soc_kwh)
    return -FastEngine().value(problem.after(1)).slope_at(soc_kwh)
