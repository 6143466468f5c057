"""What Home Assistant tells about itself and about its entities as they change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HomeInfo:
    """The installation.

    Attributes:
        version: such as `2026.11.0`.
        state: `RUNNING` when everything is up; `STARTING`, `NOT_RUNNING`, `STOPPING` and others besides.
        recovery_mode: its configuration is broken, and it runs without a recorder until a person mends it.
    """

    name: str
    version: str
    time_zone: str
    currency: str
    latitude: float
    longitude: float
    state: str
    recovery_mode: bool


@dataclass(frozen=True)
class StateChange:
    """An entity took a state, or was found in it.

    Attributes:
        state: the text as Home Assistant has it; `unavailable` for an entity that was removed.
        unit: its unit of measurement, None where it has none.
        updated_us: when the state was reported [UTC us].
        snapshot: true where it is what held as the watch began, reported perhaps long before.
    """

    entity_id: str
    state: str
    unit: str | None
    updated_us: int
    snapshot: bool
