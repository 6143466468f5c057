"""Whole slots for loads at once: each load's exact cheapest way under a linear programme's prices.

The prices are the duals of the site's balance and phases. Where several ways cost the same, which is what makes the
relaxation mix them, the way that has most in common with the mixture is taken.
"""

from dataclasses import replace

import numpy as np

from darkstar.planner.fast.loads_bound import cheapest_way
from darkstar.planner.full.build import Built
from darkstar.planner.full.loads import LoadColumns
from darkstar.planner.full.programme import Arrays
from darkstar.planner.full.site import Site, SiteLoad
from darkstar.planner.full.solver import Outcome
from darkstar.planner.full.steady import profile_starts
from darkstar.planner.loads.automata import automaton_of
from darkstar.planner.problem import Series


class LoadsGuess:
    """The loads of a site as automata."""

    def __init__(self, site: Site, built: Built) -> None:
        self._site, self._built = site, built
        self._automata = [automaton_of(load.load, len(site), site.slot_hours) for load in site.loads]

    def guessed(self, arrays: Arrays, outcome: Outcome, pull: float) -> Arrays:
        """The programme with all loads fixed; `pull` is the money that a kWh in common with `outcome` is worth."""
        low, high = arrays.low.copy(), arrays.high.copy()
        if outcome.columns is None or outcome.duals is None:
            return arrays
        for load, at, automaton in zip(self._site.loads, self._built.loads, self._automata, strict=True):
            price = self._built.bus.price(outcome.duals, load.phases)
            price -= pull * _drawn(load, at, outcome.columns, len(self._site))
            way = np.zeros(len(price), dtype=np.int64)
            costs = np.outer(price, automaton.energies_kwh)
            cheapest_way(automaton.arrays, costs, np.empty(automaton.states), way)
            levels = automaton.edge_level[way]
            if at.is_profile:
                levels[: at.owed] = 0
                chosen = profile_starts(levels, at.length)[None, :]
            else:
                chosen = levels == 1 + np.arange(len(at.states))[:, None]
            low[at.states] = high[at.states] = chosen
        return replace(arrays, low=low, high=high)


def _drawn(load: SiteLoad, at: LoadColumns, columns: Series, n: int) -> Series:
    """Share of each slot in which the solution has the load on, shape (n,)."""
    on = columns[at.states].sum(axis=0)
    return np.convolve(on, np.ones(at.length))[:n] if at.is_profile else on
