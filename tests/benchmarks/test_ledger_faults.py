"""The benchmark of the ledger's faults does what it says: a benchmark that flatters proves nothing."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.ledger_faults.faults import FAMILIES
from benchmarks.ledger_faults.homes import HOUR_US, Meter, Way
from benchmarks.ledger_faults.rivals import by_home_assistant, by_naive_differences
from benchmarks.ledger_faults.stopped import standing_alarms, told_after_days
from benchmarks.ledger_faults.tape import Tape
from benchmarks.ledger_faults.trials import attempt

from darkstar.domain.slots import slot_range
from darkstar.ledger.evidence import MICROSECONDS

START = 1_750_000_000 // 3600 * 3600
STEP_US = {Way.STATES: 60 * MICROSECONDS, Way.FILE: HOUR_US // 4, Way.STATISTICS: HOUR_US}


def steady(way: Way, hours: int = 96) -> Meter:
    """A meter that counts between 3 and 4 kW without a pause."""
    time_us = START * MICROSECONDS + np.arange(0, hours * HOUR_US, STEP_US[way])
    power_kw = 3.5 + 0.5 * np.sin(time_us / HOUR_US)
    return Meter("steady", "meter", way, time_us, 900 + np.cumsum(power_kw) * (STEP_US[way] / HOUR_US))


@pytest.mark.parametrize(
    ("family", "way"), [(f, way) for f, named in FAMILIES.items() for way in sorted(named.ways)]
)
def test_a_family_changes_the_tape_at_its_place_and_not_before(family: str, way: Way) -> None:
    meter = steady(way)
    tape = Tape.of(meter.time_us, meter.kwh)
    k = len(tape) // 2
    random = np.random.default_rng(3)

    faults = (FAMILIES[family].befall(tape, k + i, random) for i in range(200))
    fault = next((fault for fault in faults if fault), None)

    if fault is None:
        assert family == "frozen, then lump", "nothing else needs more than this meter has"
        return
    assert fault.from_us <= fault.to_us
    before = fault.tape.time_us < fault.from_us
    n = int(before.sum())
    assert fault.tape.kwh[before].tolist() == tape.kwh[:n].tolist()
    changed = (
        len(fault.tape) != len(tape)
        or (fault.tape.kwh != tape.kwh).any()
        or (fault.tape.time_us != tape.time_us).any()
        or (fault.tape.sum_more_kwh != 0).any()
    )
    assert changed


@pytest.mark.parametrize("way", list(Way))
def test_a_stray_zero_is_found_named_and_exact(way: Way) -> None:
    trial = attempt([steady(way)], ("stray zero",), np.random.default_rng(1), by_file=True)

    assert trial is not None
    assert (trial.found, trial.named, trial.same_by_file) == ((True,), (True,), True)
    assert trial.ledger.energy_kwh <= 1e-6 < trial.home_assistant.energy_kwh


def test_what_is_lost_counts_against_the_ledger_unless_nobody_can_know_it() -> None:
    meter = replace(steady(Way.FILE, hours=60 * 24), name="import")
    trial = attempt([meter], ("frozen for ever",), np.random.default_rng(1), by_file=False)

    assert trial is not None
    assert (trial.found, trial.named, trial.days) == ((True,), (True,), 2)
    assert trial.ledger.quarters_kwh > 10


@pytest.mark.slow
def test_a_meter_without_a_past_has_no_habit_to_be_tried() -> None:
    meter = replace(steady(Way.FILE, hours=25 * 24), name="import")
    assert attempt([meter], ("frozen for ever",), np.random.default_rng(1), by_file=False) is None


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.slow
def test_a_meter_that_rests_by_habit_is_told_later(way: Way) -> None:
    """One that always moves is told within a day, one that moves for four hours a day after some."""
    always = replace(steady(way, hours=70 * 24), name="import")
    hour = always.time_us // HOUR_US % 24
    by_day = np.where((hour > 0) & (hour < 5), np.diff(always.kwh, prepend=always.kwh[0]), 0.0)
    rests = replace(always, kwh=900 + np.cumsum(by_day))
    stopped = int(always.time_us[0]) + 50 * 24 * HOUR_US

    assert told_after_days([always], always, stopped) == 1
    assert told_after_days([rests], rests, stopped) in (5, 7)
    assert standing_alarms(always) == standing_alarms(rests) == []


def test_the_rivals_by_hand() -> None:
    time_us = START * MICROSECONDS + np.arange(9) * HOUR_US // 4
    kwh = np.array([10, 10.5, 11, 11.5, 0.25, 0.5, 1.0, 9.0, 9.5])
    slots = slot_range(START, START + 7200)

    naive = by_naive_differences(Tape.of(time_us, kwh), slots)
    ha = by_home_assistant(Way.STATES, Tape.of(time_us, kwh).states(int(time_us[-1])), slots)

    assert naive.tolist() == [0.5, 0.5, 0.5, 0.0, 0.25, 0.5, 0.0, 0.5]
    assert ha[4:].sum() == pytest.approx(9.25)
