"""Whoever looks on at a replay: told of every decision and what came of it, changing neither."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from darkstar.domain.slots import Slots
from darkstar.planner.modes import Mode
from darkstar.time_machine.information import Outlook
from darkstar.time_machine.plant.carrying import Step
from darkstar.time_machine.scenario import Scenario


@dataclass(frozen=True)
class Moment:
    """One replayed slot.

    Attributes:
        number: of the replayed slot.
        soc_kwh: energy stored at its start.
        outlook: what the policy was told; None where it did not ask, or too little was known.
        mode: what it decided.
        step: what the slot came to.
    """

    number: int
    soc_kwh: float
    outlook: Outlook | None
    mode: Mode
    step: Step


Witness = Callable[[Moment], None]


class Onlooker(Protocol):
    """Looks on at one policy's replay, part by part; may be sent to other processes of this machine."""

    def looking(self, scenario: Scenario, first: int = 0) -> AbstractContextManager[Witness]:
        """The witness of some slots, the first of which has this number among all; they end with the context."""
        ...

    def has(self, slots: Slots) -> bool:
        """Whether what it makes of these slots is still there."""
        ...


OnlookerOf = Callable[[str], Onlooker]
"""Who looks on at a policy's replay."""
