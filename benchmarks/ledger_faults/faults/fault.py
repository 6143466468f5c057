"""What a fault is: what it did to a tape, where it may be found and by which names."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.ledger_faults.homes import Way
from benchmarks.ledger_faults.tape import Tape
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.evidence import MICROSECONDS

SECOND = MICROSECONDS
Causes = frozenset[Cause]


@dataclass(frozen=True)
class Fault:
    """A fault that was done.

    Attributes:
        tape: what the meter showed with it.
        from_us, to_us: where it may be found.
        causes: any of these names it rightly.
        unknowable_kwh: energy that nobody can know for it.
        harmless: it does no harm, and is found by that; naming it is allowed, not asked.
        beside_truth: Home Assistant has the true hours by another way.
    """

    tape: Tape
    from_us: int
    to_us: int
    causes: Causes
    unknowable_kwh: float = 0.0
    harmless: bool = False
    beside_truth: bool = False


Family = Callable[[Tape, int, np.random.Generator], Fault | None]
"""What a family does to a tape at reading k >= 1."""


@dataclass(frozen=True)
class Named:
    """A family with the ways in which it can come."""

    ways: frozenset[Way]
    befall: Family
