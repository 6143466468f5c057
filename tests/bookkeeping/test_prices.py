"""Prices kept: gaps found, filled from one source after another, and left unknown where nobody knows."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.prices import Dispute, backfill_prices, plan_prices, write_prices
from darkstar.bookkeeping.resolving import resolve_range
from darkstar.config.settings import PriceSettings, Settings
from darkstar.domain.errors import DataError, SourceUnreachableError, UsageError
from darkstar.domain.market import QUARTERS_SINCE
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs
from darkstar.ledger.evidence import Intervals, Reporting, Source
from darkstar.ledger.quality import spoils_energy
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.homes import settings

DAY = 1_753_999_200  # 2025-08-01T00:00:00+02:00
NOW = DAY + 20 * DAY_SECONDS + 15 * HOUR_SECONDS
"""Three in the afternoon of 21 August: the market has published the 22nd."""


class Recorded:
    """A source with one price for all hours but those it lacks.

    Attributes:
        odd: prices of single hours by their start. asked: ranges in the order of the questions.
        failing: by start of a range, the error it is answered with.
    """

    def __init__(self, name: str, price: float, lacks: tuple[tuple[int, int], ...] = ()) -> None:
        self.name = name
        self.price = price
        self.lacks = lacks
        self.asked: list[tuple[int, int]] = []
        self.failing: dict[int, Exception] = {}
        self.odd: dict[int, float] = {}

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        self.asked.append((start_utc, end_utc))
        for start, error in self.failing.items():
            if start_utc <= start < end_utc:
                raise error
        starts = np.arange(start_utc, end_utc, HOUR_SECONDS, dtype=np.int64)
        for first, last in self.lacks:
            starts = starts[(starts < first) | (starts >= last)]
        ends = starts + HOUR_SECONDS
        prices = np.array([self.odd.get(start, self.price) for start in starts.tolist()])
        return Quotes(self.name, "SE4", "SEK", PriceKind.SPOT, starts, ends, prices)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerFile]:
    with LedgerFile(tmp_path / "planner_learning.db") as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def spot(ledger: LedgerFile, start: int, end: int) -> list[float]:
    return (ledger.slots(start, end).export_price - 0.05).round(9).tolist()


async def test_fills_a_range(ledger: LedgerFile, home: Settings) -> None:
    source = Recorded("vattenfall", 0.4)
    report = await backfill_prices([source], ledger, home, DAY, DAY + 2 * DAY_SECONDS, NOW)
    assert (report.slots, report.known, report.missing) == (192, 192, ())
    assert report.added == {"vattenfall": 48}
    assert source.asked == [(DAY, DAY + 2 * DAY_SECONDS)]
    assert set(spot(ledger, DAY, DAY + 2 * DAY_SECONDS)) == {0.4}


async def test_asks_for_nothing_twice(ledger: LedgerFile, home: Settings) -> None:
    source = Recorded("vattenfall", 0.4)
    await backfill_prices([source], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
    report = await backfill_prices([source], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
    assert len(source.asked) == 1
    assert report.added == {}
    assert report.known == 96


async def test_the_next_source_fills_the_gaps_and_only_those(ledger: LedgerFile, home: Settings) -> None:
    gap = (DAY + 30 * HOUR_SECONDS, DAY + 33 * HOUR_SECONDS)
    first, second = Recorded("vattenfall", 0.4, (gap,)), Recorded("elprisetjustnu", 0.6)
    report = await backfill_prices([first, second], ledger, home, DAY, DAY + 3 * DAY_SECONDS, NOW)
    assert second.asked == [(DAY + DAY_SECONDS, DAY + 2 * DAY_SECONDS)]
    assert report.missing == ()
    assert spot(ledger, gap[0] - HOUR_SECONDS, gap[1] + HOUR_SECONDS) == [0.4] * 4 + [0.6] * 12 + [0.4] * 4


async def test_what_nobody_has_stays_unknown_and_is_told(ledger: LedgerFile, home: Settings) -> None:
    gap = (DAY + 30 * HOUR_SECONDS, DAY + 33 * HOUR_SECONDS)
    sources = [Recorded("vattenfall", 0.4, (gap,)), Recorded("elprisetjustnu", 0.6, (gap,))]
    report = await backfill_prices(sources, ledger, home, DAY, DAY + 3 * DAY_SECONDS, NOW)
    assert report.missing == (gap,)
    assert report.known == report.slots - 12
    table = ledger.slots(*gap)
    assert np.isnan(table.import_price).all()
    assert np.isnan(table.export_price).all()


async def test_zero_and_negative_prices_are_no_gaps(ledger: LedgerFile, home: Settings) -> None:
    """Fault 8: zero prices 'repaired' from another source."""
    for price in (0.0, -0.3):
        first, second = Recorded("vattenfall", price), Recorded("elprisetjustnu", 0.6)
        await backfill_prices([first, second], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
        assert second.asked == []


async def test_a_source_out_of_reach_is_passed_over(ledger: LedgerFile, home: Settings) -> None:
    first, second = Recorded("vattenfall", 0.4), Recorded("elprisetjustnu", 0.6)
    first.failing = {DAY: SourceUnreachableError("Vattenfall does not answer.", remedy="Wait.")}
    report = await backfill_prices([first, second], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
    assert report.failures == {"vattenfall": "Vattenfall does not answer."}
    assert report.missing == ()


async def test_a_broken_answer_costs_only_its_own_request(ledger: LedgerFile, home: Settings) -> None:
    source = Recorded("vattenfall", 0.4)
    start, end = DAY - 90 * DAY_SECONDS, DAY
    source.failing = {start: DataError("rubbish")}
    report = await backfill_prices([source], ledger, home, start, end, NOW)
    assert len(source.asked) > 2
    assert report.failures == {"vattenfall": "rubbish"}
    assert report.missing == ((start, source.asked[0][1]),)


async def test_nobody_within_reach_is_an_error(ledger: LedgerFile, home: Settings) -> None:
    sources = [Recorded("vattenfall", 0.4), Recorded("elprisetjustnu", 0.6)]
    for source in sources:
        source.failing = {DAY: SourceUnreachableError(f"{source.name} is away.")}
    with pytest.raises(
        SourceUnreachableError, match=r"vattenfall is away. elprisetjustnu is away.*import prices"
    ):
        await backfill_prices(sources, ledger, home, DAY, DAY + DAY_SECONDS, NOW)


async def test_out_of_reach_does_not_matter_where_nothing_is_missing(
    ledger: LedgerFile, home: Settings
) -> None:
    await backfill_prices([Recorded("vattenfall", 0.4)], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
    away = Recorded("vattenfall", 0.4)
    away.failing = {DAY: SourceUnreachableError("away")}
    report = await backfill_prices([away], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
    assert (report.failures, report.missing) == ({}, ())


async def test_stops_at_what_the_market_has_published(ledger: LedgerFile, home: Settings) -> None:
    source = Recorded("vattenfall", 0.4)
    report = await backfill_prices([source], ledger, home, NOW - DAY_SECONDS, NOW + 9 * DAY_SECONDS, NOW)
    assert report.end == DAY + 22 * DAY_SECONDS


async def test_days_of_23_and_25_hours_are_asked_for_whole(ledger: LedgerFile, home: Settings) -> None:
    """Fault 16."""
    for start, hours in ((1_743_289_200, 23), (1_729_980_000, 25)):  # 2025-03-30, 2024-10-27, local midnight
        source = Recorded("vattenfall", 0.4)
        end = start + hours * HOUR_SECONDS
        report = await backfill_prices([source], ledger, home, start, end, NOW)
        assert source.asked == [(start, end)]
        assert (report.slots, report.known) == (hours * 4, hours * 4)


async def test_an_all_in_import_price_leaves_the_export_price_to_be_asked_for(
    ledger: LedgerFile, home: Settings
) -> None:
    starts = np.array([DAY], dtype=np.int64)
    ledger.add_quotes(
        Quotes("file", "", "SEK", PriceKind.IMPORT, starts, starts + HOUR_SECONDS, np.array([1.9]))
    )
    write_prices(ledger, home, DAY, DAY + HOUR_SECONDS)
    source = Recorded("vattenfall", 0.4)
    await backfill_prices([source], ledger, home, DAY, DAY + HOUR_SECONDS, NOW)
    assert len(source.asked) == 1
    table = ledger.slots(DAY, DAY + HOUR_SECONDS)
    assert table.import_price.tolist() == [1.9] * 4
    np.testing.assert_allclose(table.export_price, 0.45)


async def test_the_plan_says_what_is_missing_and_changes_nothing(ledger: LedgerFile, home: Settings) -> None:
    await backfill_prices([Recorded("vattenfall", 0.4)], ledger, home, DAY, DAY + DAY_SECONDS, NOW)
    plan = plan_prices(ledger, home, DAY, DAY + 3 * DAY_SECONDS - SLOT_SECONDS // 2, NOW)
    assert (plan.start, plan.end) == (DAY, DAY + 3 * DAY_SECONDS)
    assert (plan.slots, plan.known) == (288, 96)
    assert plan.requests == ((DAY + DAY_SECONDS, DAY + 3 * DAY_SECONDS),)
    assert ledger.slot_extent() == (DAY, DAY + DAY_SECONDS)


def test_ranges_that_make_no_sense(ledger: LedgerFile, home: Settings) -> None:
    with pytest.raises(UsageError, match="is empty"):
        plan_prices(ledger, home, DAY, DAY, NOW)
    with pytest.raises(UsageError, match="is empty"):
        plan_prices(ledger, home, DAY + DAY_SECONDS, DAY, NOW)
    with pytest.raises(UsageError, match="Prices are published until 2025-08-22T22:00:00Z"):
        plan_prices(ledger, home, NOW + 3 * DAY_SECONDS, NOW + 4 * DAY_SECONDS, NOW)


def varied(name: str, price: float) -> Recorded:
    """A source whose price is another one in every hour of a month."""
    source = Recorded(name, price)
    source.odd = {DAY + i * HOUR_SECONDS: price + i / 10_000 for i in range(31 * 24)}
    return source


async def test_without_a_check_nobody_is_asked_for_what_is_known(ledger: LedgerFile, home: Settings) -> None:
    second = varied("elprisetjustnu", 0.6)
    report = await backfill_prices(
        [varied("vattenfall", 0.4), second], ledger, home, DAY, DAY + DAY_SECONDS, NOW
    )
    assert second.asked == []
    assert (report.compared, report.disputes) == (0, ())


async def test_a_check_asks_a_second_source_once(ledger: LedgerFile, home: Settings) -> None:
    first, second = varied("vattenfall", 0.4), varied("elprisetjustnu", 0.4)
    end = DAY + 2 * DAY_SECONDS
    await backfill_prices([first, second], ledger, home, DAY, end, NOW)
    plan = plan_prices(ledger, home, DAY, end, NOW)
    assert plan.checks == {"vattenfall": (), "elprisetjustnu": ((DAY, end),)}

    report = await backfill_prices([first, second], ledger, home, DAY, end, NOW, check=True)
    assert second.asked == [(DAY, end)]
    assert len(first.asked) == 1
    assert report.added == {"elprisetjustnu": 48}
    assert (report.compared, report.disputes) == (192, ())

    again = await backfill_prices([first, second], ledger, home, DAY, end, NOW, check=True)
    assert len(second.asked) == 1
    assert (again.added, again.compared) == ({}, 192)


async def test_a_check_fills_and_compares_in_one_go(ledger: LedgerFile, home: Settings) -> None:
    first, second = varied("vattenfall", 0.4), varied("elprisetjustnu", 0.4)
    first.lacks = ((DAY, DAY + DAY_SECONDS),)
    report = await backfill_prices([first, second], ledger, home, DAY, DAY + 2 * DAY_SECONDS, NOW, check=True)
    assert report.missing == ()
    assert report.compared == 96, "of the first day there is one source only"
    assert report.added == {"vattenfall": 24, "elprisetjustnu": 48}
    assert second.asked == [(DAY, DAY + DAY_SECONDS), (DAY + DAY_SECONDS, DAY + 2 * DAY_SECONDS)]


async def test_where_two_sources_differ_the_price_stays_and_is_marked(
    ledger: LedgerFile, home: Settings
) -> None:
    """A true zero of the better source is not "repaired" by the other's number (fault 8)."""
    first, second = varied("vattenfall", 0.4), varied("elprisetjustnu", 0.4)
    at = DAY + 5 * HOUR_SECONDS
    first.odd |= {at: 0.0, at + HOUR_SECONDS: -0.1}
    second.odd |= {at + HOUR_SECONDS: 0.8}
    report = await backfill_prices([first, second], ledger, home, DAY, DAY + DAY_SECONDS, NOW, check=True)
    (dispute,) = report.disputes
    assert dispute == Dispute(at, at + 2 * HOUR_SECONDS, "vattenfall and elprisetjustnu", pytest.approx(0.9))
    assert spot(ledger, at, at + 2 * HOUR_SECONDS) == [0.0] * 4 + [-0.1] * 4


async def test_a_check_that_nobody_can_serve_changes_nothing(ledger: LedgerFile, home: Settings) -> None:
    first, second = varied("vattenfall", 0.4), varied("elprisetjustnu", 0.4)
    second.failing = {DAY: SourceUnreachableError("elprisetjustnu is away.")}
    report = await backfill_prices([first, second], ledger, home, DAY, DAY + DAY_SECONDS, NOW, check=True)
    assert report.failures == {"elprisetjustnu": "elprisetjustnu is away."}
    assert (report.known, report.compared, report.missing) == (96, 0, ())


def with_load(ledger: LedgerFile, home: Settings, days: int) -> None:
    """A home whose load is known, resolved to the end of so many days."""
    meter = ledger.meter("file", "load.csv", Reporting.PERIODIC, "load")
    starts = np.arange(DAY, DAY + days * DAY_SECONDS, SLOT_SECONDS, dtype=np.int64)
    intervals = Intervals(starts, starts + SLOT_SECONDS, np.full(len(starts), 0.1))
    ledger.add_intervals(meter, Source.IMPORT_FINE, intervals)
    resolve_range(ledger, home, DAY, DAY + days * DAY_SECONDS)


def labels(ledger: LedgerFile) -> list[DayQuality]:
    day = dt.date(2025, 8, 1)
    return ledger.days(day, day + dt.timedelta(days=30))


async def test_days_are_labelled_anew_when_their_prices_change(ledger: LedgerFile, home: Settings) -> None:
    with_load(ledger, home, days=2)
    assert [label.reasons for label in labels(ledger)] == [
        ("price: the import price is unknown for 24 h",)
    ] * 2
    assert not any(spoils_energy(label) for label in labels(ledger))

    first, second = varied("vattenfall", 0.4), varied("elprisetjustnu", 0.4)
    second.odd[DAY + 30 * HOUR_SECONDS] = 0.1
    await backfill_prices([first, second], ledger, home, DAY, DAY + 2 * DAY_SECONDS, NOW)
    assert [label.status for label in labels(ledger)] == [DayStatus.CLEAN] * 2

    await backfill_prices([first, second], ledger, home, DAY, DAY + 2 * DAY_SECONDS, NOW, check=True)
    assert [label.status for label in labels(ledger)] == [DayStatus.CLEAN, DayStatus.EXCLUDE]
    assert labels(ledger)[1].reasons == (
        "price: vattenfall and elprisetjustnu differ for 1 h, by up to 0.303 per kWh",
    )


async def test_labels_do_not_depend_on_what_came_first(
    ledger: LedgerFile, home: Settings, tmp_path: Path
) -> None:
    source = varied("vattenfall", 0.4)
    source.odd |= {
        DAY + (24 + i) * HOUR_SECONDS: 0.4 + i / 10_000 for i in range(24)
    }  # the day before, again
    with_load(ledger, home, days=3)
    await backfill_prices([source], ledger, home, DAY, DAY + 3 * DAY_SECONDS, NOW)
    with LedgerFile(tmp_path / "other.db") as other:
        await backfill_prices([source], other, home, DAY + DAY_SECONDS, DAY + 3 * DAY_SECONDS, NOW)
        with_load(other, home, days=3)
        await backfill_prices([source], other, home, DAY, DAY + DAY_SECONDS, NOW)
        assert labels(other) == labels(ledger)
        resolve_range(other, home, DAY + DAY_SECONDS, DAY + 2 * DAY_SECONDS)
        assert labels(other) == labels(ledger)
    assert [label.reasons for label in labels(ledger)] == [
        (),
        ("price: the market price repeats the day before",),
        (),
    ]


async def test_a_day_that_is_not_over_has_prices_and_no_label(ledger: LedgerFile, home: Settings) -> None:
    await backfill_prices([varied("vattenfall", 0.4)], ledger, home, DAY, DAY + 3 * DAY_SECONDS, NOW)
    assert labels(ledger) == [], "no energies at all"
    with_load(ledger, home, days=1)
    assert [label.day for label in labels(ledger)] == [dt.date(2025, 8, 1)]


@pytest.mark.parametrize(
    ("prices", "status"),
    [
        (None, DayStatus.CLEAN),
        (PriceSettings("file", "", ()), DayStatus.CLEAN),
        (PriceSettings("file", "SE4", ("vattenfall",)), DayStatus.EXCLUDE),
    ],
)
def test_prices_are_expected_where_they_can_be_fetched(
    ledger: LedgerFile, tmp_path: Path, prices: PriceSettings | None, status: DayStatus
) -> None:
    with_load(ledger, settings(tmp_path, prices=prices), days=1)
    assert [label.status for label in labels(ledger)] == [status]


async def test_quarters_known_by_their_hour_alone_are_counted(ledger: LedgerFile, home: Settings) -> None:
    october, now = QUARTERS_SINCE, QUARTERS_SINCE + 5 * DAY_SECONDS
    source = Recorded("vattenfall", 0.4)
    report = await backfill_prices([source], ledger, home, october - DAY_SECONDS, october + DAY_SECONDS, now)
    assert (report.known, report.by_the_hour) == (192, 96)


async def test_when_prices_came_is_kept_where_it_was_ahead_of_them(tmp_path: Path, home: Settings) -> None:
    """The 22nd was out of reach until six in the evening of the 21st; a later check receives all of it again."""
    tomorrow = DAY + 21 * DAY_SECONDS
    evening = [float(NOW + 3 * HOUR_SECONDS)]
    with LedgerFile(tmp_path / "watched.db", clock=lambda: evening[0]) as ledger:
        source = Recorded("vattenfall", 0.4)
        await backfill_prices(
            [source], ledger, home, tomorrow - DAY_SECONDS, tomorrow + DAY_SECONDS, evening[0]
        )
        came = ledger.prices_received(tomorrow - DAY_SECONDS, tomorrow + DAY_SECONDS)
        # What is delivered on the 21st from 18:15 on came ahead too, the rest of that day did not.
        assert np.isnan(came[: 19 * 4]).all()
        assert came[19 * 4 :].tolist() == [evening[0]] * (5 * 4 + 96)
        evening[0] += 9 * DAY_SECONDS
        ledger.add_quotes(await source.fetch(tomorrow, tomorrow + DAY_SECONDS))
        write_prices(ledger, home, tomorrow, tomorrow + DAY_SECONDS)
        assert ledger.prices_received(tomorrow, tomorrow + DAY_SECONDS).tolist() == came[96:].tolist()


async def test_another_tariff_is_laid_on_what_is_there(ledger: LedgerFile, home: Settings) -> None:
    """Nothing is asked for: the quotes stay, and each day's price follows the tariff that holds on it."""
    source = Recorded("vattenfall", 0.4)
    await backfill_prices([source], ledger, home, DAY, DAY + 2 * DAY_SECONDS, NOW)
    later = DatedTariff(dt.date(2025, 8, 2), Tariff(grid_fee_per_kwh=1.0))
    changed = replace(home, tariffs=Tariffs(Tariff(vat_percent=50.0), (later,), home.home.tz))
    await backfill_prices([source], ledger, changed, DAY, DAY + 2 * DAY_SECONDS, NOW)
    assert len(source.asked) == 1
    table = ledger.slots(DAY, DAY + 2 * DAY_SECONDS)
    assert table.import_price == pytest.approx([0.6] * 96 + [1.4] * 96)
    assert table.export_price == pytest.approx([0.4] * 192)
