"""Slots, prices and labels are read back as they were written, and leave each other alone."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, Flag, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import NAN, START, prices, resolved

END = START + 3 * SLOT_SECONDS


def test_unknown_is_null_and_zero_is_zero(ledger: LedgerFile, path: Path) -> None:
    ledger.write_slots(resolved({Channel.LOAD: [0.0, NAN, 0.25]}))
    table = ledger.slots(START, END)
    np.testing.assert_array_equal(table.energy_kwh[Channel.LOAD], [0.0, NAN, 0.25])
    np.testing.assert_array_equal(table.energy_kwh[Channel.WATER], [NAN] * 3)
    np.testing.assert_array_equal(table.soc_start_percent, [50.0] * 3)
    np.testing.assert_array_equal(table.soc_end_percent, [NAN] * 3)
    with closing(sqlite3.connect(path)) as other:
        rows = other.execute(
            "SELECT load_kwh, water_kwh FROM slot_observations ORDER BY slot_start"
        ).fetchall()
    assert rows == [(0.0, None), (None, None), (0.25, None)]


def test_slots_without_a_row_are_there_and_unknown(ledger: LedgerFile) -> None:
    ledger.write_slots(resolved({Channel.LOAD: [1.0]}, start=START + SLOT_SECONDS))
    table = ledger.slots(START, END)
    np.testing.assert_array_equal(table.slots, [START, START + 900, START + 1800])
    np.testing.assert_array_equal(table.energy_kwh[Channel.LOAD], [NAN, 1.0, NAN])
    np.testing.assert_array_equal(table.flags, [0, 0, 0])
    assert len(ledger.slots(START, START)) == 0


def test_the_extent(ledger: LedgerFile) -> None:
    assert ledger.slot_extent() is None
    ledger.write_slots(resolved({Channel.LOAD: [1.0, 2.0]}))
    assert ledger.slot_extent() == (START, START + 1800)


def test_prices_reach_further_than_what_is_resolved(ledger: LedgerFile) -> None:
    ledger.write_prices(prices([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]))
    assert ledger.resolved_extent() is None
    ledger.write_slots(resolved({Channel.LOAD: [NAN, NAN]}))
    assert ledger.resolved_extent() == (START, START + 1800)
    assert ledger.slot_extent() == (START, END)


def test_the_markets_price_is_kept_beside_the_households(ledger: LedgerFile) -> None:
    resolved_prices = prices([1.0, 2.0, 3.0], [0.5, NAN, 0.0])
    ledger.write_prices(resolved_prices)
    np.testing.assert_array_equal(ledger.spot_prices(START, END), resolved_prices.spot_price)


def test_prices_and_energies_leave_each_other_alone(ledger: LedgerFile) -> None:
    ledger.write_slots(resolved({Channel.PV: [1.0, 2.0, 3.0]}))
    ledger.write_prices(prices([0.0, -0.5, NAN], [-0.1, 0.0, NAN]))
    ledger.write_slots(resolved({Channel.PV: [4.0, 5.0, 6.0]}))
    table = ledger.slots(START, END)
    np.testing.assert_array_equal(table.energy_kwh[Channel.PV], [4.0, 5.0, 6.0])
    np.testing.assert_array_equal(table.import_price, [0.0, -0.5, NAN])
    np.testing.assert_array_equal(table.export_price, [-0.1, 0.0, NAN])
    ledger.write_prices(prices([1.0, NAN, 2.0], [1.0, NAN, 2.0]))
    again = ledger.slots(START, END)
    np.testing.assert_array_equal(again.import_price, [1.0, NAN, 2.0])
    np.testing.assert_array_equal(again.energy_kwh[Channel.PV], [4.0, 5.0, 6.0])
    np.testing.assert_array_equal(again.soc_start_percent, [50.0] * 3)


def test_what_is_no_longer_borne_out_becomes_unknown(ledger: LedgerFile) -> None:
    ledger.write_slots(resolved({Channel.LOAD: [1.0], Channel.WATER: [2.0]}))
    ledger.write_slots(resolved({Channel.LOAD: [NAN]}))
    table = ledger.slots(START, START + 900)
    assert np.isnan(table.energy_kwh[Channel.LOAD][0])
    assert np.isnan(table.energy_kwh[Channel.WATER][0])


def test_writing_twice_changes_nothing(ledger: LedgerFile, path: Path) -> None:
    slots = resolved({Channel.LOAD: [1.0, NAN, 0.0]}, flags={Channel.LOAD: [1, 2, 0]})
    dumps = []
    for _ in range(2):
        ledger.write_slots(slots)
        ledger.write_prices(prices([1.0, NAN, 0.0], [1.0, NAN, 0.0]))
        with closing(sqlite3.connect(path)) as other:
            dumps.append(list(other.iterdump()))
    assert dumps[0] == dumps[1]


def test_flags_of_all_channels_come_together(ledger: LedgerFile) -> None:
    flags: dict[Channel, list[int]] = {
        Channel.LOAD: [Flag.SPREAD, Flag.DIP],
        Channel.PV: [Flag.SPREAD | Flag.RESET, 0],
    }
    ledger.write_slots(resolved({Channel.LOAD: [1.0, 1.0], Channel.PV: [1.0, 1.0]}, flags=flags))
    assert ledger.slots(START, START + 1800).flags.tolist() == [Flag.SPREAD | Flag.RESET, Flag.DIP]


def test_provenance_by_channel(ledger: LedgerFile) -> None:
    written = ChannelSlots(
        energy_kwh=np.array([0.0, NAN]),
        source=np.array([Source.ABSENT, 0], dtype=np.int8),
        method=np.array([Method.ABSENT, 0], dtype=np.int8),
        flags=np.array([Flag.CLIPPED, 0], dtype=np.int32),
    )
    unknown = np.full(2, NAN)
    slots = np.array([START, START + 900])
    ledger.write_slots(ResolvedSlots(slots, {Channel.EXPORT: written}, unknown, unknown))
    read = ledger.provenance(START, END)
    assert set(read) == set(Channel)
    np.testing.assert_array_equal(read[Channel.EXPORT].energy_kwh, [0.0, NAN, NAN])
    assert read[Channel.EXPORT].source.tolist() == [Source.ABSENT, 0, 0]
    assert read[Channel.EXPORT].method.tolist() == [Method.ABSENT, 0, 0]
    assert read[Channel.EXPORT].flags.tolist() == [Flag.CLIPPED, 0, 0]
    assert read[Channel.LOAD].source.tolist() == [0, 0, 0]


def test_a_transaction_that_fails_leaves_nothing(ledger: LedgerFile) -> None:
    def fail_halfway() -> None:
        with ledger.transaction():
            ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
            ledger.write_prices(prices([1.0], [1.0]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert ledger.slot_extent() is None


def test_nothing_is_written_within_a_snapshot(ledger: LedgerFile) -> None:
    with ledger.snapshot(), pytest.raises(RuntimeError, match="only reads"):
        ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
    ledger.write_slots(resolved({Channel.LOAD: [1.0]}))


def test_labels_of_days(ledger: LedgerFile) -> None:
    day = dt.date(2025, 10, 26)
    labels = [
        DayQuality(day + dt.timedelta(days=1), DayStatus.CLEAN, ()),
        DayQuality(day, DayStatus.MASK_BATTERY, ("Växelriktaren stod still", "soc is missing")),
    ]
    ledger.write_days(labels)
    assert ledger.days(day, day + dt.timedelta(days=2)) == labels[::-1]
    ledger.write_days([DayQuality(day, DayStatus.CLEAN, ())])
    assert ledger.days(day, day + dt.timedelta(days=1)) == [DayQuality(day, DayStatus.CLEAN, ())]


def test_a_year_comes_back_bit_for_bit(ledger: LedgerFile) -> None:
    n = 35_040
    energies = np.random.default_rng(1).random((len(Channel), n))
    year = resolved({channel: energies[i].tolist() for i, channel in enumerate(Channel)})
    ledger.write_slots(year)
    table = ledger.slots(START, START + n * SLOT_SECONDS)
    assert all((table.energy_kwh[channel] == energies[i]).all() for i, channel in enumerate(Channel))
