"""A replay under power tariffs: what each slot may draw, by what the policy itself has drawn in the month so far.

What the battery can then do is the plan's and the inverter's: the plan knows the limit, and the inverter keeps to it as
load and sun unfold.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.planner.fast.keeping import Books, books_part
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.power.keeper import PowerKeeper
from darkstar.time_machine.information import HORIZON_SLOTS
from darkstar.time_machine.past.levels import WeeksBefore
from darkstar.time_machine.plant.held import Held
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.stretches import Stretch


class Holding:
    """Keeps a replay's books, slot by slot.

    Attributes:
        number: which slot of the books each replayed slot is, shape (n,).
    """

    def __init__(self, scenario: Scenario) -> None:
        slots = scenario.history.slots
        start = int(slots[0])
        self.number: NDArray[np.int64] = (slots - start) // SLOT_SECONDS
        every = slot_range(start, int(slots[-1]) + (1 + HORIZON_SLOTS) * SLOT_SECONDS)
        tariffs = [metered.tariff for metered in scenario.power_tariffs]
        before = WeeksBefore(
            scenario.known, scenario.tz, tariffs, scenario.storage, scenario.grid, scenario.settlement_per_kwh
        )

        def levels_at(slot: int) -> Sequence[float]:
            return before.levels(int(every[slot]))

        self._keeper = PowerKeeper(scenario.power_tariffs, every, scenario.tz, levels_at)

    @property
    def books(self) -> Books:
        """What is drawn goes in here, of whoever keeps them by themselves."""
        return self._keeper.books

    def held(self, stretch: Stretch) -> Held:
        """What a stretch is held under, in books that begin with it; stretches are asked for in order."""
        number = self.number[stretch.slots]
        books = books_part(self.books, slice(int(number[0]), int(number[-1]) + 1 + HORIZON_SLOTS))
        levels = self._keeper.levels(self.number[stretch.steps].tolist())
        return Held(books, number - number[0], *levels)

    def limit(self, step: int, count: int) -> ImportLimit:
        """For so many slots from the replayed slot number `step` on."""
        return self._keeper.limit(int(self.number[step]), count)

    def drawn(self, step: int, import_kwh: Sequence[float]) -> None:
        """What the replayed slots from number `step` on have drawn."""
        for slot, kwh in zip(self.number[step : step + len(import_kwh)].tolist(), import_kwh, strict=True):
            self._keeper.drawn(slot, kwh)
