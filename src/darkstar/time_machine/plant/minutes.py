"""The course of load and sun inside the slot, where somebody measured it.

Averages over a quarter of an hour flatter every plan: in them the sun of one minute covers the load of another, and
the battery never has to follow either. Where meters were read by the minute, the plant meets the minutes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Minutes:
    """Minutes of some of n slots.

    Attributes:
        rows: of each slot its place in the series below, -1 where only its energy is known; shape (n,).
        load_kwh, pv_kwh: energy of each minute, shape (m, MINUTES_OF_SLOT). Of each slot their difference adds up to
            the slot's own; where load and sun are known for themselves, each does.
    """

    rows: NDArray[np.int64]
    load_kwh: Series
    pv_kwh: Series

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def known(self) -> int:
        """How many slots are known by the minute."""
        return int((self.rows >= 0).sum())

    def take(self, rows: NDArray[np.bool_] | slice) -> "Minutes":
        """Those of some of the slots."""
        return Minutes(self.rows[rows], self.load_kwh, self.pv_kwh)

    def with_sun(self, kept: NDArray[np.bool_], times: Series) -> "Minutes":
        """Those of the slots to be kept, with so many times the sun; shapes (n,)."""
        rows = np.where(kept, self.rows, -1)
        scale = np.ones(len(self.pv_kwh))
        scale[rows[rows >= 0]] = times[rows >= 0]
        return Minutes(rows, self.load_kwh, self.pv_kwh * scale[:, None])
