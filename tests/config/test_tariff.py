"""`tariff:` in darkstar.yaml as a list of tariffs with the days from which they hold."""

import datetime as dt
from pathlib import Path

import pytest

from darkstar.config.settings import Settings, load_settings
from darkstar.config.tariff_file import read_tariff
from darkstar.domain.errors import ConfigError
from darkstar.domain.power_tariff import month_of
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff

HOME = "home: {timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, main_fuse_a: 20}\n"
POWER = "{peaks: 1, period: hour, per_kw: %s}"


def entry(fee: float, since: str = "", power: str = "", vat: float = 25) -> str:
    begins = f"from: {since}, " if since else ""
    more = f", power: {power}" if power else ""
    return f"  - {{{begins}grid_fee_per_kwh: {fee}, energy_tax_per_kwh: 0.4, vat_percent: {vat}{more}}}\n"


def load(folder: Path, *entries: str) -> Settings:
    (folder / "darkstar.yaml").write_text(HOME + "tariff:\n" + "".join(entries), encoding="utf-8")
    return load_settings(folder, {})


def complaint(folder: Path, *entries: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, *entries)
    return str(caught.value)


def test_each_from_its_day(tmp_path: Path) -> None:
    found = load(tmp_path, entry(0.1), entry(0.2, "2024-07-01"), entry(0.3, "2025-01-01", vat=0))
    assert found.tariffs.first == Tariff(0.1, 0.4, 0, 25)
    assert found.tariffs.later == (
        DatedTariff(dt.date(2024, 7, 1), Tariff(0.2, 0.4, 0, 25)),
        DatedTariff(dt.date(2025, 1, 1), Tariff(0.3, 0.4, 0, 0)),
    )
    assert found.tariffs.tz == found.home.tz
    assert found.power_tariffs == ()


def test_power_by_the_months_first_day(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        entry(0.1, power=POWER % 40),
        entry(0.2, "2024-07-01", POWER % 40),
        entry(0.2, "2024-09-02", POWER % 60, vat=50),
        entry(0.2, "2024-12-15", POWER % 80),
        entry(0.2, "2025-01-01"),
    )
    july, october, january = (month_of(dt.date(*day, 1)) for day in ((2024, 7), (2024, 10), (2025, 1)))
    assert [(one.per_kw, one.first_month, one.end_month) for one in found.power_tariffs] == [
        (50, None, october),
        (90, october, january),
    ]
    assert july < october


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((entry(0.1, "2024-01-01"),), "tariff: the first (from 2024-01-01) must go without `from`"),
        ((entry(0.1), entry(0.2)), "tariff: number 2 needs a day from which it holds"),
        ((entry(0.1), entry(0.2, "2025-01-01"), entry(0.2, "2025-01-01")), "from 2025-01-01 comes twice"),
        ((entry(0.1), entry(0.2, "2025-01-01"), entry(0.2, "2024-12-31")), "2024-12-31 comes after 2025-01-01"),
        ((entry(0.1), entry(0.2, "2025")), "tariff.1.from must be a date"),
        ((entry(0.1), entry(0.2, "2025-01-01 12:00:00")), "tariff.1.from must be a date"),
        ((entry(0.1), entry(-0.2, "2025-01-01")), "tariff.1.grid_fee_per_kwh must be at least 0"),
        (("  []",), "tariff is empty"),
    ],
)  # fmt: skip
def test_mistakes_are_told(tmp_path: Path, entries: tuple[str, ...], said: str) -> None:
    assert said in complaint(tmp_path, *entries)


def test_another_file_may_have_several_too(tmp_path: Path) -> None:
    tz = load(tmp_path, entry(0.1)).home.tz
    path = tmp_path / "other.yaml"
    path.write_text("tariff:\n" + entry(0.1) + entry(0.2, "2025-01-01", POWER % 40), encoding="utf-8")
    tariffs, power = read_tariff(path, {}, tz)
    assert tariffs.later[0].tariff.grid_fee_per_kwh == 0.2
    assert power[0].first_month == month_of(dt.date(2025, 1, 1))
