"""A replay under power tariffs: what each slot may draw, by what the policy itself has drawn in the month so far.

The level to hold is looked for in the weeks before (`planner.power_level`), so it is as honest as a forecast: early in
a replay, without a week of known days, nothing is held but what is set already. What the battery can then do is the
plan's and the inverter's: the plan knows the limit, and the inverter keeps to it as load and sun unfold.
"""

from collections.abc import Sequence

import numpy as np

from darkstar.domain.slots import (
    DAY_SECONDS,
    QUARTERS_OF_DAY,
    SLOT_HOURS,
    SLOT_SECONDS,
    Slots,
    local_date,
    slot_range,
)
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.power_keeper import PowerKeeper
from darkstar.planner.power_level import Levels
from darkstar.planner.power_limit import UNLIMITED
from darkstar.time_machine.information import HORIZON_SLOTS
from darkstar.time_machine.scenario import Scenario

MARGIN = 0.3
"""Of four weeks' best level; on nl_toon 2020 0.3 and 0.6 came to the same, 0 to two percent more."""
PAST_SECONDS = 28 * DAY_SECONDS
LEAST_PAST_SLOTS = 7 * QUARTERS_OF_DAY
MONTH_SLOTS = 365 / 12 * QUARTERS_OF_DAY


class Holding:
    """Keeps a replay's books, slot by slot."""

    def __init__(self, scenario: Scenario) -> None:
        slots = scenario.history.slots
        self._start = int(slots[0])
        self._number = ((slots - self._start) // SLOT_SECONDS).tolist()
        every = slot_range(self._start, int(slots[-1]) + (1 + HORIZON_SLOTS) * SLOT_SECONDS)
        past = PastLevels(scenario, every)
        self._keeper = PowerKeeper(scenario.power_tariffs, every, scenario.tz, past)

    def limit(self, step: int, count: int) -> ImportLimit:
        """For so many slots from the replayed slot number `step` on."""
        return self._keeper.limit(self._number[step], count)

    def drawn(self, step: int, import_kwh: Sequence[float]) -> None:
        """What the replayed slots from number `step` on have drawn."""
        for number, kwh in enumerate(import_kwh, step):
            self._keeper.drawn(self._number[number], kwh)


class PastLevels:
    """Levels that would have been best in the four weeks before, of fees per kW with a margin.

    Looking back all is known; a level kept then with nothing to spare is broken by the first surprise. A tier is what
    it is: how far under it to stay follows from the peaks of the month.
    """

    def __init__(self, scenario: Scenario, slots: Slots) -> None:
        known = scenario.known
        self._scenario, self._slots = scenario, slots
        series = known.load_kwh, known.pv_kwh, known.import_price, known.export_price
        self._sound = np.isfinite(np.sum(series, axis=0))

    def __call__(self, slot: int) -> Sequence[float]:
        """The levels to hold from a slot on, one a tariff."""
        scenario, known, now = self._scenario, self._scenario.known, int(self._slots[slot])
        tariffs = [metered.tariff for metered in scenario.power_tariffs]
        chosen = self._sound & (known.slots >= now - PAST_SECONDS) & (known.slots < now)
        count = int(chosen.sum())
        if count < LEAST_PAST_SLOTS:
            return [UNLIMITED] * len(tariffs)
        storage, past = scenario.storage, known.take(chosen)
        problem = scenario.problem(
            past.load_kwh,
            past.pv_kwh,
            (past.import_price, past.export_price),
            (storage.soc_min_kwh + storage.soc_max_kwh) / 2,
            scenario.settlement,
            SLOT_HOURS,
        )
        month, weight = local_date(now, scenario.tz).month, count / MONTH_SLOTS
        levels = Levels(problem, past.slots, scenario.tz, tariffs, month, weight=weight)
        best = levels.best().levels_kw
        return [
            level if tariff.tiers else level * (1 + MARGIN)
            for tariff, level in zip(tariffs, best, strict=True)
        ]
