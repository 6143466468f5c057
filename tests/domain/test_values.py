"""The home, its tariff, its bill and its market: small arithmetic worked out by hand."""

import datetime as dt

import numpy as np
import pytest

from darkstar.domain.bill import Bill, energy_cost, export_revenue
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.errors import DarkstarError, SourceUnreachableError, UsageError
from darkstar.domain.home import Battery, Home, slot_limits_kwh
from darkstar.domain.market import known_until, published_utc
from darkstar.domain.slots import iso_utc
from darkstar.domain.tariff import Tariff

HOME = Home("Test", "Europe/Stockholm", 59.3, 18.1, "SEK", 20, 3)


def test_a_swedish_household_pays_fees_and_tax_with_vat_on_top() -> None:
    tariff = Tariff(grid_fee_per_kwh=0.25, energy_tax_per_kwh=0.44, markup_per_kwh=0.01, vat_percent=25)

    assert tariff.import_price(np.array([1.0, 0.0, -0.7])) == pytest.approx([2.125, 0.875, 0.0])


def test_fault_08_a_spot_price_of_zero_is_a_price() -> None:
    tariff = Tariff(grid_fee_per_kwh=0.25, export_bonus_per_kwh=0.05)

    assert tariff.export_price(np.array([0.0, -0.1, np.nan])) == pytest.approx(
        [0.05, -0.05, np.nan], nan_ok=True
    )
    assert Tariff().export_price(np.array([0.0])).tolist() == [0.0]


def test_the_bill_is_what_the_household_is_poorer_by() -> None:
    bought = energy_cost(np.array([1.0, 2.0]), np.array([2.0, 0.5]))
    sold = export_revenue(np.array([1.0, 3.0]), np.array([0.5, -0.1]))

    assert (bought, sold) == pytest.approx((3.0, 0.2))
    assert Bill(bought, 0.5, sold, 0.1, settlement=0.4).cost == pytest.approx(3.0 + 0.5 - 0.2 + 0.1 - 0.4)


def test_the_balance_adds_what_comes_and_takes_what_goes() -> None:
    assert {channel for channel, sign in BALANCE_SIGN.items() if sign == 1} == {
        Channel.PV,
        Channel.IMPORT,
        Channel.BATT_DISCHARGE,
    }
    assert Channel.WATER not in BALANCE_SIGN, "it is a part of the load"
    assert [channel.column for channel in Channel][:2] == ["load_kwh", "pv_kwh"]


def test_the_fuse_bounds_what_a_slot_can_carry() -> None:
    limits = slot_limits_kwh(HOME, Battery(10, charge_max_kw=5, discharge_max_kw=4), pv_peak_kw=8)

    assert HOME.fuse_kw == pytest.approx(13.8)
    assert limits[Channel.IMPORT] == limits[Channel.EXPORT] == pytest.approx(13.8 * 1.25 / 4)
    assert limits[Channel.PV] == pytest.approx(8 * 1.25 / 4)
    assert limits[Channel.BATT_CHARGE] == pytest.approx(5 * 1.25 / 4)
    assert limits[Channel.LOAD] == pytest.approx((13.8 * 1.25 + 10 + 4) / 4)
    assert set(limits) == set(Channel)


def test_without_a_battery_or_a_known_roof_the_fuse_bounds_them() -> None:
    limits = slot_limits_kwh(HOME, None, None)

    assert limits[Channel.PV] == limits[Channel.BATT_CHARGE] == limits[Channel.IMPORT]


def test_percent_of_a_battery_are_kilowatt_hours() -> None:
    battery = Battery(8, soc_min_percent=10, soc_max_percent=95)

    assert (battery.soc_min_kwh, battery.soc_max_kwh) == pytest.approx((0.8, 7.6))


def utc(*of: int) -> int:
    return int(dt.datetime(*of, tzinfo=dt.UTC).timestamp())  # type: ignore[misc, arg-type]


def test_prices_of_a_day_are_known_from_one_o_clock_the_day_before() -> None:
    assert iso_utc(published_utc(utc(2025, 6, 15, 10))) == "2025-06-14T11:00:00Z"
    assert iso_utc(published_utc(utc(2025, 1, 15, 10))) == "2025-01-14T12:00:00Z"
    assert iso_utc(known_until(utc(2025, 6, 15, 10, 59))) == "2025-06-15T22:00:00Z"
    assert iso_utc(known_until(utc(2025, 6, 15, 11))) == "2025-06-16T22:00:00Z"


def test_errors_say_what_and_what_to_do_and_how_a_command_ends() -> None:
    assert str(UsageError("Empty.", remedy="Ask for more.")) == "Empty. Ask for more."
    assert str(DarkstarError("Empty.")) == "Empty."
    assert (UsageError("").exit_code, SourceUnreachableError("").exit_code) == (2, 3)
