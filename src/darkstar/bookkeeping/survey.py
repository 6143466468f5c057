"""What Home Assistant holds for each sensor of the home, and what is wrong with it, before anything is fetched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from darkstar.domain.errors import ConfigError
from darkstar.evidence.entities import NOT_KNOWN, not_there
from darkstar.evidence.source import EnergySource, Entity

ENERGY_UNITS = frozenset({"Wh", "kWh", "MWh"})
POWER_UNITS = frozenset({"W", "kW", "MW", "VA", "kVA"})
SOC = "soc"


@dataclass(frozen=True)
class Sensor:
    """One configured sensor as the source knows it.

    Attributes:
        channel: a channel's name, or `soc`.
        unit: the unit of its states, None where only statistics are left of it.
        statistics: true where the source keeps long-term sums of it.
        remarks: what a person should know.
    """

    channel: str
    entity_id: str
    unit: str | None
    statistics: bool
    remarks: tuple[str, ...]


async def survey(source: EnergySource, sensors: Iterable[tuple[str, str]]) -> tuple[Sensor, ...]:
    """Look at every configured (channel, entity id).

    Raises:
        ConfigError: a sensor does not exist, or does not measure what its channel needs; all of them are named.
    """
    entities = await source.entities()
    with_sums = await source.statistic_ids()
    found: list[Sensor] = []
    wrong: list[str] = []
    for channel, entity_id in sensors:
        problem = _problem(channel, entity_id, entities, with_sums)
        if problem:
            wrong.append(problem)
        else:
            found.append(_describe(channel, entity_id, entities.get(entity_id), entity_id in with_sums))
    if wrong:
        raise ConfigError(" ".join(wrong), remedy="Correct `sensors:` in darkstar.yaml.")
    return tuple(found)


def _problem(
    channel: str, entity_id: str, entities: Mapping[str, Entity], with_sums: Mapping[str, str]
) -> str | None:
    entity = entities.get(entity_id)
    if entity is None:
        if entity_id in with_sums:
            return None
        return f"{channel}: {not_there(entity_id, entities)}"
    if channel == SOC:
        if entity.unit not in (None, "%"):
            return f"soc: {entity_id} is in {entity.unit}; a state of charge in % is needed."
        return None
    if entity.unit in POWER_UNITS:
        return (
            f"{channel}: {entity_id} measures power ({entity.unit}), not energy; choose the meter in kWh, or make one "
            "with Home Assistant's integral helper."
        )
    if entity.unit is not None and entity.unit not in ENERGY_UNITS:
        return f"{channel}: {entity_id} is in {entity.unit}, not in Wh, kWh or MWh."
    if entity.unit is None and entity_id not in with_sums:
        return f"{channel}: {entity_id} has no unit, so its numbers cannot be trusted as energy."
    return None


def _describe(channel: str, entity_id: str, entity: Entity | None, statistics: bool) -> Sensor:
    remarks = []
    if entity is None:
        remarks.append("no longer exists; only its statistics are left")
    else:
        if entity.state in NOT_KNOWN:
            remarks.append(f"{entity.state} at present")
        if channel != SOC and entity.unit != "kWh":
            remarks.append(f"in {entity.unit}, converted to kWh")
    if channel != SOC and not statistics:
        remarks.append("no long-term statistics: known from history only")
    return Sensor(channel, entity_id, entity.unit if entity else None, statistics, tuple(remarks))
