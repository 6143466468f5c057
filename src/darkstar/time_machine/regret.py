"""Where the money went: what `mpc` lost against perfect foresight, by what would have saved it.

    execution   the battery as it really behaves, less the ideal one that plans take it for
    prices      \
    load         } what was not known when it was decided
    sun         /
    plan        what is left with everything known: the horizon, and the shape of the plan

Prices, load and sun do not add up by themselves: knowing tomorrow's sun is worth more to whoever knows the load. The
replay is made under each of the eight ways to know some of them, and each part gets what knowing it saves, averaged
over all orders in which they could become known (the Shapley value: the one division that adds up, treats all alike
and gives nothing to what saves nothing). It is reckoned by day, and a day's part may be negative: who knew better
may still have had bad luck that day, or have bought one day what the next one used.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from math import factorial

import numpy as np

from darkstar.time_machine.calendar import DayCosts, costs_by_day
from darkstar.time_machine.information import Knowledge
from darkstar.time_machine.outcome import MPC, PolicyOutcome, Series
from darkstar.time_machine.plant.model import IDEAL
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import Done, Job, replay_all
from darkstar.time_machine.spread.work import IN_PLACE, Work


class Part(StrEnum):
    """What regret is split into."""

    PRICES = "prices"
    LOAD = "load"
    SUN = "sun"
    EXECUTION = "execution"
    PLAN = "plan"


UNKNOWNS = (Part.PRICES, Part.LOAD, Part.SUN)
"""What may be known or forecast."""
Known = frozenset[Part]
WAYS_TO_KNOW: tuple[Known, ...] = tuple(
    frozenset(some) for size in range(len(UNKNOWNS) + 1) for some in combinations(UNKNOWNS, size)
)
NOTHING_MORE: Known = frozenset()
ALL: Known = frozenset(UNKNOWNS)


@dataclass(frozen=True)
class Regret:
    """What was lost against perfect foresight, in parts that add up by day and in total.

    Attributes:
        days: the replayed local days, d of them.
        by_day: each part's share of each day's loss, shape (d,).
        of_no_day: each part's share of what belongs to no single day.
    """

    days: tuple[dt.date, ...]
    by_day: Mapping[Part, Series]
    of_no_day: Mapping[Part, float]

    @property
    def parts(self) -> dict[Part, float]:
        """By part, over the range."""
        return {part: float(self.by_day[part].sum()) + self.of_no_day[part] for part in Part}

    @property
    def total(self) -> float:
        """Cost of `mpc` less that of perfect foresight."""
        return sum(self.parts.values())

    @property
    def day_totals(self) -> Series:
        """Each day's loss, shape (d,)."""
        return np.asarray(sum(self.by_day[part] for part in Part))


def regret(
    scenario: Scenario,
    mpc: PolicyOutcome,
    oracle: PolicyOutcome,
    *,
    work: Work = IN_PLACE,
    done: Done = lambda *_: None,
) -> Regret:
    """The regret of a replay of `mpc` that knew nothing of the future.

    Args:
        mpc, oracle: their outcomes on the scenario.
    """
    minuteless = replace(scenario.known, minutes=None)
    ideal = replace(scenario, known=minuteless, plant=IDEAL)
    jobs = [
        Job(ideal, MPC, Knowledge(Part.PRICES in known, Part.LOAD in known, Part.SUN in known))
        for known in WAYS_TO_KNOW
    ]
    outcomes = replay_all(jobs, work, done)

    def by_day(outcome: PolicyOutcome) -> DayCosts:
        return costs_by_day(scenario.history, outcome, scenario.settlement_per_kwh, scenario.tz)

    knowing = {known: by_day(outcome) for known, outcome in zip(WAYS_TO_KNOW, outcomes, strict=True)}
    return split(by_day(mpc), knowing, by_day(oracle))


def split(real: DayCosts, knowing: Mapping[Known, DayCosts], oracle: DayCosts) -> Regret:
    """The parts of the regret.

    Args:
        real: `mpc` as it was, on the battery as it is.
        knowing: `mpc` on the ideal battery, by what it knew of `UNKNOWNS`; all eight ways.
        oracle: perfect foresight.
    """
    costs = {known: _with_rest(days) for known, days in knowing.items()}
    parts = shapley(UNKNOWNS, costs.__getitem__)
    parts[Part.EXECUTION] = _with_rest(real) - costs[NOTHING_MORE]
    parts[Part.PLAN] = costs[ALL] - _with_rest(oracle)
    return Regret(
        real.days,
        {part: parts[part][:-1] for part in Part},
        {part: float(parts[part][-1]) for part in Part},
    )


def shapley(players: Sequence[Part], cost: Callable[[Known], Series]) -> dict[Part, Series]:
    """What each player saves by joining, averaged over all orders of joining; adds up to cost(nobody) - cost(all).

    Args:
        cost: of each set of players, any shape.
    """
    n = len(players)
    shares: dict[Part, Series] = {}
    for player in players:
        others = [other for other in players if other != player]
        saved = np.zeros_like(cost(NOTHING_MORE))
        for size in range(n):
            weight = factorial(size) * factorial(n - 1 - size) / factorial(n)
            for some in combinations(others, size):
                before = frozenset(some)
                saved = saved + weight * (cost(before) - cost(before | {player}))
        shares[player] = saved
    return shares


def _with_rest(days: DayCosts) -> Series:
    """Costs by day with what belongs to none at the end, shape (d + 1,)."""
    return np.append(days.cost, days.of_no_day)
