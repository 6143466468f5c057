"""Time that a solve has left."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """Time until `end` (of `time.perf_counter`)."""

    end: float

    @property
    def seconds(self) -> float:
        """Seconds that are left, 0 at least."""
        return max(0.0, self.end - time.perf_counter())
