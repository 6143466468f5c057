"""Faults of earlier systems, numbered as in the project's list of facts: none of them may come back."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import day_slots, local_date
from darkstar.ledger.compare import hourly
from darkstar.ledger.quality import label_days
from darkstar.ledger.resolved import ChannelSlots, DayStatus, Flag, ResolvedSlots
from tests.ledger.cases import energies, on_change, resolve_home, resolve_meter, statistics

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize("first", [0, 7.3], ids=["on the grid", "off the grid"])
def test_fault_01_first_slot_gets_the_whole_counter(first: float) -> None:
    found = energies(on_change([(first, 5210.4), (20, 5210.6), (30, 5210.7), (45, 5210.7)]), 0, 1)

    assert max(kwh for kwh in found if kwh is not None) < 0.5
    assert sum(kwh for kwh in found if kwh is not None) <= 0.3 + 1e-9


@pytest.mark.parametrize("minute", [30, 33.7], ids=["on the grid", "off the grid"])
@pytest.mark.parametrize("bad", [0.0, 700.0], ids=["stray zero", "glitch of +500"])
def test_fault_02_spikes_survive_when_samples_lie_off_the_grid(minute: float, bad: float) -> None:
    shown = [(0, 200.0), (15, 200.2), (minute, bad), (45, 200.6), (60, 200.8)]

    assert sum(kwh or 0 for kwh in energies(on_change(shown), 0, 1)) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize("minute", [30, 33.7], ids=["on the grid", "off the grid"])
def test_fault_02_a_reset_loses_energy(minute: float) -> None:
    shown = [(0, 200.0), (15, 200.2), (minute, 0.1), (45, 0.4), (60, 0.6)]

    assert sum(kwh or 0 for kwh in energies(on_change(shown), 0, 1)) == pytest.approx(0.8, abs=1e-9)


def test_fault_03_water_without_a_meter_is_unknown_and_not_zero() -> None:
    load = on_change([(0, 10.0), (30, 10.4), (60, 10.8)])

    found = resolve_home({Channel.LOAD: [load]}, 0, 1)

    assert np.isnan(found.channels[Channel.WATER].energy_kwh).all()
    assert set(found.channels) == set(Channel)


def test_fault_03_water_with_a_meter_is_kept_beside_all_others() -> None:
    meters = {
        channel: [on_change([(0, 10.0 * i), (60, 10.0 * i + 0.4 * i)])]
        for i, channel in enumerate(Channel, 1)
    }

    found = resolve_home(meters, 0, 1)

    for i, channel in enumerate(Channel, 1):
        expected = 0.0 if channel.value.startswith("batt") else 0.4 * i
        assert found.channels[channel].energy_kwh.sum() == pytest.approx(expected), channel


def test_fault_04_the_quarter_that_ends_is_not_booked_under_the_one_that_starts() -> None:
    assert energies(on_change([(0, 10.0), (15, 10.5), (30, 10.5)]), 0, 0.5) == [0.5, 0.0]


def test_fault_05_days_are_local_days_not_utc_days() -> None:
    day = dt.date(2025, 6, 15)
    energy = np.full(3 * 96, 0.1)
    slots = np.concatenate([day_slots(day + dt.timedelta(days=d), STOCKHOLM) for d in range(3)])
    energy[slots < slots[96]] = np.nan

    labels = label_days(_home(slots, energy), [Channel.LOAD], STOCKHOLM)

    assert [(label.day, label.status) for label in labels] == [
        (day, DayStatus.EXCLUDE),
        (day + dt.timedelta(days=1), DayStatus.CLEAN),
        (day + dt.timedelta(days=2), DayStatus.CLEAN),
    ]


def test_fault_06_an_hour_becomes_four_quarters_once_however_often_it_is_done() -> None:
    meter = on_change([], hourly=statistics([(-60, 10.0, 1.0), (0, 14.0, 5.0), (60, 15.0, 6.0)]))

    once, again = resolve_meter(meter).energy_kwh, resolve_meter(meter).energy_kwh

    assert once.tobytes() == again.tobytes()
    assert hourly(once) == pytest.approx([4.0, 1.0], abs=1e-12)


def test_fault_12_a_missing_state_of_charge_is_not_fifty_percent() -> None:
    soc = on_change([(0, 80), (14, "unavailable"), (31, 60), (44, 60)])

    found = resolve_home({}, 0, 1, soc=[soc])

    assert found.soc_start_percent[0] == 80
    assert np.isnan(found.soc_start_percent[1:]).all()
    assert np.isnan(found.soc_end_percent).all()
    assert np.isnan(resolve_home({}, 0, 1).soc_start_percent).all()


@pytest.mark.parametrize("day", [dt.date(2025, 3, 30), dt.date(2025, 10, 26)])
def test_fault_16_days_on_which_the_clocks_change_are_complete(day: dt.date) -> None:
    slots = day_slots(day, STOCKHOLM)

    (label,) = label_days(_home(slots, np.full(len(slots), 0.1)), [Channel.LOAD], STOCKHOLM)

    assert len(slots) in (92, 100)
    assert (label.day, label.status, label.reasons) == (day, DayStatus.CLEAN, ())
    assert local_date(int(slots[0]), STOCKHOLM) == local_date(int(slots[-1]), STOCKHOLM) == day


def test_fault_17_a_lump_after_a_restart_belongs_to_all_the_time_since_the_last_news() -> None:
    # Home Assistant goes down after half an hour, comes back at 1:58, shows the old value, then hears the meter.
    shown = [
        (0, 100.0),
        (15, 100.5),
        (30, 101.0),
        (118, "unknown"),
        (119, 101.0),
        (120.5, 104.0),
        (135, 104.5),
    ]

    found = resolve_meter(on_change(shown), 0, 2.25)

    assert found.energy_kwh.sum() == pytest.approx(4.5, abs=1e-9)
    assert found.energy_kwh.max() < 0.6, "no spike where the sensor came back"
    assert (found.flags[2:8] & Flag.SPREAD).all()
    assert not (found.flags[:2] & Flag.SPREAD).any()


def test_fault_17_energy_of_a_silence_too_short_for_it_is_not_lost() -> None:
    # A meter that is asked every five minutes is away for a second just before it is asked.
    shown = [(0, 100.0), (5, 100.3), (9.98, "unavailable"), (10, 100.6), (15, 100.9)]

    assert energies(on_change(shown), 0, 0.25) == [0.9]


def _home(slots: np.ndarray, load: np.ndarray) -> ResolvedSlots:
    n = len(slots)
    known = ChannelSlots(load, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32))
    nothing = {channel: ChannelSlots.unknown(n) for channel in Channel}
    soc = np.full(n, np.nan)
    return ResolvedSlots(slots, {**nothing, Channel.LOAD: known}, soc, soc)
