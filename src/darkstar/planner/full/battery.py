"""A battery: charge, discharge, energy stored, worth of what is left.

stored[t] = stored[t-1] + charge_efficiency*charge[t] - discharge[t]/discharge_efficiency
charge/most + discharge/most <= 1                    in every slot: half a slot each way at most
charge <= most*z,  discharge <= most*(1 - z)         in slots where burning energy may pay, and with it
charge_efficiency*charge <= soc_max - stored[t-1],  discharge/discharge_efficiency <= stored[t-1] - soc_min
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.full.connection import Bus
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Site, SiteBattery
from darkstar.planner.full.switch import EARLIER
from darkstar.planner.problem import Series


@dataclass(frozen=True)
class BatteryColumns:
    """Columns of a battery: charge, discharge and stored of shape (n,); below and above are empty as a rule.

    `charging` are the switches of the slots `switched`, 1 where it may charge, 0 where it may discharge.
    """

    charge: Indices
    discharge: Indices
    stored: Indices
    below: Indices
    above: Indices
    pieces: Indices
    switched: Indices
    charging: Indices


def tempting(site: Site, battery: SiteBattery) -> NDArray[np.int64]:
    """Slots in which a kWh drawn may cost so little that burning energy in the battery pays its wear.

    Where feeding in is limited, stored energy that is worth less than nothing, because more is paid for soon, may make
    other slots so as well; those a relaxation tells.
    """
    lowest = np.minimum(site.import_price, site.export_price)
    return burning_pays(battery, np.minimum(lowest, _worth_of_room(site)))


def burning_pays(battery: SiteBattery, price: Series) -> NDArray[np.int64]:
    """Slots in which burning energy in the battery pays its wear if a kWh drawn costs so much, shape (n,)."""
    return np.flatnonzero(price <= battery.storage.burning_price)


def _worth_of_room(site: Site) -> Series:
    """What a kWh drawn costs at least where more sun than may be fed in has to be turned down or spilt, shape (n,)."""
    surplus = site.pv_kwh - site.load_kwh - site.connection.export_max_kw * site.slot_hours
    down = [string.curtailment_cost for string in site.strings if string.can_curtail]
    fixed = [string.pv_kwh for string in site.strings if not string.can_curtail]
    spilt = surplus - site.pv_kwh + np.sum([np.zeros(len(site)), *fixed], axis=0) > 0
    saved = np.where(spilt, site.connection.breach_cost, max(down, default=0.0))
    return np.where(surplus > 0, -saved, np.inf)


def add_battery(
    programme: Programme, site: Site, bus: Bus, battery: SiteBattery, switched: NDArray[np.int64]
) -> BatteryColumns:
    """A battery that never does both in the `switched` slots."""
    n, h, storage = len(site), site.slot_hours, battery.storage
    most_in, most_out = storage.charge_max_kw * h, storage.discharge_max_kw * h
    charge = programme.columns(n, cost=storage.wear_charge, high=most_in, tie=EARLIER * np.arange(n))
    discharge = programme.columns(n, cost=storage.wear_discharge, high=most_out)
    low, high = storage.soc_min_kwh, storage.soc_max_kwh
    outside = not low <= battery.soc_start_kwh <= high
    stored = programme.columns(
        n, low=min(low, battery.soc_start_kwh) if not outside else 0.0, high=np.inf if outside else high
    )
    energy = programme.rows(
        n,
        low=np.eye(1, n)[0] * battery.soc_start_kwh,
        high=np.eye(1, n)[0] * battery.soc_start_kwh,
    )
    programme.put(energy, stored, 1.0)
    programme.put(energy[1:], stored[:-1], -1.0)
    programme.put(energy, charge, -storage.charge_efficiency)
    programme.put(energy, discharge, 1.0 / storage.discharge_efficiency)
    bus.draw(programme, charge, battery.phases, 1.0)
    bus.draw(programme, discharge, battery.phases, -1.0)
    nothing = np.zeros(0, dtype=np.int64)
    below, above = _add_slack(programme, battery, stored) if outside else (nothing, nothing)
    charging = _one_way(programme, charge, discharge, (most_in, most_out), switched)
    if not outside:
        _add_room(programme, battery, (charge, discharge, stored), switched)
    pieces = _add_terminal(programme, battery, stored, below)
    return BatteryColumns(charge, discharge, stored, below, above, pieces, switched, charging)


def _add_slack(programme: Programme, battery: SiteBattery, stored: Indices) -> tuple[Indices, Indices]:
    n = len(stored)
    below = programme.columns(n, cost=battery.reserve_cost)
    above = programme.columns(n, cost=battery.reserve_cost)
    least = programme.rows(n, low=battery.storage.soc_min_kwh)
    most = programme.rows(n, high=battery.storage.soc_max_kwh)
    for rows, slack, sign in ((least, below, 1.0), (most, above, -1.0)):
        programme.put(rows, stored, 1.0)
        programme.put(rows, slack, sign)
    return below, above


def _one_way(
    programme: Programme,
    charge: Indices,
    discharge: Indices,
    most: tuple[float, float],
    switched: NDArray[np.int64],
) -> Indices:
    switch = programme.columns(len(switched), high=1.0, integer=True)
    rows = programme.rows(len(switched), high=0.0)
    programme.put(rows, charge[switched], 1.0)
    programme.put(rows, switch, -most[0])
    rows = programme.rows(len(switched), high=most[1])
    programme.put(rows, discharge[switched], 1.0)
    programme.put(rows, switch, most[1])
    return switch


def _add_room(
    programme: Programme,
    battery: SiteBattery,
    columns: tuple[Indices, Indices, Indices],
    switched: NDArray[np.int64],
) -> None:
    """What is charged in a slot has room, and what is discharged was there, without the other of the two.

    Implied where only one happens; without these rows the relaxation burns energy in a battery that is full or empty.
    """
    charge, discharge, stored = columns
    storage, start = battery.storage, np.where(switched == 0, battery.soc_start_kwh, 0.0)
    room = programme.rows(len(switched), high=storage.soc_max_kwh - start)
    there = programme.rows(len(switched), low=storage.soc_min_kwh - start)
    programme.put(room, charge[switched], storage.charge_efficiency)
    programme.put(there, discharge[switched], -1.0 / storage.discharge_efficiency)
    later = switched > 0
    for rows in (room, there):
        programme.put(rows[later], stored[switched[later] - 1], 1.0)


def _add_terminal(programme: Programme, battery: SiteBattery, stored: Indices, below: Indices) -> Indices:
    value, energy = battery.terminal.value, battery.terminal.energy_kwh.copy()
    if not len(value):
        return np.zeros(0, dtype=np.int64)
    # A negative last piece reaches to the top, and all energy has to be in a piece.
    must_count = bool(value[-1] < 0)
    if must_count:
        energy[-1] = np.inf
    pieces = programme.columns(len(value), cost=-value, high=energy)
    least = battery.storage.soc_min_kwh
    row = programme.rows(1, low=-least if must_count else -np.inf, high=-least)
    programme.put(row, pieces, 1.0)
    programme.put(row, stored[-1:], -1.0)
    if len(below):
        programme.put(row, below[-1:], -1.0)
    return pieces
