"""The course inside the slots: where meters tell of it, where they do not, and that it adds up."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.home import Battery, Home
from darkstar.domain.slots import DAY_SECONDS, QUARTERS_OF_DAY, slot_range
from darkstar.ledger.evidence import MICROSECONDS, Intervals, Readings, Reporting, Source
from darkstar.ledger.resolved import ChannelSlots, ResolvedPrices, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.past.history import History
from darkstar.time_machine.past.loader import load_scenario
from darkstar.time_machine.plant.model import MINUTE_SECONDS, MINUTES_OF_SLOT
from tests.time_machine.cases import START

HOME = Home("Test", "Europe/Stockholm", 59.3, 18.1, "SEK", 16.0, 3)
SLOTS = slot_range(START, START + DAY_SECONDS)
N = QUARTERS_OF_DAY
MINUTES = N * MINUTES_OF_SLOT
BOUNDS = START, START + DAY_SECONDS


def kwh_by_minute(seed: int, most_w: float = 2000.0) -> np.ndarray:
    """Whole watt-hours, which a meter can show."""
    rng = np.random.default_rng(seed)
    return np.floor(rng.uniform(0, most_w / 60, MINUTES) + 1) / 1000


class Past:
    """A ledger to which meters are added; its slots are what they counted."""

    def __init__(self, path: Path) -> None:
        self.ledger = LedgerFile(path)
        self.energy: dict[Channel, np.ndarray] = {}

    def intervals(
        self, channel: Channel, kwh: np.ndarray, step_s: int = MINUTE_SECONDS, name: str = "a"
    ) -> None:
        meter = self.ledger.meter("import", f"{channel.value}_{name}", Reporting.PERIODIC, channel.value)
        starts = START + np.arange(len(kwh)) * step_s
        self.ledger.add_intervals(meter, Source.IMPORT_FINE, Intervals(starts, starts + step_s, kwh))
        self._count(channel, kwh.reshape(N, -1).sum(axis=1))

    def readings(self, channel: Channel, kwh: np.ndarray, decimals: int, every: int = 1) -> None:
        meter = self.ledger.meter("import", f"{channel.value}_cum", Reporting.PERIODIC, channel.value)
        shown = np.round(5000 + np.append(0.0, np.cumsum(kwh)), decimals)[::every]
        time_us = (START + np.arange(len(shown)) * MINUTE_SECONDS * every) * MICROSECONDS
        n = len(shown)
        self.ledger.add_readings(
            meter,
            Readings(
                time_us,
                np.array([repr(value) for value in shown.tolist()], dtype=object),
                np.full(n, "kWh", dtype=object),
                np.full(n, Source.IMPORT_FINE.value, np.int8),
                np.zeros(n, np.bool_),
            ),
        )
        self._count(channel, np.interp(np.arange(N + 1) * 15, np.arange(0, MINUTES + 1, every), shown))

    def _count(self, channel: Channel, found: np.ndarray) -> None:
        slots = np.diff(found) if len(found) == N + 1 else found
        self.energy[channel] = self.energy.get(channel, 0.0) + slots

    def loaded(self, changes: Mapping[Channel, np.ndarray] | None = None) -> History:
        energy = {**self.energy, **(changes or {})}
        nothing = np.zeros(N)
        with self.ledger as ledger:
            ledger.write_slots(
                ResolvedSlots(
                    SLOTS,
                    {
                        channel: ChannelSlots(
                            kwh, np.full(N, 4, np.int8), np.full(N, 2, np.int8), nothing.astype(np.int32)
                        )
                        for channel, kwh in energy.items()
                    },
                    np.full(N, np.nan),
                    np.full(N, np.nan),
                )
            )
            prices = ResolvedPrices(
                SLOTS, nothing + 1, nothing + 2, nothing, np.full(N, "file", dtype=object)
            )
            ledger.write_prices(prices)
            return load_scenario(ledger, HOME, (), Battery(10.0), BOUNDS, soc_start_percent=0.0).history


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "ledger.db")


def test_load_and_sun_by_the_minute_add_up_to_the_slots(past: Past) -> None:
    past.intervals(Channel.LOAD, kwh_by_minute(1))
    past.readings(Channel.PV, kwh_by_minute(2), decimals=3)
    history = past.loaded()
    assert history.minutes is not None
    assert history.minutes.known == N
    assert history.minutes.load_kwh.ravel() == pytest.approx(kwh_by_minute(1))
    assert history.minutes.pv_kwh.ravel() == pytest.approx(kwh_by_minute(2), abs=1e-9)
    assert history.minutes.load_kwh.sum(axis=1) == pytest.approx(history.load_kwh, abs=1e-12)
    assert history.minutes.pv_kwh.sum(axis=1) == pytest.approx(history.pv_kwh, abs=1e-12)


def test_meters_of_a_channel_add_up(past: Past) -> None:
    past.intervals(Channel.LOAD, kwh_by_minute(1), name="day")
    past.intervals(Channel.LOAD, kwh_by_minute(3), name="night")
    past.intervals(Channel.PV, np.zeros(MINUTES))
    history = past.loaded()
    assert history.minutes is not None
    assert history.minutes.load_kwh.ravel() == pytest.approx(kwh_by_minute(1) + kwh_by_minute(3))
    assert not history.minutes.pv_kwh.any()


def test_a_home_known_by_its_grid_meter_runs_on_its_net_draw(past: Past) -> None:
    past.intervals(Channel.IMPORT, kwh_by_minute(1))
    past.intervals(Channel.EXPORT, kwh_by_minute(2))
    history = past.loaded()
    assert history.net_only
    assert history.minutes is not None
    minutes = history.minutes
    assert (minutes.load_kwh - minutes.pv_kwh).ravel() == pytest.approx(kwh_by_minute(1) - kwh_by_minute(2))
    assert (minutes.load_kwh * minutes.pv_kwh).max() == 0.0
    net = (minutes.load_kwh - minutes.pv_kwh).sum(axis=1)
    assert net == pytest.approx(history.load_kwh - history.pv_kwh, abs=1e-12)


def test_what_tells_of_no_minute_is_not_taken_for_minutes(past: Past) -> None:
    """Five-minute rows, readings ten minutes apart, a meter that counts by ten watt-hours."""
    past.intervals(Channel.PV, kwh_by_minute(2))
    past.intervals(Channel.LOAD, kwh_by_minute(1).reshape(-1, 5).sum(axis=1), 5 * MINUTE_SECONDS)
    assert past.loaded().minutes is None


@pytest.mark.parametrize(("decimals", "every"), [(2, 1), (3, 5)])
def test_nor_are_coarse_or_rare_readings(past: Past, decimals: int, every: int) -> None:
    past.intervals(Channel.PV, kwh_by_minute(2))
    # Once it counts a single watt-hour, so that it is known to count finely.
    once = np.where(np.arange(MINUTES) < 2 * MINUTES_OF_SLOT, 0.0, kwh_by_minute(1))
    once[MINUTES_OF_SLOT] = 0.001
    past.readings(Channel.LOAD, once, decimals, every)
    minutes = past.loaded().minutes
    # Where nothing is counted, nothing is known to the minute.
    assert minutes is None or minutes.known <= 2


def test_slots_of_which_the_ledger_knows_better_run_on_their_average(past: Past) -> None:
    past.intervals(Channel.PV, np.zeros(MINUTES))
    past.intervals(Channel.LOAD, kwh_by_minute(1))
    otherwise = past.energy[Channel.LOAD].copy()
    otherwise[:4] *= 1.5
    otherwise[4:8] *= 1.01
    history = past.loaded({Channel.LOAD: otherwise})
    assert history.minutes is not None
    assert (history.minutes.rows[:4] == -1).all()
    assert history.minutes.known == N - 4
    assert history.minutes.load_kwh.sum(axis=1) == pytest.approx(history.load_kwh[4:], abs=1e-12)


def test_another_load_has_no_known_course_and_more_sun_has_the_old_one(past: Past) -> None:
    past.intervals(Channel.PV, kwh_by_minute(2))
    past.intervals(Channel.LOAD, kwh_by_minute(1))
    history = past.loaded()
    assert history.minutes is not None
    load = history.load_kwh.copy()
    load[:10] /= 2
    other = history.with_energies(load, history.pv_kwh * 2)
    assert other.minutes is not None
    assert (other.minutes.rows[:10] == -1).all()
    kept = other.minutes.take(np.arange(N) >= 10)
    assert kept.known == N - 10
    assert kept.pv_kwh[kept.rows].sum(axis=1) == pytest.approx(2 * history.pv_kwh[10:], abs=1e-12)
    # Of a net load neither is known for itself.
    net = replace(history, net_only=True).with_energies(history.load_kwh, history.pv_kwh * 2)
    assert net.minutes is not None
    assert net.minutes.known == 0
