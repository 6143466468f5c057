"""Tariffs by their days: each slot by the one of its local day, the clock's changes included."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.domain.power_course import power_cost_by_slot
from darkstar.domain.power_tariff import PowerTariff, month_fees, month_of, periods, power_cost
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs, always

TZ = ZoneInfo("Europe/Stockholm")
OLD = Tariff(grid_fee_per_kwh=0.2, energy_tax_per_kwh=0.4, vat_percent=25.0, export_bonus_per_kwh=0.1)
NEW = Tariff(grid_fee_per_kwh=0.3, energy_tax_per_kwh=0.5, vat_percent=20.0)
NEWEST = Tariff(markup_per_kwh=-0.1)
DAY, LATER = dt.date(2025, 3, 30), dt.date(2025, 4, 2)
"""The first has 23 hours."""
TARIFFS = Tariffs(OLD, (DatedTariff(DAY, NEW), DatedTariff(LATER, NEWEST)), TZ)
SLOTS = slot_range(day_bounds(dt.date(2025, 3, 29), TZ)[0], day_bounds(dt.date(2025, 4, 3), TZ)[1])
SPOT = np.linspace(-0.5, 2.0, len(SLOTS))


def test_each_slot_by_its_local_day() -> None:
    # 24, 23, then three and two days of 24 hours.
    edges = np.cumsum([0, 96, 92 + 2 * 96, 2 * 96])
    buy, sell = TARIFFS.import_price(SLOTS, SPOT), TARIFFS.export_price(SLOTS, SPOT)
    for tariff, first, end in zip((OLD, NEW, NEWEST), edges, edges[1:], strict=False):
        rows = slice(first, end)
        assert buy[rows].tobytes() == tariff.import_price(SPOT[rows]).tobytes()
        assert sell[rows].tobytes() == tariff.export_price(SPOT[rows]).tobytes()
    assert edges[-1] == len(SLOTS)


def test_one_for_all_time_is_that_one_to_the_last_digit() -> None:
    assert always(OLD).import_price(SLOTS, SPOT).tobytes() == OLD.import_price(SPOT).tobytes()
    assert always(OLD).export_price(SLOTS, SPOT).tobytes() == OLD.export_price(SPOT).tobytes()


def test_back_to_the_market_and_unknown_stays_unknown() -> None:
    spot = np.where(np.arange(len(SPOT)) % 7 == 0, np.nan, SPOT)
    np.testing.assert_allclose(TARIFFS.spot_of_import(SLOTS, TARIFFS.import_price(SLOTS, spot)), spot)
    np.testing.assert_allclose(TARIFFS.spot_of_export(SLOTS, TARIFFS.export_price(SLOTS, spot)), spot)


def test_terms_are_changed_in_each() -> None:
    free = TARIFFS.with_terms(vat_percent=0.0, markup_per_kwh=0.0)
    assert (
        free.first.vat_percent == free.later[0].tariff.vat_percent == free.later[1].tariff.markup_per_kwh == 0
    )
    assert free.later[0].tariff.grid_fee_per_kwh == 0.3


def test_whether_any_is_stated() -> None:
    assert not always(Tariff()).are_stated
    assert Tariffs(Tariff(), (DatedTariff(DAY, NEW),), TZ).are_stated


@pytest.mark.parametrize("days", [(LATER, DAY), (DAY, DAY)])
def test_days_must_rise(days: tuple[dt.date, dt.date]) -> None:
    with pytest.raises(UsageError, match="rising"):
        Tariffs(OLD, tuple(DatedTariff(day, NEW) for day in days), TZ)


def test_a_months_fee_is_that_of_its_own_tariff() -> None:
    """5 kW in every hour: January and February at 10 a kW, March at 30, whatever other month is in the range."""
    slots = slot_range(day_bounds(dt.date(2025, 1, 1), TZ)[0], day_bounds(dt.date(2025, 3, 31), TZ)[1])
    drawn = np.full(len(slots), 1.25)
    march = month_of(dt.date(2025, 3, 1))
    old, new = PowerTariff(per_kw=10, end_month=march), PowerTariff(per_kw=30, least_kw=6, first_month=march)
    assert [fee.fee for fee in month_fees(old, slots, drawn, TZ)] == pytest.approx([50, 50, 0])
    assert [fee.fee for fee in month_fees(new, slots, drawn, TZ)] == pytest.approx([0, 0, 180])
    assert periods(old, slots, TZ).share.sum() == 24 * 59
    assert periods(new, slots, TZ).share.sum() == 24 * 31 - 1
    by_slot = power_cost_by_slot([old, new], slots, drawn, TZ)
    assert power_cost([old, new], slots, drawn, TZ) == pytest.approx(280) == pytest.approx(by_slot.sum())
    assert by_slot[slots >= day_bounds(dt.date(2025, 3, 1), TZ)[0]].sum() == pytest.approx(180)
