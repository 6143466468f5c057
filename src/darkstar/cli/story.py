"""The story of an hour as tables for people and as JSON for machines."""

import math
from zoneinfo import ZoneInfo

from rich.table import Table

from darkstar.bookkeeping.explain import HourStory
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, SLOTS_PER_HOUR, iso_local, iso_utc
from darkstar.ledger.causes.proof import EvidenceRow, thinned
from darkstar.ledger.evidence import MICROSECONDS, Method, Source
from darkstar.ledger.resolved import Flag

SHOWN = 24
"""Rows of evidence on a terminal; all of them are in `--json`."""


def quarters_table(story: HourStory, slot: int | None, tz: ZoneInfo) -> Table:
    """The hour's four quarters: energy, where it came from, what it is marked with."""
    table = Table()
    for heading in ("quarter", "kWh", "source", "method", "marks"):
        table.add_column(heading, justify="right" if heading == "kWh" else "left")
    for i, start in enumerate(_starts(story)):
        mark = " <" if start == slot else ""
        table.add_row(
            clock(start, tz) + mark,
            _energy(float(story.slots.energy_kwh[i])),
            _source(int(story.slots.source[i])),
            _method(int(story.slots.method[i])),
            ", ".join(_marks(int(story.slots.flags[i]))),
        )
    return table


def evidence_tables(story: HourStory, tz: ZoneInfo) -> list[Table]:
    """The evidence in and around the hour on a time line, a table for each meter; the one to blame comes first."""
    blamed = story.finding.meter if story.finding else ""
    meters = sorted({row.meter for row in story.rows}, key=lambda meter: (meter != blamed, meter))
    return [_evidence_table(meter, story, tz) for meter in meters]


def _evidence_table(meter: str, story: HourStory, tz: ZoneInfo) -> Table:
    table = Table(title=meter, title_justify="left")
    for heading in ("time", "what", "shown", "remark"):
        table.add_column(heading, no_wrap=heading != "remark")
    this_year = clock(story.hour_utc, tz)[:4]
    edges = (story.hour_utc * MICROSECONDS, (story.hour_utc + HOUR_SECONDS) * MICROSECONDS)
    for row in thinned([row for row in story.rows if row.meter == meter], edges, SHOWN):
        if row is None:
            table.add_row("...")
        else:
            when = _told_apart(row.time_us / MICROSECONDS, tz)
            table.add_row(when.removeprefix(f"{this_year}-"), row.kind.value, row.shown, row.note)
    return table


def _told_apart(utc_seconds: float, tz: ZoneInfo) -> str:
    """A local time; with its offset from UTC where the clocks show it twice that day."""
    shown = clock(utc_seconds, tz, seconds=True)
    twice = shown in (clock(utc_seconds + apart, tz, seconds=True) for apart in (-HOUR_SECONDS, HOUR_SECONDS))
    return f"{shown} {iso_local(utc_seconds, tz)[-6:]}" if twice else shown


def story_json(story: HourStory, slot: int | None) -> dict[str, object]:
    """The whole story; `slot_utc` is null where an hour was asked for."""
    finding = story.finding
    return {
        "channel": story.channel.value,
        "hour_utc": iso_utc(story.hour_utc),
        "slot_utc": None if slot is None else iso_utc(slot),
        "compared": story.compared,
        "ha_kwh": _number(story.ha_kwh),
        "ha_asked_now": story.asked_now,
        "ledger_kwh": _number(story.ledger_kwh),
        "by_rule_kwh": _number(story.by_rule_kwh),
        "within": story.within,
        "cause": None if finding is None else finding.cause.value,
        "detail": None if finding is None else finding.detail,
        "remedy": None if finding is None else finding.remedy,
        "meter": None if finding is None else finding.meter or None,
        "slots": [
            {
                "slot_utc": iso_utc(start),
                "kwh": _number(float(story.slots.energy_kwh[i])),
                "source": _source(int(story.slots.source[i])),
                "method": _method(int(story.slots.method[i])),
                "flags": _marks(int(story.slots.flags[i])),
            }
            for i, start in enumerate(_starts(story))
        ],
        "evidence": [_row_json(row) for row in story.rows],
    }


def _row_json(row: EvidenceRow) -> dict[str, object]:
    return {
        "time_utc": iso_utc(row.time_us / MICROSECONDS),
        "meter": row.meter,
        "kind": row.kind.value,
        "shown": row.shown,
        "source": row.source,
        "note": row.note,
    }


def _starts(story: HourStory) -> list[int]:
    return [story.hour_utc + i * SLOT_SECONDS for i in range(SLOTS_PER_HOUR)]


def _marks(flags: int) -> list[str]:
    return [flag.name.lower() for flag in Flag if flag & flags and flag.name]


def _source(number: int) -> str:
    return Source(number).name.lower() if number else "unknown"


def _method(number: int) -> str:
    return Method(number).name.lower() if number else "unknown"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _energy(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def clock(utc_seconds: float, tz: ZoneInfo, *, seconds: bool = False) -> str:
    """`2025-03-30 14:15`, as a local clock and calendar show it."""
    return iso_local(utc_seconds, tz)[: 19 if seconds else 16].replace("T", " ")
