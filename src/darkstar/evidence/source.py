"""What a source of meter history offers; Home Assistant is one, the demo home another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from darkstar.ledger.evidence import Readings, Statistics

Period = Literal["hour", "5minute"]


@dataclass(frozen=True)
class Entity:
    """A sensor as it stands now.

    Attributes:
        unit, device_class, state_class: HA's attributes of the same names, None where it has none.
        updated_us: when the state was last reported [UTC us].
    """

    entity_id: str
    state: str
    unit: str | None
    device_class: str | None
    state_class: str | None
    updated_us: int


class EnergySource(Protocol):
    """Meter history as Home Assistant keeps it."""

    async def entities(self) -> Mapping[str, Entity]:
        """Every entity by its id."""
        ...

    async def statistic_ids(self) -> Mapping[str, str]:
        """Ids of the sensors that have long-term sums, with the unit that they are kept in."""
        ...

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        """Rows with start_utc <= start < end_utc, energies in kWh; an id without rows is left out."""
        ...

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        """States reported in [start_us, end_us), and first, marked `held`, the one that held at start_us.

        An id without any is left out. Units are the entity's present one, for HA keeps none with the states.
        """
        ...

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        """An instant [UTC s] at most a month before the first hourly statistic of any id; None where there is none."""
        ...
