"""All that a replay was asked for, for tables, JSON and reports alike."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkstar.cli.simulate.plant import PlantChoice
from darkstar.domain.home import Home
from darkstar.time_machine.actual import Beside
from darkstar.time_machine.buying.what_if import WhatIf
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.past.left_out import LeftOut, left_out
from darkstar.time_machine.regret import Regret


@dataclass(frozen=True)
class Answer:
    """What came of it; None for what was not asked for.

    Attributes:
        beside: the home's own inverter; None where another battery than its own is replayed.
        plant: how the battery behaves.
        kept: how many episodes were recorded, delivered, and wait.
    """

    home: Home
    comparison: Comparison
    honesty: Honesty
    seed: int
    beside: Beside | None = None
    regret: Regret | None = None
    what_if: WhatIf | None = None
    kept: Mapping[str, int] | None = None
    plant: PlantChoice = PlantChoice.NOMINAL

    @property
    def left_out(self) -> LeftOut:
        """What of the range was not replayed."""
        compared = self.comparison
        return left_out(compared.history.omitted, (compared.start_utc, compared.end_utc), self.home.tz)
