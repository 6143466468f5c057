"""`darkstar plan` for a home, for machines: see the user guide for the shape."""

from collections.abc import Mapping
from typing import Any

from darkstar.cli.plan_home import HomePlan, Planned, notices
from darkstar.domain.slots import iso_local
from darkstar.planner.reasons import Link, Reason
from darkstar.planner.sentences import Teller


def as_json(home: HomePlan) -> Mapping[str, Any]:
    """The answer as scripts may rely on it."""
    present, planned, mode = home.present, home.planned, home.prepared.safe_mode
    n = len(planned.problem) if planned else 0
    soc = present.known.soc_kwh
    return {
        "home": home.settings.home.name,
        "currency": home.settings.home.currency,
        "from": home.iso(0),
        "to": home.iso(n),
        "prices_published_to": iso_local(present.published_until_utc, home.settings.home.tz),
        "soc_percent": None if soc is None else home.percent(soc),
        "safe_mode": None if mode is None else mode.value,
        "notices": notices(home),
        **({} if planned is None else _planned_json(home, planned)),
    }


def _planned_json(home: HomePlan, planned: Planned) -> Mapping[str, Any]:
    problem, plan, explanation = planned.problem, planned.plan, planned.explanation
    teller = Teller(problem, explanation, home.span)
    series = {
        "load_kwh": problem.load_kwh,
        "pv_kwh": problem.pv_kwh,
        "import_price": problem.import_price,
        "export_price": problem.export_price,
        "charge_kwh": plan.charge_kwh,
        "discharge_kwh": plan.discharge_kwh,
        "import_kwh": plan.import_kwh + plan.breach_kwh,
        "export_kwh": plan.export_kwh,
        "curtail_kwh": plan.curtail_kwh,
        "soc_kwh": plan.soc_kwh,
    }
    return {
        "cost": plan.cost,
        "gain": explanation.gain,
        "engine": plan.engine,
        "ways": {
            way.value: {
                "cost": cost.cost,
                "left_worth": cost.left_worth,
                "days": {str(day): money for day, money in home.by_day(cost).items()},
            }
            for way, cost in planned.ways.items()
        },
        "blocks": [_block_json(home, reason, teller) for reason in explanation.reasons],
        "one_more": {limit.value: gain for limit, gain in explanation.more},
        "slots": {name: values.tolist() for name, values in series.items()},
    }


def _block_json(home: HomePlan, reason: Reason, teller: Teller) -> Mapping[str, Any]:
    return {
        "from": home.iso(reason.block.first),
        "to": home.iso(reason.block.end),
        "action": reason.block.action.value,
        "kwh": reason.kwh,
        "price": reason.price,
        "gain": reason.gain,
        "soc_start_kwh": reason.soc_start_kwh,
        "soc_end_kwh": reason.soc_end_kwh,
        "serves": [_link_json(home, link) for link in reason.serves],
        "refilled": [_link_json(home, link) for link in reason.refilled],
        "served_by": [_link_json(home, link) for link in reason.served_by],
        "held": [{"limit": held.limit.value, "worth": held.worth} for held in reason.held],
        "price_kind": reason.price_kind.value,
        "changes_below": reason.below,
        "changes_above": reason.above,
        "why": teller.sentence(reason),
    }


def _link_json(home: HomePlan, link: Link) -> Mapping[str, Any]:
    return {"from": home.iso(link.first), "to": home.iso(link.end), "kwh": link.kwh, "price": link.price}
