"""The modes of many slots as arrays: what compiled kernels write and the plant reads.

Only what an inverter is told lies in the table. What energy is worth (`Mode.worth`) depends on the energy stored, so
the modes of a whole stretch can be worked out before the first of its slots is carried out, in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.modes import CURTAIL, ENERGY_TOLERANCE_KWH, Kind, Mode
from darkstar.planner.problem import Series

KINDS = (Kind.HOLD, Kind.SELF_CONSUMPTION, Kind.CHARGE, Kind.DISCHARGE)
"""What the numbers of `ModeTable.kinds` mean, by place."""


@dataclass(frozen=True)
class ModeTable:
    """Modes of n slots, see `planner.modes.Mode`.

    Attributes:
        levels_kwh: buy_to, store_to, cover_to and sell_to of each slot [kWh], shape (n, 4).
        charge_kw, discharge_kw: powers not to be exceeded, AC side, shape (n,).
        curtail: what becomes of the sun, places in `modes.CURTAIL`, shape (n,).
        import_kw: what the home's import is held under, infinite where by nothing, shape (n,).
    """

    levels_kwh: NDArray[np.float64]
    charge_kw: Series
    discharge_kw: Series
    curtail: NDArray[np.int8]
    import_kw: Series

    def __len__(self) -> int:
        return len(self.curtail)

    @classmethod
    def of(cls, modes: Sequence[Mode]) -> "ModeTable":
        """The table of these modes."""
        numbers = [
            (m.buy_to_kwh, m.store_to_kwh, m.cover_to_kwh, m.sell_to_kwh, m.charge_kw, m.discharge_kw)
            for m in modes
        ]
        columns = np.array(numbers, dtype=np.float64).reshape(len(numbers), 6)
        curtail = np.array([CURTAIL.index(mode.curtail) for mode in modes], dtype=np.int8)
        import_kw = np.array([mode.import_kw for mode in modes], dtype=np.float64)
        return cls(columns[:, :4].copy(), columns[:, 4].copy(), columns[:, 5].copy(), curtail, import_kw)

    @classmethod
    def empty(cls, slots: int) -> "ModeTable":
        """Room for so many modes, to be written; their import is held under nothing until somebody says so."""
        curtail = np.empty(slots, dtype=np.int8)
        return cls(np.empty((slots, 4)), np.empty(slots), np.empty(slots), curtail, np.full(slots, np.inf))

    @classmethod
    def joined(cls, parts: Sequence["ModeTable"]) -> "ModeTable":
        """One after the other; at least one."""
        return cls(
            np.concatenate([part.levels_kwh for part in parts]),
            np.concatenate([part.charge_kw for part in parts]),
            np.concatenate([part.discharge_kw for part in parts]),
            np.concatenate([part.curtail for part in parts]),
            np.concatenate([part.import_kw for part in parts]),
        )

    def take(self, slots: slice | NDArray[np.int64]) -> "ModeTable":
        """The modes of these slots, by number."""
        return ModeTable(
            self.levels_kwh[slots],
            self.charge_kw[slots],
            self.discharge_kw[slots],
            self.curtail[slots],
            self.import_kw[slots],
        )

    def mode(self, slot: int, worth: float | None = None) -> Mode:
        """One slot's mode, with what a stored kWh is worth where that is known."""
        buy_to, store_to, cover_to, sell_to = self.levels_kwh[slot].tolist()
        powers = float(self.charge_kw[slot]), float(self.discharge_kw[slot])
        curtail, import_kw = CURTAIL[self.curtail[slot]], float(self.import_kw[slot])
        return Mode(buy_to, store_to, cover_to, sell_to, *powers, curtail, worth, import_kw)

    def kinds(self, soc_kwh: Series) -> NDArray[np.int8]:
        """What each comes to with this energy stored, shape (n,), as `Mode.kind`: places in `KINDS`."""
        buy_to, _, cover_to, sell_to = self.levels_kwh.T
        charges = (buy_to > soc_kwh + ENERGY_TOLERANCE_KWH) & (self.charge_kw > 0)
        holds = (self.discharge_kw <= 0) | (cover_to >= soc_kwh - ENERGY_TOLERANCE_KWH)
        discharges = sell_to < soc_kwh - ENERGY_TOLERANCE_KWH
        found = np.select(
            [charges, holds, discharges],
            [KINDS.index(Kind.CHARGE), KINDS.index(Kind.HOLD), KINDS.index(Kind.DISCHARGE)],
            KINDS.index(Kind.SELF_CONSUMPTION),
        )
        return found.astype(np.int8)
