"""Prices as they are known: the published ones, then the usual ones."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.aurora.price_outlook import PriceOutlook
from darkstar.aurora.profiles import Issues
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, Slots, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs

UTC = ZoneInfo("UTC")
START = 1_622_505_600


def _days(n: int, start: int = START) -> Slots:
    return slot_range(start, start + n * DAY_SECONDS)


def test_published_prices_are_answered_as_they_are() -> None:
    outlook, slots = PriceOutlook(UTC), _days(2)
    buy, sell = np.arange(192.0), -np.arange(192.0)
    outlook.publish(slots, buy, sell)
    seen = outlook.prices(slots[40:190])
    assert seen is not None
    np.testing.assert_array_equal(seen[0], buy[40:190])
    np.testing.assert_array_equal(seen[1], sell[40:190])


def test_beyond_them_stands_the_mean_of_the_last_seven_days() -> None:
    outlook, slots = PriceOutlook(UTC), _days(9)
    level = np.repeat(np.arange(9.0), 96)
    outlook.publish(slots, level, level / 2)
    seen = outlook.prices(_days(1, int(slots[-1]) + SLOT_SECONDS))
    assert seen is not None
    np.testing.assert_allclose(seen[0], 5.0)
    np.testing.assert_allclose(seen[1], 2.5)


def test_holes_are_filled_by_the_usual_price_and_zero_is_a_price() -> None:
    # Fault 8: zero and negative prices are real.
    outlook, slots = PriceOutlook(UTC), _days(2)
    buy, sell = np.full(192, 2.0), np.zeros(192)
    buy[100] = np.nan
    outlook.publish(slots, buy, sell)
    seen = outlook.prices(slots[99:102])
    assert seen is not None
    assert seen[0].tolist() == [2.0, 2.0, 2.0]
    assert seen[1].tolist() == [0.0, 0.0, 0.0]


def test_a_jump_in_time_leaves_no_old_price_behind() -> None:
    outlook, slots = PriceOutlook(UTC), _days(2)
    outlook.publish(slots, np.repeat([7.0, 9.0], 96), np.zeros(192))
    later = _days(1, START + 4 * DAY_SECONDS)
    outlook.publish(later[48:], np.ones(48), np.zeros(48))
    seen = outlook.prices(later)
    assert seen is not None
    np.testing.assert_array_equal(seen[0], [8.0] * 48 + [1.0] * 48)


def test_nothing_to_go_by() -> None:
    outlook = PriceOutlook(UTC)
    assert outlook.prices(_days(1)) is None
    outlook.publish(_days(1)[:95], np.ones(95), np.ones(95))
    assert outlook.prices(_days(1, START + DAY_SECONDS)) is None


def test_published_once() -> None:
    outlook, slots = PriceOutlook(UTC), _days(1)
    outlook.publish(slots, np.ones(96), np.ones(96))
    with pytest.raises(ValueError, match="does not come after"):
        outlook.publish(slots[-1:], np.ones(1), np.ones(1))


def test_many_instants_at_once_are_as_one_by_one() -> None:
    slots = _days(9)
    buy, sell = np.random.default_rng(4).normal(size=(2, len(slots)))
    buy[300:310] = np.nan
    told, start, count = (
        np.array([96, 96, 192, 192, 192, 480, 864]),
        np.array([0, 50, 100, 400, 60, 250, 600]),
        np.array([192, 192, 192, 50, 192, 192, 192]),
    )
    together, alone = PriceOutlook(UTC), PriceOutlook(UTC)
    all_at_once = together.follow(slots, buy, sell, Issues(told, slots, start, count))
    seen = 0
    for issue, known in enumerate(told.tolist()):
        alone.publish(slots[seen:known], buy[seen:known], sell[seen:known])
        seen = known
        prices = alone.prices(slots[start[issue] : start[issue] + count[issue]])
        assert prices is not None
        for many, one in zip(all_at_once, prices, strict=True):
            assert many[issue, : count[issue]].tobytes() == one.tobytes()
            assert np.isnan(many[issue, count[issue] :]).all()


def test_usual_is_the_markets_price_where_the_tariff_changes() -> None:
    """Two days at a market price of 1, and a tariff that begins with the third day, of which the first half is out."""
    slots = _days(3)
    old, new = (
        Tariff(grid_fee_per_kwh=0.5, vat_percent=25.0),
        Tariff(grid_fee_per_kwh=2.0, export_bonus_per_kwh=0.25),
    )
    tariffs = Tariffs(old, (DatedTariff(dt.date(2021, 6, 3), new),), UTC)
    outlook, market = PriceOutlook(UTC, tariffs), np.ones(240)
    known = slots[:240]
    outlook.publish(known, tariffs.import_price(known, market), tariffs.export_price(known, market))
    seen = outlook.prices(slots[180:])
    assert seen is not None
    np.testing.assert_allclose(seen[0], [1.875] * 12 + [3.0] * 96)
    np.testing.assert_allclose(seen[1], [1.0] * 12 + [1.25] * 96)
    # Many instants at once, one of them short of the end.
    nothing = np.zeros(0)
    issues = Issues(np.array([0, 0]), slots[180:], np.array([0, 10]), np.array([4, 98]))
    buy, _ = outlook.follow(slots[:0], nothing, nothing, issues)
    np.testing.assert_allclose(buy[0], [1.875] * 4 + [np.nan] * 94)
    np.testing.assert_allclose(buy[1], [1.875] * 2 + [3.0] * 96)


def test_a_copy_goes_its_own_way() -> None:
    first, slots = PriceOutlook(UTC), _days(9)
    first.publish(slots[:96], np.full(96, 1.0), np.full(96, 0.5))
    before = first.prices(slots[96:192])
    first.copy().publish(slots[96:480], np.full(384, 3.0), np.full(384, 2.0))
    np.testing.assert_array_equal(first.prices(slots[96:192]), before)
    first.publish(slots[96:192], np.full(96, 2.0), np.full(96, 1.0))
