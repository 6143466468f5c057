"""One slot, or one minute of it, carried out: compiled.

A mode never says what the meter will read: it is given before the slot begins, when the slot's load and sun are not
known. It says how the battery follows the surplus (sun less load) while the slot unfolds (`planner.modes`). The plant
obeys its own limits before any mode: power by state of charge, stored energy, the main fuse (its own charging never
breaks it and its own discharging never exceeds the feed-in limit), and it never charges and discharges at once.

Energy is conserved exactly, at the AC side and in the store:

    load + export + charge + curtailment + standby = sun + import + discharge
    stored after = stored before + charge - discharge - loss
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Numbers(NamedTuple):
    """A plant's figures; energies in kWh stored, powers in kW at the AC side, times as parts of an hour."""

    empty_kwh: float
    full_kwh: float
    nominal_kwh: float
    health: float
    charge_max_kw: float
    discharge_max_kw: float
    into: float
    out: float
    running_kw: float
    resistive: float
    standby_kw: float
    standby_battery_kw: float
    least_kw: float
    deviation_kw: float
    dead_h: float
    lag_h: float
    fade_per_cycle: float
    fade_per_hour: float
    import_max_kw: float
    export_max_kw: float


class Ahead(NamedTuple):
    """A plant, its state, and n slots that it is to go through; arguments of `run`."""

    numbers: Numbers
    charge_taper: Floats
    discharge_taper: Floats
    state: Floats
    load_kwh: Floats
    pv_kwh: Floats
    minute_row: NDArray[np.int64]
    minute_load_kwh: Floats
    minute_pv_kwh: Floats


SOC, FADED, POWER = range(3)
"""The state between slots: energy stored [kWh], capacity lost [kWh], the battery's AC power, charging > 0 [kW]."""
STATES = 3
CHARGE, DISCHARGE, IMPORT, EXPORT, CURTAILED, BREACH, STORED, LOSS, STANDBY, FADE = range(10)
"""What a slot comes to, in the order of `carrying.Step`."""
RESULTS = 10
SURPLUS, ALL = 1, 2
"""Curtailment, as `mode_table.CURTAIL` has it."""
PARTS = 15
"""Of a slot, in which limits that change with the state of charge are taken as constant."""


@njit(cache=True, nogil=True, error_model="numpy")
def charge_for(p: Numbers, stored_kwh: float, hours: float) -> float:
    """AC energy that stores so much in this time; without end where the losses do not allow it."""
    if stored_kwh <= 0.0:
        return 0.0
    gross = stored_kwh + p.running_kw * hours
    root = p.into * p.into - 4.0 * p.resistive / hours * gross
    return float(2.0 * gross / (p.into + np.sqrt(root))) if root >= 0.0 else np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def discharge_for(p: Numbers, taken_kwh: float, hours: float) -> float:
    """AC energy that comes of so much taken from the store in this time."""
    net = taken_kwh - p.running_kw * hours
    if net <= 0.0:
        return 0.0
    slope = 1.0 / p.out
    return float(2.0 * net / (slope + np.sqrt(slope * slope + 4.0 * p.resistive / hours * net)))


@njit(cache=True, nogil=True, error_model="numpy")
def stored_of(p: Numbers, charge_kwh: float, hours: float) -> float:
    """What reaches the store of this AC energy in this time."""
    return p.into * charge_kwh - p.running_kw * hours - p.resistive / hours * charge_kwh * charge_kwh


@njit(cache=True, nogil=True, error_model="numpy")
def taken_of(p: Numbers, discharge_kwh: float, hours: float) -> float:
    """What leaves the store for this AC energy in this time."""
    return discharge_kwh / p.out + p.running_kw * hours + p.resistive / hours * discharge_kwh * discharge_kwh


@njit(cache=True, nogil=True, error_model="numpy")
def share(taper: Floats, percent: float) -> float:
    """Of the rated power at a state of charge; `taper` holds percents and shares, shape (2, k)."""
    points = taper.shape[1]
    for right in range(points):
        if percent < taper[0, right]:
            if right == 0:
                return float(taper[1, 0])
            along = (percent - taper[0, right - 1]) / (taper[0, right] - taper[0, right - 1])
            return float(taper[1, right - 1] + along * (taper[1, right] - taper[1, right - 1]))
    return float(taper[1, points - 1])


@njit(cache=True, nogil=True, error_model="numpy")
def most_charge(
    p: Numbers, taper: Floats, soc_kwh: float, capacity_kwh: float, hours: float, parts: int
) -> float:
    """Most AC energy by the charger's power alone; `taper` as for `share`."""
    if not taper.shape[1]:
        return p.charge_max_kw * hours
    total, part = 0.0, hours / parts
    for _ in range(parts):
        charge = p.charge_max_kw * part * share(taper, 100.0 * soc_kwh / capacity_kwh)
        total += charge
        soc_kwh += max(stored_of(p, charge, part), 0.0)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def most_discharge(
    p: Numbers, taper: Floats, soc_kwh: float, capacity_kwh: float, hours: float, parts: int
) -> float:
    """Most AC energy by the inverter's power alone; `taper` as for `share`."""
    if not taper.shape[1]:
        return p.discharge_max_kw * hours
    total, part = 0.0, hours / parts
    for _ in range(parts):
        discharge = p.discharge_max_kw * part * share(taper, 100.0 * soc_kwh / capacity_kwh)
        total += discharge
        soc_kwh = max(soc_kwh - taken_of(p, discharge, part), 0.0)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def wanted(
    p: Numbers,
    levels: Floats,
    charge_kw: float,
    discharge_kw: float,
    import_kw: float,
    soc_kwh: float,
    surplus_kwh: float,
    hours: float,
) -> float:
    """What a mode asks of the battery, AC side, charging positive [kWh]: `Mode.move` with the plant's own losses.

    Args:
        levels: buy_to, store_to, cover_to and sell_to [kWh].
    """
    left_kwh = p.deviation_kw * hours
    spare = import_kw * hours + surplus_kwh
    bought = min(charge_for(p, levels[0] - soc_kwh, hours), spare)
    stored = min(surplus_kwh - left_kwh, charge_for(p, levels[1] - soc_kwh, hours))
    charge = min(max(bought, stored), charge_kw * hours)
    if charge > 0.0:
        return charge
    sold = discharge_for(p, soc_kwh - levels[3], hours)
    covered = min(-surplus_kwh - left_kwh, discharge_for(p, soc_kwh - levels[2], hours))
    return -max(min(max(sold, covered, -spare), discharge_kw * hours), 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def settled(p: Numbers, state: Floats, target_kwh: float, hours: float) -> float:
    """What comes of a target at once asked for: the mean over a dead time and a first-order approach [kWh]."""
    target_kw = target_kwh / hours
    apart, left_h = state[POWER] - target_kw, hours - p.dead_h
    if p.dead_h <= 0.0 and p.lag_h <= 0.0:
        state[POWER] = target_kw
        return target_kwh
    ends = np.exp(-left_h / p.lag_h) if p.lag_h > 0.0 else 0.0
    state[POWER] = target_kw + apart * ends
    return float(target_kwh + apart * (p.dead_h + p.lag_h * (1.0 - ends)))


@njit(cache=True, nogil=True, error_model="numpy")
def interval(
    p: Numbers,
    charge_taper: Floats,
    discharge_taper: Floats,
    state: Floats,
    levels: Floats,
    charge_kw: float,
    discharge_kw: float,
    curtail: int,
    import_kw: float,
    load_kwh: float,
    pv_kwh: float,
    hours: float,
    inside: bool,
    result: Floats,
) -> None:
    """Carry a mode out through a slot, or (`inside`) a part of it; adds to `result`, moves `state` on."""
    soc_kwh = state[SOC]
    capacity_kwh = p.nominal_kwh * p.health - state[FADED]
    ceiling_kwh = p.full_kwh * min(capacity_kwh / p.nominal_kwh, 1.0)
    used = 0.0 if curtail == ALL else pv_kwh
    outlet = p.export_max_kw * hours if curtail == 0 else 0.0
    surplus = used - load_kwh
    parts = 1 if inside else PARTS
    most_in = most_charge(p, charge_taper, soc_kwh, capacity_kwh, hours, parts)
    most_in = max(
        0.0, min(most_in, charge_for(p, ceiling_kwh - soc_kwh, hours), p.import_max_kw * hours + surplus)
    )
    most_out = most_discharge(p, discharge_taper, soc_kwh, capacity_kwh, hours, parts)
    most_out = max(0.0, min(most_out, discharge_for(p, soc_kwh - p.empty_kwh, hours), outlet - surplus))
    move = wanted(p, levels, charge_kw, discharge_kw, import_kw, soc_kwh, surplus, hours)
    move = min(max(move, -most_out), most_in)
    if inside:
        move = min(max(settled(p, state, move, hours), -most_out), most_in)
        state[POWER] = min(max(state[POWER], -most_out / hours), most_in / hours)
    charge, discharge = max(move, 0.0), max(-move, 0.0)
    if abs(move) < p.least_kw * hours:
        charge = discharge = 0.0
    stored, taken, standby = 0.0, 0.0, 0.0
    if charge > 0.0:
        stored = stored_of(p, charge, hours)
        if stored <= 0.0:
            charge = stored = 0.0
    elif discharge > 0.0:
        taken = taken_of(p, discharge, hours)
    loss = (charge - stored) + (taken - discharge)
    if charge == 0.0 and discharge == 0.0:
        fed_back = max(min(p.standby_battery_kw * hours, soc_kwh - p.empty_kwh), 0.0)
        standby = p.standby_kw * hours + (p.standby_battery_kw * hours - fed_back)
        loss += fed_back
    after = soc_kwh + charge - discharge - loss
    # Capacity that fades away takes along what it held.
    fade = p.fade_per_cycle * (stored + taken) / 2.0 + p.nominal_kwh * p.fade_per_hour * hours
    state[FADED] += fade
    top = p.full_kwh * min((capacity_kwh - fade) / p.nominal_kwh, 1.0)
    state[SOC] = min(max(after, p.empty_kwh), max(top, p.empty_kwh))
    loss += max(after - state[SOC], 0.0)
    drawn = load_kwh - used + charge - discharge + standby
    fed = min(max(-drawn, 0.0), outlet)
    result[CHARGE] += charge
    result[DISCHARGE] += discharge
    result[IMPORT] += max(drawn, 0.0)
    result[EXPORT] += fed
    result[CURTAILED] += max(-drawn, 0.0) - fed + (pv_kwh - used)
    result[LOSS] += loss
    result[STANDBY] += standby
    result[FADE] += fade


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    p: Numbers,
    charge_taper: Floats,
    discharge_taper: Floats,
    state: Floats,
    levels: Floats,
    charge_kw: Floats,
    discharge_kw: Floats,
    curtail: NDArray[np.int8],
    import_kw: Floats,
    load_kwh: Floats,
    pv_kwh: Floats,
    minute_row: NDArray[np.int64],
    minute_load_kwh: Floats,
    minute_pv_kwh: Floats,
    hours: float,
    results: Floats,
) -> None:
    """Carry out the modes of n slots of `hours`, by the minute where `minute_row` is not negative.

    Args:
        state: before the first slot, shape (STATES,); after the last on return.
        minute_load_kwh, minute_pv_kwh: course inside a slot, shape (m, minutes).
        results: shape (n, RESULTS), written.
    """
    minutes = minute_load_kwh.shape[1]
    for slot in range(len(load_kwh)):
        result = results[slot]
        result[:] = 0.0
        row = minute_row[slot]
        if row < 0:
            interval(
                p, charge_taper, discharge_taper, state, levels[slot], charge_kw[slot], discharge_kw[slot],
                curtail[slot], import_kw[slot], load_kwh[slot], pv_kwh[slot], hours, False, result,
            )  # fmt: skip
            state[POWER] = (result[CHARGE] - result[DISCHARGE]) / hours
        else:
            for minute in range(minutes):
                interval(
                    p, charge_taper, discharge_taper, state, levels[slot], charge_kw[slot], discharge_kw[slot],
                    curtail[slot], import_kw[slot], minute_load_kwh[row, minute], minute_pv_kwh[row, minute],
                    hours / minutes, True, result,
                )  # fmt: skip
        # The fuse is slow: what counts is the slot's mean.
        result[BREACH] = max(result[IMPORT] - p.import_max_kw * hours, 0.0)
        result[STORED] = state[SOC]
