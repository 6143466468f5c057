"""The faults that real meters really had: each is found where it was and called by its name."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR
from darkstar.ledger.causes.case import Case, Patterns, Stretch, Witness
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Source
from darkstar.ledger.explain import remarks
from darkstar.ledger.resolved import ChannelSlots
from tests.ledger.test_real_meters import LIMIT_KW, meter, slots_of

AROUND = pd.Timedelta("40D")


@dataclass(frozen=True)
class Story:
    """A stretch of one real meter: what it showed, its slots from `start` on, and what is told of each hour."""

    shown: pd.Series
    start: int
    slots: ChannelSlots
    told: dict[pd.Timestamp, Cause]

    def energy(self, first: str, last: str) -> float:
        """Between two instants, each of which is on the hour."""
        return float(np.nansum(self.slots.energy_kwh[slice(*(self._slot(at) for at in (first, last)))]))

    def causes(self, first: str, last: str) -> set[Cause]:
        """All that is told of the hours that begin in [first, last]."""
        return {
            cause
            for at, cause in self.told.items()
            if pd.Timestamp(first, tz="UTC") <= at <= pd.Timestamp(last, tz="UTC")
        }

    def _slot(self, at: str) -> int:
        seconds = int(pd.Timestamp(at, tz="UTC").timestamp()) - self.start
        return seconds * SLOTS_PER_HOUR // HOUR_SECONDS


def story(
    folder: Path,
    file: str,
    name: str,
    at: str,
    channel: Channel = Channel.IMPORT,
    around: pd.Timedelta = AROUND,
) -> Story:
    column = pd.read_parquet(folder / "homes" / f"{file}.parquet", columns=[name])[name]
    when = pd.Timestamp(at, tz="UTC")
    shown = column.loc[when - around : when + around].dropna()
    source = Source.IMPORT_FINE if "1min" in file or "ragged" in file else Source.IMPORT_HOUR
    start, end = (
        int(t.timestamp()) // HOUR_SECONDS * HOUR_SECONDS for t in (shown.index[0], shown.index[-1])
    )
    evidence = meter(shown, source)
    found = slots_of(channel, [evidence], start, end)
    hours = np.arange(start, end, HOUR_SECONDS)
    n = len(hours)
    stretch = Stretch(
        channel,
        hours,
        np.full(n, np.nan),
        hourly(found.energy_kwh),
        np.ones(n, dtype=np.bool_),
        found,
        (Witness(evidence, hours, LIMIT_KW[channel], ours=False),),
        Patterns.none(n),
        0.1,
    )
    told = {pd.Timestamp(int(hours[i]), unit="s", tz="UTC"): remarks(Case(stretch, i)) for i in range(n)}
    return Story(shown, start, found, {at: finding.cause for at, finding in told.items() if finding})


def test_the_sun_s_meter_began_again_from_zero_after_4424_kwh(real_data: Path) -> None:
    found = story(real_data, "nl_toon.cum", "pv_kwh_cum", "2020-01-10T08:00", Channel.PV)

    assert found.causes("2020-01-09T22:00", "2020-01-10T07:00") == {Cause.RESET}
    assert Cause.RESET not in found.causes("2019-12-01", "2020-01-09T21:00")
    assert Cause.RESET not in found.causes("2020-01-10T08:00", "2020-02-19")
    last_before, first_after = 4424.261, 0.001
    assert last_before in found.shown.to_numpy()
    after = float(found.shown[pd.Timestamp("2020-01-15T08:00", tz="UTC")])
    assert found.energy("2020-01-09T22:00", "2020-01-15T08:00") == pytest.approx(after, abs=1e-6)
    assert after > first_after


@pytest.mark.parametrize(
    ("at", "cause"),
    [
        ("2020-01-20T17:00", Cause.SPIKE),
        ("2020-03-17T13:00", Cause.SPIKE),
        ("2020-04-15T17:00", Cause.STEP_BACK),
        ("2021-09-07T19:00", Cause.SPIKE),
        ("2021-09-24T17:00", Cause.SPIKE),
    ],
)
def test_what_the_sun_s_meter_took_back_is_counted_once(real_data: Path, at: str, cause: Cause) -> None:
    found = story(real_data, "nl_toon.cum", "pv_kwh_cum", at, Channel.PV, pd.Timedelta("3D"))

    assert set(found.told.values()) == {cause}
    assert {str(hour)[:10] for hour in found.told} == {at[:10]}
    day = found.shown.loc[at[:10]]
    assert found.energy(at[:10], f"{at[:10]}T23:00") == pytest.approx(day.iloc[-1] - day.iloc[0], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "frozen_from", "lump_kwh"),
    [
        ("import_t1_kwh_cum", "2018-05-04T22:00", 114.327),
        ("import_t2_kwh_cum", "2018-05-07T02:00", 122.890),
    ],
)
def test_the_lump_of_a_meter_that_stood_still_for_weeks_is_laid_over_them(
    real_data: Path, name: str, frozen_from: str, lump_kwh: float
) -> None:
    found = story(real_data, "nl_toon.cum", name, "2018-05-31T20:00")

    assert found.causes(frozen_from, "2018-05-31T19:00") == {Cause.FROZEN}
    assert Cause.FROZEN not in found.causes("2018-04-20", frozen_from[:11] + "00:00")
    assert found.energy(frozen_from, "2018-05-31T20:00") == pytest.approx(lump_kwh, abs=0.01)
    assert np.nanmax(found.slots.energy_kwh[found.slots.flags > 0]) < 1, "no hour holds the lump"
    assert np.nansum(found.slots.energy_kwh) == pytest.approx(
        found.shown.iloc[-1] - found.shown.iloc[0], abs=1e-6
    )


@pytest.mark.parametrize(
    ("name", "glitch_kwh"),
    [
        ("import_t1_kwh_cum", 995.144),
        ("import_t2_kwh_cum", 334.230),
        ("export_t1_kwh_cum", 55.326),
        ("export_t2_kwh_cum", 158.638),
    ],
)
def test_a_glitch_of_995_kwh_backwards_was_a_reading_from_nowhere(
    real_data: Path, name: str, glitch_kwh: float
) -> None:
    found = story(real_data, "nl_p1mon.h.cum", name, "2022-11-04T15:00", around=pd.Timedelta("4D"))

    assert found.shown.diff().min() == pytest.approx(-glitch_kwh, abs=1e-6)
    assert {str(hour)[:13]: cause for hour, cause in found.told.items()} == {
        "2022-11-04 14": Cause.SPIKE,
        "2022-11-04 15": Cause.SPIKE,
    }
    assert np.nansum(found.slots.energy_kwh) == pytest.approx(
        found.shown.iloc[-1] - found.shown.iloc[0], abs=1e-6
    )


@pytest.mark.parametrize(
    "name", ["import_t1_kwh_cum", "import_t2_kwh_cum", "export_t1_kwh_cum", "export_t2_kwh_cum"]
)
def test_an_outage_of_46_days_is_known_in_total(real_data: Path, name: str) -> None:
    found = story(real_data, "nl_p1mon.h.cum", name, "2023-01-09T10:00", around=pd.Timedelta("50D"))

    assert set(found.told.values()) == {Cause.OUTAGE}
    assert (min(found.told), max(found.told)) == (
        pd.Timestamp("2022-11-24T12:00", tz="UTC"),
        pd.Timestamp("2023-01-09T09:00", tz="UTC"),
    )
    assert np.nansum(found.slots.energy_kwh) == pytest.approx(
        found.shown.iloc[-1] - found.shown.iloc[0], abs=1e-6
    )


@pytest.mark.parametrize("name", ["import_t1_kwh_cum", "export_t1_kwh_cum"])
def test_a_minute_that_showed_too_much(real_data: Path, name: str) -> None:
    found = story(real_data, "nl_p1mon.1min.cum", name, "2024-02-24T22:19", around=pd.Timedelta("2D"))

    assert [str(hour)[:13] for hour, cause in found.told.items() if cause is Cause.SPIKE] == ["2024-02-24 22"]
    assert set(found.told.values()) == {Cause.SPIKE, Cause.OUTAGE}


@pytest.mark.parametrize(
    ("name", "at", "back_kwh"),
    [
        ("import_t1_kwh_cum", "2025-09-16T07:00", 0.006),
        ("import_t2_kwh_cum", "2025-04-18T08:00", 0.068),
        ("import_t2_kwh_cum", "2025-05-29T10:00", 0.026),
        ("import_t2_kwh_cum", "2025-10-11T14:00", 0.012),
        ("import_t2_kwh_cum", "2025-10-12T08:00", 0.037),
    ],
)
def test_the_five_decreases_of_a_home_assistant_export(
    real_data: Path, name: str, at: str, back_kwh: float
) -> None:
    found = story(real_data, "nl_ha_import.ragged", name, at, around=pd.Timedelta("1D"))
    when = pd.Timestamp(at, tz="UTC")

    assert -found.shown.diff()[when] == pytest.approx(back_kwh, abs=1e-6)
    assert found.told[when - pd.Timedelta("1h")] is Cause.STEP_BACK
    assert Cause.STEP_BACK not in found.causes(at, str(when + pd.Timedelta("6h"))[:16])
