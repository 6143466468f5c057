"""An automaton allows just what the rules allow, and costs what the accounting says: every sequence is tried."""

from itertools import product

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.loads.accounting import owed_slots, run_of, run_positions, units_of
from darkstar.planner.loads.automata import Automaton, automaton_of, idle, together
from darkstar.planner.loads.model import Comfort, Level, Need, OnOffLoad

pytestmark = pytest.mark.slow
"""Compiling takes seconds."""

N = 7
LOADS = {
    "heater": OnOffLoad(
        "heater",
        levels=(Level(2.0),),
        needs=(Need("a", 0, 4, 2, 1.5, most_units=3), Need("b", 3, 7, 2), Need("c", 4, 7, 1, 0.3)),
        comfort=Comfort(2, 0.7),
        min_on_slots=2,
        min_off_slots=2,
        start_cost=0.1,
        off_for_slots=1,
    ),
    "already on": OnOffLoad("on", levels=(Level(2.0),), min_on_slots=4, min_off_slots=1, on_for_slots=2),
    "on and soon away": OnOffLoad(
        "away", levels=(Level(1.0),), min_on_slots=4, on_for_slots=1, available=np.arange(N) != 2
    ),
    "levels": OnOffLoad(
        "car",
        levels=(Level(1.0, 1), Level(2.0, 2)),
        needs=(Need("go", 1, 6, 5, 1.0, most_units=6),),
        min_on_slots=2,
    ),
    "appliance": OnOffLoad(
        "washer", profile_kw=(1.0, 3.0, 2.0), needs=(Need("done", 0, 6, 3, most_units=3),), min_off_slots=1
    ),
    "appliance running": OnOffLoad("washer", profile_kw=(1.0, 3.0, 2.0), on_for_slots=2),
}


@pytest.mark.parametrize("name", LOADS)
def test_every_sequence_of_on_and_off_is_allowed_by_the_rules_or_not_at_all(name: str) -> None:
    load = LOADS[name]
    automaton = automaton_of(load, N, 0.5)
    allowed = 0
    for sequence in product(range(1 + max(1, len(load.levels))), repeat=N):
        levels = np.array(sequence)
        walked = _walk(automaton, levels)
        assert (walked is not None) == _may(load, levels), sequence
        if walked is not None:
            allowed += 1
            run = run_of(load, levels, 0.5)
            assert walked[0] == pytest.approx(run.cost), sequence
            assert walked[1] == pytest.approx(run.energy_kwh.tolist()), sequence
    assert allowed > 1


def test_two_automata_together_go_their_own_ways() -> None:
    first, second = (automaton_of(LOADS[name], N, 0.5) for name in ("heater", "appliance"))
    both = together(first, second)
    rng = np.random.default_rng(0)
    for _ in range(50):
        levels, edges, state = np.zeros(N, dtype=np.int64), [], both.states - 1
        for slot in range(N):
            edges.append(int(rng.integers(both.edge_first[state], both.edge_first[state + 1])))
            levels[slot], state = both.edge_level[edges[-1]], both.edge_to[edges[-1]]
        apart = [_walk(first, levels % both.stride), _walk(second, levels // both.stride)]
        assert apart[0] is not None
        assert apart[1] is not None
        assert both.edge_cost[edges].sum() == pytest.approx(apart[0][0] + apart[1][0])
        drawn = both.energies_kwh[both.edge_energy[edges]]
        assert drawn == pytest.approx(np.array(apart[0][1]) + np.array(apart[1][1]))


def test_states_with_the_same_future_are_one() -> None:
    free = OnOffLoad("free", levels=(Level(1.0),), min_on_slots=3)
    assert automaton_of(free, N, 1.0).states < N * 4
    assert idle(N).states == N + 1


def test_needs_that_overlap_without_end_are_refused() -> None:
    needs = tuple(Need(f"need {i}", 0, N, 40) for i in range(6))
    with pytest.raises(UsageError, match="too many"):
        automaton_of(OnOffLoad("much", levels=(Level(1.0),), needs=needs), N, 1.0)


def _walk(automaton: Automaton, levels: np.ndarray) -> tuple[float, list[float]] | None:
    """Cost and energies of a sequence, None where the automaton has no such way."""
    state, cost, drawn = automaton.states - 1, 0.0, []
    for level in levels:
        for edge in range(automaton.edge_first[state], automaton.edge_first[state + 1]):
            if automaton.edge_level[edge] == level:
                break
        else:
            return None
        state = automaton.edge_to[edge]
        cost += automaton.edge_cost[edge]
        drawn.append(float(automaton.energies_kwh[automaton.edge_energy[edge]]))
    return cost, drawn


def _may(load: OnOffLoad, levels: np.ndarray) -> bool:
    """The rules once more, in the plainest words."""
    on = [level > 0 for level in levels.tolist()]
    units = units_of(load, levels)
    if any(
        need.most_units is not None and units[need.first : need.last].sum() > need.most_units
        for need in load.needs
    ):
        return False
    if any(is_on and not may for is_on, may in zip(on, load.may_run(N), strict=True)):
        return False
    owed = owed_slots(load, N)
    if not all(on[:owed]):
        return False
    # Runs as (first, last exclusive), the one that runs at the start included.
    positions = run_positions(load, levels).tolist() if load.profile_kw else []
    starts = [
        slot
        for slot in range(N)
        if on[slot]
        and (
            positions[slot] == 0 if load.profile_kw else not (on[slot - 1] if slot else load.on_for_slots > 0)
        )
    ]
    for start in starts:
        rest = on[start : start + load.run_slots]
        if not all(rest):
            return False
        pause_from = -load.off_for_slots if not load.on_for_slots else 0
        before = [slot for slot in range(start) if on[slot]]
        pause = start - (before[-1] + 1) if before else start - pause_from
        if pause < load.min_off_slots:
            return False
    return True
