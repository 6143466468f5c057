"""`darkstar plan` for a home: what is known, the plan, its reasons; for people and for machines."""

import datetime as dt
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import SLOT_SECONDS, iso_local, local_date
from darkstar.planner.caution import Prepared, SafeMode, prepare
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Plan, Problem
from darkstar.planner.reasons import Explanation, Link, Reason, explain
from darkstar.planner.sentences import Teller, say
from darkstar.planner.texts import ENGLISH, Text
from darkstar.planner.ways import Way, WayCost, ways
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.present import Present, read_present

ONE_LINE_WIDTH = 110
"""From this width on, a block's sentence stands beside its figures."""
WAY_NAMES = {Way.NONE: "battery left alone", Way.RULE: "self-consumption", Way.PLAN: "this plan"}


@dataclass(frozen=True)
class Planned:
    """A plan and all that was worked out about it."""

    problem: Problem
    plan: Plan
    explanation: Explanation
    ways: Mapping[Way, WayCost]


@dataclass(frozen=True)
class HomePlan:
    """The answer for a home: a plan, or the safe mode; and what has to be said of it."""

    settings: Settings
    present: Present
    prepared: Prepared
    planned: Planned | None
    hints: tuple[str, ...]

    def local(self, slot: int) -> dt.datetime:
        """Local time at the start of the plan's slot of this number."""
        start = int(self.present.slots[0]) + slot * SLOT_SECONDS
        return dt.datetime.fromtimestamp(start, self.settings.home.tz)

    def iso(self, slot: int) -> str:
        """The same as an ISO instant."""
        return iso_local(int(self.present.slots[0]) + slot * SLOT_SECONDS, self.settings.home.tz)

    def span(self, first: int, end: int) -> str:
        """`17:00–20:00`, with the weekday where it is not the plan's first day."""
        begins, ends = self.local(first), self.local(end)
        day = "" if begins.date() == self.local(0).date() else f"{begins:%a} "
        return f"{day}{begins:%H:%M}–{ends:%H:%M}"

    def percent(self, soc_kwh: float) -> float:
        """A state of charge."""
        battery = self.settings.battery
        assert battery is not None
        return 100 * soc_kwh / battery.capacity_kwh


def plan_home(
    ledger: LedgerFile, settings: Settings, at_utc: float, *, slots: int, soc_percent: float | None
) -> HomePlan:
    """Plan a home as of an instant.

    Raises:
        ConfigError: it has no battery.
    """
    battery = settings.battery
    if battery is None:
        raise ConfigError(
            "The home has no battery to plan for.",
            remedy="Write `battery: {capacity_kwh: ...}` into darkstar.yaml.",
        )
    present = read_present(
        ledger, settings.home, settings.absent, battery, at_utc, slots=slots, soc_percent=soc_percent
    )
    prepared = prepare(present.known)
    planned = None
    if prepared.problem is not None:
        engine = FastEngine()
        plan = engine.solve(prepared.problem)
        planned = Planned(
            prepared.problem,
            plan,
            explain(prepared.problem, plan, engine),
            ways(prepared.problem, plan),
        )
    return HomePlan(settings, present, prepared, planned, tuple(_hints(present, prepared, settings)))


def _hints(present: Present, prepared: Prepared, settings: Settings) -> Sequence[str]:
    """What to do about what is missing."""
    if prepared.problem is not None:
        return []
    hints, end, start = [], present.ledger_end_utc, int(present.slots[0])
    missing = {notice.text for notice in prepared.notices}
    if present.charge_is_stuck:
        hints.append("The sensor of the state of charge stood still that day.")
    if end is None:
        hints.append("The ledger has nothing before this instant: run `darkstar backfill energy`.")
    elif start - end > SLOT_SECONDS:
        hints.append(
            f"The ledger ends at {iso_local(end, settings.home.tz)[:16]}: run `darkstar backfill energy` and leave "
            f"`darkstar record` running, or plan from there: --at {iso_local(end, settings.home.tz)[:16]}."
        )
    elif Text.NO_SOC in missing:
        hints.append("Say what it is: --soc-percent 50.")
    elif Text.NOTHING_KNOWN in missing:
        hints.append(
            "A day and a half of energy and prices is the least: `darkstar backfill energy`, `backfill prices`."
        )
    return hints


def fuse_notice(home: HomePlan) -> str | None:
    """What goes beyond the fuse whatever is done, if anything does."""
    planned = home.planned
    if planned is None:
        return None
    beyond = np.flatnonzero(planned.plan.breach_kwh > 1e-6)
    if not len(beyond):
        return None
    return ENGLISH.say(
        Text.FUSE_EXCEEDED,
        kwh=ENGLISH.figure(float(planned.plan.breach_kwh.sum()), 1),
        span=home.span(int(beyond[0]), int(beyond[-1]) + 1),
    )


def notices(home: HomePlan) -> list[str]:
    """All that has to be said of a plan, or of there being none."""
    told = [say(ENGLISH, notice) for notice in home.prepared.notices]
    beyond = fuse_notice(home)
    return [*told, *([beyond] if beyond else []), *home.hints]


def rendered(home: HomePlan, width: int) -> RenderableType:
    """The answer for people, for a terminal of so many columns."""
    parts: list[RenderableType] = [_heading(home)]
    parts += [Line(f"! {told}", style="yellow") for told in notices(home)]
    mode = home.prepared.safe_mode
    if home.planned is None:
        assert mode is not None
        parts.append(Line(ENGLISH.say(_SAFE[mode]), style="bold"))
        return Group(*parts)
    planned = home.planned
    teller = Teller(planned.problem, planned.explanation, home.span)
    parts += [Line(), _blocks(home, planned, teller, width), Line(), _costs(home, planned)]
    more = teller.more()
    if more:
        parts += [Line(), Line(" ".join(more), style="dim")]
    return Group(*parts)


_SAFE = {SafeMode.SELF_CONSUMPTION: Text.SAFE_SELF_CONSUMPTION, SafeMode.HOLD: Text.SAFE_HOLD}


def _heading(home: HomePlan) -> RenderableType:
    settings, present = home.settings, home.present
    end = home.local(len(home.planned.problem) if home.planned else len(present.slots))
    title = Line(
        f"{settings.home.name}: {home.local(0):%a %d %b %H:%M} to {end:%a %d %b %H:%M}", style="bold"
    )
    until = dt.datetime.fromtimestamp(present.published_until_utc, settings.home.tz)
    soc = present.known.soc_kwh
    told = []
    if soc is not None:
        told.append(f"Battery {home.percent(soc):.0f} %, {soc:.1f} kWh.")
    if home.planned is not None:
        public = f"published until {until:%a %H:%M}, then the last week's mean"
        if present.published_until_utc <= int(present.slots[0]):
            public = "none published, the last week's mean stands in"
        elif until >= end:
            public = "all published"
        told.append(f"Prices in {settings.home.currency} per kWh: {public}.")
    return Group(title, Line(" ".join(told), style="dim")) if told else title


def _blocks(home: HomePlan, planned: Planned, teller: Teller, width: int) -> RenderableType:
    reasons = planned.explanation.reasons
    if width < ONE_LINE_WIDTH:
        lines: list[RenderableType] = []
        for reason in reasons:
            line = Line(f"{_when(home, reason):<17} ", style="bold")
            line.append(f"{teller.action(reason):<11}", style=_STYLES[reason.block.action.value])
            line.append(f"{_charge(home, reason):>13}", style="not bold")
            line.append(f"{_gain(reason):>9}".rstrip(), style="green")
            why = textwrap.fill(
                teller.sentence(reason), width, initial_indent=INDENT, subsequent_indent=INDENT
            )
            lines += [line, Line(why)]
        return Group(*lines)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("when", no_wrap=True, style="bold")
    table.add_column("battery does", no_wrap=True)
    table.add_column("charge", justify="right", no_wrap=True)
    table.add_column("gain", justify="right", no_wrap=True, style="green")
    table.add_column("why")
    for reason in reasons:
        table.add_row(
            _when(home, reason),
            Line(teller.action(reason), style=_STYLES[reason.block.action.value]),
            _charge(home, reason),
            _gain(reason),
            Line(teller.sentence(reason)),
        )
    return table


INDENT = 4 * " "
_STYLES = {"charge": "cyan", "store": "yellow", "cover": "magenta", "sell": "green", "rest": "dim"}


def _when(home: HomePlan, reason: Reason) -> str:
    begins, ends = home.local(reason.block.first), home.local(reason.block.end)
    return f"{begins:%a %H:%M}–{ends:%H:%M}"


def _charge(home: HomePlan, reason: Reason) -> str:
    before, after = (f"{home.percent(soc):.0f}" for soc in (reason.soc_start_kwh, reason.soc_end_kwh))
    return f"{before} %" if before == after else f"{before} → {after} %"


def _gain(reason: Reason) -> str:
    return "" if abs(reason.gain) < 0.005 else f"{reason.gain:+.2f}"


def _costs(home: HomePlan, planned: Planned) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(f"expected cost, {home.settings.home.currency}", no_wrap=True)
    days = _days(home, planned)
    for day in days:
        table.add_column(f"{day:%a %d}", justify="right", no_wrap=True)
    for heading in ("left over", "in all", "saved"):
        table.add_column(heading, justify="right", no_wrap=True)
    alone = planned.ways[Way.NONE].cost
    for way, cost in planned.ways.items():
        table.add_row(
            WAY_NAMES[way],
            *(_money(money) for money in _by_day(home, cost, days)),
            _money(-cost.left_worth),
            _money(cost.cost),
            "" if way is Way.NONE else _money(alone - cost.cost),
            style="bold" if way is Way.PLAN else "",
        )
    return table


def _money(value: float) -> str:
    return ENGLISH.figure(value, 2)


def _days(home: HomePlan, planned: Planned) -> list[dt.date]:
    return sorted({_day(home, slot) for slot in range(len(planned.problem))})


def _day(home: HomePlan, slot: int) -> dt.date:
    return local_date(int(home.present.slots[slot]), home.settings.home.tz)


def _by_day(home: HomePlan, cost: WayCost, days: Sequence[dt.date]) -> list[float]:
    sums = dict.fromkeys(days, 0.0)
    for slot, money in enumerate(cost.slot_costs.tolist()):
        sums[_day(home, slot)] += money
    return list(sums.values())


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
    teller, days = Teller(problem, explanation, home.span), _days(home, planned)
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
                "days": {str(day): money for day, money in zip(days, _by_day(home, cost, days), strict=True)},
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
