"""Policies: what tells the battery what to do in the next slot, before its load and sun are known.

    none      no battery: it is left alone
    rule      self-consumption: store every surplus, cover every deficit
    setpoint  plan again in every slot, and hold the plan's power through it
    mpc       plan again in every slot, and follow the value that the plan gives to a stored kWh

The oracle is no policy: it is one plan over the whole range with everything known (`replay.py`).
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.problem import Engine, Plan, Problem, Series, TerminalValue
from darkstar.time_machine.following import follow
from darkstar.time_machine.information import Information
from darkstar.time_machine.outcome import MPC, NONE, RULE, SETPOINT
from darkstar.time_machine.plant import HOLD, Command, self_consumption, setpoint
from darkstar.time_machine.scenario import Scenario

Execution = Callable[[Problem, Plan], Command]


class Policy(Protocol):
    """Decides slot after slot."""

    name: str

    def decide(self, step: int, soc_kwh: float) -> Command:
        """The command for the replayed slot number `step`, given the energy stored at its start."""
        ...

    @property
    def plan_ms(self) -> Series:
        """Time that each plan took so far [ms], shape (plans,)."""
        ...


class Fixed:
    """The same command always."""

    def __init__(self, name: str, command: Command) -> None:
        self.name = name
        self._command = command

    def decide(self, step: int, soc_kwh: float) -> Command:
        """The command."""
        return self._command

    @property
    def plan_ms(self) -> Series:
        """None are made."""
        return np.zeros(0)


class Planned:
    """Plans again in every slot and carries out the first step; covers deficits while too little is known to plan."""

    def __init__(
        self, name: str, scenario: Scenario, information: Information, engine: Engine, execution: Execution
    ) -> None:
        self.name = name
        self._scenario = scenario
        self._information = information
        self._engine = engine
        self._execution = execution
        self._plan_ms: list[float] = []

    def decide(self, step: int, soc_kwh: float) -> Command:
        """The first step of a new plan."""
        outlook = self._information.outlook(step)
        if outlook is None:
            return self_consumption(self._scenario.storage)
        nothing = TerminalValue(np.zeros(0), np.zeros(0))
        problem = self._scenario.problem(
            outlook.load_kwh,
            outlook.pv_kwh,
            (outlook.import_price, outlook.export_price),
            soc_kwh,
            self._scenario.settlement if outlook.to_the_end else nothing,
            SLOT_HOURS,
        )
        plan = self._engine.solve(problem)
        self._plan_ms.append(plan.ms)
        return self._execution(problem, plan)

    @property
    def plan_ms(self) -> Series:
        """Time that each plan took so far."""
        return np.array(self._plan_ms)


def hold_power(problem: Problem, plan: Plan) -> Command:
    """The plan's power in its first slot, whatever load and sun do."""
    return setpoint(float(plan.charge_kwh[0] - plan.discharge_kwh[0]) / problem.slot_hours)


EXECUTIONS: dict[str, Execution] = {SETPOINT: hold_power, MPC: follow}


def make_policy(name: str, scenario: Scenario, information: Information, engine: Engine) -> Policy:
    """The policy of a name.

    Raises:
        UsageError: there is none of that name.
    """
    if name == NONE:
        return Fixed(name, HOLD)
    if name == RULE:
        return Fixed(name, self_consumption(scenario.storage))
    if name in EXECUTIONS:
        return Planned(name, scenario, information, engine, EXECUTIONS[name])
    raise UsageError(
        f"There is no policy '{name}'.", remedy="Choose from none, rule, setpoint, mpc and oracle."
    )
