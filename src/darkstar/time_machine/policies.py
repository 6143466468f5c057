"""Policies: what tells the battery what to do in the next slot, before its load and sun are known.

    none      no battery: it is left alone
    rule      self-consumption: store every surplus, cover every deficit
    timer     self-consumption, and charging at fixed local hours
    cheapest  charging in the cheapest published hours of the day, covering the load in the dearest
    setpoint  plan again in every slot, and hold the plan's power through it
    mpc       plan again in every slot under the doubt of the forecasts, and follow the value of a stored kWh

The oracle is no policy: it is one plan over the whole range with everything known (`replay.py`).
"""

import datetime as dt
import time
from typing import Protocol

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.domain.market import MARKET_TZ
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS, SLOT_SECONDS, day_bounds, local_date
from darkstar.planner.baselines import cheapest, cheapest_mode
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.turning import TurningPlanner, one_course
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.modes import Mode, mode_of, self_consumption, setpoint
from darkstar.planner.problem import Plan, Problem, Series, TerminalValue
from darkstar.planner.steady import flips, steady
from darkstar.time_machine.information import Information, Outlook
from darkstar.time_machine.outcome import CHEAPEST, MPC, NONE, RULE, SETPOINT, TIMER
from darkstar.time_machine.scenario import Scenario

NOTHING = TerminalValue(np.zeros(0), np.zeros(0))


class Policy(Protocol):
    """Decides slot after slot."""

    name: str

    def decide(self, step: int, soc_kwh: float) -> Mode:
        """The mode of the replayed slot number `step`, given the energy stored at its start."""
        ...

    @property
    def plan_ms(self) -> Series:
        """Time that each plan took so far [ms], shape (plans,)."""
        ...

    @property
    def flips(self) -> int | None:
        """Slots in which a plan differed from the one made just before; None where no whole plans are made."""
        ...


class _Unplanned:
    """What makes no plans."""

    @property
    def plan_ms(self) -> Series:
        """None are made."""
        return np.zeros(0)

    @property
    def flips(self) -> int | None:
        """None are made."""
        return None


class Fixed(_Unplanned):
    """The same mode always."""

    def __init__(self, name: str, mode: Mode) -> None:
        self.name = name
        self._mode = mode

    def decide(self, step: int, soc_kwh: float) -> Mode:
        """The mode."""
        return self._mode


class Timed(_Unplanned):
    """A timer by the home's clock."""

    name = TIMER

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._slots = scenario.history.slots

    def decide(self, step: int, soc_kwh: float) -> Mode:
        """What the timer does at that hour."""
        local = dt.datetime.fromtimestamp(int(self._slots[step]), self._scenario.tz)
        return self._scenario.timer.mode(self._scenario.storage, local.hour)


class Cheapest(_Unplanned):
    """An automation on the prices of the market's day, which are all published before it begins."""

    name = CHEAPEST

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._slots = scenario.history.slots
        self._end = 0
        self._first = 0
        self._what = np.zeros(0, dtype=np.int8)

    def decide(self, step: int, soc_kwh: float) -> Mode:
        """What the day's order of prices says."""
        storage, known, now = self._scenario.storage, self._scenario.known, int(self._slots[step])
        if now >= self._end:
            start, self._end = day_bounds(local_date(now, MARKET_TZ), MARKET_TZ)
            self._first, last = (int(row) for row in np.searchsorted(known.slots, (start, self._end)))
            self._what = cheapest(storage, known.import_price[self._first : last], SLOT_HOURS)
        row = int(np.searchsorted(known.slots, now))
        return cheapest_mode(storage, int(self._what[row - self._first]))


class Planned:
    """Plans again in every slot; covers deficits while too little is known to plan."""

    def __init__(self, name: str, scenario: Scenario, information: Information) -> None:
        self.name = name
        self._scenario = scenario
        self._information = information
        self._engine = FastEngine()
        self._turning = TurningPlanner()
        self._plan_ms: list[float] = []
        self._before: tuple[int, Plan] | None = None
        self._flips = 0

    def decide(self, step: int, soc_kwh: float) -> Mode:
        """The first slot's mode of a new plan."""
        outlook = self._information.outlook(step)
        storage = self._scenario.storage
        if outlook is None:
            return self_consumption(storage)
        problem = self._scenario.problem(
            outlook.load_kwh,
            outlook.pv_kwh,
            (outlook.import_price, outlook.export_price),
            soc_kwh,
            self._scenario.settlement if outlook.to_the_end else NOTHING,
            SLOT_HOURS,
        )
        began = time.perf_counter()
        mode = self._setpoint(step, problem) if self.name == SETPOINT else self._by_value(problem, outlook)
        self._plan_ms.append((time.perf_counter() - began) * 1000)
        return mode

    def _setpoint(self, step: int, problem: Problem) -> Mode:
        """The plan's power, whatever load and sun do; a plan changes for a gain above the scenario's threshold."""
        plan, now = self._engine.solve(problem), int(self._scenario.history.slots[step])
        if self._before is not None and self._before[0] == now - SLOT_SECONDS:
            before = self._before[1]
            if self._scenario.plan_threshold > 0:
                plan = steady(
                    problem,
                    before,
                    plan,
                    near=QUARTERS_OF_DAY,
                    threshold=self._scenario.plan_threshold,
                    engine=self._engine,
                )
            self._flips += flips(before, plan, QUARTERS_OF_DAY)
        self._before = now, plan
        return setpoint(
            problem.storage, float(plan.charge_kwh[0] - plan.discharge_kwh[0]) / problem.slot_hours
        )

    def _by_value(self, problem: Problem, outlook: Outlook) -> Mode:
        return mode_of(
            self._value_after(problem, outlook),
            (float(problem.import_price[0]), float(problem.export_price[0])),
            problem.storage,
            problem.grid,
            problem.soc_start_kwh,
        )

    def _value_after(self, problem: Problem, outlook: Outlook) -> StoredValue:
        """What energy is worth after the first slot."""
        if outlook.courses is None and len(problem) > 1:
            return self._engine.value(problem.after(1))
        return self._turning.value_after(problem, outlook.courses or one_course(problem))

    @property
    def plan_ms(self) -> Series:
        """Time that each plan took so far."""
        return np.array(self._plan_ms)

    @property
    def flips(self) -> int | None:
        """Of the set-points' plans."""
        return self._flips if self.name == SETPOINT else None


def make_policy(name: str, scenario: Scenario, information: Information) -> Policy:
    """The policy of a name.

    Raises:
        UsageError: there is none of that name.
    """
    if name == NONE:
        return Fixed(name, setpoint(scenario.storage, 0.0))
    if name == RULE:
        return Fixed(name, self_consumption(scenario.storage))
    if name == TIMER:
        return Timed(scenario)
    if name == CHEAPEST:
        return Cheapest(scenario)
    if name in (SETPOINT, MPC):
        return Planned(name, scenario, information)
    raise UsageError(
        f"There is no policy '{name}'.",
        remedy="Choose from none, rule, timer, cheapest, setpoint, mpc and oracle.",
    )
