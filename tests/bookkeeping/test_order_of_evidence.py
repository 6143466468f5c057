"""A recorder before a backfill, or a backfill before a recorder: the ledger is the same in the end."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Readings, Reporting, Source, Statistics
from darkstar.store.ledger_file import LedgerFile
from tests.ledger.cases import MIDNIGHT, readings, resolve_meter, statistics

pytestmark = pytest.mark.slow

HOURS = 6
POLLED = [(m + 0.3, 100 + round(m * 0.013 + 0.4 * (m > 200), 3)) for m in range(-60, 360, 7)]
"""Every seven minutes; the meter is fast once."""
KEPT_FROM, LIVE_FROM = 137.0, 251.0
"""Minutes after midnight from which Home Assistant still has states, and from which the recorder heard them itself."""


def rows(period_minutes: int, first: int) -> Statistics:
    """What Home Assistant makes of it: the last state before each period's end."""
    starts = range(first, HOURS * 60, period_minutes)
    shown = [max(kwh for at, kwh in POLLED if at < start + period_minutes) for start in starts]
    told = [(float(start), kwh, kwh - 99) for start, kwh in zip(starts, shown, strict=True)]
    return statistics(told, period_minutes * 60)


def states(first: float, source: Source) -> Readings:
    """The states from a minute on."""
    return readings([(at, kwh) for at, kwh in POLLED if at >= first], source=source)


def stored(path: Path, order: tuple[int, ...]) -> MeterEvidence:
    """The evidence of a ledger that was told in some order of its hours, brief rows, history and live states."""
    until = (MIDNIGHT + HOURS * 3600) * MICROSECONDS
    with LedgerFile(path, clock=lambda: float(MIDNIGHT + HOURS * 3600)) as ledger, ledger.transaction():
        meter = ledger.meter("home_assistant", "sensor.meter", Reporting.ON_CHANGE, "load")

        def hear(first: float, source: Source) -> None:
            found = states(first, source)
            ledger.add_readings(meter, found)
            ledger.add_watched(meter, source, int(found.time_us[0]), until)

        tell = (
            lambda: ledger.add_statistics(meter, rows(60, -60)),
            lambda: ledger.add_statistics(meter, rows(5, 135)),
            lambda: hear(KEPT_FROM, Source.HA_HISTORY),
            lambda: hear(LIVE_FROM, Source.LIVE),
        )
        for step in order:
            tell[step]()
        return ledger.evidence(meter, MIDNIGHT, MIDNIGHT + HOURS * 3600)


def test_the_order_in_which_evidence_arrives_changes_no_slot(tmp_path: Path) -> None:
    found: list[NDArray[np.float64]] = []
    for n, order in enumerate(((0, 1, 2, 3), (3, 2, 1, 0), (3, 0, 2, 1), (2, 3, 1, 0))):
        slots = resolve_meter(stored(tmp_path / f"{n}.db", order), 0, HOURS)
        found.append(np.stack([slots.energy_kwh, slots.source.astype(float), slots.flags.astype(float)]))

    assert np.isfinite(found[0]).all()
    assert all(np.array_equal(found[0], other) for other in found[1:])
    assert abs(float(found[0][0].sum()) - (POLLED[-1][1] - rows(60, -60).state_kwh[0])) < 1e-6
