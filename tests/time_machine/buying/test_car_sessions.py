"""A car's charging found in a load by its shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.time_machine.buying.car_sessions import find_sessions


def quiet_home(days: int, seed: int = 1) -> np.ndarray:
    """About 0.5 kW with small things switched on and off."""
    rng = np.random.default_rng(seed)
    return 0.08 + 0.08 * rng.random(96 * days)


def charged(load: np.ndarray, start: int, hours: float, kw: float) -> np.ndarray:
    """The load with a session from a slot on; the last slot holds the rest."""
    slots = np.arange(len(load))
    share = np.clip(hours * 4 - (slots - start), 0, 1) * (slots >= start)
    return load + share * kw / 4


@pytest.mark.parametrize(("kw", "hours"), [(3.7, 4.0), (7.4, 2.6), (11.0, 1.5)])
def test_a_session_is_found_with_its_energy(kw: float, hours: float) -> None:
    found = find_sessions(charged(quiet_home(2), 100, hours, kw))
    assert found.number == 1
    assert found.power_kw == pytest.approx(kw, rel=0.1)
    assert found.kwh.sum() == pytest.approx(kw * hours, rel=0.1)
    assert found.kwh[:99].sum() == 0.0
    assert found.kwh[100 + int(np.ceil(hours * 4)) + 1 :].sum() == 0.0
    assert found.per_day_kwh == pytest.approx(kw * hours / 2, rel=0.1)


@pytest.mark.parametrize(
    ("kw", "hours"), [(3.0, 3.0), (8.0, 0.5), (2.0, 8.0)], ids=["water heater", "oven", "electric heating"]
)
def test_what_is_no_car_stays(kw: float, hours: float) -> None:
    assert find_sessions(charged(quiet_home(2), 100, hours, kw)).number == 0


def test_two_nights_are_two_sessions() -> None:
    load = charged(charged(quiet_home(3), 90, 5.0, 7.4), 186, 5.0, 7.4)
    assert find_sessions(load).number == 2


def test_nothing_is_found_across_a_hole() -> None:
    load = charged(quiet_home(2), 100, 4.0, 7.4)
    load[108] = np.nan
    found = find_sessions(load)
    assert found.number == 0
    assert not found.kwh.any()


@settings(max_examples=40)
@given(st.lists(st.floats(0, 5), min_size=0, max_size=120))
def test_no_more_is_taken_than_there_is(load: list[float]) -> None:
    energy = np.array(load)
    found = find_sessions(energy).kwh
    assert (found >= 0).all()
    assert (found <= energy + 1e-9).all()
