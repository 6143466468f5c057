"""Whoever looks on while a replay runs: told of every decision and what came of it, changing neither."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from darkstar.planner.modes import Mode
from darkstar.time_machine.information import Outlook
from darkstar.time_machine.plant.carrying import Step


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
WitnessOf = Callable[[str], AbstractContextManager[Witness]]
"""The witness of a policy's replay, in whatever process that runs."""
