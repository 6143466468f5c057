"""Homes with a year behind them: hourly statistics for long ago, states for the last ten days, faults in both."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkstar.demo import home as demo
from darkstar.demo import quirks
from darkstar.demo.accounting import statistics
from darkstar.demo.meters import MeterReadings, State, told
from tests.end_to_end.home_assistant.configuration import Meter
from tests.end_to_end.home_assistant.peer import Peer
from tests.end_to_end.home_assistant.seed import (
    StateRow,
    StatisticRow,
    make_database,
    seed_states,
    seed_statistics,
    wait_compiled,
)

DAY = 86_400
HOUR = 3_600
MICROSECONDS = 1_000_000
WEEKS_SINCE_TOON = 256
"""Whole weeks by which the Toon home is moved into the present: hours, weekdays and seasons stay what they were."""
SHIFT = pd.Timedelta(weeks=WEEKS_SINCE_TOON)
KEPT_DAYS = 10
"""Home Assistant compiles statistics of states so old at most."""
LONGEST_START_SECONDS = 600
"""From when a home is made until its Home Assistant has begun to compile."""
Befall = Callable[[Mapping[Meter, MeterReadings], int], dict[Meter, MeterReadings]]
TEXT = {State.UNAVAILABLE: "unavailable", State.UNKNOWN: "unknown"}


@dataclass(frozen=True)
class YearHome:
    """What a Home Assistant is seeded with.

    Attributes:
        start, end: the year [UTC s], both on the hour. recent: from here on there are states.
        readings: by meter; before `recent` hourly, whatever the meter does.
        sensors: entity ids by channel, as in `darkstar.yaml`. sections: what else that file holds.
        truth_kwh: by channel, what flowed between `recent` and `end`.
    """

    name: str
    start: int
    recent: int
    end: int
    readings: Mapping[Meter, MeterReadings]
    sensors: Mapping[str, tuple[str, ...]]
    sections: Mapping[str, object]
    truth_kwh: Mapping[str, float]

    @property
    def meters(self) -> tuple[Meter, ...]:
        """All of them."""
        return tuple(self.readings)


def start_year_home(home: YearHome, folder: Path, python: Path) -> Peer:
    """A running Home Assistant with that past, its statistics of the last days compiled by itself."""
    peer = Peer(folder, python, home.meters)
    make_database(peer)
    seed_statistics(
        peer,
        {meter: _hours(readings, home) for meter, readings in home.readings.items() if meter.counts},
    )
    seed_states(
        peer, {meter: _states(meter, readings, home.recent) for meter, readings in home.readings.items()}
    )
    peer.start()
    wait_compiled(peer)
    return peer


def demo_home(now: int) -> YearHome:
    """The product's demo home, ending at the last full hour."""
    end = now // HOUR * HOUR
    made = demo.make_home(seed=7, end=end)
    recent = max(-(-(end - demo.KEPT_SECONDS) // HOUR) * HOUR, _states_begin(now))
    classes = {"soc": "battery"}
    meters = {
        spec.entity_id: Meter(
            spec.entity_id.removeprefix("sensor."),
            spec.unit,
            classes.get(spec.channel, "energy"),
            spec.state_class,
        )
        for spec in demo.SPECS
    }
    sensors: dict[str, tuple[str, ...]] = {}
    for spec in demo.SPECS:
        sensors[spec.channel] = (*sensors.get(spec.channel, ()), spec.entity_id)
    since = int(np.searchsorted(made.slots, recent))
    return YearHome(
        "demo",
        -(-made.start // HOUR) * HOUR,
        recent,
        end,
        {meters[spec.entity_id]: made.readings[spec.entity_id] for spec in demo.SPECS},
        sensors,
        {"battery": {"capacity_kwh": 10, "charge_max_kw": 5, "discharge_max_kw": 5, "soc_min_percent": 10}},
        {channel.value: float(kwh[since:].sum()) for channel, kwh in made.truth.items()},
    )


def toon_home(data: Path, now: int, befall: Befall | None = None) -> YearHome:
    """A real Dutch home with two tariffs and its own faults, moved to the year that ends now; water is made up.

    What else befalls its meters, by name (`import_t1`), is `befall`'s matter; given none, what befalls most.
    """
    end = now // HOUR * HOUR
    start, recent = end - 365 * DAY, _states_begin(now)
    table = pd.read_parquet(data / "homes" / "nl_toon.cum.parquet").drop(columns="gas_m3_cum")
    table.index = (table.index + SHIFT).as_unit("s")
    table["water_kwh_cum"] = 40.0 + np.arange(len(table)) * 0.21
    units = {"pv": "Wh"}
    readings, truth = {}, {}
    for column in table.columns:
        name = column.removesuffix("_kwh_cum")
        series = table[column].dropna()
        meter = Meter(
            f"toon_{name}",
            units.get(name, "kWh"),
            state_class=None if name == "water" else "total_increasing",
        )
        at = series.index.to_numpy(dtype=np.int64)
        readings[meter] = _read(meter, at, series.to_numpy(), start, recent, end)
        channel = name.split("_")[0]
        span = np.interp([recent, end], at, series.to_numpy())
        truth[channel] = truth.get(channel, 0.0) + float(span[1] - span[0])
    return YearHome(
        "nl_toon",
        start,
        recent,
        end,
        (befall or _befall)(readings, end),
        {
            "import": ("sensor.toon_import_t1", "sensor.toon_import_t2"),
            "export": ("sensor.toon_export_t1", "sensor.toon_export_t2"),
            "pv": ("sensor.toon_pv",),
            "water": ("sensor.toon_water",),
        },
        {},
        truth,
    )


def last_hour(peer: Peer) -> int:
    """The end of the last hour that Home Assistant has compiled [UTC s]."""
    return int(peer.query("SELECT MAX(start_ts) FROM statistics")[0][0]) + HOUR


def now() -> int:
    """The present [UTC s]."""
    return int(time.time())


def _states_begin(now: int) -> int:
    """The hour in which Home Assistant begins to compile, or the next where this one may be over by then.

    An hour of which it compiles nothing would be an outage of every meter.
    """
    return (now + LONGEST_START_SECONDS) // HOUR * HOUR - KEPT_DAYS * DAY


def _read(
    meter: Meter, at: NDArray[np.int64], kwh: NDArray[np.float64], start: int, recent: int, end: int
) -> MeterReadings:
    """Hourly just before the hour ends, then every five minutes or so, off the grid."""
    offset = 17 + 23 * (len(meter.object_id) % 7)
    hourly = np.arange(start - HOUR, recent + HOUR, HOUR) - 20
    dense = np.arange(recent + offset, end, 300)
    times = np.concatenate([hourly, dense])
    shown = np.interp(times + np.where(times < recent, 20, 0), at, kwh)
    value = np.round(shown * 1000) if meter.unit == "Wh" else np.round(shown, 3)
    return MeterReadings(times * MICROSECONDS + 250_000, value, np.zeros(len(times), np.int8))


def _befall(readings: Mapping[Meter, MeterReadings], end: int) -> dict[Meter, MeterReadings]:
    """The faults that Home Assistant homes live with, in the days that it still has the states of."""
    by_name = {meter.object_id.removeprefix("toon_"): meter for meter in readings}

    def at(days: float) -> int:
        return end - int(days * DAY)

    suffered = dict(readings)
    for name, what in {
        "import_t1": lambda r: quirks.reset(r, at(6.3)),
        "pv": lambda r: quirks.unavailable(r, at(4.45), at(4.45) + 6 * HOUR),
        "export_t1": lambda r: quirks.stray(r, at(3.52), 0.0),
        "export_t2": lambda r: quirks.stray(r, at(2.52), more=500.0),
        "import_t2": lambda r: quirks.dip(r, at(5) - 250, at(5) + 250, 0.04),
    }.items():
        suffered[by_name[name]] = what(readings[by_name[name]])
    return {meter: told(quirks.restart(found, at(1.7))) for meter, found in suffered.items()}


def _hours(readings: MeterReadings, home: YearHome) -> list[StatisticRow]:
    rows = statistics(readings, HOUR, home.start, home.recent, 1.0)
    return list(zip(rows.start_utc.tolist(), rows.state_kwh.tolist(), rows.sum_kwh.tolist(), strict=True))


def _states(meter: Meter, readings: MeterReadings, recent: int) -> list[StateRow]:
    rows = readings.take(readings.time_us >= recent * MICROSECONDS)
    digits = 0 if meter.unit in ("Wh", "%") else 3
    return [
        (when / MICROSECONDS, f"{value:.{digits}f}" if state == State.NUMBER else TEXT[State(state)])
        for when, value, state in zip(
            rows.time_us.tolist(), rows.value.tolist(), rows.state.tolist(), strict=True
        )
    ]
