"""All that a replay was asked for, for tables, JSON and reports alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darkstar.cli.simulate.plant import PlantChoice
from darkstar.cli.simulate.span import Span
from darkstar.domain.home import Home
from darkstar.ledger.resolved import DayQuality
from darkstar.time_machine.actual import Beside
from darkstar.time_machine.buying.what_if import WhatIf
from darkstar.time_machine.devices.share import HeaterShare
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.past.left_out import Coverage, coverage
from darkstar.time_machine.past.start_charge import StartCharge
from darkstar.time_machine.regret import Regret


@dataclass(frozen=True)
class Answer:
    """What came of it; None for what was not asked for.

    Attributes:
        span: what was asked for, and what of it there is.
        start: where the battery started.
        labels: the ledger's, of the days of the range.
        beside: the home's own inverter; None where another battery than its own is replayed.
        plant: how the battery behaves.
        heater: what planning the water heater was worth.
        kept: how many episodes were recorded, delivered, and wait.
    """

    home: Home
    comparison: Comparison
    honesty: Honesty
    seed: int
    span: Span
    start: StartCharge
    labels: Sequence[DayQuality] = ()
    beside: Beside | None = None
    regret: Regret | None = None
    what_if: WhatIf | None = None
    kept: Mapping[str, int] | None = None
    plant: PlantChoice = PlantChoice.NOMINAL
    heater: HeaterShare | None = None

    @property
    def coverage(self) -> Coverage:
        """What of the range was replayed, and what was not."""
        compared = self.comparison
        bounds = compared.start_utc, compared.end_utc
        return coverage(compared.history, bounds, self.home.tz, self.labels)

    @property
    def notes(self) -> list[str]:
        """What a person should know of the range and the start."""
        tz = self.home.tz
        return [note for note in (self.span.sentence(tz), self.start.sentence(tz)) if note]
