"""Reads what Home Assistant sends: shapes are checked once, here, and become numpy columns and plain values.

Times come as integer milliseconds (statistics), float seconds (history, changes) and ISO text (states); all
become integer microseconds or seconds. A float second since 1970 resolves a quarter of a microsecond, so
rounding to microseconds gives back exactly what Home Assistant meant.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired

import numpy as np
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from darkstar.evidence.home_assistant.errors import AnswerError
from darkstar.evidence.home_assistant.values import HomeInfo, StateChange
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Source, Statistics

PERIOD_SECONDS: Mapping[Period, int] = {"hour": 3600, "5minute": 300}
MILLISECONDS = 1000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class ErrorBody(TypedDict):
    """Why a request was refused."""

    code: str
    message: str


class Message(TypedDict):
    """The envelope of everything that comes over the websocket."""

    type: str
    id: NotRequired[int]
    success: NotRequired[bool]
    result: NotRequired[object]
    event: NotRequired[object]
    error: NotRequired[ErrorBody]


class StatisticRow(TypedDict):
    """A period's row as asked for with the types `state` and `sum`; start in ms."""

    start: int
    state: NotRequired[float | None]
    sum: NotRequired[float | None]


class HistoryRow(TypedDict):
    """A state with `minimal_response` and `no_attributes`; last updated in s."""

    s: str
    lu: float


class StatisticMeta(TypedDict):
    """What is known of a statistic besides its rows."""

    statistic_id: str
    statistics_unit_of_measurement: NotRequired[str | None]
    unit_class: NotRequired[str | None]


class _Config(TypedDict):
    location_name: str
    version: str
    time_zone: str
    currency: str
    latitude: float
    longitude: float
    state: str
    recovery_mode: NotRequired[bool]


class _State(TypedDict):
    entity_id: str
    state: str
    attributes: dict[str, object]
    last_updated: dt.datetime
    last_reported: NotRequired[dt.datetime]


class _Compressed(TypedDict, total=False):
    s: str
    a: dict[str, object]
    lc: float
    lu: float


class _Removed(TypedDict, total=False):
    a: list[str]


_Diff = TypedDict("_Diff", {"+": _Compressed, "-": _Removed}, total=False)


class _Changes(TypedDict, total=False):
    a: dict[str, _Compressed]
    c: dict[str, _Diff]
    r: list[str]


_MESSAGE = TypeAdapter(Message)
_CONFIG = TypeAdapter(_Config)
_STATES = TypeAdapter(list[_State])
_META = TypeAdapter(list[StatisticMeta])
_STATISTICS = TypeAdapter(dict[str, list[StatisticRow]])
_HISTORY = TypeAdapter(dict[str, list[HistoryRow]])
_CHANGES = TypeAdapter(_Changes)


def _unreadable(what: str, error: ValidationError) -> AnswerError:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return AnswerError(
        f"Home Assistant's {what} cannot be read: {first['msg']} at '{place}'.",
        remedy="Its version may be newer than this Darkstar knows.",
    )


def parse_message(text: str | bytes) -> Message:
    """The envelope of one message."""
    try:
        return _MESSAGE.validate_json(text)
    except ValidationError as error:
        raise _unreadable("message", error) from None


def parse_info(answer: object) -> HomeInfo:
    """The answer to `get_config`."""
    try:
        config = _CONFIG.validate_python(answer)
    except ValidationError as error:
        raise _unreadable("configuration", error) from None
    return HomeInfo(
        name=config["location_name"],
        version=config["version"],
        time_zone=config["time_zone"],
        currency=config["currency"],
        latitude=config["latitude"],
        longitude=config["longitude"],
        state=config["state"],
        recovery_mode=config.get("recovery_mode", False),
    )


def parse_entities(answer: object) -> dict[str, Entity]:
    """The answer to `get_states`, by entity id."""
    try:
        states = _STATES.validate_python(answer)
    except ValidationError as error:
        raise _unreadable("states", error) from None
    return {
        state["entity_id"]: Entity(
            entity_id=state["entity_id"],
            state=state["state"],
            unit=_attribute(state["attributes"], "unit_of_measurement"),
            device_class=_attribute(state["attributes"], "device_class"),
            state_class=_attribute(state["attributes"], "state_class"),
            updated_us=(state.get("last_reported", state["last_updated"]) - EPOCH)
            // dt.timedelta(microseconds=1),
        )
        for state in states
    }


def parse_metadata(answer: object) -> list[StatisticMeta]:
    """The answer to `recorder/list_statistic_ids` and `recorder/get_statistics_metadata`."""
    try:
        return _META.validate_python(answer)
    except ValidationError as error:
        raise _unreadable("list of statistics", error) from None


def parse_statistics(answer: object) -> dict[str, list[StatisticRow]]:
    """The answer to `recorder/statistics_during_period`."""
    try:
        return _STATISTICS.validate_python(answer)
    except ValidationError as error:
        raise _unreadable("statistics", error) from None


def parse_history(answer: object) -> dict[str, list[HistoryRow]]:
    """The answer to `history/history_during_period`."""
    try:
        return _HISTORY.validate_python(answer)
    except ValidationError as error:
        raise _unreadable("history", error) from None


def statistics_of(rows: Sequence[StatisticRow], period: Period) -> Statistics:
    """Rows of one statistic, in time order, as columns."""
    return Statistics(
        period_s=PERIOD_SECONDS[period],
        start_utc=np.array([row["start"] // MILLISECONDS for row in rows], dtype=np.int64),
        state_kwh=np.array([row.get("state") for row in rows], dtype=np.float64),
        sum_kwh=np.array([row.get("sum") for row in rows], dtype=np.float64),
    )


def readings_of(rows: Sequence[HistoryRow], unit: str, start_us: int, end_us: int) -> Readings:
    """States of one entity as readings of [start_us, end_us), with the one that held at start_us first.

    Home Assistant stamps the state that held at the instant asked for with that instant, which lies before
    start_us, so the last row before start_us is the one that held. It is left out where another was reported
    at start_us itself.
    """
    times = np.array([round(row["lu"] * MICROSECONDS) for row in rows], dtype=np.int64)
    states = np.array([row["s"] for row in rows], dtype=object)
    before = int(np.searchsorted(times, start_us))
    keep = slice(before, int(np.searchsorted(times, end_us)))
    time_us, state = times[keep], states[keep]
    holds = before > 0 and not (len(time_us) and time_us[0] == start_us)
    if holds:
        time_us = np.concatenate(([start_us], time_us))
        state = np.concatenate((states[before - 1 : before], state))
    held = np.zeros(len(time_us), dtype=np.bool_)
    held[:1] = holds
    return Readings(
        time_us=time_us,
        state=state,
        unit=np.full(len(time_us), unit, dtype=object),
        source=np.full(len(time_us), Source.HA_HISTORY, dtype=np.int8),
        held=held,
    )


class EntityWatch:
    """Puts compressed events together again: a snapshot first, then differences to what was said."""

    def __init__(self) -> None:
        self._known: dict[str, StateChange] = {}
        self._begun = False

    def take(self, event: object, now_us: int) -> Iterator[StateChange]:
        """Changes of state or unit in one event; `now_us` [UTC us] dates a removal, which has no time."""
        try:
            changes = _CHANGES.validate_python(event)
        except ValidationError as error:
            raise _unreadable("change of states", error) from None
        snapshot, self._begun = not self._begun, True
        for entity_id, state in changes.get("a", {}).items():
            yield from self._set(entity_id, state, _unit_of(state, None), snapshot)
        for entity_id, difference in changes.get("c", {}).items():
            unit = self._known[entity_id].unit if entity_id in self._known else None
            if "unit_of_measurement" in difference.get("-", {}).get("a", []):
                unit = None
            state = difference.get("+", {})
            yield from self._set(entity_id, state, _unit_of(state, unit), snapshot=False)
        for entity_id in changes.get("r", []):
            gone = self._known.pop(entity_id, None)
            if gone is not None:
                yield StateChange(entity_id, "unavailable", gone.unit, now_us, snapshot=False)

    def _set(
        self, entity_id: str, state: _Compressed, unit: str | None, snapshot: bool
    ) -> Iterator[StateChange]:
        known = self._known.get(entity_id)
        text = state.get("s", known.state if known else "unknown")
        seconds = max(state.get("lc", 0.0), state.get("lu", 0.0))
        updated_us = round(seconds * MICROSECONDS) if seconds else known.updated_us if known else 0
        change = StateChange(entity_id, text, unit, updated_us, snapshot)
        self._known[entity_id] = change
        if known is None or (known.state, known.unit) != (text, unit):
            yield change


def _attribute(attributes: Mapping[str, object], name: str) -> str | None:
    value = attributes.get(name)
    return value if isinstance(value, str) else None


def _unit_of(state: _Compressed, otherwise: str | None) -> str | None:
    attributes = state.get("a", {})
    return _attribute(attributes, "unit_of_measurement") if "unit_of_measurement" in attributes else otherwise
