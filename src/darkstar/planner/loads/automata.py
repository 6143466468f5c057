"""A load as a small automaton: which states it can be in at each slot, and what each step draws and costs.

A state is how long the load has been on or off, as far as that matters, and how far the needs whose window is open
have come. Needs whose windows do not overlap share a counter. Only states that can be reached, and from which the
horizon's end can be reached, are kept; states with the same future are one.

States are numbered through, from the end of the horizon to its beginning: 0 is the one state after the last slot. The
states before slot t are `layer_first[t]` .. `layer_first[t - 1]` (exclusive), the edges of state q are
`edge_first[q]` .. `edge_first[q + 1]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.loads_automaton import build
from darkstar.planner.fast.loads_pairs import combine, sums_of
from darkstar.planner.loads.accounting import owed_slots
from darkstar.planner.loads.model import Need, OnOffLoad
from darkstar.planner.problem import Series

MOST_CODES = 40_000_000
"""States times slots of an automaton before it is pruned; more is refused."""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Automaton:
    """The automaton of one load, or of two together.

    Attributes:
        layer_first: first state of each slot, shape (n + 1,); falling, 0 for the end of the horizon.
        edge_first: first edge of each state, shape (states + 1,).
        edge_to: state that an edge leads to, shape (edges,).
        edge_energy: index in `energies_kwh` of what the edge draws, shape (edges,).
        edge_level: what the load does, see `loads.Levels`; of two loads together, `first + second * stride`.
        edge_cost: what the edge costs beside the energy, shape (edges,).
        energies_kwh: different energies that a slot may draw, shape (m,).
        stride: number of things that the first of two loads may do in a slot; 0 for one load.
    """

    layer_first: Ids
    edge_first: Ids
    edge_to: Ids
    edge_energy: Ids
    edge_level: Ids
    edge_cost: Series
    energies_kwh: Series
    stride: int = 0

    def __len__(self) -> int:
        return len(self.layer_first) - 1

    @property
    def states(self) -> int:
        """Number of states of all slots, the end included."""
        return len(self.edge_first) - 1

    @property
    def arrays(self) -> tuple[Ids, Ids, Ids, Ids, Series, Series]:
        """Layers, edges, where they lead, what they draw and cost, and the energies: for the compiled functions."""
        return (
            self.layer_first,
            self.edge_first,
            self.edge_to,
            self.edge_energy,
            self.edge_cost,
            self.energies_kwh,
        )


def automaton_of(load: OnOffLoad, n: int, slot_hours: float) -> Automaton:
    """The automaton of a checked load over n slots.

    Raises:
        UsageError: its needs overlap so much that the automaton would be too large.
    """
    register = _registers(load.needs)
    caps = np.array([_cap(need) for need in load.needs], dtype=np.int64)
    radix = np.array(
        [
            1 + max(cap for cap, at in zip(caps, register, strict=True) if at == r)
            for r in range(_count(register))
        ],
        dtype=np.int64,
    )
    comfort_slots = load.comfort.most_off_slots if load.comfort else n + 1
    off_modes = max(1, load.min_off_slots, load.comfort.most_off_slots + 1 if load.comfort else 1)
    codes = (load.run_slots + off_modes) * float(np.prod(radix.astype(np.float64)))
    if codes * (n + 1) > MOST_CODES:
        raise UsageError(
            f"The load {load.name} has {codes:.0f} states in each of {n} slots; that is too many to plan exactly.",
            remedy="Let fewer of its needs overlap, or give its runs and pauses fewer slots.",
        )
    powers = list(load.profile_kw) if load.profile_kw else [level.power_kw for level in load.levels]
    energies = np.array(sorted({0.0, *(power * slot_hours for power in powers)}))
    energy_at = np.searchsorted(energies, np.array(powers) * slot_hours)
    units = [0, 1] if load.profile_kw else [0, *(level.units for level in load.levels)]
    needs = np.array(
        [
            (need.first, need.last, need.units, cap, need.most_units is not None, need.done_units, at)
            for need, cap, at in zip(load.needs, caps, register, strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1, 7)
    arrays = build(
        n,
        np.array(
            [
                load.run_slots,
                off_modes,
                load.min_off_slots,
                comfort_slots,
                owed_slots(load, n),
                bool(load.profile_kw),
                min(load.on_for_slots, load.run_slots),
                min(load.off_for_slots, off_modes),
            ],
            dtype=np.int64,
        ),
        np.array([load.start_cost, load.comfort.late_cost if load.comfort else 0.0]),
        load.may_run(n),
        np.array(units, dtype=np.int64),
        energy_at.astype(np.int64),
        needs,
        np.array([need.shortfall_cost for need in load.needs], dtype=np.float64),
        radix,
    )
    return Automaton(*arrays, energies)


@dataclass(frozen=True)
class Allowance:
    """What of two automata a plan as good as a known one can use: their edges' slacks add up to `most` or less."""

    first: Series
    second: Series
    most: float


def together(first: Automaton, second: Automaton, allowance: Allowance | None = None) -> Automaton:
    """The automaton of two loads side by side: every pair of states that can be reached within the allowance."""
    energies, pair = pairs_of(first, second)
    stride = int(first.edge_level.max()) + 1
    if allowance is None:
        allowance = Allowance(np.zeros(len(first.edge_to)), np.zeros(len(second.edge_to)), np.inf)
    arrays = combine(
        first.layer_first,
        first.edge_first,
        first.edge_to,
        first.edge_energy,
        first.edge_level,
        first.edge_cost,
        second.layer_first,
        second.edge_first,
        second.edge_to,
        second.edge_energy,
        second.edge_level,
        second.edge_cost,
        pair,
        stride,
        allowance.first,
        allowance.second,
        allowance.most,
    )
    return Automaton(*arrays, energies, stride)


def pairs_of(first: Automaton, second: Automaton) -> tuple[Series, Ids]:
    """The different energies that two loads draw together, rising, shape (kinds,); and which of them each pair of
    theirs comes to, shape (kinds of the first, kinds of the second)."""
    energies, pair = sums_of(first.energies_kwh, second.energies_kwh)
    return energies, pair


def idle(n: int) -> Automaton:
    """The automaton of a load that does nothing."""
    states = np.arange(n + 1)
    return Automaton(
        layer_first=states[::-1].copy(),
        edge_first=np.concatenate([[0], states]),
        edge_to=states[:-1].copy(),
        edge_energy=np.zeros(n, dtype=np.int64),
        edge_level=np.zeros(n, dtype=np.int64),
        edge_cost=np.zeros(n),
        energies_kwh=np.zeros(1),
    )


def _cap(need: Need) -> int:
    """Units up to which a need counts."""
    return need.units if need.most_units is None else need.most_units


def _registers(needs: Sequence[Need]) -> list[int]:
    """A counter for each need; needs share one where their windows do not overlap."""
    free_from: list[int] = []
    at = [0] * len(needs)
    for index in sorted(range(len(needs)), key=lambda i: needs[i].first):
        free = [register for register, last in enumerate(free_from) if last <= needs[index].first]
        at[index] = free[0] if free else len(free_from)
        if not free:
            free_from.append(0)
        free_from[at[index]] = needs[index].last
    return at


def _count(register: Sequence[int]) -> int:
    return max(register, default=-1) + 1
