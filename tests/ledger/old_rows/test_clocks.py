"""Times of an older ledger: however they are written, and on whatever clock, each row lands where it happened."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.ledger.old_rows.judge import Judged
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import Clock, OldRows
from darkstar.ledger.old_rows.shifts import moves
from tests.ledger.old_rows.judging import ENERGIES, EVERYTHING, counts, each, judged, quarters
from tests.old_home import T0, N, OldHome, local


def utc(instant: int) -> str:
    return dt.datetime.fromtimestamp(instant, dt.UTC).isoformat().replace("+00:00", "Z")


def assert_true(
    found: Judged, home: OldHome, channel: Channel = Channel.LOAD, *, but: tuple[int, ...] = ()
) -> None:
    got = quarters(found, channel, N)
    want = home.truth[channel.value].copy()
    want[list(but)] = np.nan
    np.testing.assert_allclose(got, want, atol=1e-12)


def test_a_sound_ledger_is_taken_as_it_is(tmp_path: Path) -> None:
    home = OldHome()
    found = judged(home, tmp_path)
    assert found.findings == ()
    for channel in Channel:
        assert_true(found, home, channel)
    assert all((tally.taken, tally.mended, tally.refused) == (N, 0, 0) for tally in found.tallies.values())


def test_utc_offsets_naive_times_and_milliseconds_are_the_same_instants(tmp_path: Path) -> None:
    home = OldHome()
    for i in range(96):
        home.rows[i]["slot_start"] = utc(int(home.start[i]))
        home.rows[96 + i]["slot_start"] = local(int(home.start[96 + i]))[:-6]
        home.rows[192 + i]["slot_start"] = int(home.start[192 + i]) * 1000
        home.rows[192 + i]["slot_end"] = None
    found = judged(home, tmp_path)
    assert_true(found, home)
    assert counts(found) == {
        Reason.NAIVE_TIME: each(EVERYTHING, 96),
        Reason.EPOCH_TIME: each(EVERYTHING, 96),
    }


def test_days_of_local_times_that_pass_for_utc_are_moved_back_as_the_sun_proves(tmp_path: Path) -> None:
    home = OldHome()
    days = range(3 * 96, 6 * 96)
    for i in days:
        for end in ("slot_start", "slot_end"):
            home.rows[i][end] = str(home.rows[i][end]).replace("+02:00", "Z")
    found = judged(home, tmp_path)
    assert_true(found, home)
    assert counts(found) == {
        Reason.SHIFTED: each((*ENERGIES, "soc"), 288),
        Reason.PRICE_CLOCK: each(("import_price", "export_price"), 288),
    }
    shifted = np.isin(found.prices.start_utc, home.start[list(days)])
    assert np.isnan(found.prices.import_price[shifted]).all()


def test_a_whole_ledger_on_the_wrong_clock_is_moved_by_the_sun_alone(tmp_path: Path) -> None:
    home = OldHome()
    for row in home.rows:
        row |= {end: str(row[end]).replace("+02:00", "Z") for end in ("slot_start", "slot_end")}
    found = judged(home, tmp_path)
    assert_true(found, home)
    assert counts(found)[Reason.SHIFTED] == each((*ENERGIES, "soc"), N)


def test_days_of_utc_times_that_pass_for_local_are_moved_on(tmp_path: Path) -> None:
    home = OldHome()
    for i in range(5 * 96, 7 * 96):
        for end, more in (("slot_start", 0), ("slot_end", SLOT_SECONDS)):
            home.rows[i][end] = local(int(home.start[i]) + more - 2 * HOUR_SECONDS)
    found = judged(home, tmp_path)
    # The first two hours claim the evening before, which has its own rows; the file's order tells whose they are.
    assert_true(found, home)
    assert counts(found) == {
        Reason.SHIFTED: each((*ENERGIES, "soc"), 192),
        Reason.PRICE_CLOCK: each(("import_price", "export_price"), 192),
    }


def test_a_cloudy_day_follows_the_days_around_it(tmp_path: Path) -> None:
    home = OldHome()
    for i in range(3 * 96, 6 * 96):
        home.rows[i]["slot_start"] = str(home.rows[i]["slot_start"]).replace("+02:00", "Z")
        home.rows[i]["slot_end"] = None
    home.change(lambda day, quarter: day == 4, pv_kwh=0.001, load_kwh=0.1)
    found = judged(home, tmp_path)
    got = quarters(found, Channel.LOAD, N)
    assert got[4 * 96 : 5 * 96].tolist() == [0.1] * 96


def test_without_sun_nothing_is_moved(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: True, pv_kwh=None)
    for i in range(N):
        home.rows[i]["slot_start"] = str(home.rows[i]["slot_start"]).replace("+02:00", "Z")
        home.rows[i]["slot_end"] = None
    found = judged(home, tmp_path)
    assert found.energies[Channel.LOAD].start_utc[0] == T0 + 2 * HOUR_SECONDS
    assert counts(found) == {}


def test_rows_without_a_time_or_off_the_grid_are_refused(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[400]["slot_start"] = "soon"
    home.rows[401]["slot_start"] = local(int(home.start[401]) + 60)
    home.rows[402]["slot_start"] = None
    found = judged(home, tmp_path)
    assert_true(found, home, but=(400, 401, 402))
    assert counts(found) == {Reason.NO_TIME: each(EVERYTHING, 2), Reason.OFF_GRID: each(EVERYTHING, 1)}


def test_of_two_rows_of_one_time_the_one_that_knows_more_stands(tmp_path: Path) -> None:
    home = OldHome()
    same, poorer = dict(home.rows[200]), dict(home.rows[300])
    same["slot_start"] = utc(int(home.start[200]))
    poorer |= {"slot_start": utc(int(home.start[300])), "load_kwh": 0.0, "water_kwh": 0.0}
    home.rows += [same]
    home.rows.insert(0, poorer)
    found = judged(home, tmp_path)
    assert_true(found, home)
    assert counts(found) == {Reason.DUPLICATE: each(EVERYTHING, 1), Reason.CONTRADICTED: each(EVERYTHING, 1)}


def test_an_end_on_another_clock_still_ends_a_quarter(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[8]["slot_end"] = local(int(home.start[8]) + SLOT_SECONDS + 2 * HOUR_SECONDS)
    home.rows[9]["slot_end"] = local(int(home.start[9]) + 1234)
    home.rows[10]["slot_end"] = local(int(home.start[10]) + HOUR_SECONDS)
    found = judged(home, tmp_path)
    assert_true(found, home, but=(9,))
    assert counts(found) == {
        Reason.OTHER_END: each(EVERYTHING, 1),
        Reason.ODD_LENGTH: each(EVERYTHING, 1),
        Reason.STALE_END: each(EVERYTHING, 1),
    }


def test_the_files_order_tells_where_the_sun_is_silent(tmp_path: Path) -> None:
    """Three cloudy days among others, moved on by two hours: a hole before them, and after them time goes back."""
    home = OldHome()
    home.change(lambda day, quarter: 5 <= day < 8, pv_kwh=0.0)
    for i in range(5 * 96 + 40, 8 * 96 - 20):
        for end, more in (("slot_start", 0), ("slot_end", SLOT_SECONDS)):
            home.rows[i][end] = local(int(home.start[i]) + more + 2 * HOUR_SECONDS)
    found = judged(home, tmp_path)
    assert_true(found, home)
    assert counts(found)[Reason.SHIFTED]["load"] == 3 * 96 - 60


def test_an_outage_as_long_as_the_offset_is_no_change_of_clock(tmp_path: Path) -> None:
    home = OldHome()
    gap = range(5 * 96 + 40, 5 * 96 + 48)
    home.rows = [row for i, row in enumerate(home.rows) if i not in gap]
    found = judged(home, tmp_path)
    assert_true(found, home, but=tuple(gap))
    assert counts(found) == {}


def test_west_of_greenwich_the_other_way_round() -> None:
    """Five hours behind UTC: local times that pass for UTC are too early, and time goes back where they begin."""
    zone = ZoneInfo("America/New_York")
    start = 1_747_022_400 + HOUR_SECONDS * np.arange(14 * 24, dtype=np.int64)  # 2025-05-12T00:00 there
    hour = np.arange(14 * 24) % 24
    pv = np.where((hour >= 6) & (hour < 19), 1.0, 0.0)
    early = (np.arange(len(start)) >= 5 * 24 + 7) & (np.arange(len(start)) < 8 * 24 + 3)
    unknown = np.full(len(start), np.nan)
    rows = OldRows(
        np.arange(len(start)), start - np.where(early, 4 * HOUR_SECONDS, 0), start + HOUR_SECONDS,
        start.astype(object), np.full(len(start), Clock.UTC, np.int8), {Channel.PV: pv},
        unknown, unknown, unknown, unknown,
    )  # fmt: skip
    np.testing.assert_array_equal(moves(rows, zone, 40.7, -74.0), np.where(early, 4 * HOUR_SECONDS, 0))
    silent = replace(
        rows, energy_kwh={Channel.PV: np.where((hour >= 6) & (np.arange(len(start)) < 72), pv, 0.0)}
    )
    np.testing.assert_array_equal(moves(silent, zone, 40.7, -74.0), np.where(early, 4 * HOUR_SECONDS, 0))


def test_cloudy_days_after_an_outage_as_long_as_the_offset_stay(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: day >= 10, pv_kwh=0.0)
    gap = range(10 * 96, 10 * 96 + 8)
    home.rows = [row for i, row in enumerate(home.rows) if i not in gap]
    found = judged(home, tmp_path)
    assert Reason.SHIFTED not in counts(found)
    assert_true(found, home, but=tuple(gap))


def test_a_cloudy_day_follows_the_nearest_day_of_its_clock(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: day == 5, pv_kwh=0.0)
    for i in (*range(3 * 96, 4 * 96), *range(5 * 96, 6 * 96)):
        for end in ("slot_start", "slot_end"):
            home.rows[i][end] = str(home.rows[i][end]).replace("+02:00", "Z")
    gap = (*range(5 * 96 - 12, 5 * 96), *range(6 * 96, 6 * 96 + 12))
    home.rows = [row for i, row in enumerate(home.rows) if i not in gap]
    found = judged(home, tmp_path)
    assert_true(found, home, but=gap)
    assert counts(found)[Reason.SHIFTED]["load"] == 192
