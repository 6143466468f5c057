"""What another battery, tariff or household would have saved."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.errors import DataError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import always
from darkstar.time_machine.buying.variant import Past, Thing, Variant, parse_variants
from darkstar.time_machine.buying.what_if import YEAR_DAYS, Change, Saving, Tried, WhatIf, try_out, years_told
from darkstar.time_machine.outcome import MPC, NONE, ORACLE, RULE
from darkstar.time_machine.plant.carrying import storage_model
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import scenario

OWN = Battery(5.0, charge_max_kw=3.0, discharge_max_kw=3.0)
TARIFF = Tariff(grid_fee_per_kwh=0.5, vat_percent=25.0)


def today(days: int = 2) -> Scenario:
    given = scenario(days=days, soc_start_kwh=0.5)
    return replace(given, storage=storage_model(OWN))


def past_of(given: Scenario) -> Past:
    """`cases.past` has the market's price as its export price."""
    return Past(given.known.export_price, np.full(len(given.known), np.nan))


def tried(given: Scenario, own: Battery | None, *told: str, tariff: Tariff = TARIFF) -> WhatIf:
    variants = [variant for text in told for variant in parse_variants(text)]
    changes = [
        Change(variant, variant.battery(own), always(tariff).with_terms(**variant.terms))
        for variant in variants
    ]
    return try_out(given, own, changes, past_of(given))


def test_words() -> None:
    small, large = parse_variants('battery_kwh=5,10 charge_kw=7 price=30000,50000 name="Nordlys & co"')
    assert small == Variant("Nordlys & co 5 kWh", 5.0, charge_kw=7.0, price=30000.0)
    assert (large.name, large.battery_kwh, large.price) == ("Nordlys & co 10 kWh", 10.0, 50000.0)
    (other,) = parse_variants("tariff=~/other.yaml without=car,water vat_percent=12 markup_per_kwh=-0.1")
    assert other.tariff == Path("~/other.yaml").expanduser()
    assert other.without == {Thing.CAR, Thing.WATER}
    assert other.terms == {"vat_percent": 12.0, "markup_per_kwh": -0.1}
    assert other.battery_kwh is None
    assert other.name == "tariff=~/other.yaml without=car,water vat_percent=12 markup_per_kwh=-0.1"


@pytest.mark.parametrize(
    "text",
    ["", "price=5", "size=5", "battery_kwh", "battery_kwh=", "battery_kwh=ten", "battery_kwh=-1", "without=dog",
     "battery_kwh=5 battery_kwh=6", "battery_kwh=5,6,7 price=1,2", 'name="open', "sun_times=nan"],
)  # fmt: skip
def test_words_that_are_not_understood(text: str) -> None:
    with pytest.raises(UsageError):
        parse_variants(text)


def test_the_same_again_saves_nothing() -> None:
    found = tried(today(), OWN, "battery_kwh=5", "sun_times=1", "vat_percent=25")
    for one in found.tried:
        assert one.costs == pytest.approx(found.today)
        assert [saving.per_year for saving in one.savings.values()] == pytest.approx([0.0, 0.0, 0.0])


def test_a_year_is_so_many_times_the_days() -> None:
    given = today()
    found = tried(given, OWN, "battery_kwh=0")
    none, rule = replay(given, NONE).cost, replay(given, RULE).cost
    assert found.days == 2
    assert found.today[RULE] == pytest.approx(rule)
    saving = found.tried[0].savings[RULE]
    assert saving.per_year == pytest.approx((rule - none) * YEAR_DAYS / 2)
    assert saving.low is None
    assert set(found.tried[0].costs.values()) == {found.tried[0].costs[MPC]}


def test_a_home_without_a_battery_tries_one() -> None:
    found = tried(today(), None, "battery_kwh=5 charge_kw=3 discharge_kw=3 price=1000")
    assert len(set(found.today.values())) == 1
    (one,) = found.tried
    assert one.savings[ORACLE].per_year >= one.savings[MPC].per_year
    assert one.savings[ORACLE].per_year > 0
    years = one.payback_years(one.savings[ORACLE].per_year)
    assert years == pytest.approx(1000 / one.savings[ORACLE].per_year)
    assert one.payback_years(-1.0) is None


def test_one_more_kwh_of_battery() -> None:
    found = tried(today(), OWN, "battery_kwh=10,2.5", "battery_kwh=20 charge_kw=1")
    assert [(step.from_kwh, step.to_kwh) for step in found.marginal] == [(2.5, 5.0), (5.0, 10.0)]
    larger = next(one for one in found.tried if one.variant.battery_kwh == 10.0)
    assert found.marginal[1].per_kwh[RULE] == pytest.approx(larger.savings[RULE].per_year / 5)


def test_another_tariff_changes_the_prices_and_nothing_else() -> None:
    # `none` pays VAT on spot + fee; a fee that is 1 higher costs 1.25 more on every imported kWh.
    given = today()
    found = tried(given, None, "grid_fee_per_kwh=1.5")
    imported = replay(given, NONE).import_kwh
    more = -found.tried[0].savings[MPC].per_year / YEAR_DAYS * 2
    assert more == pytest.approx(1.25 * imported)


def test_a_tariff_needs_the_markets_price() -> None:
    given = today()
    unknown = np.full(len(given.known), np.nan)
    change = Change(Variant("x", terms={"vat_percent": 0.0}), OWN, always(TARIFF))
    with pytest.raises(DataError, match="without the market's"):
        try_out(given, OWN, [change], Past(unknown, unknown))
    hole = given.known.export_price.copy()
    hole[-1] = np.nan
    with pytest.raises(DataError, match="some replayed slots"):
        try_out(given, OWN, [change], Past(hole, unknown))


def test_without_water_the_load_is_less_by_it() -> None:
    given = today()
    water = np.where(np.arange(len(given.known)) % 4 == 0, 0.2, 0.0)
    change = Change(Variant("x", without=frozenset({Thing.WATER})), None, always(TARIFF))
    found = try_out(given, None, [change], Past(given.known.export_price, water))
    less = np.minimum(water, given.known.load_kwh)[given.replayed]
    net_before = given.history.load_kwh - given.history.pv_kwh
    saved = np.maximum(net_before, 0) - np.maximum(net_before - less, 0)
    fed = np.maximum(less - net_before, 0) - np.maximum(-net_before, 0)
    expected = float(saved @ given.history.import_price + fed @ given.history.export_price)
    assert found.today[MPC] - found.tried[0].costs[MPC] == pytest.approx(expected)
    with pytest.raises(DataError, match="water heater"):
        tried(given, None, "without=water")


def test_the_sun_of_a_net_home_cannot_be_changed() -> None:
    given = today()
    net = replace(given, known=replace(given.known, net_only=True))
    with pytest.raises(UsageError, match="less its load"):
        tried(net, OWN, "sun_times=2")


def test_the_range_runs_from_the_lowest_end_to_the_highest() -> None:
    savings = {RULE: Saving(5, 3, 8), MPC: Saving(9, 6, 12), ORACLE: Saving(11, 2, 14)}
    one = Tried(Variant("x", price=30.0), {}, savings)
    assert (one.low, one.high) == (2, 14)
    assert one.payback_years(one.low) == 15
    assert Tried(Variant("x"), {}, {RULE: Saving(5, None, None)}).low is None


def test_years_beyond_any_battery_are_not_counted() -> None:
    assert [years_told(years) for years in (7.25, 100.0, 379.5, None)] == ["7.2", "100.0", "> 100", "never"]
