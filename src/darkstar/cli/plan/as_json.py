"""`darkstar plan` for a home, for machines: see the user guide for the shape."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from darkstar.cli.plan.answer import HomePlan, Planned, PlannedBattery, PlannedDevice
from darkstar.cli.plan.home import notices
from darkstar.cli.plan.origins import KnownState
from darkstar.domain.slots import iso_local
from darkstar.planner.devices.reasons import Spared
from darkstar.planner.devices.run import Lack, Missing
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.modes import Mode
from darkstar.planner.phases import plan_net_kwh
from darkstar.planner.problem import Plan, Series
from darkstar.planner.standing.sentences import why
from darkstar.planner.why.reasons import Link, Reason
from darkstar.planner.why.sentences import Teller
from darkstar.planner.why.ways import Way


def as_json(home: HomePlan) -> Mapping[str, Any]:
    """The answer as scripts may rely on it."""
    present, planned, mode = home.present, home.planned, home.safe_mode
    known = present.known
    percent = (
        None if known.soc_kwh is None or not known.capacity_kwh else 100 * known.soc_kwh / known.capacity_kwh
    )
    return {
        "home": home.settings.home.name,
        "currency": home.settings.home.currency,
        "from": home.iso(0),
        "to": home.iso(len(planned) if planned else 0),
        "masked_days": [{"date": str(day), "reason": reason} for day, reason in present.masked],
        "prices_published_to": iso_local(present.published_until_utc, home.settings.home.tz),
        "soc_percent": percent,
        "safe_mode": None if mode is None else mode.value,
        "states": [_state_json(home, state) for state in home.states],
        "notices": notices(home),
        **({} if planned is None else _planned_json(home, planned)),
    }


def _state_json(home: HomePlan, state: KnownState) -> Mapping[str, Any]:
    value, seen = state.value, state.seen
    return {
        "device": state.device,
        "quantity": state.quantity,
        "value": f"{value:%H:%M}" if isinstance(value, dt.time) else value,
        "from": state.origin.value,
        **({} if seen is None else {"entity": seen.sensor.entity_id, "at": home.instant(seen.reported_utc)}),
    }


def _planned_json(home: HomePlan, planned: Planned) -> Mapping[str, Any]:
    whole = planned.whole
    rest, flows = whole.household.rest, whole.flows
    series = {
        "load_kwh": rest.load_kwh,
        "pv_kwh": rest.pv_kwh,
        "import_price": rest.import_price,
        "export_price": rest.export_price,
        "charge_kwh": _sum(planned, lambda plan: plan.charge_kwh),
        "discharge_kwh": _sum(planned, lambda plan: plan.discharge_kwh),
        "import_kwh": flows.import_kwh + flows.breach_kwh,
        "export_kwh": flows.export_kwh,
        "curtail_kwh": flows.curtail_kwh,
        "soc_kwh": _sum(planned, lambda plan: plan.soc_kwh),
    }
    return {
        "before": _before_json(home, planned),
        "cost": planned.ways[Way.PLAN].cost,
        "gain": planned.gain,
        "saved": planned.saved,
        "gap": whole.gap if math.isfinite(whole.gap) else None,
        "finished": whole.finished,
        "power_cost": whole.power_cost,
        "engine": whole.engine,
        "ways": {
            way.value: {
                "cost": cost.cost,
                "left_worth": cost.left_worth,
                "days": {str(day): money for day, money in home.by_day(cost).items()},
            }
            for way, cost in planned.ways.items()
        },
        "blocks": [block for battery in planned.batteries for block in _blocks_json(home, battery)],
        "one_more": _one_more_json(planned.batteries[0]) if len(planned.batteries) == 1 else {},
        "batteries": [_battery_json(home, battery) for battery in planned.batteries],
        "devices": [_device_json(home, device) for device in planned.devices],
        "phases": None
        if whole.household.phases is None
        else {"max_kw": whole.household.phases.max_kw, "net_kwh": plan_net_kwh(whole).tolist()},
        "slots": {name: values.tolist() for name, values in series.items()},
    }


def _before_json(home: HomePlan, planned: Planned) -> Mapping[str, Any]:
    verdict = planned.settled.verdict
    return {
        "outcome": verdict.outcome.value,
        "made": None if verdict.before_utc is None else home.instant(verdict.before_utc),
        "gain": verdict.gain,
        "threshold": verdict.threshold,
        "why": why(verdict),
        "flips": verdict.flips,
        "new_flips": verdict.new_flips,
    }


def _sum(planned: Planned, of: Callable[[Plan], Series]) -> Series:
    """A series of all batteries together; nothing where there is none."""
    each = [of(battery.part.plan) for battery in planned.batteries]
    return np.sum(each, axis=0) if each else np.zeros(len(planned))


def _battery_json(home: HomePlan, battery: PlannedBattery) -> Mapping[str, Any]:
    plan = battery.part.plan
    return {
        "name": battery.part.name,
        "soc_percent": battery.percent(float(plan.soc_kwh[0])),
        "one_more": _one_more_json(battery),
        "charge_kwh": plan.charge_kwh.tolist(),
        "discharge_kwh": plan.discharge_kwh.tolist(),
        "soc_kwh": plan.soc_kwh.tolist(),
        "modes": [
            _mode_json(home, slot, mode, float(plan.soc_kwh[slot])) for slot, mode in enumerate(battery.modes)
        ],
    }


def _one_more_json(battery: PlannedBattery) -> Mapping[str, float]:
    return {limit.value: gain for limit, gain in battery.explanation.more}


def _mode_json(home: HomePlan, slot: int, mode: Mode, soc_kwh: float) -> Mapping[str, Any]:
    return {
        "from": home.iso(slot),
        "mode": mode.kind(soc_kwh).value,
        "buy_to_kwh": mode.buy_to_kwh,
        "store_to_kwh": mode.store_to_kwh,
        "cover_to_kwh": mode.cover_to_kwh,
        "sell_to_kwh": mode.sell_to_kwh,
        "charge_kw": mode.charge_kw,
        "discharge_kw": mode.discharge_kw,
        "import_kw": None if math.isinf(mode.import_kw) else mode.import_kw,
        "curtail": mode.curtail.value,
        "worth": mode.worth,
    }


def _device_json(home: HomePlan, device: PlannedDevice) -> Mapping[str, Any]:
    run, teller = device.run, DeviceTeller(home.settings.home.tz, home.present.slots)
    return {
        "name": run.wish.name,
        "kind": run.wish.kind.value,
        "kwh": float(run.energy_kwh.sum()),
        "missing": [_missing_json(home, missing) for missing in run.missing],
        "blocks": [
            {
                "from": home.iso(block.first),
                "to": home.iso(block.end),
                "kwh": block.kwh,
                "price": block.price,
                "usual_price": block.usual,
                "due": None if block.due is None else home.instant(block.due.deadline_utc),
                "stored_kwh": block.stored_kwh,
                "temperature_c": None if block.heat is None else [block.heat.before_c, block.heat.after_c],
                "spared": None if block.spared is None else _spared_json(home, block.spared),
                "why": teller.sentence(run.wish, block),
            }
            for block in device.blocks
        ],
        "energy_kwh": run.energy_kwh.tolist(),
        "stored_kwh": None if run.stored_kwh is None else run.stored_kwh.tolist(),
        "temperature_c": None if run.temperature_c is None else run.temperature_c.tolist(),
        "saved_kwh": None if run.boost is None else run.boost.saved_kwh.tolist(),
    }


def _spared_json(home: HomePlan, spared: Spared) -> Mapping[str, Any]:
    return {
        "from": home.iso(spared.first),
        "to": home.iso(spared.end),
        "kwh": spared.kwh,
        "price": spared.price,
        "warmer_c": spared.warmer_c,
        "gain": spared.gain,
    }


def _missing_json(home: HomePlan, missing: Missing) -> Mapping[str, Any]:
    amounts = {Lack.ENERGY: "kwh", Lack.PAUSE: "hours", Lack.WARMTH: "hours"}
    return {
        "lack": missing.lack.value,
        **({amounts[missing.lack]: missing.amount} if missing.lack in amounts else {}),
        "due": None if missing.due is None else home.instant(missing.due.deadline_utc),
    }


def _blocks_json(home: HomePlan, battery: PlannedBattery) -> list[Mapping[str, Any]]:
    teller = Teller(battery.part.problem, battery.explanation, home.span)
    return [
        {"battery": battery.part.name, **_block_json(home, reason, teller)}
        for reason in battery.explanation.reasons
    ]


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
