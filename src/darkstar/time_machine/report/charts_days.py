"""The charts of single days, as Plotly figures without a theme."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from darkstar.time_machine.regret import Part, Regret
from darkstar.time_machine.report.charts import local_times
from darkstar.time_machine.report.day_replay import DayReplay
from darkstar.time_machine.report.money import PARTS

PART_COLOURS: Mapping[Part, str] = {
    Part.PRICES: "#3b82f6",
    Part.LOAD: "#94a3b8",
    Part.SUN: "#eab308",
    Part.EXECUTION: "#e11d48",
    Part.PLAN: "#8b5cf6",
}
MOST_BARS = 200
"""More days are told by the week."""
WEEK_DAYS = 7


def regret_by_day(regret: Regret, currency: str) -> go.Figure:
    """What was lost each day, or each week of a long range, by part."""
    by_week = len(regret.days) > MOST_BARS
    days = np.array(regret.days, dtype="datetime64[D]")
    start = days - (days.astype(np.int64) + 3) % WEEK_DAYS if by_week else days
    bars, row = np.unique(start, return_inverse=True)
    figure = go.Figure()
    for part in Part:
        figure.add_bar(
            x=bars.astype("datetime64[s]"),
            y=np.round(np.bincount(row, regret.by_day[part], len(bars)), 3),
            name=PARTS[part][0],
            marker={"color": PART_COLOURS[part], "line": {"width": 0}},
            hovertemplate="%{y:.2f} " + currency,
        )
    title = f"{currency} a {'week' if by_week else 'day'}"
    figure.update_layout(barmode="relative", bargap=0.08, yaxis_title=title, hovermode="x unified")
    return figure


def lived_day(day: DayReplay, tz: ZoneInfo, currency: str) -> go.Figure:
    """Prices, powers as they were with what was expected of them, and what was stored."""
    quarters = day.quarters
    times = local_times(np.array([quarter.slot for quarter in quarters], dtype=np.int64), tz)
    figure = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.28, 0.46, 0.26], vertical_spacing=0.05)
    step: dict[str, str | int] = {"shape": "hv", "width": 2}
    lines: list[tuple[int, str, str, list[float | None], dict[str, str | int]]] = [
        (1, "Import price", "#3b82f6", [q.import_price for q in quarters], step),
        (1, "Export price", "#f97316", [q.export_price for q in quarters], step),
        (2, "Load", "#94a3b8", [q.load_kw for q in quarters], step),
        (2, "Sun", "#eab308", [q.pv_kw for q in quarters], step),
        (2, "Grid", "#60a5fa", [q.grid_kw for q in quarters], step),
    ]
    if any(q.expected_load_kw is not None for q in quarters):
        dotted: dict[str, str | int] = {"shape": "hv", "width": 1, "dash": "dot"}
        lines += [
            (2, "Load expected", "#94a3b8", [q.expected_load_kw for q in quarters], dotted),
            (2, "Sun expected", "#eab308", [q.expected_pv_kw for q in quarters], dotted),
        ]
    for row, label, colour, values, line in lines:
        shown = [None if value is None else round(value, 3) for value in values]
        trace = go.Scatter(x=times, y=shown, name=label, mode="lines", line={"color": colour} | line)
        figure.add_trace(trace, row=row, col=1)
    for label, colour, sign in (("Charge", "#8b5cf6", 1), ("Discharge", "#14b8a6", -1)):
        power = [round(sign * max(sign * q.battery_kw, 0.0), 3) for q in quarters]
        figure.add_trace(go.Bar(x=times, y=power, name=label, marker_color=colour, offset=0), row=2, col=1)
    stored = go.Scatter(
        x=times,
        y=[round(q.soc_kwh, 3) for q in quarters],
        name="Stored",
        mode="lines",
        line={"color": "#0d9488", "width": 2},
        fill="tozeroy",
    )
    figure.add_trace(stored, row=3, col=1)
    figure.update_layout(barmode="relative", bargap=0, hovermode="x unified")
    for row, title in ((1, f"{currency}/kWh"), (2, "kW"), (3, "kWh")):
        figure.update_yaxes(title_text=title, row=row, col=1)
    return figure
