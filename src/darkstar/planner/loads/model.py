"""Loads that are on or off: what they need, what they may do, and the problem and the plan with them.

A load runs in whole slots. While it is on it draws one of a few powers (`levels`: a heater has one, a car a few), or it
goes through a fixed `profile_kw` once (a dishwasher). What it should reach is a list of needs: at least so many units
within a window (daily energy, a car's departure, hot water by the morning, a dishwasher's deadline), where one slot at
a level counts `Level.units` (a profile: one a slot). A need may cap the window too, so that negative prices do not
heat without end. `Comfort` bounds the time between two runs.

Only what the load may do is hard: availability, least runs, least pauses, caps. What it should reach costs
`shortfall_cost` for each unit that is missing, so an impossible need still has a plan, and the plan names what gave
way. What a load owes at the start (the rest of a least run, of a profile) is waived where it is not available.

    minimise  cost of the battery problem with load_kwh + energy of the loads
              + sum over loads of start_cost * starts + shortfall_cost * missing units + comfort cost * late slots
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.problem import Plan, Problem, Series

Mask = NDArray[np.bool_]
Levels = NDArray[np.int64]
"""Per slot 0 for off, else 1 + the index of the level; a profile's run is 1 throughout."""


@dataclass(frozen=True)
class Level:
    """A power at which a load may run [kW], and what a slot at it counts towards the needs."""

    power_kw: float
    units: int = 1


@dataclass(frozen=True)
class Need:
    """At least `units` within the slots [first, last), each missing one at `shortfall_cost`.

    Attributes:
        most_units: never more than this in the window (None: no cap).
        done_units: already reached in the window before the problem begins; for windows that begin at slot 0.
    """

    name: str
    first: int
    last: int
    units: int
    shortfall_cost: float = 100.0
    most_units: int | None = None
    done_units: int = 0


@dataclass(frozen=True)
class Comfort:
    """At most `most_off_slots` in a row without running; each slot beyond costs `late_cost`."""

    most_off_slots: int
    late_cost: float = 10.0


@dataclass(frozen=True)
class OnOffLoad:
    """One load.

    Attributes:
        levels: powers while on; empty for a load with a profile.
        profile_kw: power slot by slot of one run, which is never interrupted; empty for a load with levels.
        min_on_slots: a run lasts at least so long (a run at the end of the horizon may go on behind it).
        min_off_slots: a pause between two runs lasts at least so long.
        start_cost: cost of switching on.
        available: slots in which it may be on, shape (n,); None for all.
        on_for_slots: it has been running for so long as the problem begins; 0 where it is off.
        off_for_slots: it has been off for so long (at least 1), where it is off.
    """

    name: str
    levels: tuple[Level, ...] = ()
    profile_kw: tuple[float, ...] = ()
    needs: tuple[Need, ...] = ()
    comfort: Comfort | None = None
    min_on_slots: int = 1
    min_off_slots: int = 0
    start_cost: float = 0.0
    available: Mask | None = None
    on_for_slots: int = 0
    off_for_slots: int = 1_000

    @property
    def run_slots(self) -> int:
        """Slots that a run lasts at least; exactly for a profile."""
        return len(self.profile_kw) or self.min_on_slots

    def may_run(self, n: int) -> Mask:
        """Slots in which it may be on, shape (n,)."""
        return np.ones(n, dtype=np.bool_) if self.available is None else self.available


@dataclass(frozen=True)
class LoadedProblem:
    """A battery problem and the loads that are planned with it; `problem.load_kwh` is all the rest."""

    problem: Problem
    loads: tuple[OnOffLoad, ...]

    def __len__(self) -> int:
        return len(self.problem)


@dataclass(frozen=True)
class Shortfall:
    """What had to give: units of a need, or (comfort) slots beyond the longest pause."""

    load: str
    need: str
    missing: int
    cost: float


@dataclass(frozen=True)
class LoadRun:
    """What one load does.

    Attributes:
        levels: shape (n,), see `Levels`.
        energy_kwh: what it draws, shape (n,).
        cost: starts and shortfalls, without the energy.
    """

    name: str
    levels: Levels
    energy_kwh: Series
    cost: float
    starts: int
    shortfalls: tuple[Shortfall, ...]

    @property
    def on(self) -> Mask:
        """Slots in which it runs, shape (n,)."""
        return self.levels > 0


@dataclass(frozen=True)
class LoadedPlan:
    """An answer; `plan.cost` holds everything: the battery problem with the loads' energy, and the loads' own costs."""

    plan: Plan
    runs: tuple[LoadRun, ...]

    @property
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """All that had to give."""
        return tuple(missing for run in self.runs for missing in run.shortfalls)


def with_energy(problem: Problem, energy_kwh: Series) -> Problem:
    """The battery problem when the loads draw this, shape (n,) [kWh]."""
    return replace(problem, load_kwh=problem.load_kwh + energy_kwh)
