"""Hours laid over their quarters, through the ledger's own rules, against what the quarters really were.

Only the hours' totals are given as evidence, beside them nothing. An even split is what any consumer of hourly
statistics assumes. Demo home: the generator's truth. `nl_homewizard` is a sample file whose quarters are drawn at
random: nothing can be known of them, and a split that seems to gain there would be wrong.
"""

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table

from benchmarks._result import Result
from darkstar.demo.home import DAYS, HOME, make_home
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import Intervals, MeterEvidence, Reporting
from darkstar.ledger.resolve import Site, resolve
from darkstar.ledger.sun import sin_elevation

Series = NDArray[np.float64]
Truth = Mapping[Channel, Series]

LIMIT_KWH = 10.0
CLEAR_SHARE = 0.85
"""A day is clear if its sun reaches this share of the clearest day's within two weeks, for the same sun's height."""
NEAR_DAYS = 14
SEEN_SECONDS = 600
"""Telemetry with a longer pause says nothing of the quarters in it."""
GRID = (Channel.IMPORT, Channel.EXPORT)


@dataclass(frozen=True)
class Case:
    """A home whose quarters are known: (n,) slots of whole hours, energies by channel [kWh], NaN where unknown."""

    name: str
    slots: Slots
    truth: Truth
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Errors:
    """Mean absolute and root of mean square error over quarters [kWh]."""

    mae: float
    rmse: float

    @staticmethod
    def of(found: Series, truth: Series) -> "Errors":
        apart = found - truth
        return Errors(float(np.abs(apart).mean()), float(np.sqrt((apart**2).mean())))


@dataclass(frozen=True)
class Row:
    """What was split, and how far off the quarters are: laid evenly and by the ledger."""

    home: str
    what: str
    hours: int
    even: Errors
    ours: Errors

    @property
    def less_mae(self) -> float:
        """By what share our mean absolute error is less than the even split's."""
        return 1 - self.ours.mae / self.even.mae

    @property
    def less_rmse(self) -> float:
        """As `less_mae` for the root of the mean square."""
        return 1 - self.ours.rmse / self.even.rmse


def run() -> Result:
    """Errors of the ledger's split and of an even one, by home and channel, over hours in which energy flowed."""
    columns = ("home", "what", "hours", "even MAE Wh", "ours", "less", "even RMSE Wh", "ours", "less")
    table = Table(*columns, title="Hours to quarters")
    figures: dict[str, float] = {}
    data = Path(os.environ.get("DARKSTAR_DATA") or Path(__file__).parents[2] / "shared" / "data")
    for row in itertools.chain.from_iterable(map(rows, itertools.chain([demo_home()], real_homes(data)))):
        table.add_row(
            *(row.home, row.what, str(row.hours)),
            *(f"{row.even.mae * 1000:.1f}", f"{row.ours.mae * 1000:.1f}", f"{row.less_mae:.1%}"),
            *(f"{row.even.rmse * 1000:.1f}", f"{row.ours.rmse * 1000:.1f}", f"{row.less_rmse:.1%}"),
        )
        name = f"{row.home} {row.what}"
        figures |= {f"{name}: mae_kwh": row.ours.mae, f"{name}: rmse_kwh": row.ours.rmse}
        figures |= {
            f"{name}: mae less than even": row.less_mae,
            f"{name}: rmse less than even": row.less_rmse,
        }
    return Result(table, figures)


def rows(case: Case) -> Iterator[Row]:
    """Each channel, the sun on clear days, and the net of the grid."""
    for what, found, truth in _series(case):
        wanted = np.isfinite(found + truth).all(axis=1) & (np.abs(truth).sum(axis=1) > 0)
        if wanted.any():
            level = np.repeat(truth.mean(axis=1, keepdims=True), SLOTS_PER_HOUR, axis=1)
            errors = (Errors.of(laid[wanted], truth[wanted]) for laid in (level, found))
            yield Row(case.name, what, int(wanted.sum()), *errors)


def _series(case: Case) -> Iterator[tuple[str, Series, Series]]:
    """Name, found and true energies by hour and quarter, shape (h, 4)."""
    found = split(case)
    pairs = {
        c: (found[c].reshape(-1, SLOTS_PER_HOUR), t.reshape(-1, SLOTS_PER_HOUR))
        for c, t in case.truth.items()
    }
    for channel, (ours, truth) in pairs.items():
        yield channel.value, ours, truth
        if channel is Channel.PV:
            clear = clear_hours(case)
            yield "pv, clear days", ours[clear], truth[clear]
    (bought, true_bought), (sold, true_sold) = (pairs[c] for c in GRID)
    yield "net import", bought - sold, true_bought - true_sold


def split(case: Case) -> Truth:
    """What the ledger makes of the hours alone."""
    meters = {}
    for channel, energy in case.truth.items():
        hours = energy.reshape(-1, SLOTS_PER_HOUR).sum(axis=1)
        start, known = case.slots[::SLOTS_PER_HOUR], np.isfinite(hours)
        told = Intervals(start[known], start[known] + HOUR_SECONDS, hours[known])
        meter = MeterEvidence(channel.value, Reporting.PERIODIC, intervals=told)
        meters[channel] = [MeterGroup("import", (meter,))]
    site = Site(dict.fromkeys(Channel, LIMIT_KWH), _absent(case), case.latitude, case.longitude)
    return {
        channel: slots.energy_kwh for channel, slots in resolve(case.slots, meters, [], site).channels.items()
    }


def _absent(case: Case) -> frozenset[Channel]:
    """Nothing is absent for sure where only the grid is metered."""
    return frozenset(Channel) - set(case.truth) if Channel.PV in case.truth else frozenset()


def clear_hours(case: Case) -> NDArray[np.bool_]:
    """(h,) hours of clear days, judged by the days around."""
    day = case.slots // DAY_SECONDS
    height = np.maximum(sin_elevation(case.slots + SLOT_SECONDS / 2, case.latitude, case.longitude), 0.0)
    days = pd.DataFrame({"pv": case.truth[Channel.PV], "sun": height}).groupby(day).sum()
    share = days["pv"] / days["sun"]
    best = share.rolling(2 * NEAR_DAYS + 1, center=True, min_periods=1).max()
    clear = days.index[share >= CLEAR_SHARE * best]
    return np.isin(day[::SLOTS_PER_HOUR], clear.to_numpy())


def demo_home(days: int = DAYS) -> Case:
    """The demo home over so many days."""
    demo = make_home(days=days)
    whole = len(demo.slots) // SLOTS_PER_HOUR * SLOTS_PER_HOUR
    truth = {channel: energy[:whole] for channel, energy in demo.truth.items()}
    return Case("demo", demo.slots[:whole], truth, HOME.latitude, HOME.longitude)


def real_homes(data: Path) -> Iterator[Case]:
    """The real homes whose quarters are known, none where there are no files."""
    folder = data / "homes"
    if not folder.is_dir():
        return
    for name, file, latitude, longitude in (
        ("se4_magma", "se4_magma.15min", 55.6, 13.0),
        ("be_fluvius", "be_fluvius.15min", 50.9, 4.4),
    ):
        yield _metered(
            name,
            _on_the_quarter(pd.read_parquet(folder / f"{file}.parquet"))[["import_kwh", "export_kwh"]],
            latitude,
            longitude,
        )
    for name, file in (("nl_p1mon", "nl_p1mon.1min.cum"), ("nl_homewizard", "nl_homewizard.15min.cum")):
        shown = _on_the_quarter(pd.read_parquet(folder / f"{file}.parquet"))
        totals = {
            f"{c}_kwh": shown.filter(like=f"{c}_").sum(axis=1, skipna=False) for c in ("import", "export")
        }
        risen = pd.DataFrame(totals).diff().shift(-1)
        yield _metered(name, risen.where(risen >= 0), 52.1, 5.1)
    yield _telemetry(pd.read_parquet(folder / "uk_givenergy.raw.parquet"))


def _on_the_quarter(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of every quarter of the whole hours within, NaN where the file has none."""
    first, last = table.index[0].ceil("h"), table.index[-1].floor("h")
    return table.reindex(pd.date_range(first, last, freq="15min", inclusive="left"))


def _metered(name: str, table: pd.DataFrame, latitude: float, longitude: float) -> Case:
    slots = pd.DatetimeIndex(table.index).as_unit("s").asi8
    truth = {c: table[c.column].to_numpy(dtype=np.float64) for c in GRID}
    return Case(name, slots, truth, latitude, longitude)


def _telemetry(table: pd.DataFrame) -> Case:
    """A home's powers, integrated."""
    at = pd.DatetimeIndex(table.index).as_unit("s").asi8
    slots = np.arange(-(-at[0] // HOUR_SECONDS), at[-1] // HOUR_SECONDS) * HOUR_SECONDS
    slots = (slots[:, None] + SLOT_SECONDS * np.arange(SLOTS_PER_HOUR)).ravel()
    edges = np.append(slots, slots[-1] + SLOT_SECONDS)
    pauses = np.append(0, np.cumsum(np.diff(at) > SEEN_SECONDS))
    unseen = np.interp(edges[1:], at, pauses) != np.interp(edges[:-1], at, pauses)
    watts = {
        Channel.PV: table["pv_w"],
        Channel.LOAD: table["load_w"],
        Channel.EXPORT: table["grid_w_export_pos"],
        Channel.IMPORT: -table["grid_w_export_pos"],
        Channel.BATT_DISCHARGE: table["battery_w_discharge_pos"],
        Channel.BATT_CHARGE: -table["battery_w_discharge_pos"],
    }
    truth = {}
    for channel in BALANCE_SIGN:
        power = np.maximum(watts[channel].to_numpy(dtype=np.float64), 0.0)
        steps = (power[1:] + power[:-1]) / 2 * np.diff(at) / HOUR_SECONDS / 1000
        energy = np.diff(np.interp(edges, at, np.append(0.0, np.cumsum(steps))))
        truth[channel] = np.where(unseen, np.nan, energy)
    return Case("uk_givenergy", slots, truth, 52.5, -1.5)
