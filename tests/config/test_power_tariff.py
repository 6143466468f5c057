"""`tariff.power` in darkstar.yaml: three countries' tariffs as people write them, and what is said of mistakes."""

import datetime as dt
from pathlib import Path

import pytest

from darkstar.config.settings import load_settings
from darkstar.domain.errors import ConfigError
from darkstar.domain.power_tariff import ALL_HOURS, PowerTariff, PowerWindow, Tier

HOME = "home: {timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, main_fuse_a: 20}\n"
TARIFF = "tariff: {grid_fee_per_kwh: 0.1, energy_tax_per_kwh: 0.4, vat_percent: 25, power: %s}\n"
NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4, 5})


def load(folder: Path, power: str) -> tuple[PowerTariff, ...]:
    (folder / "darkstar.yaml").write_text(HOME + TARIFF % power, encoding="utf-8")
    return load_settings(folder, {}).power_tariffs


def complaint(folder: Path, power: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, power)
    return str(caught.value)


def test_none_stated(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    assert load_settings(tmp_path, {}).power_tariffs == ()


def test_swedish_nights_count_half_and_vat_is_added(tmp_path: Path) -> None:
    [found] = load(
        tmp_path,
        "{peaks: 3, different_days: true, period: hour, per_kw: 65, windows: [{hours: 22-6, share: 0.5}, {}]}",
    )
    assert found == PowerTariff(
        3, True, True, 81.25, windows=(PowerWindow(hours=NIGHT, share=0.5), PowerWindow())
    )


def test_norwegian_tiers(tmp_path: Path) -> None:
    tiers = "[{up_to_kw: 2, fee: 80}, {up_to_kw: 5, fee: 136}]"
    [found] = load(tmp_path, f"{{peaks: 3, different_days: true, period: hour, tiers: {tiers}}}")
    assert found.tiers == (Tier(2, 100), Tier(5, 170))
    assert found.windows == (PowerWindow(),)


def test_belgian_quarter_with_a_least_power(tmp_path: Path) -> None:
    [found] = load(tmp_path, "{peaks: 1, period: quarter, per_kw: 4, least_kw: 2.5}")
    assert found == PowerTariff(1, False, False, 5.0, 2.5)


@pytest.mark.parametrize(
    ("written", "months", "weekdays", "hours"),
    [
        ("{months: nov-mar, weekdays: mon-fri, hours: 7-20}", {11, 12, 1, 2, 3}, range(5), range(7, 20)),
        ("{months: [1, 2, december], weekdays: [sat, Sunday], hours: [7, 8, 17-19]}",
         {12, 1, 2}, {5, 6}, {7, 8, 17, 18}),
        ("{months: 11-3, weekdays: fri-mon, hours: '22:00-06:00'}", {11, 12, 1, 2, 3}, {4, 5, 6, 0}, NIGHT),
        ("{months: 7, weekdays: wed, hours: 0-24}", {7}, {2}, ALL_HOURS),
    ],
)  # fmt: skip
def test_windows_as_people_write_them(
    tmp_path: Path, written: str, months: set[int], weekdays: set[int], hours: set[int]
) -> None:
    [found] = load(tmp_path, f"{{peaks: 1, period: hour, per_kw: 60, windows: {written}}}")
    assert found.windows == (PowerWindow(frozenset(months), frozenset(weekdays), frozenset(hours)),)


def test_days_off_and_several_tariffs(tmp_path: Path) -> None:
    one = "{peaks: 1, period: hour, per_kw: 30, windows: {days_off: [2025-12-25]}}"
    found = load(tmp_path, f"[{one}, {one}]")
    assert len(found) == 2
    assert found[1].windows[0].days_off == frozenset({dt.date(2025, 12, 25)})


def test_the_guides_examples_can_be_used(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "USER_GUIDE.md").read_text(encoding="utf-8")
    block = guide.split("### Power tariff")[1].split("```yaml")[1].split("```")[0]
    examples = [line.removeprefix("power: ") for line in block.splitlines() if line.startswith("power: ")]
    swedish, norwegian, flemish = (load(tmp_path, example)[0] for example in examples)
    assert (swedish.per_kw, swedish.windows[0].share) == (81.25, 0.5)
    assert [tier.up_to_kw for tier in norwegian.tiers] == [2, 5, 10]
    assert (flemish.hourly, flemish.least_kw) == (False, 2.5)


@pytest.mark.parametrize(
    ("power", "told"),
    [
        ("{peaks: 3, period: hour, per_kw: 65}", "tariff.power: different_days is missing"),
        ("{peaks: 1, period: hour}", "tariff.power: state either per_kw"),
        ("{peaks: 1, period: hour, per_kw: 65, tiers: [{up_to_kw: 2, fee: 3}]}", "tariff.power: state either"),
        ("{period: hour, per_kw: 65}", "tariff.power.peaks is missing"),
        ("{peaks: 1, per_kw: 65}", "tariff.power.period is missing"),
        ("{peaks: 1, period: day, per_kw: 65}", "tariff.power.period must be 'hour' or 'quarter', not 'day'"),
        ("{peaks: 0, period: hour, per_kw: 65}", "tariff.power.peaks must be at least 1, not 0"),
        ("{peaks: 1, period: hour, per_kw: -1}", "tariff.power.per_kw must be more than 0"),
        ("{peaks: 1, period: hour, perkw: 65}", "tariff.power.perkw: did you mean per_kw?"),
        ("[{peaks: 1, period: hour, perkw: 65}]", "tariff.power.0.perkw: did you mean per_kw?"),
        ("{peaks: 1, period: hour, per_kw: 6, windows: {hour: 7-20}}",
         "tariff.power.windows.hour: did you mean hours?"),
        ("{peaks: 1, period: hour, per_kw: 6, windows: [{hours: 7-25}]}",
         "tariff.power.windows.0.hours must name whole hours"),
        ("{peaks: 1, period: hour, per_kw: 6, windows: {hours: '7:30-8'}}", "hours must name whole hours"),
        ("{peaks: 1, period: hour, per_kw: 6, windows: {months: 0-3}}", "months must name months"),
        ("{peaks: 1, period: hour, per_kw: 6, windows: {weekdays: [1]}}", "weekdays must name weekdays"),
        ("{peaks: 1, period: hour, per_kw: 6, windows: {days_off: xmas}}", "days_off must list dates"),
        ("{peaks: 1, period: hour, tiers: [{up_to_kw: 5, fee: 3}, {up_to_kw: 2, fee: 4}]}", "do not rise"),
        ("{peaks: 1, period: hour, tiers: [{up_to: 5, fee: 3}]}", "tariff.power.tiers.0.up_to: did you mean up_to_kw?"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, power: str, told: str) -> None:
    assert told in complaint(tmp_path, power)
