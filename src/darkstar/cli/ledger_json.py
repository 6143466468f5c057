"""The ledger's results as JSON for machines (the contract is in the user guide)."""

from collections import Counter

from darkstar.bookkeeping.backfill import BackfillPlan, BackfillReport
from darkstar.bookkeeping.verify import Verification
from darkstar.domain.slots import iso_utc


def plan_json(plan: BackfillPlan) -> dict[str, object]:
    """What a backfill will do."""
    return {
        "from": iso_utc(plan.start),
        "to": iso_utc(plan.end),
        "sensors": [
            {
                "channel": task.sensor.channel,
                "entity_id": task.sensor.entity_id,
                "unit": task.sensor.unit,
                "statistics": _span(task.hourly),
                "history": _span(task.history),
                "remarks": list(task.sensor.remarks),
            }
            for task in plan.tasks
        ],
    }


def report_json(report: BackfillReport, warnings: list[str], backup: str | None) -> dict[str, object]:
    """What a backfill did."""
    return {
        **plan_json(report.plan),
        "rows_added": dict(report.rows_added),
        "slots": report.slots,
        "warnings": warnings,
        "backup": backup,
    }


def verification_json(found: Verification) -> dict[str, object]:
    """The ledger beside Home Assistant, or beside the file `against`: then `ha_kwh` is the file's number."""
    return {
        "against": found.against or None,
        "from": iso_utc(found.start),
        "to": iso_utc(found.end),
        "tolerance_kwh": found.tolerance_kwh,
        "hours": found.hours,
        "within": found.within,
        "explained": found.explained,
        "unexplained": found.unexplained,
        "causes": dict(Counter(difference.cause.value for difference in found.differences)),
        "channels": {
            channel.value: {
                "hours": verdict.hours,
                "within": verdict.within,
                "explained": verdict.explained,
                "unexplained": verdict.unexplained,
                "max_abs_difference_kwh": verdict.max_abs_difference_kwh,
            }
            for channel, verdict in found.channels.items()
        },
        "differences": [
            {
                "hour_utc": iso_utc(difference.hour_utc),
                "channel": difference.channel.value,
                "ha_kwh": difference.ha_kwh,
                "ledger_kwh": difference.ledger_kwh,
                "difference_kwh": difference.difference_kwh,
                "cause": difference.cause.value,
                "detail": difference.detail,
            }
            for difference in found.differences
        ],
        "home": [
            {
                "cause": suspicion.cause.value,
                "channels": [channel.value for channel in suspicion.channels],
                "detail": suspicion.detail,
                "remedy": suspicion.remedy,
            }
            for suspicion in found.home
        ],
        "days": [
            {"date": day.day.isoformat(), "status": day.status.value, "reasons": list(day.reasons)}
            for day in found.days
        ],
    }


def _span(span: tuple[int, int] | None) -> list[str] | None:
    return None if span is None else [iso_utc(span[0]), iso_utc(span[1])]
