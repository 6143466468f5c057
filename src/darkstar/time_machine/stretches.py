"""A replay cut into stretches of days whose plans are made by themselves: in any order, in any process, same digits."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS, SLOT_SECONDS, Slots
from darkstar.planner.fast.stretch import Modes, Site, modes_by_value
from darkstar.planner.mode_table import ModeTable
from darkstar.time_machine.information import Information, Sight
from darkstar.time_machine.scenario import Scenario

Counts = NDArray[np.int64]

STRETCH_SLOTS = 8 * QUARTERS_OF_DAY
"""What is expected at each of so many slots takes a few megabytes."""


@dataclass(frozen=True)
class Stretch:
    """What the plans of some days need, and nothing more; small, and may be sent anywhere.

    Attributes:
        steps: replayed slots at whose start a plan is made, by number, shape (m,).
        hold: for how many slots each holds, shape (m,).
        longest: the longest that any plan of the replay may hold.
    """

    steps: Counts
    hold: Counts
    longest: int
    sight: Sight
    site: Site

    @property
    def slots(self) -> slice:
        """The replayed slots that its plans are for, by number."""
        return slice(int(self.steps[0]), int(self.steps[-1] + self.hold[-1]))

    def clock(self, slots: Slots) -> Counts:
        """How many slots after its first each begins by the clock, shape (n,); of all replayed slots."""
        own = slots[self.slots]
        found: Counts = (own - own[0]) // SLOT_SECONDS
        return found


class Planned(Protocol):
    """What a task of planning came to."""

    @property
    def table(self) -> ModeTable:
        """What was decided, slot by slot."""
        ...


Task = TypeVar("Task")
Answer = TypeVar("Answer", bound=Planned)


class PlanEach(Protocol):
    """How tasks come to their plans, in order: `map`, or that of an executor."""

    def __call__(self, function: Callable[[Task], Answer], tasks: Iterable[Task], /) -> Iterator[Answer]: ...


def plan_stretch(stretch: Stretch) -> Modes:
    """The modes of a stretch, following the value of stored energy."""
    return modes_by_value(stretch.sight.outlooks(), stretch.hold, stretch.site, stretch.longest)


def stretches(scenario: Scenario, information: Information) -> Iterator[Stretch]:
    """The replay from its first slot to its last."""
    slots, site = scenario.history.slots, site_of(scenario)
    steps = plans_at(slots, scenario.replan_slots)
    hold = np.diff(steps, append=len(slots))
    for part in np.split(np.arange(len(steps)), np.flatnonzero(np.diff(steps // STRETCH_SLOTS)) + 1):
        sight = information.sight(steps[part])
        yield Stretch(steps[part], hold[part], scenario.replan_slots, sight, site)


def plans_at(slots: Slots, every: int) -> Counts:
    """Slots at whose start a plan is made, by number: each `every` slots of UTC time, and where slots were left out."""
    anew = np.diff(slots, prepend=slots[0] - 2 * SLOT_SECONDS) != SLOT_SECONDS
    return np.flatnonzero(anew | (slots // SLOT_SECONDS % every == 0))


def site_of(scenario: Scenario) -> Site:
    """What a scenario is planned for."""
    return Site(scenario.storage, scenario.grid, scenario.settlement, SLOT_HOURS)
