"""From a tariff to limits: shares and breach prices."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.power_tariff import PowerTariff, PowerWindow, Tier, periods
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.planner.power.limit import Limits, price_beyond

TZ = ZoneInfo("Europe/Stockholm")
DAY = slot_range(*day_bounds(dt.date(2025, 2, 3), TZ))
THREE = PowerTariff(peaks=3, per_kw=60)
TIERS = PowerTariff(peaks=3, tiers=(Tier(2, 80), Tier(5, 140), Tier(10, 250)))


def test_nights_at_half_have_twice_the_limit_and_free_hours_none() -> None:
    windows = (PowerWindow(hours=frozenset({22, 23}), share=0.5), PowerWindow(hours=frozenset(range(7, 22))))
    tariff = PowerTariff(peaks=3, per_kw=60, windows=windows)
    found = Limits([tariff], [periods(tariff, DAY, TZ)]).at([2.0])
    assert found.kw[::4].tolist() == [float("inf")] * 7 + [2.0] * 15 + [4.0] * 2
    # A kW more of one of three peaks costs 20, half of it at night.
    assert found.breach_cost[[0, 40, 92]].tolist() == [0.0, 20.0, 10.0]


def test_of_two_tariffs_the_lower_limit_and_both_prices() -> None:
    quarter = PowerTariff(hourly=False, per_kw=10)
    found = Limits([THREE, quarter], [periods(one, DAY, TZ) for one in (THREE, quarter)]).at([3.0, 2.0])
    assert set(found.kw.tolist()) == {2.0}
    assert set(found.breach_cost.tolist()) == {20.0 + 40.0}
    assert np.isinf(Limits([THREE], [periods(THREE, DAY, TZ)]).at([float("inf")]).kw).all()


@pytest.mark.parametrize(("level", "price"), [(2.0, 20.0), (4.0, 22.0), (5.0, 22.0), (10.0, 0.0)])
def test_beyond_a_level_lies_the_next_tier(level: float, price: float) -> None:
    assert price_beyond(TIERS, level) == pytest.approx(price)
    assert price_beyond(THREE, level) == 60
