"""A replay under power tariffs: what each slot may draw, by what the policy itself has drawn in the month so far.

What the battery can then do is the plan's and the inverter's: the plan knows the limit, and the inverter keeps to it as
load and sun unfold.
"""

from collections.abc import Sequence

from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.power_keeper import PowerKeeper
from darkstar.time_machine.information import HORIZON_SLOTS
from darkstar.time_machine.past_levels import past_levels
from darkstar.time_machine.scenario import Scenario


class Holding:
    """Keeps a replay's books, slot by slot."""

    def __init__(self, scenario: Scenario) -> None:
        slots = scenario.history.slots
        self._start = int(slots[0])
        self._number = ((slots - self._start) // SLOT_SECONDS).tolist()
        every = slot_range(self._start, int(slots[-1]) + (1 + HORIZON_SLOTS) * SLOT_SECONDS)
        tariffs = [metered.tariff for metered in scenario.power_tariffs]

        def levels_at(slot: int) -> Sequence[float]:
            worth = scenario.settlement_per_kwh
            house = scenario.storage, scenario.grid
            return past_levels(scenario.known, int(every[slot]), scenario.tz, tariffs, *house, worth)

        self._keeper = PowerKeeper(scenario.power_tariffs, every, scenario.tz, levels_at)

    def limit(self, step: int, count: int) -> ImportLimit:
        """For so many slots from the replayed slot number `step` on."""
        return self._keeper.limit(self._number[step], count)

    def drawn(self, step: int, import_kwh: Sequence[float]) -> None:
        """What the replayed slots from number `step` on have drawn."""
        for number, kwh in enumerate(import_kwh, step):
            self._keeper.drawn(self._number[number], kwh)
