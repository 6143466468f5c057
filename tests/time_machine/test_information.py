"""Honest information: a policy cannot know what has not happened or has not been published (fault 11)."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.market import known_until, published_utc
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, local_date
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs
from darkstar.time_machine.information import (
    HORIZON_SLOTS,
    HonestInformation,
    Honesty,
    Knowledge,
    Outlook,
    information,
)
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ, changed_after, scenario

GIVEN = scenario(days=3)
STEPS = (0, 30, 47, 48, 60, 100)
"""Midnight, 7:30, a quarter before and at noon UTC (13:00 local, when prices are published), and later."""


def _same(one: Outlook | None, other: Outlook | None) -> bool:
    assert one is not None
    assert other is not None
    names = ("load_kwh", "pv_kwh", "import_price", "export_price")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)


def _slot(step: int) -> int:
    return int(GIVEN.history.slots[step])


@pytest.mark.parametrize("step", STEPS)
def test_another_future_makes_no_difference_now(step: int) -> None:
    now = _slot(step)
    other = changed_after(GIVEN, energy_from=now, prices_from=known_until(now))
    assert _same(HonestInformation(GIVEN).outlook(step), HonestInformation(other).outlook(step))


@pytest.mark.parametrize("step", STEPS)
def test_what_has_happened_and_what_is_published_does(step: int) -> None:
    now = _slot(step)
    seen = HonestInformation(GIVEN).outlook(step)
    happened = changed_after(GIVEN, energy_from=now - SLOT_SECONDS, prices_from=known_until(now))
    assert not _same(seen, HonestInformation(happened).outlook(step))
    published = changed_after(GIVEN, energy_from=now, prices_from=known_until(now) - SLOT_SECONDS)
    assert not _same(seen, HonestInformation(published).outlook(step))


def test_tomorrows_prices_are_known_from_one_o_clock() -> None:
    before, after = (known_until(_slot(step)) for step in (50, 52))
    assert dt.datetime.fromtimestamp(_slot(52), TZ).time() == dt.time(13, 0)
    assert after - before == 86_400
    assert published_utc(before) == _slot(52)
    for step, end in ((50, before), (52, after)):
        outlook = HonestInformation(GIVEN).outlook(step)
        assert outlook is not None
        n = (end - _slot(step)) // SLOT_SECONDS
        actual = GIVEN.history.import_price[step : step + n]
        np.testing.assert_array_equal(outlook.import_price[:n], actual)
        assert outlook.import_price[n] != GIVEN.history.import_price[step + n]


def test_looks_a_fixed_way_ahead_and_never_answers_nonsense() -> None:
    information = HonestInformation(GIVEN)
    for step in range(0, 288, 9):
        outlook = information.outlook(step)
        assert outlook is not None
        for series in (outlook.load_kwh, outlook.pv_kwh, outlook.import_price, outlook.export_price):
            assert series.shape == (HORIZON_SLOTS,)
            assert np.isfinite(series).all()
        assert min(outlook.load_kwh.min(), outlook.pv_kwh.min()) >= 0.0
        assert not outlook.to_the_end


def test_knows_too_little_without_a_past() -> None:
    assert HonestInformation(scenario(days=1, warm_up=0)).outlook(3) is None


def test_asking_often_or_seldom_answers_the_same() -> None:
    often, seldom = HonestInformation(GIVEN), HonestInformation(GIVEN)
    for step in range(100):
        often.outlook(step)
    assert _same(often.outlook(100), seldom.outlook(100))


def test_holes_in_the_past_reach_no_plan() -> None:
    known = GIVEN.known
    hole = (np.arange(len(known)) % 96 < 10) & ~GIVEN.replayed & (np.arange(len(known)) > 96)
    holed = replace(
        known,
        load_kwh=np.where(hole, np.nan, known.load_kwh),
        import_price=np.where(hole, np.nan, known.import_price),
    )
    outlook = HonestInformation(replace(GIVEN, known=holed)).outlook(5)
    assert outlook is not None
    assert np.isfinite(outlook.load_kwh).all()
    assert np.isfinite(outlook.import_price).all()


def test_perfect_information_is_what_came() -> None:
    outlook = information(Honesty.PERFECT, GIVEN).outlook(200)
    assert outlook is not None
    np.testing.assert_array_equal(outlook.load_kwh, GIVEN.history.load_kwh[200:])
    assert outlook.to_the_end


@pytest.mark.parametrize("what", ["prices", "load", "sun"])
def test_one_thing_known_exactly_and_the_rest_forecast(what: str) -> None:
    step = 30
    honest = HonestInformation(GIVEN).outlook(step)
    some = information(Knowledge(**{what: True}), GIVEN).outlook(step)
    assert honest is not None
    assert some is not None
    assert some.doubt is not None
    ahead = slice(step, step + HORIZON_SLOTS)
    series = {"import_price": "prices", "export_price": "prices", "load_kwh": "load", "pv_kwh": "sun"}
    for name, belongs_to in series.items():
        expected = getattr(GIVEN.history, name)[ahead] if belongs_to == what else getattr(honest, name)
        np.testing.assert_array_equal(getattr(some, name), expected)
    doubts = {"prices": 4, "load": 2, "sun": 2}
    assert len(some.doubt.weight) == doubts[what]
    assert (some.doubt.load_factor == 1).all() == (what == "load")
    assert (some.doubt.pv_factor == 1).all() == (what == "sun")


def test_nothing_known_exactly_is_honest_and_all_is_perfect() -> None:
    assert type(information(Knowledge(), GIVEN)) is HonestInformation
    assert _same(information(Knowledge(), GIVEN).outlook(7), HonestInformation(GIVEN).outlook(7))
    assert _same(
        information(Knowledge(True, True, True), GIVEN).outlook(7),
        information(Honesty.PERFECT, GIVEN).outlook(7),
    )


def _late(given: Scenario, step: int) -> Scenario:
    """Tomorrow's prices, seen from a step, come in five hours after the market's hour."""
    known, now = given.known, int(given.history.slots[step])
    late = (known.slots >= known_until(now) - DAY_SECONDS) & (known.slots < known_until(now))
    received = np.where(late, published_utc(known_until(now) - SLOT_SECONDS) + 5 * HOUR_SECONDS, np.nan)
    return replace(given, known=replace(known, prices_received_utc=received))


def test_a_price_that_came_late_is_unknown_until_then() -> None:
    at_one, at_six = 52, 52 + 5 * 4
    late = _late(GIVEN, at_one)
    public = known_until(_slot(at_one))
    assert late.known.prices_known_until(_slot(at_six) - 1) == public - DAY_SECONDS
    assert late.known.prices_known_until(_slot(at_six)) == public
    for step in (at_one, at_six - 1):
        seen, before = (HonestInformation(given).outlook(step) for given in (late, GIVEN))
        n = (public - DAY_SECONDS - _slot(step)) // SLOT_SECONDS
        assert seen is not None
        assert before is not None
        np.testing.assert_array_equal(seen.import_price[:n], before.import_price[:n])
        assert (seen.import_price[n : n + 90] != before.import_price[n : n + 90]).all()
        other = changed_after(late, energy_from=_slot(step), prices_from=public - DAY_SECONDS)
        assert _same(HonestInformation(other).outlook(step), seen)
    assert _same(HonestInformation(late).outlook(at_six), HonestInformation(GIVEN).outlook(at_six))


def test_what_is_expected_follows_a_tariff_that_is_signed() -> None:
    """The market is as it was; from the second replayed day on energy costs 2 more, which is known before."""
    known, day = GIVEN.known, local_date(_slot(96), TZ)
    step = 40
    assert known_until(_slot(step)) <= _slot(96)
    tariffs = Tariffs(Tariff(0.5, vat_percent=25.0), (DatedTariff(day, Tariff(2.5, vat_percent=25.0)),), TZ)
    dearer = replace(known, import_price=tariffs.import_price(known.slots, known.export_price))
    told = HonestInformation(replace(GIVEN, known=dearer, tariffs=tariffs)).outlook(step)
    plain = HonestInformation(GIVEN).outlook(step)
    assert told is not None
    assert plain is not None
    np.testing.assert_allclose(told.import_price[: 96 - step], plain.import_price[: 96 - step])
    np.testing.assert_allclose(told.import_price[96 - step :], plain.import_price[96 - step :] + 2.5)
    np.testing.assert_allclose(told.export_price, plain.export_price)
