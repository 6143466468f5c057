"""The charts of a report, as Plotly figures without a theme: the page gives them the colours of day or night."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, Slots, utc_offsets
from darkstar.planner.problem import Plan, Problem
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.outcome import Comparison

Series = NDArray[np.float64]

NAMES: Mapping[str, str] = {
    "none": "No battery",
    "actual": "As it was",
    "rule": "Self-consumption",
    "timer": "Timer",
    "cheapest": "Cheapest hours",
    "setpoint": "Fixed set-points",
    "mpc": "Kepler",
    "antares": "Antares",
    "oracle": "Perfect foresight",
    "mpc_heater": "Kepler, water heater too",
    "oracle_heater": "Perfect foresight, water heater too",
}
"""The policies as people call them."""
COLOURS: Mapping[str, str] = {
    "none": "#7c8a9c",
    "actual": "#65a30d",
    "rule": "#56657a",
    "timer": "#a3a3a3",
    "cheapest": "#0284c7",
    "setpoint": "#7c6bd6",
    "mpc": "#0d9488",
    "antares": "#e11d48",
    "oracle": "#c2620a",
    "mpc_heater": "#0f5f78",
    "oracle_heater": "#9a3412",
}
_UP = (
    (Channel.PV, "Sun", "#eab308"),
    (Channel.BATT_DISCHARGE, "From battery", "#14b8a6"),
    (Channel.IMPORT, "From grid", "#3b82f6"),
)
_DOWN = (
    (Channel.LOAD, "Home", "#94a3b8"),
    (Channel.BATT_CHARGE, "Into battery", "#8b5cf6"),
    (Channel.EXPORT, "To grid", "#f97316"),
)


@dataclass(frozen=True)
class DayPlan:
    """A plan and what it was made from.

    Attributes:
        slots: those of the problem, shape (n,).
        shown: how many of them are worth a look (those with published prices, say).
        why: why this one was chosen, in words.
    """

    slots: Slots
    problem: Problem
    plan: Plan
    shown: int
    why: str = ""


def policy_name(name: str) -> str:
    """A policy as people call it."""
    return NAMES.get(name, name)


def local_times(slots: Slots, tz: ZoneInfo) -> NDArray[np.datetime64]:
    """What a local clock shows at each slot's start; shape (n,)."""
    return (slots + utc_offsets(slots, tz)).astype("datetime64[s]")


def energy_by_day(table: SlotTable, tz: ZoneInfo) -> go.Figure:
    """Where each day's energy came from (up) and where it went (down); unknown slots count for nothing."""
    day = (table.slots + utc_offsets(table.slots, tz)) // DAY_SECONDS
    days, row = np.unique(day, return_inverse=True)
    figure = go.Figure()
    for sign, group in ((1, _UP), (-1, _DOWN)):
        for channel, label, colour in group:
            kwh = np.bincount(row, np.nan_to_num(table.energy_kwh[channel]), len(days))
            figure.add_bar(
                x=days.astype("datetime64[D]").astype("datetime64[s]"),
                y=np.round(sign * kwh, 2),
                name=label,
                marker={"color": colour, "line": {"width": 0}},
                customdata=np.round(kwh, 1),
                hovertemplate="%{customdata:.1f} kWh",
            )
    figure.update_layout(barmode="relative", bargap=0.08, yaxis_title="kWh a day", hovermode="x unified")
    return figure


def plan_of_a_day(day_plan: DayPlan, tz: ZoneInfo, currency: str) -> go.Figure:
    """Prices, what the battery is to do beside load and sun, and its state of charge."""
    problem, plan = day_plan.problem, day_plan.plan
    shown = slice(day_plan.shown)
    times = local_times(day_plan.slots[shown], tz)
    figure = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.3, 0.42, 0.28], vertical_spacing=0.05)
    step = {"shape": "hv", "width": 2}
    for row, label, colour, values in (
        (1, "Import price", "#3b82f6", problem.import_price),
        (1, "Export price", "#f97316", problem.export_price),
        (2, "Load", "#94a3b8", problem.load_kwh / problem.slot_hours),
        (2, "Sun", "#eab308", problem.pv_kwh / problem.slot_hours),
    ):
        trace = go.Scatter(
            x=times, y=np.round(values[shown], 4), name=label, mode="lines", line={"color": colour} | step
        )
        figure.add_trace(trace, row=row, col=1)
    for label, colour, kwh in (
        ("Charge", "#8b5cf6", plan.charge_kwh),
        ("Discharge", "#14b8a6", -plan.discharge_kwh),
    ):
        bars = go.Bar(
            x=times, y=np.round(kwh[shown] / problem.slot_hours, 3), name=label, marker_color=colour, offset=0
        )
        figure.add_trace(bars, row=2, col=1)
    charge = go.Scatter(
        x=times,
        y=np.round(plan.soc_kwh[: len(times)], 3),
        name="Stored",
        mode="lines",
        line={"color": "#0d9488", "width": 2},
        fill="tozeroy",
    )
    figure.add_trace(charge, row=3, col=1)
    figure.update_layout(barmode="relative", bargap=0, hovermode="x unified")
    for row, title in ((1, f"{currency}/kWh"), (2, "kW"), (3, "kWh")):
        figure.update_yaxes(title_text=title, row=row, col=1)
    return figure


def cost_by_policy(comparison: Comparison, currency: str) -> go.Figure:
    """What the range cost under each policy."""
    names = list(comparison.outcomes)
    costs = [comparison.outcomes[name].cost for name in names]
    figure = go.Figure(
        go.Bar(
            x=np.round(costs, 2),
            y=[policy_name(name) for name in names],
            orientation="h",
            marker_color=[COLOURS.get(name, "#64748b") for name in names],
            text=[f"{cost:,.0f}".replace(",", " ") for cost in costs],
            textposition="inside",
            insidetextfont={"color": "#ffffff"},
            hovertemplate=f"%{{x:.2f}} {currency}<extra>%{{y}}</extra>",
        )
    )
    figure.update_layout(showlegend=False, xaxis_title=currency, yaxis={"autorange": "reversed"})
    return figure


def saving_over_time(comparison: Comparison, baseline: str, tz: ZoneInfo, currency: str) -> go.Figure | None:
    """How each policy's saving against a baseline grew, day by day; None without the baseline or a rival to it."""
    if baseline not in comparison.outcomes or len(comparison.outcomes) < 2:
        return None
    slots = comparison.history.slots
    base = comparison.outcomes[baseline].cost_per_slot
    day = (slots + utc_offsets(slots, tz)) // DAY_SECONDS
    days, row = np.unique(day, return_inverse=True)
    figure = go.Figure()
    for name, outcome in comparison.outcomes.items():
        if name in (baseline, "none"):
            continue
        saved = np.cumsum(np.bincount(row, base - outcome.cost_per_slot, len(days)))
        figure.add_scatter(
            x=days.astype("datetime64[D]").astype("datetime64[s]"),
            y=np.round(saved, 2),
            name=policy_name(name),
            mode="lines",
            line={"color": COLOURS.get(name, "#64748b"), "width": 2.5},
            hovertemplate="%{y:.2f} " + currency,
        )
    figure.update_layout(yaxis_title=f"{currency} saved", hovermode="x unified")
    return figure
