"""What planning the water heater was worth beside planning the battery."""

from dataclasses import dataclass, replace

import numpy as np

from darkstar.time_machine.devices.heater import asked_of, unserved_cost
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import MPC, MPC_HEATER, NONE, ORACLE_HEATER, RULE, Comparison
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario


@dataclass(frozen=True)
class HeaterShare:
    """The heater's part; money in the home's currency, None where what it is reckoned from was not replayed.

    Attributes:
        asked_kwh: what the heater really drew.
        periods: days from one deadline to the next in which it was planned.
        planned_kwh: what it really drew in those.
        moved_kwh: what of it was drawn in other slots.
        unserved_kwh, unserved_cost: heat that was missing when it was due, and what of the cost stands for it.
        saved_by_battery: by `mpc` against no battery, the heater as it was.
        saved_by_heater: by planning the heater as well.
        gap_closed: of what lies between `rule` and the bound of perfect foresight with the heater.
    """

    asked_kwh: float
    periods: int
    planned_kwh: float
    moved_kwh: float
    unserved_kwh: float
    unserved_cost: float
    saved_by_battery: float | None
    saved_by_heater: float
    gap_closed: float | None

    def sentence(self, currency: str, name: str = f"`{MPC_HEATER}`") -> str:
        """The same for a person."""
        sense = "saves" if self.saved_by_heater >= 0 else "costs"
        battery = (
            ""
            if self.saved_by_battery is None
            else f"; the battery alone saves {self.saved_by_battery:.2f} against none"
        )
        missing = (
            f"{self.unserved_kwh:.1f} kWh of its heat came too late, charged with {self.unserved_cost:.2f} {currency}"
            if self.unserved_kwh >= 0.05
            else "all its heat was there when it was due"
        )
        return (
            f"{name} plans the water heater as well: that {sense} {abs(self.saved_by_heater):.2f} {currency}{battery}. "
            f"In {self.periods} days it drew {self.moved_kwh:.0f} of {self.planned_kwh:.0f} kWh later than it really "
            f"did; {missing}."
        )


def heater_share(scenario: Scenario, comparison: Comparison, honesty: Honesty) -> HeaterShare | None:
    """What the comparison says of the heater; None where `mpc` and `mpc_heater` do not both stand in it."""
    outcomes = comparison.outcomes
    if scenario.heater is None or MPC not in outcomes or MPC_HEATER not in outcomes:
        return None
    asked = asked_of(scenario, scenario.heater)
    heated = outcomes[MPC_HEATER].cost
    flows = outcomes[MPC_HEATER].flows
    assert flows.heater_kwh is not None
    assert flows.unserved_kwh is not None
    drawn_kwh, unserved_kwh = flows.heater_kwh, flows.unserved_kwh
    costs = {name: outcomes[name].cost for name in (MPC, RULE) if name in outcomes}
    minutes = scenario.history.minutes
    if minutes is not None and minutes.known:
        # The heater is planned on the averages of slots, so what it saves is told on those.
        averages = replace(scenario, known=replace(scenario.known, minutes=None))
        costs = {name: replay(averages, name, honesty).cost for name in costs}
    closed = None
    if RULE in costs and ORACLE_HEATER in outcomes:
        possible = costs[RULE] - outcomes[ORACLE_HEATER].cost
        closed = (costs[RULE] - heated) / possible if possible > 0 else None
    return HeaterShare(
        asked_kwh=float(asked.kwh.sum()),
        periods=int(asked.due.sum()),
        planned_kwh=float(asked.kwh[asked.planned].sum()),
        moved_kwh=float(np.maximum(asked.kwh - drawn_kwh, 0.0).sum() - unserved_kwh.sum()),
        unserved_kwh=float(unserved_kwh.sum()),
        unserved_cost=float(unserved_cost(scenario, scenario.heater, unserved_kwh).sum()),
        saved_by_battery=outcomes[NONE].cost - outcomes[MPC].cost if NONE in outcomes else None,
        saved_by_heater=costs[MPC] - heated,
        gap_closed=closed,
    )
