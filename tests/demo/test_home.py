"""The demo home: repeatable, balanced, plausible, and its meters agree with what flowed."""

import numpy as np
import pytest

from darkstar.demo.home import (
    BATTERY,
    CHARGE,
    EXPORT,
    HOME,
    IMPORT_DAY,
    IMPORT_NIGHT,
    LOAD,
    PV,
    ROOF,
    SPECS,
    WATER,
    DemoHome,
    make_home,
)
from darkstar.demo.meters import State
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.market import QUARTERS_SINCE
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, SLOTS_PER_HOUR
from darkstar.ledger.evidence import MICROSECONDS


def test_a_seed_gives_the_same_home_to_the_last_digit(home: DemoHome) -> None:
    again = make_home(seed=3, days=60)
    for channel, kwh in home.truth.items():
        assert kwh.tobytes() == again.truth[channel].tobytes()
    for entity_id, readings in home.readings.items():
        assert readings.value.tobytes() == again.readings[entity_id].value.tobytes()
        assert readings.time_us.tobytes() == again.readings[entity_id].time_us.tobytes()
    assert home.spot.tobytes() == again.spot.tobytes()


def test_another_seed_gives_another_home(home: DemoHome) -> None:
    assert not np.array_equal(make_home(seed=4, days=60).truth[Channel.LOAD], home.truth[Channel.LOAD])


def test_energy_balances_in_every_slot(home: DemoHome) -> None:
    residual = np.sum([sign * home.truth[channel] for channel, sign in BALANCE_SIGN.items()], axis=0)
    assert np.abs(residual).max() < 1e-12


def test_every_flow_is_possible(home: DemoHome) -> None:
    kw = {channel: kwh / SLOT_HOURS for channel, kwh in home.truth.items()}
    assert all(power.min() >= 0 for power in kw.values())
    assert kw[Channel.IMPORT].max() < HOME.fuse_kw
    assert 0.5 * ROOF.peak_kw < kw[Channel.PV].max() <= ROOF.inverter_kw
    assert kw[Channel.BATT_CHARGE].max() <= BATTERY.charge_max_kw
    assert (kw[Channel.WATER] <= kw[Channel.LOAD]).all()
    assert home.soc_percent.min() >= BATTERY.soc_min_percent - 1e-9
    assert home.soc_percent.max() <= BATTERY.soc_max_percent + 1e-9


def test_the_battery_keeps_what_it_takes(home: DemoHome) -> None:
    stored = (
        home.truth[Channel.BATT_CHARGE] * BATTERY.charge_efficiency
        - home.truth[Channel.BATT_DISCHARGE] / BATTERY.discharge_efficiency
    )
    assert np.diff(home.soc_percent) == pytest.approx(stored[:-1] / BATTERY.capacity_kwh * 100, abs=1e-9)


def test_the_sun_sleeps_at_night(home: DemoHome) -> None:
    utc_hour = home.slots // 3600 % 24
    assert not home.truth[Channel.PV][(utc_hour >= 21) | (utc_hour < 2)].any()
    assert home.truth[Channel.PV][(utc_hour >= 10) & (utc_hour < 12)].mean() > 0.2


@pytest.mark.slow
def test_the_market_trades_in_hours_before_and_in_quarters_since(year: DemoHome) -> None:
    starts = year.start + SLOT_SECONDS * np.arange(len(year.spot))
    before = year.spot[starts < QUARTERS_SINCE].reshape(-1, SLOTS_PER_HOUR)
    assert (before == before[:, :1]).all()
    since = year.spot[starts >= QUARTERS_SINCE]
    assert (np.diff(since) != 0).mean() > 0.9
    local_month = (starts - year.start) // 86400 // 30
    negative = year.spot < 0
    assert 0.01 < negative.mean() < 0.15
    assert negative[local_month <= 4].sum() > 5 * negative[(local_month > 6) & (local_month < 10)].sum()


def _growth(home: DemoHome, entity_id: str, start: int, end: int) -> float:
    readings = home.readings[entity_id]
    good = readings.state == State.NUMBER
    times, values = readings.time_us[good], readings.value[good]
    first, last = np.searchsorted(times, [start * MICROSECONDS, end * MICROSECONDS], side="right") - 1
    return float(values[last] - values[first])


def _flowed(home: DemoHome, channel: Channel, start: int, end: int) -> float:
    return float(home.truth[channel][(home.slots >= start) & (home.slots < end)].sum())


def test_meters_agree_with_what_flowed(home: DemoHome) -> None:
    day = 24 * 3600
    start = home.end // day * day - 25 * day
    end = start + 10 * day
    for spec, unit in ((LOAD, 1), (EXPORT, 1), (CHARGE, 1000)):
        grown = _growth(home, spec.entity_id, start, end) / unit
        assert grown == pytest.approx(_flowed(home, Channel(spec.channel), start, end), abs=0.2)
    both = sum(_growth(home, spec.entity_id, start, end) for spec in (IMPORT_DAY, IMPORT_NIGHT))
    assert both == pytest.approx(_flowed(home, Channel.IMPORT, start, end), abs=0.2)


def test_a_daily_meter_ends_each_day_with_the_day(home: DemoHome) -> None:
    pv = home.readings[PV.entity_id]
    restarts = np.flatnonzero(np.diff(pv.value) < -0.5)
    days = home.truth[Channel.PV][: 96 * 40].reshape(-1, 96).sum(axis=1)
    assert pv.value[restarts[:40]] == pytest.approx(days, abs=0.002)
    assert (pv.value[restarts + 1] < 0.1).all()


def test_readings_are_in_order_irregular_and_told_on_change_only(home: DemoHome) -> None:
    for spec in SPECS:
        readings = home.readings[spec.entity_id]
        gaps = np.diff(readings.time_us)
        assert (gaps > 0).all()
        assert readings.time_us[-1] < home.end * MICROSECONDS
        assert ((np.diff(readings.value) != 0) | np.diff(readings.state).astype(bool)).all()
        assert len(np.unique(gaps[-50:])) > 25


def test_the_quirks_of_real_meters_are_there(home: DemoHome) -> None:
    value = {spec.entity_id: home.readings[spec.entity_id].value for spec in SPECS}
    load, day_import = value[LOAD.entity_id], value[IMPORT_DAY.entity_id]
    assert (load == 0).sum() == 1
    assert np.isclose(load[1:] / np.maximum(load[:-1], 1), 0.96, atol=0.001).sum() == 1
    assert (np.diff(day_import) > 900).sum() == 1
    assert (value[CHARGE.entity_id] > 1e6).any()
    assert (value[EXPORT.entity_id] == 0).sum() == 1
    away = home.readings[CHARGE.entity_id]
    absences = np.diff(away.time_us)[away.state[:-1] == State.UNAVAILABLE]
    assert (absences > 5.9 * 3600 * MICROSECONDS).sum() == 2
    assert all((home.readings[spec.entity_id].state == State.UNKNOWN).sum() == 1 for spec in SPECS)
    assert WATER.state_class is None


def test_too_few_days_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        make_home(days=5)
