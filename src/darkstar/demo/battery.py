"""How the demo's inverter runs its battery: self-consumption, the factory setting."""

from dataclasses import dataclass

import numpy as np

from darkstar.demo.grid import STEP_HOURS, Series
from darkstar.domain.home import Battery


@dataclass(frozen=True)
class Flows:
    """Energy of each step at the AC side [kWh], shape (n,); `soc_kwh` has shape (n + 1,) with the start first.

    load + export + charge = sun + import + discharge, to rounding.
    """

    charge_kwh: Series
    discharge_kwh: Series
    import_kwh: Series
    export_kwh: Series
    soc_kwh: Series


def self_consumption(battery: Battery, load_kwh: Series, pv_kwh: Series) -> Flows:
    """Store every surplus, cover every deficit, begin half full; shapes (n,)."""
    low, high = battery.soc_min_kwh, battery.soc_max_kwh
    into, out_of = battery.charge_efficiency, battery.discharge_efficiency
    most_in, most_out = battery.charge_max_kw * STEP_HOURS, battery.discharge_max_kw * STEP_HOURS
    soc = (low + high) / 2
    moves, states = [], [soc]
    for surplus in (pv_kwh - load_kwh).tolist():
        if surplus > 0:
            move = min(surplus, most_in, (high - soc) / into)
            soc += move * into
        else:
            move = -min(-surplus, most_out, (soc - low) * out_of)
            soc += move / out_of
        soc = min(max(soc, low), high)
        moves.append(move)
        states.append(soc)
    moved = np.array(moves)
    net = load_kwh - pv_kwh + moved
    return Flows(
        moved.clip(0.0),
        (-moved).clip(0.0),
        net.clip(0.0),
        (-net).clip(0.0),
        np.array(states, dtype=np.float64),
    )
