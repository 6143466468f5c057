"""Evidence is a set: in any order, any number of times, and broken off anywhere, the same is read back."""

import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.ledger.evidence import Intervals, MeterEvidence, Reporting, Source, Statistics
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import NAN, START, readings

US = 1_000_000
Step = Callable[[LedgerFile, int], object]


def read_everything(ledger: LedgerFile, meter: int) -> tuple[object, ...]:
    found: MeterEvidence = ledger.evidence(meter, START, START + 7200)
    return (
        *_plain(found.readings),
        found.watched_us.tolist(),
        *_plain(found.five_minute),
        *_plain(found.hourly),
        *_plain(found.intervals),
        *(_plain(quotes) for quotes in ledger.quotes(START, START + 7200)),
    )


def _plain(value: object) -> list[object]:
    """The fields of a value for `==`, NaN equal to itself."""
    parts = vars(value).values()
    return [part.tolist() if isinstance(part, np.ndarray) else part for part in parts]


def _statistics(period_s: int, *rows: tuple[int, float, float]) -> Statistics:
    starts, states, sums = zip(*rows, strict=True)
    return Statistics(period_s, np.array(starts, dtype=np.int64), np.array(states), np.array(sums))


def _quotes(*rows: tuple[int, int, float]) -> Quotes:
    starts, ends, prices = zip(*rows, strict=True)
    edges = (np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))
    return Quotes("vattenfall", "SE4", "SEK", PriceKind.SPOT, *edges, np.array(prices))


def _intervals(*rows: tuple[int, int, float]) -> Intervals:
    starts, ends, energies = zip(*rows, strict=True)
    return Intervals(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64), np.array(energies))


T = START * US
STEPS: Sequence[Step] = (
    lambda ledger, m: ledger.add_readings(m, readings((T, "1.0"), (T + US, "1.5"))),
    lambda ledger, m: ledger.add_readings(m, readings((T + US, "1.5"), source=Source.HA_HISTORY, unit="Wh")),
    lambda ledger, m: ledger.add_readings(
        m, readings((T, "unavailable"), (T, "1.0"), source=Source.HA_HISTORY)
    ),
    lambda ledger, m: ledger.add_readings(m, readings((T + US, "1.5"), (T + 2 * US, "2"), held=True)),
    lambda ledger, m: ledger.add_readings(m, readings((T + 2 * US, "2"), source=Source.HA_HISTORY)),
    lambda ledger, m: ledger.add_watched(m, Source.LIVE, T, T + 10 * US),
    lambda ledger, m: ledger.add_watched(m, Source.LIVE, T + 10 * US, T + 20 * US),
    lambda ledger, m: ledger.add_watched(m, Source.LIVE, T + 20 * US, T + 30 * US),
    lambda ledger, m: ledger.add_watched(m, Source.HA_HISTORY, T - 5 * US, T + 5 * US),
    lambda ledger, m: ledger.add_watched(m, Source.LIVE, T + 30 * US, T + 40 * US),
    lambda ledger, m: ledger.add_statistics(
        m, _statistics(3600, (START, 5.0, 1.0), (START + 3600, NAN, 2.0))
    ),
    lambda ledger, m: ledger.add_statistics(m, _statistics(3600, (START + 3600, NAN, 2.0))),
    lambda ledger, m: ledger.add_statistics(m, _statistics(300, (START, 5.0, NAN))),
    lambda ledger, m: ledger.add_intervals(m, Source.IMPORT_HOUR, _intervals((START, START + 3600, 0.0))),
    lambda ledger, m: ledger.add_intervals(
        m, Source.IMPORT_FINE, _intervals((START + 900, START + 1800, 0.2))
    ),
    lambda ledger, _: ledger.add_quotes(
        _quotes((START, START + 3600, 0.0), (START + 3600, START + 7200, -0.1))
    ),
    lambda ledger, _: ledger.add_quotes(_quotes((START, START + 900, 0.3))),
)
"""What arrives on one day, all of it received at one time."""


def fill(path: Path, steps: Sequence[Step]) -> tuple[object, ...]:
    with LedgerFile(path, clock=lambda: float(START)) as ledger:
        meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
        for step in steps:
            step(ledger, meter)
        return read_everything(ledger, meter)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(len(STEPS))), st.lists(st.integers(0, len(STEPS) - 1), max_size=10))
@pytest.mark.slow
def test_order_and_repetition_do_not_matter(order: list[int], again: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = fill(Path(folder) / "a.db", STEPS)
        found = fill(Path(folder) / "b.db", [STEPS[i] for i in (*again, *order, *again)])
    assert repr(found) == repr(wanted)


@pytest.mark.slow
def test_broken_off_and_begun_again(tmp_path: Path) -> None:
    """A run that ends between any two steps, or fails within one, and is then run whole."""
    wanted = fill(tmp_path / "whole.db", STEPS)
    for done in range(len(STEPS)):
        path = tmp_path / f"{done}.db"

        def fail(ledger: LedgerFile, meter: int, step: Step = STEPS[done]) -> None:
            with ledger.transaction():
                step(ledger, meter)
                raise InterruptedError

        with pytest.raises(InterruptedError):
            fill(path, (*STEPS[:done], fail))
        assert repr(fill(path, STEPS)) == repr(wanted), done


def test_new_rows_are_counted(ledger: LedgerFile) -> None:
    meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
    both = readings((T, "1"), (T + US, "2"))
    assert ledger.add_readings(meter, readings((T, "1"))) == 1
    assert ledger.add_readings(meter, both) == 1
    assert ledger.add_readings(meter, both) == 0
    assert ledger.add_readings(meter, readings()) == 0
    hour = _statistics(3600, (START, NAN, 1.0))
    assert [ledger.add_statistics(meter, hour) for _ in range(2)] == [1, 0]
    assert ledger.add_quotes(_quotes((START, START + 900, NAN), (START + 900, START + 1800, 0.0))) == 1
    assert ledger.add_intervals(meter, Source.IMPORT_FINE, _intervals((START, START + 900, NAN))) == 0


def test_the_better_source_and_the_first_unit_stay(ledger: LedgerFile) -> None:
    meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
    ledger.add_readings(meter, readings((T, "1500"), unit="Wh", source=Source.HA_HISTORY, held=True))
    ledger.add_readings(meter, readings((T, "1500"), unit="kWh", source=Source.HA_HISTORY))
    read = ledger.evidence(meter, START, START + 900).readings
    assert (read.unit.tolist(), read.held.tolist()) == (["Wh"], [False])
    ledger.add_readings(meter, readings((T, "1500"), unit="Wh", source=Source.LIVE))
    ledger.add_readings(meter, readings((T, "1500"), unit="kWh", source=Source.HA_HISTORY))
    read = ledger.evidence(meter, START, START + 900).readings
    assert (read.unit.tolist(), read.source.tolist()) == (["Wh"], [Source.LIVE])


def test_numbers_that_came_later_are_read(path: Path) -> None:
    """Home Assistant's adjusted sums, and a price source that corrects itself; the earlier numbers stay in the file."""
    now = itertools.count(START)
    with LedgerFile(path, clock=lambda: next(now)) as ledger:
        meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
        for total in (1.0, 2.0, 1.5):
            ledger.add_statistics(meter, _statistics(3600, (START, NAN, total)))
            ledger.add_quotes(_quotes((START, START + 3600, total)))
        assert ledger.evidence(meter, START, START + 3600).hourly.sum_kwh.tolist() == [1.5]
        assert ledger.quotes(START, START + 3600)[0].price_per_kwh.tolist() == [1.5]
        ledger.add_statistics(meter, _statistics(3600, (START, NAN, 2.0)))
        ledger.add_quotes(_quotes((START, START + 3600, 2.0)))
        assert ledger.evidence(meter, START, START + 3600).hourly.sum_kwh.tolist() == [2.0]
        assert ledger.quotes(START, START + 3600)[0].price_per_kwh.tolist() == [2.0]
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM meter_statistics").fetchone() == (3,)
        assert other.execute("SELECT count(*) FROM price_quotes").fetchone() == (3,)


def test_finer_evidence_hides_coarser(ledger: LedgerFile) -> None:
    ledger.add_quotes(_quotes((START, START + 3600, 1.0), (START + 3600, START + 7200, 2.0)))
    quarters = [(START + 900 * i, START + 900 * (i + 1), float(i)) for i in range(4)]
    ledger.add_quotes(_quotes(*quarters))
    (read,) = ledger.quotes(START, START + 7200)
    assert read.price_per_kwh.tolist() == [0.0, 1.0, 2.0, 3.0, 2.0]
    assert read.end_utc.tolist()[-1] == START + 7200
    (touching,) = ledger.quotes(START + 5400, START + 6300)
    assert touching.start_utc.tolist() == [START + 3600]
    assert ledger.quotes(START + 7200, START + 9000) == []


def test_finer_and_later_intervals_hide_others(path: Path) -> None:
    now = itertools.count(START)
    with LedgerFile(path, clock=lambda: next(now)) as ledger:
        meter = ledger.meter("file", "a.csv:import", Reporting.PERIODIC, "import")
        hours = _intervals((START, START + 3600, 4.0), (START + 3600, START + 7200, 8.0))
        ledger.add_intervals(meter, Source.IMPORT_HOUR, hours)
        for energy in (1.0, 2.0):
            ledger.add_intervals(meter, Source.IMPORT_FINE, _intervals((START, START + 900, energy)))
        read = ledger.evidence(meter, START, START + 7200).intervals
    assert read.energy_kwh.tolist() == [2.0, 8.0]
    assert read.end_utc.tolist() == [START + 900, START + 7200]


def test_watched_time_that_goes_on_is_one_row(ledger: LedgerFile, path: Path) -> None:
    meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
    for i in (0, 1, 2, 4, 3):
        ledger.add_watched(meter, Source.LIVE, T + i * US, T + (i + 1) * US)
    assert ledger.watched(meter).tolist() == [[T, T + 5 * US]]
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM watched").fetchone() == (1,)


def test_readings_reach_to_the_nearest_number_on_each_side(ledger: LedgerFile) -> None:
    meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
    day = 86_400 * US
    rows = (
        (T - day, "1"),
        (T - 9, "unavailable"),
        (T, "unknown"),
        (T + 900 * US, "off"),
        (T + day, "3"),
        (T + 2 * day, "4"),
    )
    ledger.add_readings(meter, readings(*rows))
    assert ledger.evidence(meter, START, START + 900).readings.state.tolist() == [
        "1",
        "unavailable",
        "unknown",
        "off",
        "3",
    ]
    assert ledger.extent(meter) == (START - 86_400, START + 2 * 86_400)


def test_a_meter_without_evidence(ledger: LedgerFile) -> None:
    meter = ledger.meter("home_assistant", "sensor.pv", Reporting.ON_CHANGE, "pv")
    assert ledger.extent(meter) is None
    assert len(ledger.evidence(meter, START, START + 900).readings) == 0
    assert ledger.watched(meter).shape == (0, 2)


def test_a_meter_keeps_its_id_when_it_counts_for_another_channel(ledger: LedgerFile) -> None:
    first = ledger.meter("home_assistant", "sensor.a", Reporting.ON_CHANGE, "import")
    other = ledger.meter("file", "sensor.a", Reporting.PERIODIC, "import")
    assert ledger.meter("home_assistant", "sensor.a", Reporting.ON_CHANGE, "export") == first
    assert other != first
    assert [(m.meter_id, m.origin, m.channel) for m in ledger.meters()] == [
        (other, "file", "import"),
        (first, "home_assistant", "export"),
    ]
