"""What happens to real meters, told as stories of a handful of readings with the slots worked out by hand."""

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import ChannelSlots, Flag
from tests.ledger.cases import (
    LIMIT_KWH,
    Shown,
    energies,
    intervals,
    on_change,
    periodic,
    resolve_home,
    resolve_meter,
    statistics,
)


def steady(first: float, last: float, begin: float = 100.0, step: float = 5, kw: float = 1.2) -> list[Shown]:
    """A meter read every few minutes, from one minute to another."""
    minutes = np.arange(first, last + 0.01, step)
    return [(float(m), round(begin + kw * (m - first) / 60, 6)) for m in minutes]


def flagged(found: ChannelSlots, flag: Flag) -> list[int]:
    return np.flatnonzero(found.flags & flag).tolist()


def test_energy_between_two_readings_is_laid_evenly_over_the_time_between() -> None:
    assert energies(on_change([(0, 1.0), (10, 2.0), (40, 4.0), (60, 4.0)]), 0, 1) == [
        pytest.approx(1 + 2 * 5 / 30),
        1.0,
        pytest.approx(2 * 10 / 30),
        0.0,
    ]


def test_what_lies_before_the_first_reading_and_after_the_last_is_unknown() -> None:
    assert energies(on_change([(7, 5.0), (15, 5.2), (30, 5.5), (50, 5.9)]), 0, 1) == [None, 0.3, 0.3, None]


@pytest.mark.parametrize(("unit", "factor"), [("Wh", 1000.0), ("kWh", 1.0), ("MWh", 0.001), ("", 1.0)])
def test_units_of_energy_are_converted(unit: str, factor: float) -> None:
    shown = [(0, 100 * factor), (15, 100.5 * factor), (30, 101.25 * factor)]

    assert energies(on_change(shown, unit), 0, 0.5) == [pytest.approx(0.5), pytest.approx(0.75)]


@pytest.mark.parametrize("unit", ["W", "m³", "SEK"])
def test_other_units_are_no_energy(unit: str) -> None:
    assert energies(on_change([(0, 100), (15, 101), (30, 102)], unit), 0, 0.5) == [None, None]


def test_a_meter_that_counts_downwards_below_zero_counts_what_it_counts() -> None:
    assert energies(on_change([(0, -10.0), (15, -10.5), (30, -11.25)]), 0, 0.5) == [0.5, 0.75]


def test_order_and_repetition_of_readings_do_not_matter() -> None:
    shown = [(0, 1.0), (15, 1.5), (30, 2.25), (45, 2.5), (60, 3.0)]
    jumbled = [shown[i] for i in (3, 0, 1, 1, 4, 2, 3, 0)]

    assert energies(on_change(jumbled, watched=[(0, 60)]), 0, 1) == energies(on_change(shown), 0, 1)


def test_of_several_readings_of_one_instant_the_greatest_counts() -> None:
    shown = [(0, 1.0), (15, 1.5), (15, 1.4), (30, 2.0)]

    assert energies(on_change(shown), 0, 0.5) == [0.5, 0.5]


@pytest.mark.parametrize("text", ["unavailable", "unknown", "", "None", "nan", "inf", "on", "1,5"])
def test_texts_are_no_readings_and_what_passed_meanwhile_is_spread(text: str) -> None:
    shown = [(0, 10.0), (15, 10.2), (15.001, text), (60, 11.1), (75, 11.3)]

    found = resolve_meter(on_change(shown), 0, 1.25)

    assert found.energy_kwh == pytest.approx([0.2, 0.3, 0.3, 0.3, 0.2], abs=1e-4)
    assert found.energy_kwh.sum() == pytest.approx(1.3, abs=1e-9)
    assert flagged(found, Flag.SPREAD)[-3:] == [1, 2, 3]


@pytest.mark.parametrize("minute", [75, 78.4], ids=["on the grid", "off the grid"])
@pytest.mark.parametrize(
    ("bad", "flag"),
    [(0.0, Flag.DIP), (95.0, Flag.DIP), (600.0, Flag.SPIKE)],
    ids=["stray zero", "dip of 5 %", "glitch of +500"],
)
def test_a_lone_bad_reading_changes_nothing(minute: float, bad: float, flag: Flag) -> None:
    good = [(m, v) for m, v in steady(0, 120) if m != minute]
    hit = sorted([*good, (minute, bad)])

    found = resolve_meter(on_change(hit))

    assert found.energy_kwh == pytest.approx(resolve_meter(on_change(good)).energy_kwh, abs=1e-9)
    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert flagged(found, flag)
    assert not flagged(found, Flag.RESET)


@pytest.mark.parametrize("bad", [(0.0, 600.0), (600.0, 0.0)], ids=["zero, glitch", "glitch, zero"])
def test_a_stray_zero_and_a_glitch_side_by_side_change_nothing(bad: tuple[float, float]) -> None:
    hit = {**dict(steady(0, 120)), 70.0: bad[0], 75.0: bad[1]}

    found = resolve_meter(on_change(list(hit.items())))

    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert flagged(found, Flag.DIP) == flagged(found, Flag.SPIKE) == [4, 5]


def test_a_small_dip_that_lasts_some_minutes_and_comes_back_counts_nothing() -> None:
    dipped = [(m, v * 0.96 if 65 <= m <= 75 else v) for m, v in steady(0, 120)]

    found = resolve_meter(on_change(dipped))

    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert flagged(found, Flag.DIP) == [4, 5]


def test_what_a_meter_overshot_by_and_took_back_counts_once_and_is_told() -> None:
    shown = [(0, 100.0), (30, 102.0), (50, 105.3), (65, 105.0), (75, 105.6), (120, 107.4)]

    found = resolve_meter(on_change(shown))

    assert found.energy_kwh.sum() == pytest.approx(7.4, abs=1e-9)
    assert found.energy_kwh[:4].sum() == pytest.approx(5.0, abs=1e-9)
    assert flagged(found, Flag.STEP_BACK) == [2, 3, 4], "Home Assistant counts 5.3 kWh, then 0.3 less"


def test_a_reset_in_the_middle_of_a_slot_keeps_what_was_counted_on_both_sides() -> None:
    before, after = steady(0, 50), steady(55, 120, begin=0.05)

    found = resolve_meter(on_change([*before, *after]))

    assert found.energy_kwh[[0, 1, 2, 4, 5, 6, 7]] == pytest.approx(np.full(7, 0.3), abs=1e-9)
    assert found.energy_kwh.sum() == pytest.approx(1.0 + 0.05 + 1.3, abs=1e-9)
    assert flagged(found, Flag.RESET) == [3]


def test_a_meter_that_begins_anew_each_day_counts_through_midnight() -> None:
    evening, morning = steady(-120, -5, begin=8.0, kw=1.2), steady(5, 120, begin=0.1, kw=1.2)

    found = resolve_meter(on_change([*evening, (0, 0.0), *morning]), -2, 2)

    assert found.energy_kwh[:7] == pytest.approx(np.full(7, 0.3), abs=1e-9)
    assert found.energy_kwh[8:] == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert found.energy_kwh[7] == pytest.approx(0.2, abs=1e-9), "the last five minutes were never shown"


@pytest.mark.parametrize("other", [7000.0, 3000.0], ids=["up", "down"])
def test_a_replaced_meter_yields_nothing_for_its_first_reading(other: float) -> None:
    before, after = steady(0, 55, begin=5000.0), steady(60, 120, begin=other)

    found = resolve_meter(on_change([*before, *after]))

    known = found.energy_kwh[np.isfinite(found.energy_kwh)]
    assert known.max() <= 0.3 + 1e-9
    assert known.sum() <= 2.4
    assert found.energy_kwh[4:] == pytest.approx(np.full(4, 0.3), abs=1e-9)
    assert flagged(found, Flag.REPLACED | Flag.IMPLAUSIBLE)


def test_a_frozen_meter_catches_up_over_the_time_in_which_it_was_frozen() -> None:
    frozen = [(float(m), 101.0) for m in range(75, 240, 15)]
    shown = [(0, 100.0), (30, 100.5), (60, 101.0), *frozen, (240, 117.0), (255, 117.5)]

    found = resolve_meter(on_change(shown), 0, 4.25)

    assert found.energy_kwh[4:16] == pytest.approx(np.full(12, 16 / 12), abs=1e-9)
    assert found.energy_kwh.sum() == pytest.approx(17.5, abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(4, 16))


def test_six_hours_of_silence_are_filled_with_what_the_meter_counted_in_them() -> None:
    shown = [*steady(0, 60), (62, "unavailable"), *steady(422, 480, begin=110.0, step=2)]

    found = resolve_meter(on_change(shown), 0, 8)

    assert found.energy_kwh[5:28] == pytest.approx(np.full(23, (110 - 101.2) / 24), abs=1e-9)
    assert np.nansum(found.energy_kwh[:31]) == pytest.approx(1.2 + 8.8 + 1.2 * 43 / 60, abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(4, 29))
    assert set(found.method[5:28].tolist()) == {Method.SPREAD}


def test_an_outage_of_the_sun_s_meter_is_laid_out_by_the_sun() -> None:
    shown = [*steady(60, 120, kw=0.0), (121, "unavailable"), *steady(600, 660, begin=110.0, kw=4.0)]

    found = resolve_home({Channel.PV: [on_change(shown)]}, 1, 11).channels[Channel.PV].energy_kwh

    assert found.sum() == pytest.approx(14.0, abs=1e-9)
    assert found[10] < found[20] < found[30]


def test_more_than_a_short_silence_can_hold_is_not_lost() -> None:
    # The meter lags: two kilowatt-hours in five minutes, which the fuse carries in ten.
    shown = [(0, 100.0), (15, 100.3), (15.5, "unavailable"), (20, 102.3), (30, 102.4)]

    assert energies(on_change(shown), 0, 0.5) == [0.3, 2.1]


@pytest.mark.parametrize("channel", [Channel.LOAD, Channel.PV])
def test_an_outage_of_days_is_laid_out_alike_in_whatever_pieces_it_is_asked_for(channel: Channel) -> None:
    back = 6 * 24 * 60
    meter = on_change([*steady(0, 60), (61, "unavailable"), *steady(back, back + 120, begin=140.0)])

    whole = resolve_home({channel: [meter]}, 0, 146).channels[channel].energy_kwh
    days = [
        resolve_home({channel: [meter]}, h, min(h + 24, 146)).channels[channel].energy_kwh
        for h in range(0, 146, 24)
    ]

    assert np.concatenate(days).tobytes() == whole.tobytes()
    assert whole.sum() == pytest.approx(140 + 2.4 - 100, abs=1e-9)


def test_a_restart_that_restores_the_old_value_and_then_brings_a_lump() -> None:
    shown = [*steady(0, 60), (61, "unknown"), (62, 101.2), (90, 104.0), *steady(95, 120, begin=104.1)]

    found = resolve_meter(on_change(shown))

    assert found.energy_kwh.sum() == pytest.approx(1.2 + 2.8 + 0.1 + 0.5, abs=1e-9)
    assert found.energy_kwh.max() <= LIMIT_KWH


def test_a_restored_value_older_than_the_last_one_is_a_dip() -> None:
    shown = [*steady(0, 60), (61, "unknown"), (62, 100.2), *steady(65, 120, begin=101.3)]

    found = resolve_meter(on_change(shown))

    assert found.energy_kwh.sum() == pytest.approx(1.2 + 0.1 + 1.1, abs=1e-9)
    assert flagged(found, Flag.DIP)
    assert not flagged(found, Flag.RESET)


def test_a_lone_dip_at_the_live_edge_is_pending_until_the_next_readings_decide() -> None:
    live = [*steady(0, 60), (64, 0.0)]

    undecided = resolve_meter(on_change(live, watched=[(0, 75)]))
    dipped = resolve_meter(on_change([*live, *steady(65, 120, begin=101.3)]))
    reset = resolve_meter(on_change([*live, *steady(65, 120, begin=0.02)]))

    assert undecided.energy_kwh[:4] == pytest.approx(np.full(4, 0.3), abs=1e-9)
    assert np.isnan(undecided.energy_kwh[4:]).all(), "neither the whole counter nor zero"
    assert dipped.energy_kwh.sum() == pytest.approx(1.2 + 0.1 + 1.1, abs=1e-9)
    assert reset.energy_kwh.sum() == pytest.approx(1.2 + 0.02 + 1.1, abs=1e-9)
    assert flagged(dipped, Flag.DIP) == [4]
    assert flagged(reset, Flag.RESET) == [4]


def test_two_tariffs_add_up_while_one_of_them_is_idle() -> None:
    day, night = on_change(steady(0, 120)), on_change([(0, 500.0)], watched=[(0, 120)])

    found = resolve_home({Channel.IMPORT: [day, night]}, 0, 2).channels[Channel.IMPORT]

    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)


def test_a_meter_that_is_silent_leaves_the_sum_unknown() -> None:
    day, night = on_change(steady(0, 120)), on_change([(0, 500.0), (30, 500.0)])

    found = resolve_home({Channel.IMPORT: [day, night]}, 0, 2).channels[Channel.IMPORT]

    assert found.energy_kwh[:2] == pytest.approx([0.3, 0.3], abs=1e-9)
    assert np.isnan(found.energy_kwh[2:]).all()


def test_what_befell_one_of_two_meters_is_told_of_their_sum() -> None:
    away = on_change([*steady(0, 30), (31, "unavailable"), *steady(115, 120, begin=102.0)])
    by_the_hour = on_change([], hourly=statistics([(-60, 10.0, 10.0), (0, 10.4, 10.4), (60, 11.2, 11.2)]))

    found = resolve_home({Channel.IMPORT: [away, by_the_hour]}, 0, 2).channels[Channel.IMPORT]

    assert found.energy_kwh.sum() == pytest.approx(2.1 + 1.2, abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(8))


def test_a_meter_born_later_counted_nothing_before() -> None:
    old, new = on_change(steady(0, 120)), on_change(steady(60, 120, begin=0.0))

    found = resolve_home({Channel.PV: [old, new]}, 0, 2).channels[Channel.PV]

    assert found.energy_kwh == pytest.approx([0.3] * 4 + [0.6] * 4, abs=1e-9)


def test_a_meter_that_was_there_before_it_was_first_heard_leaves_the_sum_unknown_until_then() -> None:
    one, late = on_change(steady(0, 120)), on_change(steady(60, 120, begin=5000.0))

    found = resolve_home({Channel.PV: [one, late]}, 0, 2).channels[Channel.PV]

    assert np.isnan(found.energy_kwh[:4]).all()
    assert found.energy_kwh[4:] == pytest.approx(np.full(4, 0.6), abs=1e-9)


def test_a_meter_born_later_and_known_by_the_hour_only_counted_nothing_before() -> None:
    old = on_change([], hourly=statistics([(60 * h, 100.0 + h, 100.0 + h) for h in range(-1, 6)]))
    new = on_change([], hourly=statistics([(60 * h, 0.5 * (h - 1), 0.5 * (h - 1)) for h in range(2, 6)]))

    found = resolve_home({Channel.LOAD: [old, new]}, 0, 6).channels[Channel.LOAD].energy_kwh

    assert hourly(found) == pytest.approx([1.0, 1.0, np.nan, 1.5, 1.5, 1.5], abs=1e-9, nan_ok=True)
    assert np.isnan(found[8:12]).all(), "the first row yields no energy"


def test_a_meter_known_by_the_hour_before_it_was_heard_is_not_newborn() -> None:
    old = on_change(steady(0, 360))
    daily = on_change(
        steady(240, 360, begin=0.1), hourly=statistics([(-60, 3.0, 3.0), (0, 3.4, 3.4)]), name="sensor.today"
    )

    found = resolve_home({Channel.LOAD: [old, daily]}, 0, 6).channels[Channel.LOAD].energy_kwh

    assert found[:4].sum() == pytest.approx(1.2 + 0.4, abs=1e-9)
    assert np.isnan(found[4:16]).all()


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
    meter = on_change([(30, 101.0), (45, 101.7), (60, 102.0)], hourly=rows)

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


def test_a_short_winter_day_of_a_meter_that_begins_anew_each_midnight_is_no_dip() -> None:
    shown = [0.415] * 3 + [0.0] * 8 + [0.005, 0.17, 0.618, 0.908]
    found = resolve_meter(periodic([(60.0 * hour, kwh) for hour, kwh in enumerate(shown)]), 0, 14)

    assert found.energy_kwh.sum() == pytest.approx(0.908)
    assert found.flags[8] == Flag.RESET
