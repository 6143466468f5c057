"""Homes in a folder that `simulate` and its reports are tried on."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.channels import Channel
from darkstar.domain.home import Battery, Home
from darkstar.ledger.resolved import ChannelSlots, ResolvedPrices, ResolvedSlots
from darkstar.planner.problem import GridModel
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.outcome import RULE
from darkstar.time_machine.plant.carrying import storage_model
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ, past
from tests.time_machine.devices.cases import drawn_kwh

HOME = (
    "home: {{name: '{name}', timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, "
    "main_fuse_a: 16}}\ntariff: {{grid_fee_per_kwh: 0.5, energy_tax_per_kwh: 0, vat_percent: 25}}\n"
)
HOME_OF_CASES = Home("Home", str(TZ), 59.3, 18.1, "SEK", 16.0, 3)
BATTERY = Battery(5.0, charge_max_kw=3.0, discharge_max_kw=3.0)
BATTERY_SECTION = "battery: {capacity_kwh: 5, charge_max_kw: 3, discharge_max_kw: 3}\n"
HEATER_SECTION = 'water_heater: {power_kw: 2, daily_kwh: 3, ready_by: "06:00"}\n'
SENSORS = (
    "sensors: {soc: sensor.soc, load: sensor.load, batt_charge: sensor.in, batt_discharge: sensor.out}\n"
)


def make_home(
    folder: Path, days: int, *, battery: bool = True, heater: bool = False, name: str = "Home"
) -> Path:
    """Days from 2021-03-01 (local); a battery follows self-consumption, and the grid's meter reads 2 % too much."""
    sections = (BATTERY_SECTION + SENSORS if battery else "") + (HEATER_SECTION if heater else "")
    (folder / "darkstar.yaml").write_text(HOME.format(name=name) + sections, encoding="utf-8")
    history = past(days)
    water = drawn_kwh(history.slots) if heater else np.zeros(len(history))
    history = replace(history, load_kwh=history.load_kwh + water)
    grid = GridModel(import_max_kw=11.0, export_max_kw=11.0)
    every = np.ones(len(history), dtype=np.bool_)
    flows = replay(Scenario(history, every, TZ, storage_model(BATTERY), grid, 0.0, 0.4), RULE).flows
    energy = {Channel.LOAD: history.load_kwh, Channel.PV: history.pv_kwh}
    if heater:
        energy[Channel.WATER] = water
    if battery:
        energy |= {
            Channel.IMPORT: flows.import_kwh * 1.02,
            Channel.EXPORT: flows.export_kwh,
            Channel.BATT_CHARGE: flows.charge_kwh,
            Channel.BATT_DISCHARGE: flows.discharge_kwh,
        }
    percent = flows.soc_kwh / BATTERY.capacity_kwh * 100
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        ledger.write_slots(
            ResolvedSlots(
                history.slots,
                {channel: _known(series) for channel, series in energy.items()},
                percent[:-1],
                percent[1:],
            )
        )
        source = np.full(len(history), "file", dtype=object)
        ledger.write_prices(
            ResolvedPrices(
                history.slots, history.export_price, history.import_price, history.export_price, source
            )
        )
    return folder


def _known(kwh: np.ndarray) -> ChannelSlots:
    n = len(kwh)
    return ChannelSlots(kwh, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32))
