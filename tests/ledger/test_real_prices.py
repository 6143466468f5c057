"""Real prices judged: years of the market without a false alarm, and a feed that did hang."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.market import auction_limits
from darkstar.domain.slots import slot_range
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import always
from darkstar.ledger.prices import compare_sources, resolve_prices
from darkstar.ledger.quality import KnownPrices, QualityRules, label_days
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolved import ResolvedSlots

OSLO = ZoneInfo("Europe/Oslo")


def complaints(prices: pd.Series, currency: str) -> dict[str, tuple[str, ...]]:
    """What is said of the prices of each day that has them all."""
    known = prices.dropna()
    starts = known.index.astype("datetime64[s, UTC]").astype(np.int64).to_numpy()
    step = int(np.diff(starts).min())
    slots = slot_range(int(starts[0]), int(starts[-1]) + step)
    quotes = [
        Quotes("feed", "", currency, PriceKind.SPOT, starts, starts + step, known.to_numpy(dtype=float))
    ]
    resolved = resolve_prices(
        slots, quotes, always(Tariff()), preference=["feed"], area="", currency=currency
    )
    compared = compare_sources(
        slots,
        quotes,
        preference=["feed"],
        area="",
        currency=currency,
        tolerance_per_kwh=0.0,
        tolerance_percent=0.0,
    )
    limits = auction_limits(currency)
    assert limits is not None
    soc = np.full(len(slots), np.nan)
    labels = label_days(
        ResolvedSlots(slots, {}, soc, soc),
        (),
        OSLO,
        QualityRules(price_lowest_per_kwh=limits[0], price_highest_per_kwh=limits[1]),
        KnownPrices(resolved, compared, expected=True),
    )
    return {label.day.isoformat(): label.reasons for label in labels if label.reasons}


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("se1_se4.h.parquet", "se1_eur_mwh"),
        ("se1_se4.h.parquet", "se2_eur_mwh"),
        ("se1_se4.h.parquet", "se3_eur_mwh"),
        ("se1_se4.h.parquet", "se4_eur_mwh"),
        ("nl_2024_2025-09.h.parquet", "nl_eur_kwh"),
        ("fi_2023_2025.h.parquet", "fi_eur_mwh"),
        ("de_fr_2026.15min.parquet", "de_lu_eur_mwh"),
        ("de_fr_2026.15min.parquet", "fr_eur_mwh"),
        ("dk2_2017_2022.h.parquet", "dk2_eur_mwh"),
    ],
)
def test_no_true_price_is_called_wrong(real_data: Path, file: str, column: str) -> None:
    """Crises, floors, zeros for ten hours, days of 23 and 25 hours: all of it happened."""
    prices = pd.read_parquet(real_data / "prices" / file)[column]
    said = complaints(prices / 1000 if column.endswith("_mwh") else prices, "EUR")
    assert {day: reasons for day, reasons in said.items() if "unknown" not in reasons[0]} == {}


def test_prices_in_another_unit_are_found_on_every_day(real_data: Path) -> None:
    prices = pd.read_parquet(real_data / "prices" / "de_fr_2026.15min.parquet")["de_lu_eur_mwh"]
    said = complaints(prices, "EUR")
    days = pd.Series(prices.index.tz_convert(OSLO).date).nunique()
    implausible = [day for day, reasons in said.items() if any("implausible" in reason for reason in reasons)]
    assert len(implausible) >= days - 2


def test_a_feed_that_hung_for_a_day_is_found(real_data: Path) -> None:
    """An SE4 household's feed showed one price from midnight to midnight, twice in a year."""
    prices = pd.read_parquet(real_data / "prices" / "se4_sek_2024-05_2025-02.h.parquet")
    said = complaints(prices["se4_export_price_sek_kwh"], "SEK")
    stale = {day: reasons for day, reasons in said.items() if "unknown" not in reasons[0]}
    assert stale == {
        "2024-06-26": ("price: the market price stands still for 24 h",),
        "2024-07-25": ("price: the market price stands still for 24 h",),
    }
