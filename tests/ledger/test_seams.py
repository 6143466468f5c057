"""Where one kind of evidence takes over from another, no energy is lost or comes twice, and every hour is explained."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from darkstar.demo.accounting import statistics as home_assistant_s
from darkstar.demo.meters import MeterReadings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.accounting import change_by_sum
from darkstar.ledger.causes.case import Patterns, Stretch, Witness
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Statistics
from darkstar.ledger.explain import explain
from tests.ledger.cases import LIMIT_KW, MIDNIGHT, on_change, resolve_meter, statistics

MINUTE = 60
HOURS = 6
TAKEOVER = 3 * HOUR_SECONDS
"""The states that Home Assistant still has begin somewhere in the hour after this one [s after midnight]."""
TOLERANCE_KWH = 0.1
GAPS = st.lists(st.integers(20, 35 * MINUTE), min_size=1, max_size=12)
POWERS = st.lists(st.one_of(st.just(0.0), st.floats(0.0, 0.6 * LIMIT_KW)), min_size=1, max_size=12)
"""So little that what was read late in an hour finds room in it."""


def polled(
    gaps: list[int], kw: list[float], off_edge_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When a meter is read [s after midnight], from an hour before until all hours have passed, and what it shows."""
    waits = np.resize(gaps, 2 + (HOURS + 1) * HOUR_SECONDS // min(gaps))
    at_s = np.cumsum(waits) - HOUR_SECONDS - off_edge_s
    at_s = at_s[at_s < HOURS * HOUR_SECONDS]
    took = np.diff(at_s, prepend=at_s[:1]) / HOUR_SECONDS
    return at_s, 100.0 + np.cumsum(np.resize(kw, len(at_s)) * took)


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


def test_a_slow_reading_across_the_hour_s_edge_is_not_lost_where_readings_begin() -> None:
    """More than the connection carries since the edge: most of it flowed before, in the hour that rows tell of."""
    rows = statistics([(-60, 100.0, 10.0), (0, 102.0, 12.0), (60, 107.0, 17.0)])
    meter = on_change([(40, 102.0), (62, 106.0), (119, 107.0)], watched=[(40, 120)], hourly=rows)

    found = hourly(resolve_meter(meter).energy_kwh)

    assert found == pytest.approx([2.0 + 4.0 * 20 / 22, 1.0 + 4.0 * 2 / 22], abs=1e-9)
    assert compared(meter, 0, 1) == compared(meter, 0, 2) == {Cause.POLL_TIMING}


@pytest.mark.parametrize("five_minute", [False, True])
def test_what_a_first_reading_on_the_edge_of_a_row_adds_to_it_is_counted(five_minute: bool) -> None:
    rows = statistics([(-60, 100.0, 10.0), (0, 101.0, 11.0), (60, 103.0, 13.0)])
    minutes = [(m, 100.0 + (m + 5) / 60, 10.0 + (m + 5) / 60) for m in range(-5, 60, 5)]
    brief = statistics(minutes, 300) if five_minute else None
    shown = [(60, 101.5), (90, 102.0), (119, 103.0)]
    meter = on_change(shown, watched=[(60, 120)], five_minute=brief, hourly=rows)

    found = resolve_meter(meter)

    assert hourly(found.energy_kwh) == pytest.approx([1.5, 1.5], abs=1e-9)
    assert compared(meter, 0, 2) == {Cause.POLL_TIMING}


def test_an_hour_that_readings_end_in_does_not_hold_again_what_flowed_before_it() -> None:
    rows = statistics([(-60, 100.0, 10.0), (0, 101.0, 11.0), (60, 106.0, 16.0)])
    meter = on_change([(0, 100.0), (40, 101.0), (62, 105.0)], watched=[(0, 65)], hourly=rows)

    found = hourly(resolve_meter(meter).energy_kwh)

    assert found == pytest.approx([1.0 + 4.0 * 20 / 22, 5.0 - 4.0 * 20 / 22], abs=1e-9)


def test_rows_tell_that_readings_begin_in_a_dip() -> None:
    """What the meter showed before its readings begin makes the first of them a dip, and no rise what follows."""
    rows = statistics([(-60, 116.0, 10.0), (0, 116.2, 10.2), (60, 116.9, 10.9)])
    shown = [(70, 114.5), (80, 116.4), (100, 116.7), (119, 116.9)]
    meter = on_change(shown, watched=[(70, 120)], hourly=rows)

    found = hourly(resolve_meter(meter).energy_kwh)

    assert found == pytest.approx([0.2, 0.7], abs=1e-9)


def test_of_hours_before_a_meter_s_first_number_nothing_is_known_by_its_readings() -> None:
    rows = statistics([(-60, 100.0, 10.0), (0, 102.0, 12.0), (180, 109.0, 19.0)])
    shown: list[tuple[float, object]] = [(60, "unavailable"), (185, 108.0), (230, 109.0)]
    meter = on_change(shown, watched=[(60, 240)], hourly=rows)
    hours = MIDNIGHT + HOUR_SECONDS * np.arange(5, dtype=np.int64)

    witness = Witness(meter, hours, LIMIT_KW)

    assert not witness.sampled[:4].any()
    assert np.isnan(witness.trusted_kwh[1:]).all()


@pytest.mark.slow
@given(
    gaps=st.lists(st.integers(20, 15 * MINUTE), min_size=1, max_size=12),
    kw=st.lists(st.floats(0.0, LIMIT_KW / 2), min_size=1, max_size=12),
    begins_after=st.integers(0, HOUR_SECONDS),
    rows_before=st.integers(0, 12),
)
def test_hours_are_home_assistant_s_wherever_states_begin(
    gaps: list[int], kw: list[float], begins_after: int, rows_before: int
) -> None:
    at_s, shown = polled(gaps, kw, off_edge_s=0.5)  # a reading on the very edge is a matter of its own
    begins = TAKEOVER + begins_after
    meter = made(at_s, shown, begins, begins - 300 * rows_before)

    found = resolve_meter(meter, 0, HOURS)

    assert hourly(found.energy_kwh) == pytest.approx(np.diff(meter.hourly.state_kwh), abs=1e-6)


@pytest.mark.slow
@given(
    gaps=GAPS,
    kw=POWERS,
    off_edge=st.sampled_from([0.0, 0.5, 17.25]),
    begins_after=st.integers(0, HOUR_SECONDS),
    rows_before=st.integers(-12, 24),
    missing=st.sets(st.integers(2, 4), max_size=2),
)
def test_no_energy_is_lost_or_comes_twice_however_slowly_a_meter_is_read(
    gaps: list[int], kw: list[float], off_edge: float, begins_after: int, rows_before: int, missing: set[int]
) -> None:
    """Readings that stand on edges, or that tell of both sides of one, and hours without a row."""
    at_s, shown = polled(gaps, kw, off_edge)
    begins = TAKEOVER + begins_after
    meter = made(at_s, shown, begins, begins - 300 * rows_before)
    rows = without(meter.hourly, missing)

    found = resolve_meter(replace(meter, hourly=rows), 0, HOURS)

    assert np.isfinite(found.energy_kwh).all()
    assert float(found.energy_kwh.sum()) == pytest.approx(shown[-1] - rows.state_kwh[0], abs=1e-6)


@pytest.mark.slow
@given(
    gaps=GAPS,
    kw=POWERS,
    off_edge=st.sampled_from([0.0, 0.5, 17.25]),
    begins_after=st.integers(0, HOUR_SECONDS),
    rows_before=st.integers(-12, 24),
    first=st.integers(0, HOURS - 1),
    hours=st.integers(1, HOURS),
)
def test_hours_that_differ_are_a_matter_of_timing_whatever_range_is_compared(
    gaps: list[int],
    kw: list[float],
    off_edge: float,
    begins_after: int,
    rows_before: int,
    first: int,
    hours: int,
) -> None:
    at_s, shown = polled(gaps, kw, off_edge)
    begins = TAKEOVER + begins_after
    last = min(first + hours, HOURS)

    causes = compared(made(at_s, shown, begins, begins - 300 * rows_before), first, last)

    assert causes <= {Cause.POLL_TIMING}


def without(rows: Statistics, hours: set[int]) -> Statistics:
    """The rows but for those of some hours after midnight."""
    keep = ~np.isin((rows.start_utc - MIDNIGHT) // HOUR_SECONDS, list(hours))
    return Statistics(rows.period_s, rows.start_utc[keep], rows.state_kwh[keep], rows.sum_kwh[keep])


def compared(meter: MeterEvidence, first: int, last: int) -> set[Cause]:
    """The causes of all hours of [first, last) after midnight in which the ledger differs from Home Assistant."""
    found = resolve_meter(meter, first, last)
    hours = MIDNIGHT + HOUR_SECONDS * np.arange(first, last, dtype=np.int64)
    theirs, ours = change_by_sum(meter.hourly, hours), hourly(found.energy_kwh)
    asked = ~(np.abs(ours - theirs) <= TOLERANCE_KWH)
    stretch = Stretch(
        Channel.LOAD,
        hours,
        theirs,
        ours,
        asked,
        found,
        (Witness(meter, hours, LIMIT_KW),),
        Patterns.none(len(hours)),
        TOLERANCE_KWH,
    )
    return {difference.cause for difference in explain(stretch)}
