"""Meters of real homes, whole, with the faults that they really had."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, slot_range
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import MeterEvidence, Readings, Reporting, Source
from darkstar.ledger.resolve import Site, resolve
from darkstar.ledger.resolved import ChannelSlots, Flag
from tests.ledger.cases import ABSENT

LIMIT_KW = {Channel.IMPORT: 21.6, Channel.EXPORT: 14.0, Channel.PV: 14.0}
"""A connection of 3 x 25 A with a quarter more, and far more than the roofs can give."""


def meter(column: pd.Series, source: Source = Source.IMPORT_FINE) -> MeterEvidence:
    shown = column.dropna()
    n = len(shown)
    return MeterEvidence(
        str(column.name),
        Reporting.PERIODIC,
        Readings(
            pd.DatetimeIndex(shown.index).as_unit("us").asi8,
            shown.to_numpy().astype(object),
            np.full(n, "kWh", dtype=object),
            np.full(n, source, dtype=np.int8),
            np.zeros(n, dtype=np.bool_),
        ),
    )


def slots_of(channel: Channel, meters: Sequence[MeterEvidence], start: int, end: int) -> ChannelSlots:
    site = Site(dict.fromkeys(Channel, LIMIT_KW[channel] / 4), ABSENT, 52.1, 5.1)
    found = resolve(slot_range(start, end), {channel: [MeterGroup("import", tuple(meters))]}, [], site)
    return found.channels[channel]


def extent(table: pd.DataFrame | pd.Series) -> tuple[int, int]:
    """Whole hours around everything."""
    first, last = (int(at.timestamp()) for at in (table.index[0], table.index[-1]))
    return first // HOUR_SECONDS * HOUR_SECONDS, -(-last // HOUR_SECONDS) * HOUR_SECONDS + HOUR_SECONDS


def assert_sound(found: ChannelSlots, channel: Channel) -> None:
    known = np.isfinite(found.energy_kwh)
    assert (found.energy_kwh[known] >= 0).all()
    assert found.energy_kwh[known].max() <= LIMIT_KW[channel] / 4 + 1e-9


@pytest.fixture(scope="module")
def toon(real_data: Path) -> pd.DataFrame:
    return pd.read_parquet(real_data / "homes" / "nl_toon.cum.parquet").loc[:"2022-01-01"]  # type: ignore[misc]


TOON = {
    Channel.IMPORT: ["import_t1_kwh_cum", "import_t2_kwh_cum"],
    Channel.EXPORT: ["export_t1_kwh_cum", "export_t2_kwh_cum"],
    Channel.PV: ["pv_kwh_cum"],
}
"""Two tariffs, resets."""


@pytest.mark.parametrize("channel", TOON)
@pytest.mark.slow
def test_a_dutch_home_s_hours_are_the_differences_of_its_meters(
    toon: pd.DataFrame, real_data: Path, channel: Channel
) -> None:
    start, end = extent(toon)
    meters = [meter(toon[name], Source.IMPORT_HOUR) for name in TOON[channel]]

    found = slots_of(channel, meters, start, end)

    assert_sound(found, channel)
    reference = pd.read_parquet(real_data / "homes" / "nl_toon.h.parquet")[f"{channel.value}_kwh"]
    hours = pd.to_datetime(np.arange(start, end, HOUR_SECONDS), unit="s", utc=True)
    expected = reference.tz_convert("UTC") if reference.index.tz else reference.tz_localize("UTC")
    expected = expected.reindex(hours).to_numpy()
    plain = (found.flags.reshape(-1, 4) == 0).all(axis=1)
    # What the meter takes back in an hour it had shown too much of in the hour before.
    fell = toon[TOON[channel]].diff().shift(-2).lt(0).any(axis=1).reindex(hours, fill_value=False).to_numpy()
    both = plain & ~fell & np.isfinite(expected) & np.isfinite(hourly(found.energy_kwh))
    assert both.mean() > 0.85
    assert hourly(found.energy_kwh)[both] == pytest.approx(expected[both], abs=1e-6)


@pytest.mark.slow
def test_a_dutch_home_s_meters_keep_their_energy(toon: pd.DataFrame) -> None:
    start, end = extent(toon)
    for names in (TOON[Channel.IMPORT], TOON[Channel.EXPORT]):
        for name in names:
            found = slots_of(Channel.IMPORT, [meter(toon[name], Source.IMPORT_HOUR)], start, end)
            shown = toon[name].dropna()
            assert np.nansum(found.energy_kwh) == pytest.approx(shown.iloc[-1] - shown.iloc[0], abs=1e-6), (
                name
            )


def test_the_sun_s_meter_is_counted_through_its_reset(toon: pd.DataFrame) -> None:
    start, end = extent(toon)

    found = slots_of(Channel.PV, [meter(toon["pv_kwh_cum"], Source.IMPORT_HOUR)], start, end)

    assert (found.flags & Flag.RESET).any()
    rises = toon["pv_kwh_cum"].dropna().diff()
    plausible = rises[(rises >= 0) & (rises <= LIMIT_KW[Channel.PV])].sum()
    assert np.nansum(found.energy_kwh) == pytest.approx(plausible, rel=2e-3)


@pytest.mark.parametrize("file", ["nl_p1mon.1min.cum", "nl_p1mon.h.cum", "nl_homewizard.15min.cum"])
@pytest.mark.slow
def test_dutch_meters_lose_and_invent_nothing(real_data: Path, file: str) -> None:
    table = pd.read_parquet(real_data / "homes" / f"{file}.parquet")
    start, end = extent(table)
    source = Source.IMPORT_HOUR if ".h." in file else Source.IMPORT_FINE
    names = [name for name in table.columns if name.endswith("kwh_cum")]
    assert names
    for name in names:
        shown = table[name].dropna()

        found = slots_of(Channel.IMPORT, [meter(shown, source)], start, end)

        assert_sound(found, Channel.IMPORT)
        known = np.nansum(found.energy_kwh)
        # The outermost quarters are covered in part only and so unknown.
        assert shown.iloc[-1] - shown.iloc[0] - LIMIT_KW[Channel.IMPORT] / 2 <= known + 1e-6, name
        assert known <= shown.iloc[-1] - shown.iloc[0] + drops(shown) + 1e-6, name


def test_a_real_export_of_home_assistant(real_data: Path) -> None:
    table = pd.read_parquet(real_data / "homes" / "nl_ha_import.ragged.parquet")
    for name in [name for name in table.columns if name.endswith("kwh_cum")]:
        shown = table[name].dropna()
        start, end = extent(shown)

        found = slots_of(Channel.IMPORT, [meter(shown, Source.IMPORT_FINE)], start, end)

        assert_sound(found, Channel.IMPORT)
        known = np.nansum(found.energy_kwh)
        assert known == pytest.approx(shown.iloc[-1] - shown.iloc[0], abs=drops(shown) + 0.5), name
        assert np.isnan(found.energy_kwh).sum() <= 8, "only the quarters at its very ends"


def drops(shown: pd.Series) -> float:
    falls = shown.diff()
    return float(-falls[falls < 0].sum())
