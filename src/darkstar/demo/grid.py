"""The demo's time: steps of five minutes, and the random numbers that go with them."""

from dataclasses import dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, utc_offsets

Series = NDArray[np.float64]

STEPS_PER_SLOT = 3
STEP_SECONDS = SLOT_SECONDS // STEPS_PER_SLOT
STEP_HOURS = STEP_SECONDS / HOUR_SECONDS
STEPS_PER_DAY = DAY_SECONDS // STEP_SECONDS


@dataclass(frozen=True)
class Grid:
    """Steps of [start, end) [UTC s], both whole steps, and the clock on the wall.

    Attributes:
            seed: of every random number of the home.
    """

    start: int
    end: int
    tz: ZoneInfo
    seed: int

    def __len__(self) -> int:
        return (self.end - self.start) // STEP_SECONDS

    @property
    def steps(self) -> NDArray[np.int64]:
        """Start of each step [UTC s]; shape (n,)."""
        return np.arange(self.start, self.end, STEP_SECONDS, dtype=np.int64)

    @property
    def local_seconds(self) -> NDArray[np.int64]:
        """Each step's start on the local clock, as seconds since 1970 of that clock; shape (n,)."""
        return self.steps + utc_offsets(self.steps, self.tz)

    @property
    def local_hour(self) -> Series:
        """Hour of the local day, 0 to 24; shape (n,)."""
        return self.local_seconds % DAY_SECONDS / HOUR_SECONDS

    @property
    def weekend(self) -> NDArray[np.bool_]:
        """Whether a step lies on a local Saturday or Sunday; shape (n,)."""
        # The first of January 1970 was a Thursday.
        return (self.local_seconds // DAY_SECONDS + 3) % 7 >= 5

    @property
    def season(self) -> Series:
        """1 in the middle of winter (20 January), -1 in the middle of summer; shape (n,)."""
        return np.asarray(np.cos(2 * np.pi * (self.day_of_year - 20) / 365.25))

    @property
    def day_of_year(self) -> NDArray[np.int64]:
        """1 on the first of January (UTC); shape (n,)."""
        days = self.steps.astype("datetime64[s]").astype("datetime64[D]")
        return np.asarray((days - days.astype("datetime64[Y]")).astype(np.int64) + 1)

    def random(self, stream: str) -> np.random.Generator:
        """A generator of its own for each named process, so that one more number in one moves no other."""
        return np.random.default_rng([self.seed, *stream.encode()])

    def wander(self, stream: str, hours: float) -> Series:
        """A random course of mean 0 and deviation 1 that forgets itself in so many hours; shape (n,)."""
        keep = float(np.exp(-STEP_HOURS / hours))
        warm_up = min(int(5 * hours / STEP_HOURS), 20 * STEPS_PER_DAY)
        noise = self.random(stream).standard_normal(len(self) + warm_up)
        pushes = (noise * np.sqrt(1 - keep**2)).tolist()
        course = np.array(list(accumulate(pushes, lambda before, push: keep * before + push)))
        return course[warm_up:]
