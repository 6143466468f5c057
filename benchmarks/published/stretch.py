"""The battery problem under limits on the grid, solved stretch by stretch: each hands the one before its value."""

from dataclasses import dataclass

import numpy as np

from benchmarks.published.trondheim import START_KWH, STORAGE, Series
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.value import FirstMove, StoredValue
from darkstar.planner.problem import GridModel, Problem, TerminalValue


@dataclass(frozen=True)
class Stretch:
    """Hours under one limit.

    Attributes:
        load_kwh, price: shape (n,) [kWh, NOK/kWh].
        limit_kw: what to stay under.
        breach_cost: per kWh over the limit [NOK].
    """

    load_kwh: Series
    price: Series
    limit_kw: float
    breach_cost: float

    def problem(self, soc_kwh: float, worth: TerminalValue) -> Problem:
        """The stretch as a problem of the engine."""
        nothing = np.zeros(len(self.load_kwh))
        grid = GridModel(self.limit_kw, 0.0, self.breach_cost)
        return Problem(1.0, self.load_kwh, nothing, self.price, nothing, soc_kwh, STORAGE, grid, worth)


def value(engine: FastEngine, stretch: Stretch, worth: TerminalValue) -> StoredValue:
    """The least cost of a stretch for every energy stored at its begin."""
    return engine.value(stretch.problem(START_KWH, worth))


def first_move(
    engine: FastEngine, stretches: list[Stretch], soc_kwh: float, worth: TerminalValue
) -> tuple[FirstMove, float]:
    """The move of the first hour, and the least cost of all stretches less what is stored at their end is worth."""
    first, *later = (stretch for stretch in stretches if len(stretch.load_kwh))
    cost = 0.0
    for stretch in reversed(later):
        found = value(engine, stretch, worth)
        cost += float(found.cost[0])
        worth = terminal(found)
    move = engine.first_move(first.problem(soc_kwh, worth))
    return move, cost + move.cost


def terminal(found: StoredValue) -> TerminalValue:
    """A value function as what energy is worth at the end of the stretch before, an empty battery being worth 0."""
    kwh = np.diff(found.soc_kwh)
    wide = kwh > 1e-9
    # Slopes of pieces that are all but empty are rounding; a worth that falls is what the engine asks for.
    worth = np.minimum.accumulate(-np.diff(found.cost)[wide] / kwh[wide])
    return TerminalValue(worth, kwh[wide])
