"""A replay as scripts may rely on it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from darkstar.cli.simulate.answer import Answer
from darkstar.domain.power_tariff import MonthFee
from darkstar.domain.slots import iso_utc
from darkstar.time_machine.actual import Beside, residual_kwh
from darkstar.time_machine.buying.what_if import Tried, WhatIf
from darkstar.time_machine.calendar import calendar
from darkstar.time_machine.outcome import MPC, Comparison, PolicyOutcome, Series
from darkstar.time_machine.past.left_out import Coverage
from darkstar.time_machine.past.start_charge import StartCharge
from darkstar.time_machine.regret import Part, Regret
from darkstar.time_machine.report.day_replay import DayReplay


def answer_json(answer: Answer) -> Mapping[str, Any]:
    """All that was asked for; keys of what was not are left out."""
    parts = {
        "actual": answer.beside and actual_json(answer.beside),
        "heater": answer.heater and asdict(answer.heater),
        "regret": answer.regret and regret_json(answer.regret),
        "what_if": answer.what_if and what_if_json(answer.what_if),
        "episodes": answer.kept,
    }
    return {
        **comparison_json(answer.comparison),
        "asked": dict(zip(("from", "to"), map(iso_utc, answer.span.asked), strict=True)),
        "start": start_json(answer.start),
        **coverage_json(answer.coverage),
        "information": answer.honesty.value,
        "seed": answer.seed,
        "plant": answer.plant.value,
        **{name: part for name, part in parts.items() if part is not None},
    }


def report_json(answer: Answer, day: DayReplay) -> Mapping[str, Any]:
    """The same with every day's costs, and one day quarter by quarter."""
    costs = calendar(answer.comparison, answer.home.tz)
    days = next(iter(costs.values())).days
    return {
        "home": answer.home.name,
        "currency": answer.home.currency,
        **answer_json(answer),
        "days": [
            {
                "date": one.isoformat(),
                "costs": {name: float(found.cost[at]) for name, found in costs.items()},
            }
            for at, one in enumerate(days)
        ],
        "day": {
            "date": day.day.isoformat(),
            "policy": day.policy,
            "quarters": [{**asdict(quarter), "slot": iso_utc(quarter.slot)} for quarter in day.quarters],
        },
    }


def comparison_json(comparison: Comparison) -> Mapping[str, Any]:
    """The comparison as scripts may rely on it."""
    return {
        "from": iso_utc(comparison.start_utc),
        "to": iso_utc(comparison.end_utc),
        "slots": len(comparison.history),
        "policies": {name: _outcome_json(outcome) for name, outcome in comparison.outcomes.items()},
        "gap_closed": comparison.gap_closed,
        "share_of_optimal": comparison.share_of_optimal,
        "settlement_per_kwh": comparison.settlement_per_kwh,
        "net_only": comparison.history.net_only,
        "minute_slots": comparison.history.minutes.known if comparison.history.minutes else 0,
        "omitted": [{"date": str(day), "reason": reason} for day, reason in comparison.history.omitted],
        "slots_per_s": comparison.slots_per_s,
    }


def start_json(start: StartCharge) -> Mapping[str, Any]:
    """Where the battery started, and how that is known."""
    return {
        "soc_percent": start.percent,
        "origin": start.origin.value,
        "at": iso_utc(start.at_utc),
        "measured_percent": start.measured_percent,
    }


def coverage_json(found: Coverage) -> Mapping[str, Any]:
    """Days and slots that were replayed, and those that were not: in total, by reason and by label."""
    left = found.left_out
    return {
        "replayed": {
            **asdict(found.replayed),
            "battery_masked": [{"date": str(day), "reason": reason} for day, reason in found.masked],
        },
        "left_out": {
            **asdict(left.total),
            "reasons": {reason: asdict(one) for reason, one in left.reasons.items()},
            "labels": left.labels,
        },
    }


def actual_json(beside: Beside) -> Mapping[str, Any]:
    """Whether the home's own inverter stands beside the policies, and how well its meters agree."""
    outcome = beside.outcome
    return {
        "available": outcome is not None,
        "reason": beside.reason or None,
        "residual_kwh": None if outcome is None else residual_kwh(outcome.flows, beside.scenario),
    }


def regret_json(regret: Regret) -> Mapping[str, Any]:
    """The parts by name, of the range and of each day."""
    return {
        "total": regret.total,
        "parts": {part.value: money for part, money in regret.parts.items()},
        "of_no_day": {part.value: money for part, money in regret.of_no_day.items()},
        "days": [
            {
                "date": day.isoformat(),
                "total": float(regret.day_totals[at]),
                "parts": {part.value: float(regret.by_day[part][at]) for part in Part},
            }
            for at, day in enumerate(regret.days)
        ],
    }


def what_if_json(found: WhatIf) -> Mapping[str, Any]:
    """What was tried, with savings by year."""
    return {
        "days": found.days,
        "whole_year": found.whole_year,
        "interval": 0.8,
        "today": dict(found.today),
        "tried": [_tried_json(one) for one in found.tried],
        "marginal": [
            {"from_kwh": step.from_kwh, "to_kwh": step.to_kwh, "per_kwh_per_year": dict(step.per_kwh)}
            for step in found.marginal
        ],
    }


def _tried_json(one: Tried) -> Mapping[str, Any]:
    mpc = one.savings[MPC]
    sessions = one.sessions
    return {
        "name": one.variant.name,
        "battery_kwh": one.variant.battery_kwh,
        "price": one.variant.price,
        "costs": dict(one.costs),
        "saving_per_year": {
            way: {"mean": saving.per_year, "low": saving.low, "high": saving.high}
            for way, saving in one.savings.items()
        },
        "range_per_year": {"low": one.low, "high": one.high},
        "payback_years": {
            "mean": one.payback_years(mpc.per_year),
            "low": one.payback_years(one.high),
            "high": one.payback_years(one.low),
        },
        "car": None
        if sessions is None
        else {
            "estimate": True,
            "sessions": sessions.number,
            "kwh": float(sessions.kwh.sum()),
            "power_kw": sessions.power_kw,
        },
    }


def _outcome_json(outcome: PolicyOutcome) -> Mapping[str, Any]:
    bill = outcome.bill
    return {
        "cost": outcome.cost,
        "energy_cost": bill.energy_cost,
        "fees": bill.fees,
        "power_fee": bill.power_fee,
        "export_revenue": bill.export_revenue,
        "wear": bill.wear,
        "settlement": bill.settlement,
        "import_kwh": outcome.import_kwh,
        "export_kwh": outcome.export_kwh,
        "charge_kwh": outcome.charge_kwh,
        "discharge_kwh": outcome.discharge_kwh,
        "peak_import_kw": outcome.peak_import_kw,
        "soc_start_kwh": outcome.soc_start_kwh,
        "soc_end_kwh": outcome.soc_end_kwh,
        "plans": outcome.plans,
        "plan_ms_p50": outcome.plan_ms_percentile(50),
        "plan_ms_p95": outcome.plan_ms_percentile(95),
        "flips_per_day": outcome.flips_per_day,
        "switches_per_day": outcome.switches_per_day,
        "over_least": outcome.over_least,
        "heater_kwh": _sum(outcome.flows.heater_kwh),
        "unserved_kwh": _sum(outcome.flows.unserved_kwh),
        "power_months": [_month_json(month) for month in outcome.power_months],
    }


def _sum(series: Series | None) -> float | None:
    return None if series is None else float(series.sum())


def _month_json(month: MonthFee) -> Mapping[str, Any]:
    return {
        "month": f"{month.year}-{month.month:02}",
        "average_kw": month.average_kw,
        "fee": month.fee,
        "peaks": [{"date": str(peak.day), "kw": peak.kw} for peak in month.peaks],
    }
