"""The connection: one balance row a slot, one row a slot and phase, and what exceeds the limits.

    import + breach - export - spill = load - pv + what the devices draw
    -phase_max*h <= phase's load - pv + draws - phase_breach + phase_spill <= phase_max*h

`breach` is drawn beyond the import limit and billed like any import; `spill` is fed in beyond the export limit and
earns nothing. Phases may feed in and draw at once, the meter sees their sum.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Site
from darkstar.planner.problem import Series

PEAK_TIE = 0.1
"""Tie cost of a kWh of the highest slot's import, against 1 for a switch."""


@dataclass(frozen=True)
class Bus:
    """Where devices draw from.

    Attributes:
        balance: row of each slot, shape (n,).
        phase: rows, shape (phases, n); empty where phases are not looked at.
        imports, exports, breach, spill: columns, shape (n,).
        phase_breach, phase_spill: columns, shape (phases, n).
        highest: column of the highest slot's import, which only ties look at, shape (1,).
        exclusive: slots in which a kWh earns more than it costs.
        drawing: in each of them the switch, 1 where the meter may draw, 0 where it may feed in.
    """

    balance: Indices
    phase: Indices
    imports: Indices
    exports: Indices
    breach: Indices
    spill: Indices
    phase_breach: Indices
    phase_spill: Indices
    highest: Indices
    exclusive: Indices
    drawing: Indices

    def draw(
        self,
        programme: Programme,
        columns: Indices,
        phases: tuple[int, ...],
        kwh: ArrayLike = 1.0,
        slots: slice = slice(None),
    ) -> None:
        """Columns, one for each of these slots, that draw so much per unit from the site."""
        drawn = np.asarray(kwh, dtype=np.float64)
        programme.put(self.balance[slots], columns, -drawn)
        if len(self.phase):
            for phase in phases:
                programme.put(self.phase[phase - 1, slots], columns, drawn / len(phases))

    def price(self, duals: Series, phases: tuple[int, ...]) -> Series:
        """What a kWh more on these phases costs in each slot by the rows' duals, shape (n,)."""
        price = duals[self.balance].copy()
        for phase in phases if len(self.phase) else ():
            price -= duals[self.phase[phase - 1]] / len(phases)
        return price


def add_connection(programme: Programme, site: Site) -> Bus:
    """The site's bus, with its load and sun as the rows' right-hand sides."""
    n, grid, h = len(site), site.connection, site.slot_hours
    limits = {"import": grid.import_max_kw * h, "export": grid.export_max_kw * h}
    imports = programme.columns(n, cost=site.import_price, high=limits["import"])
    exports = programme.columns(n, cost=-site.export_price, high=limits["export"])
    breach = programme.columns(n, cost=site.import_price + grid.breach_cost)
    spill = programme.columns(n, cost=grid.breach_cost)
    net = site.load_kwh - site.pv_kwh
    balance = programme.rows(n, low=net, high=net)
    for columns, sign in ((imports, 1.0), (breach, 1.0), (exports, -1.0), (spill, -1.0)):
        programme.put(balance, columns, sign)
    highest = programme.columns(1, tie=PEAK_TIE)
    under = programme.rows(n, high=0.0)
    for columns, sign in ((imports, 1.0), (breach, 1.0), (np.broadcast_to(highest, n), -1.0)):
        programme.put(under, columns, sign)
    phase, phase_breach, phase_spill = _add_phases(programme, site)
    exclusive = np.flatnonzero(site.export_price > site.import_price)
    drawing = _one_way(programme, site, imports, exports, exclusive)
    return Bus(
        balance,
        phase,
        imports,
        exports,
        breach,
        spill,
        phase_breach,
        phase_spill,
        highest,
        exclusive,
        drawing,
    )


def _add_phases(programme: Programme, site: Site) -> tuple[Indices, Indices, Indices]:
    n, grid = len(site), site.connection
    if grid.phase_max_kw is None:
        nothing = np.zeros((0, n), dtype=np.int64)
        return nothing, nothing, nothing
    most = grid.phase_max_kw * site.slot_hours
    rows, breaches, spills = [], [], []
    for number, share in enumerate(grid.load_shares, start=1):
        net = site.load_kwh * share
        for string in site.strings:
            if number in string.phases:
                net = net - string.pv_kwh / len(string.phases)
        row = programme.rows(n, low=-most - net, high=most - net)
        breach = programme.columns(n, cost=grid.breach_cost)
        spill = programme.columns(n, cost=grid.breach_cost)
        programme.put(row, breach, -1.0)
        programme.put(row, spill, 1.0)
        rows.append(row)
        breaches.append(breach)
        spills.append(spill)
    return np.stack(rows), np.stack(breaches), np.stack(spills)


def _one_way(programme: Programme, site: Site, imports: Indices, exports: Indices, slots: Indices) -> Indices:
    """Switches that keep the meter from turning both ways in one of these slots."""
    h, grid = site.slot_hours, site.connection
    switch = programme.columns(len(slots), high=1.0, integer=True)
    drawing = programme.rows(len(slots), high=0.0)
    programme.put(drawing, imports[slots], 1.0)
    programme.put(drawing, switch, -grid.import_max_kw[slots] * h)
    feeding = programme.rows(len(slots), high=grid.export_max_kw[slots] * h)
    programme.put(feeding, exports[slots], 1.0)
    programme.put(feeding, switch, grid.export_max_kw[slots] * h)
    return switch


def add_strings(programme: Programme, site: Site, bus: Bus) -> tuple[Indices, ...]:
    """Curtailment of each string, columns of shape (n,); what cannot be turned down is never curtailed."""
    columns = []
    for string in site.strings:
        most = string.pv_kwh if string.can_curtail else np.zeros(len(site))
        curtail = programme.columns(len(site), cost=string.curtailment_cost, high=most)
        bus.draw(programme, curtail, string.phases)
        columns.append(curtail)
    return tuple(columns)
