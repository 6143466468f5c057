"""Which way batteries go where burning energy may pay: each by the exact recursion, given what all else does.

There a relaxation charges and discharges at once, and rounding that slot by slot is dear: whether a slot burns depends
on how full the battery is then. The recursion knows; one battery after the other it finds the best moves beside a plan
in hand, and the linear programme with their directions the best plan of the site.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.full.build import Built
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.site import Site, SiteBattery
from darkstar.planner.problem import GridModel, Problem, Series

BURNING_KWH = 1e-7
"""Charging and discharging at once beyond rounding."""
MOVING_KWH = 1e-9
"""A battery that moves less rests, and may as well go on as in the plan before."""


class Directions:
    """The batteries of a site that may want to burn energy."""

    def __init__(self, site: Site, built: Built) -> None:
        self._site, self._built = site, built
        self._engine = FastEngine()
        self._numbers = [
            number
            for number, (battery, at) in enumerate(zip(site.batteries, built.batteries, strict=True))
            if len(at.switched) and _within(battery)
        ]

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def turned(self, arrays: Arrays, columns: Series) -> Arrays:
        """The programme with these batteries' directions fixed beside a plan, in its order of batteries.

        Args:
            arrays: the programme with all else fixed that is to stay.
            columns: the plan's.
        """
        low, high = arrays.low.copy(), arrays.high.copy()
        others = self._meter(columns)
        for number in self._numbers:
            at = self._built.batteries[number]
            others -= columns[at.charge] - columns[at.discharge]
            plan = self._engine.solve(self._problem(self._site.batteries[number], others, columns))
            others += plan.charge_kwh - plan.discharge_kwh
            moved = (plan.charge_kwh - plan.discharge_kwh)[at.switched]
            charging = np.where(np.abs(moved) > MOVING_KWH, moved > 0, np.round(columns[at.charging]))
            low[at.charging] = high[at.charging] = charging
        return replace(arrays, low=low, high=high)

    def _meter(self, columns: Series) -> Series:
        """What load, devices and batteries draw in all, sun aside, shape (n,)."""
        bus = self._built.bus
        meter = columns[bus.imports] + columns[bus.breach] - columns[bus.exports] - columns[bus.spill]
        turned_down = [columns[curtail] for curtail in self._built.curtail]
        drawn: Series = meter + self._site.pv_kwh - np.sum([np.zeros(len(meter)), *turned_down], axis=0)
        return drawn

    def _problem(self, battery: SiteBattery, others: Series, columns: Series) -> Problem:
        """One battery beside what all else draws; limits that change from slot to slot are taken at their widest.

        Where peaks cost, the plan's highest import is the limit.
        """
        site, grid, h = self._site, self._site.connection, self._site.slot_hours
        most = float(grid.import_max_kw.max())
        if site.power_tariffs:
            most = min(most, float(columns[self._built.bus.imports].max()) / h)
        down = [string.curtailment_cost for string in site.strings if string.can_curtail]
        return Problem(
            slot_hours=h,
            load_kwh=np.maximum(others, 0.0),
            pv_kwh=site.pv_kwh + np.maximum(-others, 0.0),
            import_price=site.import_price,
            export_price=site.export_price,
            soc_start_kwh=battery.soc_start_kwh,
            storage=battery.storage,
            grid=GridModel(
                import_max_kw=most,
                export_max_kw=float(grid.export_max_kw.max()),
                import_breach_cost=grid.breach_cost,
                curtailment_cost=min(down, default=grid.breach_cost),
            ),
            terminal=battery.terminal,
        )


def _within(battery: SiteBattery) -> bool:
    return battery.storage.soc_min_kwh <= battery.soc_start_kwh <= battery.storage.soc_max_kwh


def burning(built: Built, columns: Series) -> dict[int, Indices]:
    """By number of battery, the slots in which a solution charges and discharges at once."""
    return {
        number: np.flatnonzero(np.minimum(columns[at.charge], columns[at.discharge]) > BURNING_KWH)
        for number, at in enumerate(built.batteries)
    }


def one_way(built: Built, arrays: Arrays, columns: Series, slots: Mapping[int, Indices]) -> Arrays:
    """The programme in which batteries go in these slots only the way that a solution has them go on the whole."""
    high = arrays.high.copy()
    for number, inside in slots.items():
        charge, discharge = (
            at[inside] for at in (built.batteries[number].charge, built.batteries[number].discharge)
        )
        charges = columns[charge] >= columns[discharge]
        high[discharge[charges]] = 0.0
        high[charge[~charges]] = 0.0
    return replace(arrays, high=high)
