"""Rows of files and of Home Assistant's statistics, told as stories with the slots worked out by hand."""

import numpy as np
import pytest

from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import Flag
from tests.ledger.cases import energies, flagged, intervals, on_change, periodic, resolve_meter, statistics


def test_a_file_of_hourly_readings_is_known_by_the_hour() -> None:
    found = resolve_meter(periodic([(0, 10.0), (60, 11.0), (120, 11.4)], source=Source.IMPORT_HOUR))

    assert hourly(found.energy_kwh) == pytest.approx([1.0, 0.4], abs=1e-12)
    assert set(found.source.tolist()) == {Source.IMPORT_HOUR}
    assert not set(found.method.tolist()) & {Method.READINGS, Method.INTERVALS, Method.SPREAD}


def test_a_hole_in_a_file_is_spread() -> None:
    shown = [(0, 10.0), (15, 10.2), (75, 11.4), (90, 11.5)]

    found = resolve_meter(periodic(shown), 0, 1.5)

    assert found.energy_kwh == pytest.approx([0.2, 0.3, 0.3, 0.3, 0.3, 0.1], abs=1e-9)


def test_intervals_of_a_file_keep_their_own_time() -> None:
    found = resolve_meter(intervals([(0, 15, 0.2), (15, 30, 0.4), (30, 60, 1.0), (60, 120, 2.0)]))

    assert found.energy_kwh[:4] == pytest.approx([0.2, 0.4, 0.5, 0.5], abs=1e-12)
    assert hourly(found.energy_kwh) == pytest.approx([1.6, 2.0], abs=1e-12)


def test_readings_within_an_hour_say_how_its_total_is_split() -> None:
    rows = statistics([(-60, 100.0, 10.0), (0, 102.0, 12.0), (60, 103.0, 13.0)])
    meter = on_change([(30, 101.0), (45, 101.7), (59.99, 102.0)], watched=[(30, 60)], hourly=rows)

    found = resolve_meter(meter)

    assert found.energy_kwh[2:4] == pytest.approx([0.7, 0.3], abs=1e-9)
    assert hourly(found.energy_kwh) == pytest.approx([2.0, 1.0], abs=1e-9)
    assert found.method[:4].tolist() == [Method.SPLIT_READINGS] * 2 + [Method.READINGS] * 2
    assert found.source.tolist() == [Source.HA_HOUR] * 2 + [Source.HA_HISTORY] * 2 + [Source.HA_HOUR] * 4


def test_three_rows_of_five_minutes_make_a_slot() -> None:
    rows = [(5.0 * i, 100 + 0.1 * (i + 1), 0.1 * (i + 1)) for i in range(-1, 6)]
    meter = on_change(
        [], five_minute=statistics(rows, 300), hourly=statistics([(-60, 100.0, 0), (0, 101.6, 1.6)])
    )

    found = resolve_meter(meter, 0, 1)

    assert found.energy_kwh[:2] == pytest.approx([0.3, 0.3], abs=1e-9)
    assert found.energy_kwh.sum() == pytest.approx(1.6, abs=1e-9)
    assert found.source.tolist() == [Source.HA_5MIN] * 2 + [Source.HA_HOUR] * 2


def test_statistics_of_a_meter_that_begins_anew_each_day() -> None:
    states = [(-120, 7.0, 50.0), (-60, 8.0, 51.0), (0, 0.4, 51.4), (60, 0.9, 51.9)]

    found = resolve_meter(on_change([], hourly=statistics(states)), -1, 2)

    assert hourly(found.energy_kwh) == pytest.approx([1.0, 0.4, 0.5], abs=1e-9)


def test_five_minute_rows_of_a_meter_that_begins_anew_each_day() -> None:
    rows = [(5.0 * i, 8.0 + 0.1 * (i + 4) if i < 0 else 0.1 * (i + 1), 0.1 * (i + 50)) for i in range(-4, 12)]

    assert (
        energies(on_change([], five_minute=statistics(rows, 300)), -0.25, 1)
        == [pytest.approx(0.3, abs=1e-9)] * 5
    )


def test_a_stray_zero_in_home_assistant_s_sum_does_not_reach_the_slots() -> None:
    # The state stayed true at the hours' ends; the sum holds the whole counter once more.
    rows = [(-60, 500.0, 10.0), (0, 501.0, 11.0), (60, 502.0, 512.0), (120, 503.0, 513.0)]

    found = resolve_meter(on_change([], hourly=statistics(rows)), 0, 3)

    assert hourly(found.energy_kwh) == pytest.approx(np.ones(3), abs=1e-9)
    assert flagged(found, Flag.SUM_APART) == [4, 5, 6, 7]


def test_hours_that_statistics_lack_are_spread() -> None:
    rows = [(-60, 500.0, 10.0), (0, 501.0, 11.0), (240, 506.0, 16.0), (300, 507.0, 17.0)]

    found = resolve_meter(on_change([], hourly=statistics(rows)), 0, 6)

    assert hourly(found.energy_kwh) == pytest.approx([1.0, 1.25, 1.25, 1.25, 1.25, 1.0], abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(4, 20))


def test_hours_of_a_frozen_meter_share_the_lump_that_ends_them() -> None:
    shown = [100.0, 101.0, 102.0, *[102.0] * 8, 132.0, 133.0]
    rows = [(60.0 * (h - 1), kwh, kwh - 100) for h, kwh in enumerate(shown)]

    found = resolve_meter(on_change([], hourly=statistics(rows)), 0, 12)

    assert hourly(found.energy_kwh) == pytest.approx([1.0, 1.0, *[30 / 9] * 9, 1.0], abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(8, 44))


@pytest.mark.parametrize("first", [60.3, 70.0, 75.0])
def test_a_missing_row_holds_only_what_readings_that_begin_after_it_leave(first: float) -> None:
    """The row of the first hour is absent; readings begin within a quarter of the second one, or on its edge."""
    rows = statistics([(-60, 100.0, 10.0), (60, 101.4, 11.4)])
    shown = [(first, 100.02), (119.99, 101.4)]
    meter = on_change([*shown], watched=[(first, 120)], hourly=rows)

    found = resolve_meter(meter)

    assert float(found.energy_kwh.sum()) == pytest.approx(1.4, abs=1e-9)
    before = float(found.energy_kwh[:4].sum())
    assert before == pytest.approx(0.02 * 60 / first, abs=1e-9)
