"""`darkstar simulate --report`: a page for people, Markdown and JSON for machines, side by side in one folder."""

import datetime as dt
import json
from pathlib import Path

from darkstar.cli.simulate.answer import Answer
from darkstar.cli.simulate.as_json import report_json
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import local_date
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.actual import ACTUAL, actual_note
from darkstar.time_machine.outcome import MPC_HEATER
from darkstar.time_machine.report.charts import policy_name
from darkstar.time_machine.report.day_replay import DayReplay, replayed_day
from darkstar.time_machine.report.days import judged
from darkstar.time_machine.report.markdown import render_markdown
from darkstar.time_machine.report.page import Report, render_report, write_report
from darkstar.time_machine.scenario import Scenario

REPORTS = "reports"
"""The folder of a home's reports, in its own."""


def parse_day(text: str | None) -> dt.date | None:
    """The day that is asked for.

    Raises:
        UsageError: it is none.
    """
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no day.", remedy="Write --report-day 2025-03-30.") from None


def write_reports(
    answer: Answer, scenario: Scenario, table: SlotTable, folder: Path, made_utc: float, day: dt.date | None
) -> tuple[Path, ...]:
    """The page, the Markdown and the JSON; those of the same range before are replaced.

    Args:
        table: the ledger over the range.
        day: to tell quarter by quarter; None for the one on which most was saved.

    Raises:
        UsageError: the day was not replayed.
    """
    home, comparison, beside = answer.home, answer.comparison, answer.beside
    lived = _day(answer, scenario, day)
    report = Report(
        home=home,
        made_utc=made_utc,
        table=table,
        comparison=comparison,
        actual_note=actual_note(beside, home, f"“{policy_name(ACTUAL)}”")
        if beside is not None and beside.outcome is not None
        else "",
        heater_note=""
        if answer.heater is None
        else answer.heater.sentence(home.currency, f"“{policy_name(MPC_HEATER)}”"),
        regret=answer.regret,
        what_if=answer.what_if,
        day=lived,
        coverage=answer.coverage,
        notes=tuple(answer.notes),
    )
    first, last = (local_date(edge, home.tz) for edge in (comparison.start_utc, comparison.end_utc - 1))
    stem = folder / f"simulate-{first}-to-{last}"
    written = {
        ".html": render_report(report),
        ".md": render_markdown(report),
        ".json": json.dumps(report_json(answer, lived), allow_nan=False, indent=1) + "\n",
    }
    for suffix, text in written.items():
        write_report(stem.with_name(stem.name + suffix), text)
    return tuple(stem.with_name(stem.name + suffix) for suffix in written)


def _day(answer: Answer, scenario: Scenario, asked: dt.date | None) -> DayReplay:
    found = judged(answer.comparison, answer.home.tz)
    chosen = ""
    if asked is None:
        asked = found.days[found.best_first[0]]
        best = "saved most" if found.baseline is not None else "cost least"
        chosen = f"Of all days the one on which {policy_name(found.policy)} {best}."
    day = replayed_day(scenario, answer.comparison.outcomes[found.policy], asked, chosen)
    if day is None:
        raise UsageError(f"{asked} was not replayed.", remedy="Choose another --report-day.")
    return day
