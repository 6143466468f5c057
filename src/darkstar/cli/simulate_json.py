"""A replay as scripts may rely on it."""

from collections.abc import Mapping
from typing import Any

from darkstar.domain.power_tariff import MonthFee
from darkstar.domain.slots import iso_utc
from darkstar.time_machine.outcome import Comparison, PolicyOutcome


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
        "omitted": [{"date": str(day), "reason": reason} for day, reason in comparison.history.omitted],
        "slots_per_s": comparison.slots_per_s,
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
        "power_months": [_month_json(month) for month in outcome.power_months],
    }


def _month_json(month: MonthFee) -> Mapping[str, Any]:
    return {
        "month": f"{month.year}-{month.month:02}",
        "average_kw": month.average_kw,
        "fee": month.fee,
        "peaks": [{"date": str(peak.day), "kw": peak.kw} for peak in month.peaks],
    }
