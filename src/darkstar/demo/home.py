"""The demo home: what it is, what flowed through it, and what its meters showed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.demo import quirks
from darkstar.demo.battery import Flows, self_consumption
from darkstar.demo.grid import STEP_SECONDS, STEPS_PER_SLOT, Grid, Series
from darkstar.demo.load import WATER_KW, Use, use
from darkstar.demo.meters import (
    MeterReadings,
    MeterSpec,
    poll_times,
    read_meter,
    read_state,
    since,
    told,
)
from darkstar.demo.prices import spot_per_kwh
from darkstar.demo.sun import Roof, pv_kwh
from darkstar.demo.weather import weather
from darkstar.domain.channels import Channel
from darkstar.domain.devices import WaterHeater
from darkstar.domain.errors import UsageError
from darkstar.domain.home import Battery, Home
from darkstar.domain.slots import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SLOT_SECONDS,
    Slots,
    day_bounds,
    local_date,
    slot_range,
)
from darkstar.domain.tariff import Tariff
from darkstar.ledger.evidence import MICROSECONDS

HOME = Home("Demo home", "Europe/Stockholm", 59.33, 18.07, "SEK", main_fuse_a=20.0, phases=3)
BATTERY = Battery(
    capacity_kwh=10.0,
    soc_min_percent=10.0,
    soc_max_percent=100.0,
    charge_max_kw=5.0,
    discharge_max_kw=5.0,
    charge_efficiency=0.95,
    discharge_efficiency=0.95,
    wear_per_kwh=0.05,
)
HEATER = WaterHeater(power_kw=WATER_KW, daily_kwh=4.2, ready_by=dt.time(6, 30), least_run_minutes=15)
"""Its thermostat heats as the water is used; it would keep warm until the next morning."""
TARIFF = Tariff(grid_fee_per_kwh=0.2456, energy_tax_per_kwh=0.439, vat_percent=25.0)
ROOF = Roof(HOME.latitude, HOME.longitude, tilt_degrees=27, azimuth_degrees=195, peak_kw=8.0, inverter_kw=7.0)
AREA = "SE3"

PRESENT = int(dt.datetime(2026, 4, 5, 9, 20, tzinfo=HOME.tz).timestamp())
"""The demo's clock stands still here: its year holds both clock changes and the market's change to quarters."""
DAYS = 365
LEAST_DAYS = 60
KEPT_SECONDS = 10 * DAY_SECONDS
"""How far back Home Assistant keeps raw history and 5-minute statistics."""
DENSE_SECONDS = KEPT_SECONDS + 2 * DAY_SECONDS

LOAD = MeterSpec("sensor.demo_load_energy", "load", "kWh", 2, 5210.4, 60)
PV = MeterSpec("sensor.demo_pv_energy_today", "pv", "kWh", 3, 0.0, 30, daily=True)
IMPORT_DAY = MeterSpec("sensor.demo_import_t1", "import", "kWh", 3, 2044.871, 45)
IMPORT_NIGHT = MeterSpec("sensor.demo_import_t2", "import", "kWh", 3, 1633.02, 45)
EXPORT = MeterSpec("sensor.demo_export_energy", "export", "kWh", 3, 812.5, 45)
CHARGE = MeterSpec("sensor.demo_battery_charge", "batt_charge", "Wh", 0, 1_400_312, 120)
DISCHARGE = MeterSpec("sensor.demo_battery_discharge", "batt_discharge", "kWh", 2, 1197.31, 120)
WATER = MeterSpec("sensor.demo_water_heater", "water", "kWh", 2, 903.2, 200, state_class=None)
SOC = MeterSpec("sensor.demo_battery_soc", "soc", "%", 0, 0.0, 120, state_class="measurement")
SPECS = (LOAD, PV, IMPORT_DAY, IMPORT_NIGHT, EXPORT, CHARGE, DISCHARGE, WATER, SOC)


@dataclass(frozen=True)
class DemoHome:
    """A year of one home.

    Attributes:
        start, end: first local midnight and the demo's present [UTC s].
        slots: whole slots of the year; truth: what really flowed in each [kWh], shape (n,).
        soc_percent: true state of charge at the start of each slot, shape (n,).
        spot: market price of each slot of the home's days, those to come included, shape (m,) from `start`.
        readings: by entity id, as Home Assistant's recorder would have kept them.
    """

    start: int
    end: int
    slots: Slots
    truth: Mapping[Channel, Series]
    soc_percent: Series
    spot: Series
    readings: Mapping[str, MeterReadings]


def make_home(seed: int = 1, days: int = DAYS, end: int = PRESENT) -> DemoHome:
    """The home of a seed over so many days before an instant [UTC s]; the same one every time.

    Raises:
        UsageError: too few days to hold the quirks and a month to replay.
    """
    if days < LEAST_DAYS:
        raise UsageError(f"{days} days are too few for the demo.", remedy=f"Ask for {LEAST_DAYS} or more.")
    end = end // STEP_SECONDS * STEP_SECONDS
    today = local_date(end, HOME.tz)
    start = day_bounds(today - dt.timedelta(days=days), HOME.tz)[0]
    tomorrow_end = day_bounds(today + dt.timedelta(days=1), HOME.tz)[1]
    # The market knows tomorrow, so the world is made until then; the meters see only what has been.
    ahead = Grid(start, tomorrow_end, HOME.tz, seed)
    sky = weather(ahead)
    used, made = use(ahead, sky), pv_kwh(ahead, ROOF, sky)
    past = Grid(start, end, HOME.tz, seed)
    n = len(past)
    used, made = Use(used.load_kwh[:n], used.water_kwh[:n]), made[:n]
    flows = self_consumption(BATTERY, used.load_kwh, made)
    energies = {
        Channel.LOAD: used.load_kwh,
        Channel.PV: made,
        Channel.IMPORT: flows.import_kwh,
        Channel.EXPORT: flows.export_kwh,
        Channel.BATT_CHARGE: flows.charge_kwh,
        Channel.BATT_DISCHARGE: flows.discharge_kwh,
        Channel.WATER: used.water_kwh,
    }
    whole = n // STEPS_PER_SLOT * STEPS_PER_SLOT
    return DemoHome(
        start,
        end,
        slot_range(start, start + whole // STEPS_PER_SLOT * SLOT_SECONDS),
        {c: kwh[:whole].reshape(-1, STEPS_PER_SLOT).sum(axis=1) for c, kwh in energies.items()},
        flows.soc_kwh[:whole:STEPS_PER_SLOT] / BATTERY.capacity_kwh * 100,
        spot_per_kwh(ahead, sky),
        _read_all(past, energies, flows),
    )


def day_tariff(grid: Grid) -> NDArray[np.bool_]:
    """Whether the day meter counts a step: workdays from 6 to 22; shape (n,)."""
    return (grid.local_hour >= 6) & (grid.local_hour < 22) & ~grid.weekend


def _read_all(grid: Grid, energies: Mapping[Channel, Series], flows: Flows) -> dict[str, MeterReadings]:
    dense_from = (grid.end - DENSE_SECONDS) // HOUR_SECONDS * HOUR_SECONDS
    by_day = day_tariff(grid)
    readings = {}
    for spec in SPECS:
        polls = poll_times(grid, spec, dense_from)
        if spec is SOC:
            readings[spec.entity_id] = read_state(
                grid, spec, flows.soc_kwh / BATTERY.capacity_kwh * 100, polls
            )
            continue
        kwh = energies[Channel(spec.channel)]
        if spec in (IMPORT_DAY, IMPORT_NIGHT):
            kwh = np.where(by_day == (spec is IMPORT_DAY), kwh, 0.0)
        readings[spec.entity_id] = read_meter(grid, spec, kwh, polls)
    _befall(readings, grid.end)
    kept_since = (grid.end - KEPT_SECONDS) * MICROSECONDS
    return {
        spec.entity_id: told(readings[spec.entity_id])
        if spec.state_class == "total_increasing"
        else since(told(readings[spec.entity_id]), kept_since)
        for spec in SPECS
    }


def _befall(readings: dict[str, MeterReadings], end: int) -> None:
    """What a year does to meters: some of it long ago, the rest while history is still there."""

    def at(days_ago: int, hour: int, minute: int) -> int:
        midnight = day_bounds(local_date(end, HOME.tz) - dt.timedelta(days=days_ago), HOME.tz)[0]
        return midnight + hour * HOUR_SECONDS + minute * 60

    def change(spec: MeterSpec, changed: MeterReadings) -> None:
        readings[spec.entity_id] = changed

    def now(spec: MeterSpec) -> MeterReadings:
        return readings[spec.entity_id]

    inverter = (PV, CHARGE, DISCHARGE, SOC)
    change(CHARGE, quirks.reset(now(CHARGE), at(52, 11, 7)))
    change(LOAD, quirks.stray(now(LOAD), at(47, 3, 12), 0.0))
    change(EXPORT, quirks.dip(now(EXPORT), at(41, 13, 55), at(41, 14, 5), 0.03))
    for spec in inverter:
        change(spec, quirks.unavailable(now(spec), at(35, 9, 2), at(35, 15, 2)))
    for spec in SPECS:
        change(spec, quirks.restart(now(spec), at(8, 14, 20)))
    change(EXPORT, quirks.reset(now(EXPORT), at(7, 11, 40)))
    for spec in inverter:
        change(spec, quirks.unavailable(now(spec), at(6, 8, 10), at(6, 14, 10)))
    change(LOAD, quirks.dip(now(LOAD), at(5, 16, 57), at(5, 17, 4), 0.04))
    change(IMPORT_DAY, quirks.stray(now(IMPORT_DAY), at(3, 10, 31), more=1000.0))
