"""The simple forecaster: what it makes of a regular home, of a cloud, of holes, and of nothing."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.aurora.naive import NaiveForecaster
from darkstar.aurora.profiles import Issues
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, Slots, day_bounds, slot_range

TZ = ZoneInfo("Europe/Stockholm")
START = 1_622_505_600  # 2021-06-01T00:00:00Z, a Tuesday


def _days(n: int, start: int = START) -> Slots:
    return slot_range(start, start + n * DAY_SECONDS)


def _load(slots: Slots) -> np.ndarray:
    return 0.1 + (slots % DAY_SECONDS == 18 * 3600) * 0.5


def _sun(slots: Slots) -> np.ndarray:
    return np.maximum(0.0, np.sin((slots % DAY_SECONDS / 3600 - 6) / 12 * np.pi))


def test_regular_home_goes_on_as_it_was() -> None:
    forecaster, past = NaiveForecaster(TZ), _days(14)
    forecaster.observe(past, _load(past), _sun(past))
    ahead = _days(2, int(past[-1]) + SLOT_SECONDS)
    forecast = forecaster.forecast(ahead)
    assert forecast is not None
    np.testing.assert_allclose(forecast.load_kwh, _load(ahead), atol=1e-9)
    np.testing.assert_allclose(forecast.pv_kwh, _sun(ahead), atol=1e-9)


def test_last_slot_says_more_of_the_next_than_of_tomorrow() -> None:
    forecaster, past = NaiveForecaster(TZ), _days(7)
    load = np.full(len(past), 0.2)
    load[-1] = 1.2
    forecaster.observe(past, load, np.zeros(len(past)))
    ahead = _days(1, int(past[-1]) + SLOT_SECONDS)
    forecast = forecaster.forecast(ahead)
    assert forecast is not None
    # Off by 1 kWh in the last slot; a quarter of an hour later exp(-0.25 / 1.5) of it is still expected.
    assert forecast.load_kwh[0] == pytest.approx(0.2 + np.exp(-0.25 / 1.5))
    assert forecast.load_kwh[-2] == pytest.approx(0.2, abs=1e-6)


def test_cloudy_hour_darkens_the_next_ones() -> None:
    past = slot_range(START, START + 10 * DAY_SECONDS + 12 * 3600)
    sun = _sun(past)
    sun[-4:] *= 0.2
    clouded, clear = NaiveForecaster(TZ), NaiveForecaster(TZ)
    clouded.observe(past, _load(past), sun)
    clear.observe(past, _load(past), _sun(past))
    ahead = _days(1, int(past[-1]) + SLOT_SECONDS)
    dark, bright = clouded.forecast(ahead), clear.forecast(ahead)
    assert dark is not None
    assert bright is not None
    assert dark.pv_kwh[0] < 0.4 * bright.pv_kwh[0]
    assert dark.pv_kwh[-12] > 0.99 * bright.pv_kwh[-12]


def test_breakfast_stays_breakfast_when_the_clocks_change() -> None:
    change = dt.date(2021, 3, 28)
    end = day_bounds(change, TZ)[0]
    past = slot_range(end - 7 * DAY_SECONDS, end)
    seven = np.array([dt.datetime.fromtimestamp(slot, TZ).hour == 7 for slot in past.tolist()])
    forecaster = NaiveForecaster(TZ)
    forecaster.observe(past, np.where(seven, 1.0, 0.1), np.zeros(len(past)))
    tomorrow = slot_range(end + DAY_SECONDS, end + 2 * DAY_SECONDS)
    forecast = forecaster.forecast(tomorrow)
    assert forecast is not None
    local_seven = [dt.datetime.fromtimestamp(slot, TZ).hour == 7 for slot in tomorrow.tolist()]
    assert (forecast.load_kwh > 0.5).tolist() == local_seven


def test_answers_nothing_where_it_knows_too_little() -> None:
    forecaster, past = NaiveForecaster(TZ), _days(1)
    assert forecaster.forecast(past) is None
    forecaster.observe(past[:90], _load(past[:90]), _sun(past[:90]))
    assert forecaster.forecast(past + DAY_SECONDS) is None
    forecaster.observe(past[90:], _load(past[90:]), _sun(past[90:]))
    assert forecaster.forecast(past + DAY_SECONDS) is not None


def test_past_does_not_go_back() -> None:
    forecaster, past = NaiveForecaster(TZ), _days(1)
    forecaster.observe(past, _load(past), _sun(past))
    with pytest.raises(ValueError, match="does not come after"):
        forecaster.observe(past[-1:], _load(past[-1:]), _sun(past[-1:]))


UNKNOWN = st.one_of(st.floats(0, 5), st.just(float("nan")))


@settings(max_examples=30, deadline=None)
@given(st.lists(UNKNOWN, min_size=96, max_size=96), st.lists(UNKNOWN, min_size=96, max_size=96))
@pytest.mark.slow
def test_never_nan_and_never_negative(load: list[float], pv: list[float]) -> None:
    # Fault 20.
    forecaster, past = NaiveForecaster(TZ), _days(3)
    known = _load(past[:96]), _sun(past[:96])
    forecaster.observe(past[:96], *known)
    forecaster.observe(past[96:192], np.array(load), np.array(pv))
    forecast = forecaster.forecast(past[192:])
    assert forecast is not None
    for series in (forecast.load_kwh, forecast.pv_kwh):
        assert np.isfinite(series).all()
        assert (series >= 0).all()


def test_yesterday_counts_more_than_last_week() -> None:
    forecaster, past = NaiveForecaster(TZ), _days(7)
    forecaster.observe(past, np.repeat(np.arange(7.0), 96), np.repeat(np.arange(7.0), 96))
    forecast = forecaster.forecast(_days(2, int(past[-1]) + SLOT_SECONDS))
    assert forecast is not None
    weights = 0.9 ** np.arange(6, -1, -1), 0.6 ** np.arange(6, -1, -1)
    expected = [float(np.average(np.arange(7.0), weights=weight)) for weight in weights]
    assert [forecast.load_kwh[-1], forecast.pv_kwh[-1]] == pytest.approx(expected, abs=1e-6)


def test_many_instants_at_once_are_as_one_by_one() -> None:
    rng, past = np.random.default_rng(3), _days(9, START - 9 * DAY_SECONDS)
    load, pv = rng.uniform(0, 2, (2, len(past)))
    load[200:230], pv[99::31] = np.nan, np.nan
    # Rows 96 to 800 become known bit by bit; two days are looked at, by the clock, after a gap of a slot.
    told, ahead = np.array([0, 1, 1, 40, 400, 704]), _days(12, int(past[96]) + SLOT_SECONDS)
    count = np.array([192, 192, 50, 192, 1, 192])
    together, alone = NaiveForecaster(TZ), NaiveForecaster(TZ)
    for forecaster in (together, alone):
        forecaster.observe(past[:96], load[:96], pv[:96])
    all_at_once = together.follow(past[96:], load[96:], pv[96:], Issues(told, ahead, told, count))
    seen = 96
    for issue, known in enumerate((told + 96).tolist()):
        alone.observe(past[seen:known], load[seen:known], pv[seen:known])
        seen, n = known, int(count[issue])
        forecast = alone.forecast(ahead[told[issue] : told[issue] + n])
        assert forecast is not None
        assert all_at_once[0][issue, :n].tobytes() == forecast.load_kwh.tobytes()
        assert all_at_once[1][issue, :n].tobytes() == forecast.pv_kwh.tobytes()
        assert np.isnan(all_at_once[0][issue, n:]).all()


def test_a_copy_goes_its_own_way() -> None:
    first, past = NaiveForecaster(TZ), _days(3)
    first.observe(past[:192], _load(past[:192]), _sun(past[:192]))
    before = first.forecast(past[192:])
    first.copy().observe(past[192:], 9.0 + _load(past[192:]), 9.0 + _sun(past[192:]))
    after = first.forecast(past[192:])
    assert before is not None
    assert after is not None
    assert before.load_kwh.tobytes() == after.load_kwh.tobytes()
    assert before.pv_kwh.tobytes() == after.pv_kwh.tobytes()
    first.observe(past[192:], _load(past[192:]), _sun(past[192:]))
