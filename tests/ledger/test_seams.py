"""Where one kind of evidence takes over from another within an hour, the hour still holds what it held."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from darkstar.demo.accounting import statistics as home_assistant_s
from darkstar.demo.meters import MeterReadings
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence
from tests.ledger.cases import LIMIT_KW, MIDNIGHT, on_change, resolve_meter

MINUTE = 60
HOURS = 6
TAKEOVER = 3 * HOUR_SECONDS
"""The states that Home Assistant still has begin somewhere in the hour after this one [s after midnight]."""


def made(
    at_s: NDArray[np.float64], shown: NDArray[np.float64], begins_s: int, rows_begin_s: int
) -> MeterEvidence:
    """A meter read from some second after midnight on; its 5-minute rows begin at another, its hourly rows before."""
    meter = MeterReadings(
        (MIDNIGHT * MICROSECONDS + at_s * MICROSECONDS).astype(np.int64), shown, np.zeros(len(shown), np.int8)
    )
    end = MIDNIGHT + HOURS * HOUR_SECONDS
    rows = home_assistant_s(meter, 300, MIDNIGHT + rows_begin_s, end, 1.0)
    hours = home_assistant_s(meter, HOUR_SECONDS, MIDNIGHT - HOUR_SECONDS, end, 1.0)
    kept = at_s >= begins_s
    told = list(zip((at_s[kept] / MINUTE).tolist(), map(repr, shown[kept].tolist()), strict=True))
    return on_change(told, watched=[(told[0][0], HOURS * 60.0)], five_minute=rows, hourly=hours)


@given(
    gaps=st.lists(st.integers(20, 15 * MINUTE), min_size=1, max_size=12),
    kw=st.lists(st.floats(0.0, LIMIT_KW / 2), min_size=1, max_size=12),
    begins_after=st.integers(0, HOUR_SECONDS),
    rows_before=st.integers(0, 12),
)
@pytest.mark.slow
def test_hours_are_home_assistant_s_wherever_states_begin(
    gaps: list[int], kw: list[float], begins_after: int, rows_before: int
) -> None:
    waits = np.resize(gaps, 2 + 2 * HOURS * HOUR_SECONDS // min(gaps))
    at_s = np.cumsum(waits) - HOUR_SECONDS - 0.5  # a reading on the very edge is a matter of its own
    at_s = at_s[at_s < HOURS * HOUR_SECONDS]
    took = np.diff(at_s, prepend=at_s[:1]) / HOUR_SECONDS
    shown = 100.0 + np.cumsum(np.resize(kw, len(at_s)) * took)
    begins = TAKEOVER + begins_after
    meter = made(at_s, shown, begins, begins - 300 * rows_before)

    found = resolve_meter(meter, 0, HOURS)

    assert hourly(found.energy_kwh) == pytest.approx(np.diff(meter.hourly.state_kwh), abs=1e-6)
