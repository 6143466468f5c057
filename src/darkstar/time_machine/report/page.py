"""One HTML file that a person can keep: energy by day, a day's plan, what each policy would have cost, and the proof.

The page holds everything that it needs (Plotly's script once, styles, data) and is forbidden to load anything else. It
says only what the replay shows, with what it rests on.
"""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from darkstar.bookkeeping.verify import Verification
from darkstar.domain.home import Home
from darkstar.domain.slots import iso_local
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.buying.what_if import WhatIf
from darkstar.time_machine.outcome import RULE, Comparison
from darkstar.time_machine.past.left_out import Coverage
from darkstar.time_machine.regret import Regret
from darkstar.time_machine.report.charts import (
    DayPlan,
    cost_by_policy,
    energy_by_day,
    plan_of_a_day,
    policy_name,
    saving_over_time,
)
from darkstar.time_machine.report.charts_days import lived_day, regret_by_day
from darkstar.time_machine.report.day_replay import DayReplay
from darkstar.time_machine.report.days import (
    best_and_worst,
    columns,
    judged,
    left_out,
    months_of,
    quarter_rows,
    reason_rows,
)
from darkstar.time_machine.report.figures import number
from darkstar.time_machine.report.money import regret_rows, tried_rows, what_if_headings, what_if_notes
from darkstar.time_machine.report.proof import (
    SHOWN_DIFFERENCES,
    causes,
    difference_rows,
    statuses,
    unsound_days,
)
from darkstar.time_machine.report.verdict import caveats, verdict


@dataclass(frozen=True)
class Report:
    """What a report is made of; a part that is None is left out of the page.

    Attributes:
        notice: said at the top, such as that the home is not real.
        actual_note: said of the home's own inverter beside the policies.
        heater_note: said of the water heater, where it was planned as well.
        day: told quarter by quarter.
        coverage: what of the range was replayed; None tells the days that were left out, and no more.
        notes: what a person should know of the range and the start.
        made_utc: when it was made [UTC s], as told by whoever makes it.
    """

    home: Home
    made_utc: float
    notice: str = ""
    table: SlotTable | None = None
    verification: Verification | None = None
    day_plan: DayPlan | None = None
    comparison: Comparison | None = None
    actual_note: str = ""
    heater_note: str = ""
    regret: Regret | None = None
    what_if: WhatIf | None = None
    day: DayReplay | None = None
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Chart:
    name: str
    json: Markup
    height: int


@dataclass(frozen=True)
class PolicyRow:
    """A policy in words."""

    name: str
    cost: str
    saving: str
    gap_closed: str
    share_of_optimal: str
    import_kwh: str
    export_kwh: str
    peak_kw: str
    wear: str


def render_report(report: Report) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("darkstar.time_machine.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    comparison, verification = report.comparison, report.verification
    return environment.get_template("report.html").render(
        home=report.home,
        notice=report.notice,
        made=dt.datetime.fromtimestamp(report.made_utc, report.home.tz).strftime("%Y-%m-%d %H:%M"),
        plotly=_plotly(),
        charts={chart.name: chart for chart in _charts(report)},
        plan_made=_plan_title(report.day_plan, report.home),
        plan_why=report.day_plan.why if report.day_plan else "",
        verdict=verdict(comparison, report.home) if comparison else "",
        caveats=caveats(comparison, report.home, report.coverage, report.notes) if comparison else (),
        policies=policy_rows(comparison) if comparison else (),
        verification=verification,
        causes=causes(verification) if verification else (),
        differences=difference_rows(verification, report.home) if verification else (),
        left_out=max(len(verification.differences) - SHOWN_DIFFERENCES, 0) if verification else 0,
        statuses=statuses(verification) if verification else (),
        unsound_days=unsound_days(verification) if verification else (),
        number=number,
        **_days(report),
        **_money(report),
    )


def write_report(path: Path, html: str) -> None:
    """Put a page where it belongs; a reader sees the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half_done = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        half_done.write_text(html, encoding="utf-8")
        half_done.replace(path)
    finally:
        half_done.unlink(missing_ok=True)


def _days(report: Report) -> dict[str, object]:
    """What the template says of days."""
    comparison, day, tz = report.comparison, report.day, report.home.tz
    told: dict[str, object] = {"months": (), "day": day}
    if day is not None:
        told |= {"day_policy": policy_name(day.policy), "quarters": quarter_rows(day, tz)}
    if comparison is None:
        return told
    found = judged(comparison, tz)
    best, worst = best_and_worst(found, report.regret)
    return told | {
        "months": months_of(found, comparison.history.omitted, report.home.currency, masked_of(report)),
        "of_policy": policy_name(found.policy),
        "of_baseline": None if found.baseline is None else policy_name(found.baseline),
        "day_columns": [policy_name(name) for name in columns(found)],
        "best_days": best,
        "worst_days": worst,
        "left_out_days": left_out(comparison.history.omitted),
        "left_out_reasons": reason_rows(report.coverage),
        "masked_days": left_out(report.coverage.masked if report.coverage else ()),
    }


def masked_of(report: Report) -> Mapping[dt.date, str]:
    """Days that were replayed though the battery's own numbers are not believed."""
    return {} if report.coverage is None else dict(report.coverage.masked)


def _money(report: Report) -> dict[str, object]:
    """What the template says of money lost and money that could be saved."""
    regret, tried = report.regret, report.what_if
    return {
        "actual_note": report.actual_note,
        "heater_note": report.heater_note,
        "regret_rows": regret_rows(regret) if regret else (),
        "tried": tried_rows(tried) if tried else (),
        "tried_headings": what_if_headings(),
        "tried_notes": what_if_notes(tried, report.home.currency) if tried else (),
    }


def _charts(report: Report) -> list[_Chart]:
    tz, currency = report.home.tz, report.home.currency
    charts = []
    if report.table is not None and len(report.table):
        charts.append(_chart("energy", energy_by_day(report.table, tz), 420))
    if report.day is not None:
        charts.append(_chart("day", lived_day(report.day, tz, currency), 640))
    if report.regret is not None:
        charts.append(_chart("regret", regret_by_day(report.regret, currency), 340))
    if report.day_plan is not None:
        charts.append(_chart("plan", plan_of_a_day(report.day_plan, tz, currency), 620))
    if report.comparison is not None:
        bars = 80 + 44 * len(report.comparison.outcomes)
        charts.append(_chart("costs", cost_by_policy(report.comparison, currency), bars))
        saving = saving_over_time(report.comparison, RULE, tz, currency)
        if saving is not None:
            charts.append(_chart("saving", saving, 320))
    return charts


def _chart(name: str, figure: go.Figure, height: int) -> _Chart:
    figure.update_layout(template="none")
    # Within a script element nothing is escaped, and `</` would end it.
    return _Chart(name, Markup(figure.to_json().replace("</", "<\\/")), height)  # noqa: S704


@cache
def _plotly() -> Markup:
    return Markup(get_plotlyjs())  # noqa: S704


def _plan_title(day_plan: DayPlan | None, home: Home) -> str:
    return iso_local(int(day_plan.slots[0]), home.tz)[:16].replace("T", " ") if day_plan else ""


def policy_rows(comparison: Comparison) -> Sequence[PolicyRow]:
    """The policies in the order that they were asked for."""
    gap, share = comparison.gap_closed, comparison.share_of_optimal
    rule = comparison.outcomes.get(RULE)
    return [
        PolicyRow(
            policy_name(name),
            number(outcome.cost, 2),
            number(rule.cost - outcome.cost, 2) if rule and name != RULE else "",
            _percent(gap.get(name)),
            _percent(share.get(name)),
            number(outcome.import_kwh),
            number(outcome.export_kwh),
            number(outcome.peak_import_kw, 1),
            number(outcome.bill.wear, 2),
        )
        for name, outcome in comparison.outcomes.items()
    ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{number(100 * share)} %"
