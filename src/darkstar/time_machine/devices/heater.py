"""What a home's water asked for and when, and what a plan of its heater may know of it.

The water asks for heat where the home's own heater really drew: its thermostat saw to that. A planned heater may only
be later: what is asked for waits until it is switched on, and hotter than hot the water never gets. What still waits
when the day's energy is due is told as unserved and paid at the dearest price of its period, so that no policy gains
by cold water. Periods that are not replayed whole, or of which some draw is not known, stay as they were.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.devices.periods import may_run, periods
from darkstar.planner.loads.deferred import Deferrable
from darkstar.planner.problem import Series
from darkstar.time_machine.outcome import Flows
from darkstar.time_machine.past.heater import HeaterPast
from darkstar.time_machine.scenario import Scenario

DAYS_LEARNT = 7
"""A period is expected to need the most that one of so many before it needed."""
LAST_SLOTS = 2
"""Before its water is due the heater is left to its thermostat for so long: what was not expected is made up."""


@dataclass(frozen=True)
class Asked:
    """What the water asked for; n replayed slots.

    Attributes:
        known_kwh: of every known slot, shape (len(known),); nothing where it is not known.
        kwh: of the replayed ones, shape (n,).
        planned: slots of periods in which the heater is planned, shape (n,).
        due: the last slots of those, shape (n,).
        missing_price: what a kWh costs that is missing when due, in each planned slot, shape (n,).
        left_alone: slots just before a period's end, in which the heater is left to its thermostat, shape (n,).
        expected_kwh: what its period is expected to need, by those before it, in each replayed slot, shape (n,).
    """

    known_kwh: Series
    kwh: Series
    planned: NDArray[np.bool_]
    due: NDArray[np.bool_]
    missing_price: Series
    left_alone: NDArray[np.bool_]
    expected_kwh: Series

    def most_kwh(self, heater: HeaterPast) -> Series:
        """What may be drawn in each slot, shape (n,): as much as it really drew is always possible."""
        return np.maximum(self.kwh, np.where(self.planned, heater.slot_kwh, 0.0))

    def deferrable(self, heater: HeaterPast) -> Deferrable:
        """The same as a load that may be drawn later."""
        price = np.where(self.planned, self.missing_price, np.inf)
        return Deferrable(self.kwh, self.most_kwh(heater), self.due | ~self.planned, price)


def asked_of(scenario: Scenario, heater: HeaterPast) -> Asked:
    """What the water of a scenario's heater asked for."""
    known, replayed, n = scenario.known, scenario.replayed, len(scenario.known)
    # Of a home that is varied, the load may be less than it was.
    own = np.minimum(heater.drawn_kwh, known.load_kwh)
    asked = np.nan_to_num(own)
    planned, due = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    price, expected = np.zeros(n), np.full(n, heater.device.daily_kwh)
    available = may_run(known.slots, scenario.tz, heater.device.window)
    alone = np.zeros(n, dtype=np.bool_)
    needed: list[float] = []
    for period in periods(known.slots, scenario.tz, heater.device.ready_by):
        rows = slice(period.first, period.last)
        alone[np.flatnonzero(available[rows])[-LAST_SLOTS:] + period.first] = True
        if needed:
            expected[rows] = max(needed[-DAYS_LEARNT:])
        whole = period.start_utc >= known.slots[0] and period.ends_within(known.slots)
        if not whole or np.isnan(own[rows]).any():
            continue
        needed.append(float(asked[rows].sum()))
        if replayed[rows].all():
            planned[rows] = due[period.last - 1] = True
            price[rows] = max(0.0, known.import_price[rows].max(), known.export_price[rows].max())
    return Asked(
        known_kwh=asked,
        kwh=asked[replayed],
        planned=planned[replayed],
        due=due[replayed],
        missing_price=price[replayed],
        left_alone=alone[replayed],
        expected_kwh=expected[replayed],
    )


def without_heater(scenario: Scenario, asked: Asked) -> Scenario:
    """The scenario without what its heater drew, on the averages of slots: the heater's course inside is not known."""
    known = scenario.known
    rest = replace(known, load_kwh=known.load_kwh - asked.known_kwh, minutes=None)
    return replace(scenario, known=rest)


def lived_load_kwh(scenario: Scenario, flows: Flows) -> Series:
    """The home's load in each replayed slot, shape (n,): with what its heater drew under these flows."""
    load_kwh = scenario.history.load_kwh
    if scenario.heater is None or flows.heater_kwh is None:
        return load_kwh
    return load_kwh - asked_of(scenario, scenario.heater).kwh + flows.heater_kwh


def unserved_cost(scenario: Scenario, heater: HeaterPast, unserved_kwh: Series) -> Series:
    """What missing heat is charged, in each replayed slot, shape (n,)."""
    return asked_of(scenario, heater).missing_price * unserved_kwh


def check_heater(scenario: Scenario) -> None:
    """Whether the heater can be planned.

    Raises:
        UsageError: it cannot, for the reason told.
    """
    reason = ""
    if scenario.heater is None:
        reason = "nothing is known of a water heater"
    elif scenario.power_tariffs:
        reason = "under a power tariff the heater is not planned in a replay"
    elif not asked_of(scenario, scenario.heater).planned.any():
        due = scenario.heater.device.ready_by
        reason = f"no day from {due:%H:%M} to {due:%H:%M} is replayed whole with the heater's draw known"
    if reason:
        raise UsageError(
            f"The water heater cannot be planned: {reason}.", remedy="Leave it out: --no-heater."
        )
