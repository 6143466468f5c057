"""A plan as a person reads it: blocks of slots in which the battery does one thing.

charge   from the grid, beyond the sun's surplus        cover   serves the load
store    takes up the sun's surplus                     sell    feeds the grid, beyond the load
rest     is left alone
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from darkstar.planner.problem import Plan, Problem

ENERGY_TOLERANCE_KWH = 1e-6
SHORT_REST_SLOTS = 2
"""A rest this short between two blocks of one action does not part them."""


class Action(StrEnum):
    """What the battery does."""

    CHARGE = "charge"
    STORE = "store"
    COVER = "cover"
    SELL = "sell"
    REST = "rest"


@dataclass(frozen=True)
class Block:
    """Slots `first` to `end` (exclusive) of a plan in which the battery does one thing."""

    first: int
    end: int
    action: Action

    @property
    def slots(self) -> slice:
        """Its slots in the plan's series."""
        return slice(self.first, self.end)


def blocks_of(problem: Problem, plan: Plan) -> list[Block]:
    """The plan in blocks, in order and without holes."""
    blocks: list[Block] = []
    for slot, action in enumerate(actions_of(problem, plan)):
        if blocks and blocks[-1].action is action:
            blocks[-1] = Block(blocks[-1].first, slot + 1, action)
        else:
            blocks.append(Block(slot, slot + 1, action))
    return _joined(blocks)


def actions_of(problem: Problem, plan: Plan) -> list[Action]:
    """What the battery does in each slot."""
    surplus = problem.pv_kwh - problem.load_kwh
    charge, discharge = plan.charge_kwh, plan.discharge_kwh
    choices = [
        (charge > np.maximum(surplus, 0.0) + ENERGY_TOLERANCE_KWH, Action.CHARGE),
        (charge > ENERGY_TOLERANCE_KWH, Action.STORE),
        (discharge > np.maximum(-surplus, 0.0) + ENERGY_TOLERANCE_KWH, Action.SELL),
        (discharge > ENERGY_TOLERANCE_KWH, Action.COVER),
    ]
    return [
        next((action for holds, action in choices if holds[slot]), Action.REST)
        for slot in range(len(problem))
    ]


def _joined(blocks: list[Block]) -> list[Block]:
    """The blocks without short rests inside one action."""
    joined: list[Block] = []
    for block in blocks:
        if len(joined) >= 2:
            before, rest = joined[-2], joined[-1]
            short = rest.action is Action.REST and rest.end - rest.first <= SHORT_REST_SLOTS
            if short and before.action is block.action:
                joined[-2:] = [Block(before.first, block.end, block.action)]
                continue
        joined.append(block)
    return joined
