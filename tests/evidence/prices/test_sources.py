"""The contract that every source of prices keeps: sorted, unique, UTC, whole intervals, nothing made up."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.config.settings import PriceSettings
from darkstar.domain.errors import ConfigError, DataError, SourceUnreachableError
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, day_bounds
from darkstar.evidence.prices import PriceSource, price_sources
from darkstar.evidence.prices.elprisetjustnu import ElprisetJustNu
from darkstar.evidence.prices.http import TRIES
from darkstar.evidence.prices.vattenfall import Vattenfall
from darkstar.ledger.quotes import PriceKind, Quotes
from tests.evidence.prices.market import EUR_IN_SEK, Market, ore, step_at

TZ = ZoneInfo("Europe/Stockholm")


def bounds(first: str, last_exclusive: str) -> tuple[int, int]:
    return (
        day_bounds(dt.date.fromisoformat(first), TZ)[0],
        day_bounds(dt.date.fromisoformat(last_exclusive), TZ)[0],
    )


def check_contract(quotes: Quotes, start: int, end: int) -> None:
    assert np.all(np.diff(quotes.start_utc) > 0)
    assert np.all(quotes.end_utc[:-1] <= quotes.start_utc[1:])
    assert np.all((quotes.start_utc >= start) & (quotes.start_utc < end))
    lengths = quotes.end_utc - quotes.start_utc
    assert set(np.unique(lengths).tolist()) <= {SLOT_SECONDS, HOUR_SECONDS}
    assert np.all(quotes.start_utc % lengths == 0)
    assert np.all(np.isfinite(quotes.price_per_kwh))
    assert (quotes.area, quotes.kind, quotes.currency) == ("SE4", PriceKind.SPOT, "SEK")


@pytest.mark.parametrize(
    ("first", "last_exclusive", "rows"),
    [
        ("2025-08-01", "2025-08-02", 24),
        ("2025-03-30", "2025-03-31", 23),
        ("2024-10-27", "2024-10-28", 25),
        ("2025-10-26", "2025-10-27", 100),
        ("2026-03-29", "2026-03-30", 92),
        ("2025-09-29", "2025-10-03", 2 * 24 + 2 * 96),
        ("2025-01-10", "2025-03-15", 64 * 24),
    ],
    ids=[
        "plain",
        "spring",
        "autumn",
        "autumn in quarters",
        "spring in quarters",
        "hours to quarters",
        "long",
    ],
)
async def test_gives_exactly_the_markets_prices(
    source: PriceSource, first: str, last_exclusive: str, rows: int
) -> None:
    start, end = bounds(first, last_exclusive)
    quotes = await source.fetch(start, end)
    check_contract(quotes, start, end)
    assert len(quotes) == rows
    assert quotes.source == source.name
    np.testing.assert_array_equal(quotes.end_utc[:-1], quotes.start_utc[1:])
    assert quotes.end_utc[-1] == end
    np.testing.assert_allclose(
        quotes.price_per_kwh, [ore(s) / 100 for s in quotes.start_utc.tolist()], atol=1e-15
    )
    assert (quotes.price_per_kwh < 0).any()


async def test_zero_is_a_price(source: PriceSource) -> None:
    start, end = bounds("2025-10-20", "2025-10-22")
    quotes = await source.fetch(start, end)
    assert (quotes.price_per_kwh == 0).any()


async def test_gives_only_what_begins_in_the_range(source: PriceSource) -> None:
    start, _ = bounds("2025-08-01", "2025-08-02")
    quotes = await source.fetch(start + 5 * HOUR_SECONDS, start + 7 * HOUR_SECONDS)
    assert quotes.start_utc.tolist() == [start + 5 * HOUR_SECONDS, start + 6 * HOUR_SECONDS]
    assert quotes.end_utc[-1] == start + 7 * HOUR_SECONDS


async def test_what_is_not_published_is_left_out(source: PriceSource, market: Market) -> None:
    start, end = bounds("2025-08-01", "2025-08-03")
    market.published_until = bounds("2025-08-02", "2025-08-03")[0]
    quotes = await source.fetch(start, end)
    assert len(quotes) == 24
    assert len(await source.fetch(market.published_until, end)) == 0


async def test_a_missing_row_is_a_hole_and_stretches_nothing(source: PriceSource, market: Market) -> None:
    start, end = bounds("2025-10-05", "2025-10-06")
    market.holes = {start + i * SLOT_SECONDS for i in (3, 4, 5, 40)}
    quotes = await source.fetch(start, end)
    check_contract(quotes, start, end)
    assert len(quotes) == 92
    assert set((quotes.end_utc - quotes.start_utc).tolist()) == {SLOT_SECONDS}


@pytest.mark.parametrize("trouble", [429, 500, 502, 503, 504])
async def test_passing_trouble_is_passed_over(source: PriceSource, market: Market, trouble: int) -> None:
    market.troubles = [trouble, trouble]
    start, end = bounds("2025-08-01", "2025-08-02")
    assert len(await source.fetch(start, end)) == 24
    assert len(market.asked) == 3


async def test_lasting_trouble_is_an_error_after_a_few_tries(source: PriceSource, market: Market) -> None:
    market.troubles = [503] * 50
    with pytest.raises(SourceUnreachableError, match="does not answer: it says 503"):
        await source.fetch(*bounds("2025-08-01", "2025-08-02"))
    assert len(market.asked) == TRIES


async def test_a_refusal_is_not_tried_again(source: PriceSource, market: Market) -> None:
    market.troubles = [403]
    with pytest.raises(SourceUnreachableError, match=r"refuses \(403\)"):
        await source.fetch(*bounds("2025-08-01", "2025-08-02"))
    assert len(market.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<html>Maintenance</html>",
        '{"error": "no"}',
        '[{"other": 1}]',
        "[{",
        '[{"TimeStamp": "yesterday", "Value": 1, "SEK_per_kWh": 1, "EUR_per_kWh": 1, "time_start": "yesterday"}]',
        '[{"TimeStamp": 1754000000000, "Value": 1, "SEK_per_kWh": 1, "EUR_per_kWh": 1, "time_start": 1754000000000}]',
        '[{"TimeStamp": "2025-08-01T00:00:00", "Value": "83,64", "SEK_per_kWh": "0,8", "EUR_per_kWh": 1,'
        ' "time_start": "2025-08-01T00:00:00+02:00"}]',
        '[{"TimeStamp": "2025-08-01T00:00:00Z", "Value": 1, "SEK_per_kWh": 1, "EUR_per_kWh": 1,'
        ' "time_start": "2025-08-01T00:00:00"}]',
    ],
    ids=["html", "object", "other rows", "cut short", "no time", "epoch ms", "text", "wrong kind of time"],
)
async def test_an_answer_that_is_no_prices_is_an_error(
    source: PriceSource, market: Market, body: str
) -> None:
    market.body = body
    with pytest.raises(DataError, match=r"answered something else than .*'s prices"):
        await source.fetch(*bounds("2025-08-01", "2025-08-02"))


async def test_an_unknown_price_is_left_out(source: PriceSource, market: Market) -> None:
    rows = [
        f'{{"TimeStamp": "2025-08-01T0{h}:00:00", "Value": {v}, "SEK_per_kWh": {v}, "EUR_per_kWh": {v},'
        f' "time_start": "2025-08-01T0{h}:00:00+02:00"}}'
        for h, v in enumerate(["1", "null", "3"])
    ]
    market.body = f"[{', '.join(rows)}]"
    start, end = bounds("2025-08-01", "2025-08-02")
    quotes = await source.fetch(start, end)
    assert (quotes.start_utc - start).tolist() == [0, 2 * HOUR_SECONDS]
    assert (quotes.end_utc - quotes.start_utc).tolist() == [HOUR_SECONDS] * 2


async def test_a_day_that_contradicts_itself_is_left_out_whole(source: PriceSource, market: Market) -> None:
    rows = [
        f'{{"TimeStamp": "2025-08-0{d}T0{h}:00:00", "Value": {v}, "SEK_per_kWh": {v}, "EUR_per_kWh": {v},'
        f' "time_start": "2025-08-0{d}T0{h}:00:00+02:00"}}'
        for d, h, v in [
            (1, 0, 1),
            (1, 1, 2),
            (2, 0, 3),
            (2, 1, 4),
            (2, 1, 5),
            (3, 0, 6),
            (3, 0, 6),
            (3, 1, 7),
        ]
    ]
    market.body = f"[{', '.join(rows)}]"
    start, end = bounds("2025-08-01", "2025-08-04")
    quotes = await source.fetch(start, end)
    days = (quotes.start_utc - start) // (24 * HOUR_SECONDS)
    assert sorted(set(days.tolist())) == [0, 2]
    check_contract(quotes, start, end)


async def test_nobody_there_is_an_error() -> None:
    for source in (
        Vattenfall("SE4", address="http://127.0.0.1:9"),
        ElprisetJustNu("SE4", address="http://127.0.0.1:9"),
    ):
        with pytest.raises(SourceUnreachableError, match="does not answer"):
            await source.fetch(*bounds("2025-08-01", "2025-08-02"))


async def test_vattenfall_day_with_an_hour_that_never_was_is_left_out(market: Market, address: str) -> None:
    rows = [
        f'{{"TimeStamp": "2025-03-{d}T{h:02}:00:00", "Value": {h}}}' for d in (29, 30, 31) for h in range(24)
    ]
    market.body = f"[{', '.join(rows)}]"
    start, end = bounds("2025-03-29", "2025-04-01")
    quotes = await Vattenfall("SE4", address=address).fetch(start, end)
    check_contract(quotes, start, end)
    spring = bounds("2025-03-30", "2025-03-31")
    assert len(quotes) == 48
    assert not ((quotes.start_utc >= spring[0]) & (quotes.start_utc < spring[1])).any()


async def test_elprisetjustnu_gives_euro_too(market: Market, address: str) -> None:
    start, end = bounds("2025-08-01", "2025-08-02")
    quotes = await ElprisetJustNu("SE4", "EUR", address=address).fetch(start, end)
    assert quotes.currency == "EUR"
    np.testing.assert_allclose(
        quotes.price_per_kwh, [ore(s) / 100 / EUR_IN_SEK for s in quotes.start_utc.tolist()]
    )


def test_sources_come_in_the_order_of_preference() -> None:
    settings = PriceSettings("elprisetjustnu", "SE3", ("vattenfall", "file"))
    assert [s.name for s in price_sources(settings, "SEK")] == ["elprisetjustnu", "vattenfall"]
    assert [s.name for s in price_sources(settings, "EUR")] == ["elprisetjustnu"]
    assert price_sources(PriceSettings("file", "", ()), "NOK") == []


@pytest.mark.parametrize(
    ("settings", "currency", "problem"),
    [
        (PriceSettings("vattenfal", "SE3", ()), "SEK", "no price source 'vattenfal'"),
        (PriceSettings("vattenfall", "NO1", ()), "SEK", "knows no area 'NO1'"),
        (PriceSettings("vattenfall", "SE3", ()), "EUR", "gives no prices in EUR"),
    ],
)
def test_a_source_that_cannot_serve_is_an_error(settings: PriceSettings, currency: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        price_sources(settings, currency)


def test_the_market_of_these_tests_knows_both_steps() -> None:
    assert [step_at(s) for s in bounds("2025-09-30", "2025-10-01")] == [HOUR_SECONDS, SLOT_SECONDS]
