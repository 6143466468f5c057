"""From quotes to the price of a slot."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.market import QUARTERS_SINCE
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import always
from darkstar.ledger.prices import SourceComparison, by_the_hour, compare_sources, gaps, resolve_prices
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolved import ResolvedPrices

T0 = 1_754_000_000 // HOUR_SECONDS * HOUR_SECONDS
TARIFF = Tariff(
    grid_fee_per_kwh=0.25,
    energy_tax_per_kwh=0.44,
    markup_per_kwh=0.01,
    vat_percent=25,
    export_bonus_per_kwh=0.05,
)
PREFERENCE = ("file", "vattenfall", "elprisetjustnu")
NAN = float("nan")


def quotes(
    prices: list[float],
    *,
    source: str = "vattenfall",
    area: str = "SE4",
    currency: str = "SEK",
    kind: PriceKind = PriceKind.SPOT,
    step: int = HOUR_SECONDS,
    start: int = T0,
) -> Quotes:
    """Consecutive quotes; NaN leaves one out."""
    starts = start + step * np.arange(len(prices), dtype=np.int64)
    price = np.array(prices)
    known = np.isfinite(price)
    return Quotes(source, area, currency, kind, starts[known], starts[known] + step, price[known])


def resolve(*given: Quotes, slots: int = 4, tariff: Tariff = TARIFF, area: str = "SE4") -> ResolvedPrices:
    return resolve_prices(
        slot_range(T0, T0 + slots * SLOT_SECONDS),
        given,
        always(tariff),
        preference=PREFERENCE,
        area=area,
        currency="SEK",
    )


def compare(
    *given: Quotes, slots: int = 4, absolute: float = 0.005, percent: float = 3.0
) -> SourceComparison:
    return compare_sources(
        slot_range(T0, T0 + slots * SLOT_SECONDS),
        given,
        preference=PREFERENCE,
        area="SE4",
        currency="SEK",
        tolerance_per_kwh=absolute,
        tolerance_percent=percent,
    )


def test_an_hour_prices_its_quarters_by_the_tariff() -> None:
    got = resolve(quotes([0.8, 0.4]), slots=8)
    np.testing.assert_array_equal(got.spot_price, [0.8] * 4 + [0.4] * 4)
    np.testing.assert_allclose(got.import_price, [1.875] * 4 + [1.375] * 4)
    np.testing.assert_allclose(got.export_price, [0.85] * 4 + [0.45] * 4)
    assert set(got.source) == {"vattenfall"}


def test_quarters_keep_their_own_price() -> None:
    got = resolve(quotes([0.1, 0.2, -0.3, 0.0], step=SLOT_SECONDS))
    np.testing.assert_array_equal(got.spot_price, [0.1, 0.2, -0.3, 0.0])


def test_finer_prices_are_averaged_where_they_cover_the_whole_slot() -> None:
    got = resolve(quotes([0.3, 0.6, 0.9, 1.0, 1.0], step=300), slots=2)
    np.testing.assert_allclose(got.spot_price, [0.6, NAN])


def test_zero_and_negative_prices_are_prices() -> None:
    """Fault 8: a zero export price that became the import price, and zero prices that were 'repaired'."""
    got = resolve(
        quotes([0.0, -0.2], step=SLOT_SECONDS),
        quotes([0.5, 0.5], source="elprisetjustnu", step=SLOT_SECONDS),
        slots=2,
        tariff=Tariff(),
    )
    np.testing.assert_array_equal(got.import_price, [0.0, -0.2])
    np.testing.assert_array_equal(got.export_price, [0.0, -0.2])


def test_an_all_in_export_price_of_zero_stays_zero() -> None:
    """Fault 8 once more, with prices that are known all in."""
    got = resolve(
        quotes([1.9], source="file", area="", kind=PriceKind.IMPORT),
        quotes([0.0], source="file", area="", kind=PriceKind.EXPORT),
        quotes([0.7]),
    )
    np.testing.assert_array_equal(got.import_price, [1.9] * 4)
    np.testing.assert_array_equal(got.export_price, [0.0] * 4)
    assert set(got.source) == {"file"}


def test_an_import_price_says_nothing_of_the_export_price() -> None:
    got = resolve(quotes([1.9], source="file", kind=PriceKind.IMPORT))
    assert np.isnan(got.export_price).all()
    assert np.isnan(got.spot_price).all()
    np.testing.assert_array_equal(got.import_price, [1.9] * 4)


def test_the_tariff_fills_what_no_all_in_price_says() -> None:
    got = resolve(quotes([1.9], source="file", kind=PriceKind.IMPORT), quotes([0.7]))
    np.testing.assert_array_equal(got.import_price, [1.9] * 4)
    np.testing.assert_allclose(got.export_price, [0.75] * 4)
    np.testing.assert_array_equal(got.spot_price, [0.7] * 4)


def test_each_slot_takes_the_best_source_that_has_it() -> None:
    got = resolve(
        quotes([0.1, NAN, NAN, NAN], source="file", area="", step=SLOT_SECONDS),
        quotes([0.2, 0.2, NAN, NAN], step=SLOT_SECONDS),
        quotes([0.3, 0.3, 0.3, NAN], source="elprisetjustnu", step=SLOT_SECONDS),
    )
    np.testing.assert_array_equal(got.spot_price, [0.1, 0.2, 0.3, NAN])
    assert got.source.tolist() == ["file", "vattenfall", "elprisetjustnu", ""]


def test_a_quote_for_the_homes_area_goes_before_one_for_none() -> None:
    got = resolve(quotes([0.1, 0.2], area="", step=SLOT_SECONDS), quotes([0.9], step=SLOT_SECONDS), slots=2)
    np.testing.assert_array_equal(got.spot_price, [0.9, 0.2])


@pytest.mark.parametrize(
    "foreign",
    [quotes([0.5], area="SE3"), quotes([0.5], currency="EUR"), quotes([0.5], source="somebody")],
    ids=["area", "currency", "source"],
)
def test_what_does_not_fit_the_home_does_not_count(foreign: Quotes) -> None:
    got = resolve(foreign)
    assert np.isnan(got.import_price).all()
    assert got.source.tolist() == [""] * 4


def test_an_unknown_slot_stays_unknown() -> None:
    got = resolve(quotes([0.5, NAN, 0.5]), slots=12)
    assert np.isnan(got.import_price[4:8]).all()
    assert np.isnan(got.export_price[4:8]).all()
    assert list(gaps(got)) == [(T0 + HOUR_SECONDS, T0 + 2 * HOUR_SECONDS)]


def test_gaps_at_both_ends_and_none_at_all() -> None:
    ends = resolve(quotes([0.5], start=T0 + HOUR_SECONDS), slots=12)
    assert list(gaps(ends)) == [(T0, T0 + HOUR_SECONDS), (T0 + 2 * HOUR_SECONDS, T0 + 3 * HOUR_SECONDS)]
    assert list(gaps(resolve(quotes([0.5])))) == []
    assert list(gaps(resolve())) == [(T0, T0 + HOUR_SECONDS)]


def test_no_slots_have_no_prices() -> None:
    assert len(resolve(quotes([0.5]), slots=0).import_price) == 0


maybe_price = st.one_of(st.just(NAN), st.floats(-2, 5, width=32))


@given(st.lists(maybe_price, min_size=8, max_size=8), st.lists(maybe_price, min_size=2, max_size=2))
def test_every_slot_is_the_first_known_of_its_sources(fine: list[float], coarse: list[float]) -> None:
    got = resolve(
        quotes(fine, step=SLOT_SECONDS), quotes(coarse, source="elprisetjustnu"), slots=8, tariff=Tariff()
    )
    expected = [f if np.isfinite(f) else c for f, c in zip(fine, np.repeat(coarse, 4).tolist(), strict=True)]
    np.testing.assert_array_equal(got.import_price, expected)
    unknown = sum((end - start) // SLOT_SECONDS for start, end in gaps(got))
    assert unknown == int(np.isnan(expected).sum())


def test_sources_are_compared_slot_by_slot() -> None:
    got = compare(
        quotes([0.5, 0.5, NAN, 0.0], step=SLOT_SECONDS),
        quotes([0.51, 0.6, 0.5, 0.4], source="elprisetjustnu", step=SLOT_SECONDS),
    )
    np.testing.assert_allclose(got.apart_per_kwh, [0.01, 0.1, NAN, 0.4])
    assert got.compared.tolist() == [True, True, False, True]
    assert got.disputed.tolist() == [False, True, False, True]
    assert got.between.tolist() == ["vattenfall and elprisetjustnu"] * 2 + [
        "",
        "vattenfall and elprisetjustnu",
    ]


def test_the_tolerance_adds_up_of_an_amount_and_a_share() -> None:
    pair = quotes([-1.0], step=SLOT_SECONDS), quotes([-1.05], source="file", step=SLOT_SECONDS)
    assert not compare(*pair, slots=1, absolute=0.0, percent=4.8).disputed[0]
    assert compare(*pair, slots=1, absolute=0.0, percent=4.7).disputed[0]
    assert not compare(*pair, slots=1, absolute=0.0101, percent=4.0 / 1.05).disputed[0]
    assert compare(*pair, slots=1, absolute=0.0099, percent=4.0 / 1.05).disputed[0]


def test_an_hour_is_held_against_the_mean_of_its_quarters() -> None:
    """Since October 2025 the market trades quarters, and some sources still tell the hour's mean alone."""
    fine = quotes([0.1, 0.3, 0.5, 0.7], source="elprisetjustnu", step=SLOT_SECONDS)
    assert not compare(quotes([0.4]), fine).disputed.any()
    assert compare(quotes([0.4]), fine).compared.all()
    assert compare(quotes([0.6]), fine).disputed.all()
    np.testing.assert_allclose(compare(quotes([0.6]), fine).apart_per_kwh, 0.2)


def test_an_hour_is_not_held_against_some_of_its_quarters() -> None:
    part = quotes([0.1, 0.3, NAN, 0.7], source="elprisetjustnu", step=SLOT_SECONDS)
    assert not compare(quotes([0.4]), part).compared.any()


def test_an_hour_that_the_range_cuts_is_not_compared_by_its_mean() -> None:
    fine = quotes([0.4] * 8, source="elprisetjustnu", step=SLOT_SECONDS)
    assert compare(quotes([0.4, 0.4]), fine, slots=6).compared.tolist() == [True] * 4 + [False] * 2


def test_of_three_sources_the_two_that_differ_most_are_named() -> None:
    got = compare(
        quotes([0.5]),
        quotes([0.9], source="elprisetjustnu"),
        quotes([0.4], source="file", area=""),
    )
    assert set(got.between) == {"file and elprisetjustnu"}
    np.testing.assert_allclose(got.apart_per_kwh, 0.5)


@pytest.mark.parametrize(
    "other",
    [
        quotes([0.9], source="elprisetjustnu", area="SE3"),
        quotes([0.9], source="elprisetjustnu", currency="EUR"),
        quotes([0.9], source="file", kind=PriceKind.IMPORT),
        quotes([0.9], source="somebody"),
        quotes([0.9], area=""),
    ],
    ids=["area", "currency", "all in", "not preferred", "the same source"],
)
def test_what_cannot_be_compared_is_not(other: Quotes) -> None:
    got = compare(quotes([0.5]), other)
    assert not got.compared.any()
    assert not got.disputed.any()


def test_all_in_prices_by_the_hour_leave_the_market_s_quarters_alone() -> None:
    got = compare(
        quotes([1.9], kind=PriceKind.IMPORT),
        quotes([0.1, 0.2, 0.3, 0.4], step=SLOT_SECONDS),
        quotes([0.4, 0.3, 0.2, 0.1], source="elprisetjustnu", step=SLOT_SECONDS),
    )
    np.testing.assert_allclose(got.apart_per_kwh, [0.3, 0.1, 0.1, 0.3])


def test_an_hour_stands_for_its_quarters_and_since_they_are_traded_it_is_said() -> None:
    start = QUARTERS_SINCE - HOUR_SECONDS
    slots = slot_range(start, start + 3 * HOUR_SECONDS)
    given = [
        quotes([0.5, 0.6], start=start),
        quotes([0.1, 0.2, 0.3, 0.4] * 3, source="elprisetjustnu", start=start, step=SLOT_SECONDS),
    ]
    got = resolve_prices(slots, given, always(TARIFF), preference=PREFERENCE, area="SE4", currency="SEK")
    compared = compare_sources(
        slots,
        given,
        preference=PREFERENCE,
        area="SE4",
        currency="SEK",
        tolerance_per_kwh=0.0,
        tolerance_percent=0.0,
    )
    np.testing.assert_array_equal(got.spot_price, [0.5] * 4 + [0.6] * 4 + [0.1, 0.2, 0.3, 0.4])
    assert by_the_hour(got, compared).tolist() == [False] * 4 + [True] * 4 + [False] * 4
    turned = [replace(q, source={"vattenfall": "elprisetjustnu"}.get(q.source, "vattenfall")) for q in given]
    got = resolve_prices(slots, turned, always(TARIFF), preference=PREFERENCE, area="SE4", currency="SEK")
    assert not by_the_hour(
        got, replace(compared, coarse={"elprisetjustnu": compared.coarse["vattenfall"]})
    ).any()


def test_nothing_is_compared_where_there_is_nothing() -> None:
    assert len(compare(quotes([0.5]), slots=0).apart_per_kwh) == 0
    assert not compare().compared.any()


@given(st.lists(maybe_price, min_size=8, max_size=8), st.lists(maybe_price, min_size=8, max_size=8))
def test_a_dispute_changes_no_price(one: list[float], other: list[float]) -> None:
    """True zeros and negative prices stay what the better source says, whatever the other one has."""
    pair = (
        quotes(one, step=SLOT_SECONDS),
        quotes(other, source="elprisetjustnu", step=SLOT_SECONDS),
    )
    got, found = resolve(*pair, slots=8, tariff=Tariff()), compare(*pair, slots=8, absolute=0.0, percent=0.0)
    known = np.isfinite(one)
    np.testing.assert_array_equal(got.spot_price[known], np.array(one)[known])
    np.testing.assert_array_equal(found.compared, known & np.isfinite(other))
    np.testing.assert_array_equal(found.disputed, found.compared & (np.array(one) != np.array(other)))


def received(given: Quotes, *at_utc: float) -> Quotes:
    return replace(given, received_utc=np.array(at_utc))


def test_a_price_that_came_before_its_delivery_says_when() -> None:
    """Two hours that came an hour ahead and at their own start: the second is no sign of anything."""
    early = received(quotes([0.5, 0.6]), T0 - HOUR_SECONDS, T0 + HOUR_SECONDS)
    got = resolve(early, slots=8).received_utc
    assert got is not None
    assert got[:4].tolist() == [T0 - HOUR_SECONDS] * 4
    assert np.isnan(got[4:]).all()
    unknown = resolve(quotes([0.5, 0.6]), slots=8).received_utc
    assert unknown is not None
    assert np.isnan(unknown).all()


def test_the_receipt_is_that_of_the_source_whose_price_it_is() -> None:
    chosen = received(quotes([NAN, 0.6]), T0 - 10)
    other = received(quotes([0.5, 0.7], source="elprisetjustnu"), T0 - 500, T0 - 400)
    got = resolve(chosen, other, slots=8).received_utc
    assert got is not None
    assert got.tolist() == [T0 - 500] * 4 + [T0 - 10] * 4


def test_of_finer_quotes_the_last_one_counts() -> None:
    """Three of five minutes in a slot; the first is of a feed of its own and all in."""
    fine = received(quotes([0.5, 0.6, 0.7], step=300), T0 - 30, T0 - 10, T0 - 20)
    paid = received(quotes([1.0], kind=PriceKind.IMPORT), T0 - 5)
    got = resolve(fine, slots=2).received_utc, resolve(fine, paid, slots=2).received_utc
    assert got[0] is not None
    assert got[1] is not None
    assert got[0].tolist() == pytest.approx([T0 - 10, NAN], nan_ok=True)
    assert got[1].tolist() == [T0 - 5, T0 - 5]
