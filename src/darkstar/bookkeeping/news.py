"""Since when each meter has shown what it shows: its next number may concern all of that time.

A meter that comes back after an outage, or moves after standing still, says what went through it since it was last
heard: slots that were closed meanwhile are open again.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.numbers import parse
from darkstar.ledger.resolve import MARGIN_SECONDS
from darkstar.store.ledger_file import LedgerFile


class LastNews:
    """What each meter showed last, and since when."""

    def __init__(self, ledger: LedgerFile, meters: Mapping[str, int], now: float) -> None:
        """Read what the ledger holds of the meters (id by name) up to now."""
        self._shown: dict[str, tuple[str, float]] = {}
        for name, meter_id in meters.items():
            evidence = ledger.evidence(meter_id, int(now) - MARGIN_SECONDS, int(now))
            numbers = parse(evidence.readings)
            if len(numbers.value_kwh):
                changes = np.flatnonzero(np.diff(numbers.value_kwh)) + 1
                since = numbers.time_us[changes[-1] if len(changes) else 0] / MICROSECONDS
                last = next(str(state) for state in evidence.readings.state[::-1] if _is_number(str(state)))
                self._shown[name] = (last, float(since))

    def reach_of(self, later: "LastNews") -> float:
        """How far back [UTC s] what became known since reaches; infinite where nothing did."""
        moved = [since for name, (state, since) in self._shown.items() if later._shown[name][0] != state]
        return min(moved, default=math.inf)

    def take(self, news: Iterable[tuple[str, str, float]]) -> float:
        """Take note of states (name, state, instant [UTC s]) in time order; returns how far back [UTC s] they reach.

        Infinite where none of them is a new number.
        """
        reach = math.inf
        for name, state, at in news:
            shown, since = self._shown.get(name, ("", at))
            if state == shown or not _is_number(state):
                continue
            reach = min(reach, since)
            self._shown[name] = (state, at)
        return reach


def _is_number(state: str) -> bool:
    try:
        return bool(np.isfinite(float(state)))
    except ValueError:
        return False
