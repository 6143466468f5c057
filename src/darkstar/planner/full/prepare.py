"""What is compiled, loaded once: from the disk, or compiled where nobody has yet, that takes longer than most plans."""

import numpy as np

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.loads_bound import cheapest_way
from darkstar.planner.loads.automata import automaton_of
from darkstar.planner.loads.model import Level, OnOffLoad
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue


def prepare() -> None:
    """Load what guesses of loads and of directions need."""
    automaton = automaton_of(OnOffLoad("nothing", (Level(1.0),)), 1, 1.0)
    costs = np.zeros((1, len(automaton.energies_kwh)))
    cheapest_way(automaton.arrays, costs, np.empty(automaton.states), np.zeros(1, dtype=np.int64))
    nothing, worth = np.zeros(1), TerminalValue(np.zeros(0), np.zeros(0))
    storage, grid = StorageModel(0.0, 1.0, 1.0, 1.0, 1.0, 1.0), GridModel(1.0, 1.0)
    FastEngine().solve(Problem(1.0, nothing, nothing, nothing, nothing, 0.0, storage, grid, worth))
