"""Prices as a source quotes them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class PriceKind(StrEnum):
    """What is in a price."""

    SPOT = "spot"
    """The market's, without fees and taxes."""
    IMPORT = "import"
    """What the household pays, all in."""
    EXPORT = "export"
    """What the household is paid, all in."""


@dataclass(frozen=True)
class Quotes:
    """Prices of one source, area and kind in time order, not overlapping.

    Attributes:
        source: `vattenfall`, `elprisetjustnu`, `file`, ...
        area: the bidding zone (`SE4`), empty where a file names none.
        currency: ISO 4217; start_utc, end_utc: (n,) [UTC s]; price_per_kwh: (n,), negative ones are real.
        received_utc: (n,) when each was first received [UTC s], NaN where that is not known; None where of none.
    """

    source: str
    area: str
    currency: str
    kind: PriceKind
    start_utc: NDArray[np.int64]
    end_utc: NDArray[np.int64]
    price_per_kwh: NDArray[np.float64]
    received_utc: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.start_utc)
