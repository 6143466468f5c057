"""Battery and water heater planned together: the question of `darkstar plan`, asked every hour of a replay.

    each hour     the heater's wish (what its period still needs, as far as anybody can know) --> the exact recursion
                  over battery and heater --> on or off in the hour's quarters
    each quarter  what stored energy is worth beside what the heater is planned to draw --> the battery's mode
    then          while it is on the heater draws what its water asks for, and the battery does what its mode says

Where too little is known to plan, the heater is left to its thermostat, as in the last slots before its water is due:
there nothing is drawn that is not asked for. What is known of the heater is its own draw so far and what earlier
periods came to, never what its water asks for now.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS, QUARTERS_OF_DAY, SLOT_SECONDS, Slots, slot_range
from darkstar.planner.devices.heater import ON_SHARE, heater_wish
from darkstar.planner.devices.wish import DeviceStates, Drawn
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.fast.stretch import Outlooks, modes_by_value
from darkstar.planner.loads.model import LoadedProblem, Mask, OnOffLoad
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.problem import Series
from darkstar.time_machine.devices.heater import Asked, asked_of, without_heater
from darkstar.time_machine.information import Honesty, Knowledge, Outlook, information, outlook_of
from darkstar.time_machine.past.heater import HeaterPast
from darkstar.time_machine.plant.carrying import AtWork, Plant, flows_of
from darkstar.time_machine.run import Made
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import problem_of
from darkstar.time_machine.stretches import Stretch, stretches

REMEMBERED_SLOTS = 2 * QUARTERS_OF_DAY
"""Of its own draw a plan is told so much: a period and the run before it."""


class HotWater:
    """The water itself: what it asked for and still waits for, slot after slot.

    Attributes:
        drawn_kwh, unserved_kwh: of each replayed slot so far, shape (n,).
    """

    def __init__(self, asked: Asked, heater: HeaterPast) -> None:
        self.drawn_kwh, self.unserved_kwh = asked.kwh.copy(), np.zeros(len(asked.kwh))
        self._asked, self._most = asked, asked.most_kwh(heater)
        self._waiting_kwh = 0.0

    def heat(self, first: int, on: Mask) -> Series:
        """The next slots, the first of them by number, with the heater on or off; what it draws in each."""
        asked = self._asked
        for step, heats in enumerate(on.tolist(), first):
            if not asked.planned[step]:
                continue
            waiting = self._waiting_kwh + asked.kwh[step]
            drawn = min(waiting, self._most[step]) if heats else 0.0
            self.drawn_kwh[step] = drawn
            self._waiting_kwh = waiting - drawn
            if asked.due[step]:
                self.unserved_kwh[step], self._waiting_kwh = self._waiting_kwh, 0.0
        return self.drawn_kwh[first : first + len(on)]


class HeaterPlans:
    """What the heater is planned to draw, as `darkstar plan` would."""

    def __init__(self, scenario: Scenario, heater: HeaterPast, asked: Asked) -> None:
        """Of a scenario without its heater's draw."""
        self._scenario, self._heater, self._asked = scenario, heater, asked
        self._engine = LoadsRecursion()
        self._rows = np.flatnonzero(scenario.replayed)
        # What it did in replayed slots is known once it has.
        self._drawn_kwh = np.where(scenario.replayed, 0.0, asked.known_kwh)
        self._on = self._drawn_kwh >= ON_SHARE * heater.slot_kwh

    def energy_kwh(self, step: int, outlook: Outlook, soc_kwh: float) -> Series:
        """From the start of the replayed slot number `step` on, shape of the outlook's series."""
        problem = problem_of(self._scenario, outlook, soc_kwh)
        start = int(self._scenario.history.slots[step])
        slots = slot_range(start, start + len(problem) * SLOT_SECONDS)
        row = int(self._rows[step])
        past = slice(max(0, row - REMEMBERED_SLOTS), row)
        drawn = Drawn(self._scenario.known.slots[past], self._drawn_kwh[past])
        device = replace(self._heater.device, daily_kwh=float(self._asked.expected_kwh[step]))
        wish = heater_wish(device, DeviceStates(drawn), slots, self._scenario.tz, [])
        assert isinstance(wish.plan, OnOffLoad)
        on_for, off_for = switched(self._on[past])
        load = replace(wish.plan, on_for_slots=on_for, off_for_slots=off_for)
        return self._engine.solve(LoadedProblem(problem, (load,))).runs[0].energy_kwh

    def did(self, first: int, on: Mask, kwh: Series) -> None:
        """Whether it was on from a replayed slot on, and what it drew."""
        rows = self._rows[first : first + len(kwh)]
        self._drawn_kwh[rows], self._on[rows] = kwh, on


def switched(on: Mask) -> tuple[int, int]:
    """For how many slots it has been on, and off, at the end of slots; what it is not it is taken to be in none."""
    if not len(on):
        return 0, 1
    other = np.flatnonzero(on != on[-1])
    count = len(on) - 1 - int(other[-1]) if len(other) else len(on)
    return (count, 1) if on[-1] else (0, count)


class HeatedHome:
    """A replay whose heater is planned beside its battery; what it needs is forecast whatever else is known."""

    def __init__(self, scenario: Scenario, plant: Plant) -> None:
        """Of a scenario that has a heater."""
        assert scenario.heater is not None
        self._asked = asked_of(scenario, scenario.heater)
        self._rest = without_heater(scenario, self._asked)
        self._water = HotWater(self._asked, scenario.heater)
        self._plans = HeaterPlans(self._rest, scenario.heater, self._asked)
        history = self._rest.history
        self._at_work = AtWork(plant, scenario.soc_start_kwh, history.load_kwh, history.pv_kwh)
        self._tables: list[ModeTable] = []
        self._results: list[NDArray[np.float64]] = []
        self._heats: list[Mask] = []
        self._plan_ms: list[float] = []

    def live(self, honesty: Honesty | Knowledge) -> Made:
        """All slots, told so much."""
        for stretch in stretches(self._rest, information(honesty, self._rest)):
            outlooks = stretch.sight.outlooks()
            for issues in by_hour(self._rest.history.slots[stretch.steps]):
                self._hour(stretch, outlooks, issues)
        start_kwh = self._rest.soc_start_kwh
        flows = flows_of(start_kwh, np.concatenate(self._results))
        modes = ModeTable.joined(self._tables)
        return Made(
            replace(flows, heater_kwh=self._water.drawn_kwh, unserved_kwh=self._water.unserved_kwh),
            np.array(self._plan_ms),
            plans=len(self._plan_ms),
            switches=int(np.count_nonzero(np.diff(modes.kinds(flows.soc_kwh[:-1])))),
            flips=None,
            modes=modes,
            heats=np.concatenate(self._heats),
        )

    def _hour(self, stretch: Stretch, outlooks: Outlooks, issues: slice) -> None:
        """Slots with one plan of the heater, and a mode of the battery from each of these instants."""
        began, soc_kwh = time.perf_counter(), self._at_work.soc_kwh
        steps, hold = stretch.steps[issues], stretch.hold[issues]
        first, slots = int(steps[0]), int(hold.sum())
        outlook = outlook_of(outlooks, issues.start)
        beside, on = part_of(outlooks, issues), np.ones(slots, dtype=np.bool_)
        if outlook is not None:
            planned = self._plans.energy_kwh(first, outlook, soc_kwh)
            on = (planned[:slots] > 0.0) | self._asked.left_alone[first : first + slots]
            beside = with_heater(beside, steps - first, planned)
        modes = modes_by_value(beside, hold, stretch.site, stretch.longest)
        if outlook is not None:
            self._plan_ms.append((time.perf_counter() - began) * 1000)
        drawn = self._water.heat(first, on)
        self._plans.did(first, on, drawn)
        self._at_work.take_on(drawn)
        self._results.append(self._at_work.through(modes.table))
        self._tables.append(modes.table)
        self._heats.append(on)


def by_hour(slots: Slots) -> Iterator[slice]:
    """Instants at these slots, rising, parted by their hours."""
    edges = [0, *(np.flatnonzero(np.diff(slots // HOUR_SECONDS)) + 1).tolist(), len(slots)]
    for first, last in pairwise(edges):
        yield slice(first, last)


def part_of(outlooks: Outlooks, issues: slice) -> Outlooks:
    """What was expected at some of the instants."""
    return Outlooks(
        outlooks.load_kwh[issues],
        outlooks.pv_kwh[issues],
        outlooks.import_price[issues],
        outlooks.export_price[issues],
        outlooks.slots[issues],
        outlooks.to_the_end[issues],
        outlooks.doubt,
    )


def with_heater(outlooks: Outlooks, later: NDArray[np.int64], planned_kwh: Series) -> Outlooks:
    """What was expected with what the heater is planned to draw.

    Args:
        later: by how many slots each instant is later than the plan's first slot.
    """
    load_kwh = outlooks.load_kwh.copy()
    for number, apart in enumerate(later.tolist()):
        rest = planned_kwh[apart:]
        load_kwh[number, : len(rest)] += rest
    return replace(outlooks, load_kwh=load_kwh)
