"""A report for machines and for text editors: the tables of the page, in Markdown."""

from collections.abc import Iterable, Sequence

from darkstar.domain.slots import iso_local
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.report.charts import policy_name
from darkstar.time_machine.report.days import (
    DayRow,
    best_and_worst,
    columns,
    judged,
    left_out,
    quarter_rows,
    reason_rows,
)
from darkstar.time_machine.report.money import regret_rows, tried_rows, what_if_headings, what_if_notes
from darkstar.time_machine.report.page import Report, policy_rows
from darkstar.time_machine.report.verdict import caveats, verdict

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#"})


def render_markdown(report: Report) -> str:
    """The whole text."""
    parts = [f"# {_plain(report.home.name)}"]
    if report.notice:
        parts.append(_plain(report.notice))
    if report.comparison is not None:
        parts += _replayed(report, report.comparison)
    if report.regret is not None:
        rows = [(row.name, row.money, row.share, row.meaning) for row in regret_rows(report.regret)]
        parts += [
            "## Where the money went",
            _table(("part", report.home.currency, "share", "what it is"), rows),
        ]
    if report.what_if is not None:
        headings = ("with", *what_if_headings(), "honest range", "price", "paid back in years")
        tried = [
            (row.name, *row.savings, row.span, row.price, row.payback) for row in tried_rows(report.what_if)
        ]
        notes = [f"- {_plain(note)}" for note in what_if_notes(report.what_if, report.home.currency)]
        parts += [
            f"## What if: saved in a year ({report.home.currency})",
            _table(headings, tried),
            "\n".join(notes),
        ]
    if report.day is not None:
        headings = ("time", "buy / sell", "load kW", "sun kW", "battery kW", "grid kW", "stored kWh", "cost")
        quarters = [
            (
                row.time,
                row.price,
                row.load,
                row.sun,
                row.battery,
                row.grid,
                row.stored,
                row.cost,
                row.does,
                row.why,
            )
            for row in quarter_rows(report.day, report.home.tz)
        ]
        parts += [
            f"## {report.day.day}, quarter by quarter: {policy_name(report.day.policy)}",
            _table((*headings, "does", "why"), quarters),
        ]
    return "\n\n".join(parts) + "\n"


def _replayed(report: Report, comparison: Comparison) -> list[str]:
    home = report.home
    span = " to ".join(iso_local(edge, home.tz)[:16] for edge in (comparison.start_utc, comparison.end_utc))
    headings = (
        "policy",
        f"cost {home.currency}",
        "saved",
        "gap closed",
        "share of optimal",
        "import kWh",
        "export kWh",
    )
    rows = [
        (row.name, row.cost, row.saving, row.gap_closed, row.share_of_optimal, row.import_kwh, row.export_kwh)
        for row in policy_rows(comparison)
    ]
    said = [*caveats(comparison, home, report.coverage, report.notes), report.actual_note, report.heater_note]
    parts = [f"## What it would have cost, {span}", _plain(verdict(comparison, home)), _table(headings, rows)]
    parts.append("\n".join(f"- {_plain(caveat)}" for caveat in said if caveat))
    found = judged(comparison, home.tz)
    best, worst = best_and_worst(found, report.regret)
    names = ("day", *(policy_name(name) for name in columns(found)), "saved", "lost to foresight")
    parts += [
        "## Best days",
        _table(names, map(_day, best)),
        "## Worst days",
        _table(names, map(_day, worst)),
    ]
    omitted, masked = (
        left_out(comparison.history.omitted),
        left_out(report.coverage.masked if report.coverage else ()),
    )
    if omitted:
        parts.append("## Left out")
        reasons = reason_rows(report.coverage)
        parts += [_table(("reason", "days", "slots"), reasons)] if reasons else []
        parts.append(_table(("days", "why"), omitted))
    if masked:
        parts += ["## Replayed, the battery's own numbers masked", _table(("days", "why"), masked)]
    return parts


def _day(row: DayRow) -> Sequence[str]:
    return (row.day, *row.costs, row.saved, row.lost)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *(tuple(map(_plain, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return text.translate(_SPECIAL).replace("\n", " ")
