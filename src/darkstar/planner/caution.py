"""What is known made into a problem, whatever is missing or wrong: there is always an answer.

    load or sun below zero         taken as 0, with a notice
    a series unknown or too short  planned up to there, with a notice; unknown in the first slot: the safe mode
    state of charge unknown        no plan; the safe mode
    state of charge outside        moved to the nearer limit, with a notice; beyond the battery itself: the safe mode
    limits that contradict         no plan; the safe mode
    worth at the end unsound       left out, with a notice

The safe mode is self-consumption: an inverter knows its battery's charge where we do not, and keeps to its own limits.
Where the limits themselves are in doubt, the battery is left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.modes import Mode, self_consumption, setpoint
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue
from darkstar.planner.why.texts import Text

NO_WORTH = TerminalValue(np.zeros(0), np.zeros(0))


class SafeMode(StrEnum):
    """What is done without a plan."""

    SELF_CONSUMPTION = "self_consumption"
    HOLD = "hold"

    def mode(self, storage: StorageModel) -> Mode:
        """The same as an inverter's mode."""
        return self_consumption(storage) if self is SafeMode.SELF_CONSUMPTION else setpoint(storage, 0.0)


@dataclass(frozen=True)
class Known:
    """What is known; nothing of it is trusted.

    Attributes:
        slots: number of slots that are wanted.
        load_kwh, pv_kwh, import_price, export_price: shape (m,) each, NaN where unknown; None without any.
        soc_kwh: energy stored, or None.
        capacity_kwh: energy that the battery can hold at all.
    """

    slots: int
    slot_hours: float
    load_kwh: Series | None
    pv_kwh: Series | None
    import_price: Series | None
    export_price: Series | None
    soc_kwh: float | None
    capacity_kwh: float
    storage: StorageModel
    grid: GridModel
    terminal: TerminalValue


@dataclass(frozen=True)
class Notice:
    """Something that a person should know of a plan.

    Attributes:
        text: what, in the catalogue.
        figures: its fields with their digits; `names`: fields that are words of the catalogue; `words`: free text.
    """

    text: Text
    figures: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    names: Mapping[str, Text] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """Either a sound problem, or the safe mode; both with what has to be said."""

    problem: Problem | None
    safe_mode: SafeMode | None
    notices: tuple[Notice, ...]


def prepare(known: Known) -> Prepared:
    """The soundest problem that can be made of what is known; never raises for what it is given."""
    contradiction = _contradiction(known)
    if contradiction:
        return Prepared(None, SafeMode.HOLD, (Notice(Text.LIMITS_CONTRADICT, words={"why": contradiction}),))
    notices: list[Notice] = []
    soc_kwh = _stored(known, notices)
    series = _series(known)
    slots = _horizon(known, series, notices)
    if soc_kwh is None or not slots:
        return Prepared(None, SafeMode.SELF_CONSUMPTION, tuple(notices))
    load, pv, buy, sell = (np.array(one[:slots], dtype=np.float64) for one in series)
    for name, energy in ((Text.SERIES_LOAD, load), (Text.SERIES_PV, pv)):
        wrong = energy < 0
        if wrong.any():
            energy[wrong] = 0.0
            counted = {"count": (float(wrong.sum()), 0), "slots": (float(slots), 0)}
            notices.append(Notice(Text.ENERGY_TAKEN_AS_ZERO, counted, {"series": name}))
    bare = Problem(known.slot_hours, load, pv, buy, sell, soc_kwh, known.storage, known.grid, NO_WORTH)
    return Prepared(_with_terminal(bare, known.terminal, notices), None, tuple(notices))


def _contradiction(known: Known) -> str:
    """What is wrong with the limits, or an empty string."""
    nothing = np.zeros(1)
    storage = known.storage
    bare = Problem(
        known.slot_hours,
        nothing,
        nothing,
        nothing,
        nothing,
        storage.soc_min_kwh,
        storage,
        known.grid,
        NO_WORTH,
    )
    try:
        check(bare)
    except UsageError as error:
        return error.problem
    return ""


def _stored(known: Known, notices: list[Notice]) -> float | None:
    soc, storage = known.soc_kwh, known.storage
    if soc is None or not np.isfinite(soc):
        notices.append(Notice(Text.NO_SOC))
        return None
    if not 0 <= soc <= max(known.capacity_kwh, storage.soc_max_kwh):
        notices.append(Notice(Text.SOC_IMPOSSIBLE, {"soc": (soc, 1), "capacity": (known.capacity_kwh, 1)}))
        return None
    if soc < storage.soc_min_kwh:
        notices.append(Notice(Text.SOC_RAISED, {"soc": (soc, 1), "limit": (storage.soc_min_kwh, 1)}))
    elif soc > storage.soc_max_kwh:
        notices.append(Notice(Text.SOC_LOWERED, {"soc": (soc, 1), "limit": (storage.soc_max_kwh, 1)}))
    return min(max(soc, storage.soc_min_kwh), storage.soc_max_kwh)


def _series(known: Known) -> tuple[Series, Series, Series, Series]:
    nothing = np.zeros(0)
    load, pv, buy, sell = (
        nothing if one is None else one
        for one in (known.load_kwh, known.pv_kwh, known.import_price, known.export_price)
    )
    return load, pv, buy, sell


def _horizon(known: Known, series: Sequence[Series], notices: list[Notice]) -> int:
    """Slots that can be planned, none where the first one lacks something."""
    names = (Text.SERIES_LOAD, Text.SERIES_PV, Text.SERIES_IMPORT_PRICE, Text.SERIES_EXPORT_PRICE)
    reach = known.slots
    for name, one in zip(names, series, strict=True):
        unknown = np.flatnonzero(~np.isfinite(one[: known.slots]))
        until = int(unknown[0]) if len(unknown) else min(len(one), known.slots)
        if until < reach:
            reach = until
            figures = {
                name: _hours(count * known.slot_hours)
                for name, count in (("hours", until), ("wanted", known.slots))
            }
            told = Notice(Text.HORIZON_CUT if until else Text.NOTHING_KNOWN, figures, {"series": name})
    if reach < known.slots:
        notices.append(told)
    return reach


def _hours(hours: float) -> tuple[float, int]:
    return hours, 0 if hours.is_integer() else 2


def _with_terminal(bare: Problem, terminal: TerminalValue, notices: list[Notice]) -> Problem:
    whole = replace(bare, terminal=terminal)
    try:
        check(whole)
    except UsageError as error:
        notices.append(Notice(Text.TERMINAL_LEFT_OUT, words={"why": error.problem}))
        return bare
    return whole
