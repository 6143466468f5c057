"""A home whose six meters add up, read every five minutes through one day; its meters can be made to fail."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.resolving import HOME_ASSISTANT, resolve_range
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Readings, Reporting, Source
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping import homes

DAY = 1_749_945_600
"""2025-06-15T00:00:00Z."""
STEP = 300
STEPS = DAY_SECONDS // STEP
NOW = float(DAY + 30 * DAY_SECONDS)
METERED = (Channel.LOAD, Channel.PV, Channel.IMPORT, Channel.EXPORT)

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """From minute to minute of the day: unreadable, or showing the same; it may begin again from zero meanwhile."""

    channel: Channel
    start: float
    end: float
    frozen: bool = False
    reset_at: float | None = None


def truth() -> dict[Channel, Series]:
    """(288,) kWh each step."""
    hours = np.arange(STEPS) * STEP / 3600
    random = np.random.default_rng(4)
    clouds = 0.6 + 0.4 * np.sin(hours * 3.1)
    pv = np.maximum(np.sin((hours - 4) / 16 * np.pi), 0) * 0.4 * clouds
    load = 0.05 + 0.08 * random.random(STEPS) + np.where((hours > 17) & (hours < 19), 0.2, 0.0)
    net = pv - load
    return {
        Channel.LOAD: load,
        Channel.PV: pv,
        Channel.IMPORT: np.maximum(-net, 0),
        Channel.EXPORT: np.maximum(net, 0),
    }


def slots_of(energy: Series) -> Series:
    """(96,) kWh a quarter."""
    return np.asarray(energy.reshape(-1, 3).sum(axis=1))


def readings(channel: Channel, energy: Series, faults: tuple[Fault, ...]) -> Readings:
    time = DAY + np.arange(STEPS + 1) * STEP
    minute = np.arange(STEPS + 1) * STEP / 60
    shown = 1000 + np.append(0.0, np.cumsum(energy))
    for fault in faults:
        if fault.channel is channel and fault.reset_at is not None:
            anew = minute >= fault.reset_at
            shown[anew] -= shown[anew][0]
    states = [f"{value:.3f}" for value in shown]
    kept = np.ones(STEPS + 1, dtype=np.bool_)
    for fault in faults:
        inside = (minute > fault.start) & (minute < fault.end)
        if fault.channel is channel and inside.any():
            kept &= ~inside
            if not fault.frozen:
                first = int(np.flatnonzero(inside)[0])
                states[first] = "unavailable"
                kept[first] = True
    time, states = time[kept], [s for s, k in zip(states, kept.tolist(), strict=True) if k]
    n = len(time)
    return Readings(
        time * MICROSECONDS,
        np.array(states, dtype=object),
        np.full(n, "kWh", dtype=object),
        np.full(n, Source.HA_HISTORY, dtype=np.int8),
        np.zeros(n, dtype=np.bool_),
    )


def home(folder: Path, metered: tuple[Channel, ...] = METERED) -> Settings:
    sensors: Mapping[Channel, tuple[str, ...]] = {c: (f"sensor.{c.value}",) for c in metered}
    return replace(homes.settings(folder), sensors=sensors)


def fill(
    ledger: LedgerFile, settings: Settings, *faults: Fault, order: int = 1, absent: tuple[Channel, ...] = ()
) -> None:
    """Store what the meters of the day showed and resolve it; `order` -1 stores it the other way round."""
    flows = truth()
    for channel in list(settings.sensors)[::order]:
        if channel in absent:
            continue
        meter = ledger.meter(HOME_ASSISTANT, f"sensor.{channel.value}", Reporting.ON_CHANGE, channel.value)
        ledger.add_readings(meter, readings(channel, flows[channel], faults))
        ledger.add_watched(meter, Source.HA_HISTORY, DAY * MICROSECONDS, (DAY + DAY_SECONDS) * MICROSECONDS)
    resolve_range(ledger, settings, DAY, DAY + DAY_SECONDS)


def open_ledger(settings: Settings) -> LedgerFile:
    return LedgerFile(settings.folder / LEDGER_NAME, clock=lambda: NOW)


def bits(ledger: LedgerFile) -> dict[str, bytes]:
    """All that the ledger says of the day, to the bit."""
    told = {"flags": ledger.slots(DAY, DAY + DAY_SECONDS).flags.tobytes()}
    for channel, found in ledger.provenance(DAY, DAY + DAY_SECONDS).items():
        told[channel] = found.energy_kwh.tobytes()
        told[f"{channel} how"] = b"".join(
            a.astype(int).tobytes() for a in (found.source, found.method, found.flags)
        )
    return told
