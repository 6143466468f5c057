"""The battery problem under a limit on the grid, for every energy stored: each stretch hands its value back."""

from dataclasses import dataclass

import numpy as np

from benchmarks.published.trondheim import START_KWH, STORAGE, Series
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.value import StoredValue
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

    def problem(self, worth: TerminalValue) -> Problem:
        """The stretch as a problem of the engine."""
        nothing = np.zeros(len(self.load_kwh))
        grid = GridModel(self.limit_kw, 0.0, self.breach_cost)
        return Problem(1.0, self.load_kwh, nothing, self.price, nothing, START_KWH, STORAGE, grid, worth)


def value(engine: FastEngine, stretch: Stretch, worth: TerminalValue) -> StoredValue:
    """The least cost of a stretch for every energy stored at its begin."""
    return engine.value(stretch.problem(worth))


def terminal(found: StoredValue) -> TerminalValue:
    """A value function as what energy is worth at the end of the stretch before, an empty battery being worth 0."""
    kwh = np.diff(found.soc_kwh)
    wide = kwh > 1e-9
    # Slopes of pieces that are all but empty are rounding; a worth that falls is what the engine asks for.
    worth = np.minimum.accumulate(-np.diff(found.cost)[wide] / kwh[wide])
    return TerminalValue(worth, kwh[wide])
