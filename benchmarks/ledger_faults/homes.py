"""Meters of real homes, and of the demo's, as tapes: what each showed and when."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.ledger_faults.tape import Series, Tape
from darkstar.demo.home import SPECS, DemoHome
from darkstar.demo.meters import WH_PER_KWH, State
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Instants

CONNECTION_KW = 21.6
"""3 x 25 A with a quarter more: no home here has a larger one."""
HOUR_US = HOUR_SECONDS * MICROSECONDS
HEARD_LATE_US = 7 * MICROSECONDS
"""A state comes a little after the instant that a logger wrote down, and never on the edge of every hour."""
HISTORY_KEPT_US = 12 * 24 * HOUR_US


class Way(StrEnum):
    """By which way a meter's readings reach the ledger."""

    STATES = "states"
    """Home Assistant's states, told when they change."""
    FILE = "file"
    STATISTICS = "statistics"
    """Home Assistant's hourly statistics."""


@dataclass(frozen=True)
class Meter:
    """One meter's readings, n of them, in time order; those of statistics stand at the ends of hours.

    Attributes:
        no_number_us: when it showed something that is no number.
    """

    home: str
    name: str
    way: Way
    time_us: Instants
    kwh: Series
    no_number_us: Instants = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def usual_step_us(self) -> int:
        """The distance that half of the readings do not exceed."""
        return int(np.percentile(np.diff(self.time_us), 50, method="lower"))

    @cached_property
    def sound(self) -> np.ndarray:
        """Whether each step between readings may be taken as true, shape (n - 1,): no fall, no leap, no hole.

        Judged by nothing but the step itself, so that it does not share the ledger's mistakes; what a meter showed
        unchanged until it leapt is in doubt as well.
        """
        apart, rise = np.diff(self.time_us), np.diff(self.kwh)
        sound = (rise >= 0) & (rise <= CONNECTION_KW * apart / HOUR_US + 0.1)
        if self.way is not Way.STATES:
            sound &= apart <= max(1.5 * self.usual_step_us, SLOT_SECONDS * MICROSECONDS)
        if len(self.no_number_us):
            sound &= np.diff(np.searchsorted(self.no_number_us, self.time_us)) == 0
        doubtful = False
        for i in range(len(sound) - 1, -1, -1):
            doubtful = rise[i] > CONNECTION_KW * apart[i] / HOUR_US + 0.1 or (doubtful and rise[i] == 0)
            sound[i] &= not doubtful
        return np.asarray(sound)

    def tape(self, start_us: int, end_us: int) -> Tape:
        """The readings of [start, end]."""
        first, last = np.searchsorted(self.time_us, start_us), np.searchsorted(self.time_us, end_us, "right")
        return Tape.of(self.time_us[first:last], self.kwh[first:last])


FILES = {
    "nl_toon": ("nl_toon.cum", (Way.FILE, Way.STATISTICS)),
    "nl_p1mon_1min": ("nl_p1mon.1min.cum", (Way.FILE, Way.STATES)),
    "nl_p1mon_h": ("nl_p1mon.h.cum", (Way.FILE, Way.STATISTICS)),
    "nl_ha_import": ("nl_ha_import.ragged", (Way.STATES, Way.STATISTICS)),
    "nl_homewizard": ("nl_homewizard.15min.cum", (Way.FILE, Way.STATES)),
    "de_opsd_r4": ("de_opsd_r4_2017release.h.cum", (Way.FILE, Way.STATISTICS)),
    "uk_givenergy": ("uk_givenergy.raw", (Way.FILE, Way.STATES)),
}
CHANNELS = ("import", "export", "pv", "load")


def data_folder() -> Path | None:
    """The folder of real homes; None where it is absent."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("DARKSTAR_DATA") or beside) / "homes"
    return folder if folder.is_dir() else None


def real_meters(folder: Path) -> Iterator[Meter]:
    """Every meter of a channel in the files, by each way that it may come."""
    for home, (file, ways) in FILES.items():
        table = pd.read_parquet(folder / f"{file}.parquet")
        for name in table.columns:
            if not (str(name).endswith("kwh_cum") and str(name).startswith(CHANNELS)):
                continue
            shown = table[name].dropna()
            time_us = pd.DatetimeIndex(shown.index).as_unit("us").asi8
            for way in ways:
                yield _by(way, home, str(name), time_us, shown.to_numpy(dtype=np.float64))


def demo_meters(home: DemoHome) -> Iterator[Meter]:
    """The demo home's meters: by state in its last days, by the hour before."""
    recent_us = home.end * MICROSECONDS - HISTORY_KEPT_US
    for spec in SPECS:
        if spec.unit == "%" or spec.state_class is None:
            continue
        told = home.readings[spec.entity_id]
        number = told.state == State.NUMBER
        time_us, kwh = told.time_us[number], told.value[number] / WH_PER_KWH[spec.unit]
        recent = time_us >= recent_us
        meter = _by(Way.STATES, "demo", spec.entity_id, time_us[recent], kwh[recent])
        yield replace(meter, no_number_us=told.time_us[~number])
        if not spec.daily:
            hours = np.arange(-(-time_us[0] // HOUR_US) + 1, time_us[-1] // HOUR_US) * HOUR_US
            held = np.searchsorted(time_us, hours) - 1
            yield _by(Way.STATISTICS, "demo", spec.entity_id, hours, kwh[held])


def _by(way: Way, home: str, name: str, time_us: Instants, kwh: Series) -> Meter:
    if way is Way.STATES:
        changed = np.append(True, np.diff(kwh) != 0)
        time_us, kwh = time_us[changed] + HEARD_LATE_US, kwh[changed]
        if home == "nl_ha_import":
            dense = time_us >= time_us[-1] - HISTORY_KEPT_US // 2
            time_us, kwh = time_us[dense], kwh[dense]
    if way is Way.STATISTICS:
        whole = time_us % HOUR_US == 0
        time_us, kwh = time_us[whole], kwh[whole]
    return Meter(home, name, way, time_us, kwh)
