"""Policies that need no forecast: their modes are known for all slots before the first is carried out.

    none      no battery: it is left alone
    rule      self-consumption: store every surplus, cover every deficit
    timer     self-consumption, and charging at fixed local hours
    cheapest  charging in the cheapest published hours of the day, covering the load in the dearest

The others plan: mpc again in every slot under the doubt of the forecasts, following the value of a stored kWh
(`stretches`), setpoint again in every slot, holding the plan's power through it (`setpoints`). The oracle is no policy:
it is one plan over the whole range with everything known (`replay`).
"""

import numpy as np

from darkstar.domain.market import MARKET_TZ
from darkstar.domain.slots import (
    QUARTERS_OF_DAY,
    SLOT_HOURS,
    SLOTS_PER_HOUR,
    day_bounds,
    local_date,
    quarters_of_day,
)
from darkstar.planner.baselines import cheapest, cheapest_mode
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Mode, self_consumption, setpoint
from darkstar.time_machine.outcome import CHEAPEST, NONE, RULE, TIMER
from darkstar.time_machine.scenario import Scenario


def unplanned_modes(name: str, scenario: Scenario) -> ModeTable | None:
    """The modes of all replayed slots; None where the policy plans, or there is none of that name."""
    if name == NONE:
        return _always(setpoint(scenario.storage, 0.0), scenario)
    if name == RULE:
        return _always(self_consumption(scenario.storage), scenario)
    if name == TIMER:
        return _timed(scenario)
    return _by_price(scenario) if name == CHEAPEST else None


def _always(mode: Mode, scenario: Scenario) -> ModeTable:
    return ModeTable.of([mode]).take(np.zeros(len(scenario.history), dtype=np.int64))


def _timed(scenario: Scenario) -> ModeTable:
    """A timer by the home's clock."""
    hours = QUARTERS_OF_DAY // SLOTS_PER_HOUR
    by_hour = ModeTable.of([scenario.timer.mode(scenario.storage, hour) for hour in range(hours)])
    return by_hour.take(quarters_of_day(scenario.history.slots, scenario.tz) // SLOTS_PER_HOUR)


def _by_price(scenario: Scenario) -> ModeTable:
    """An automation on the prices of the market's day, as far as they are known when it begins."""
    storage, known = scenario.storage, scenario.known
    what, known_utc = np.zeros(len(known), dtype=np.int64), known.prices_known_utc
    begin = int(known.slots[0])
    while begin <= known.slots[-1]:
        start, end = day_bounds(local_date(begin, MARKET_TZ), MARKET_TZ)
        first, last = np.searchsorted(known.slots, (start, end)).tolist()
        published = np.where(known_utc[first:last] <= start, known.import_price[first:last], np.nan)
        what[first:last] = cheapest(storage, published, SLOT_HOURS)
        begin = end
    kinds = ModeTable.of([cheapest_mode(storage, kind) for kind in (-1, 0, 1)])
    return kinds.take(what[scenario.replayed] + 1)
