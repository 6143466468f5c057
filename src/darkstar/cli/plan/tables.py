"""`darkstar plan` for a home, for people: blocks with their sentences, and what each way costs."""

import datetime as dt
import textwrap

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from darkstar.cli.plan.answer import HomePlan, Planned, PlannedBattery
from darkstar.cli.plan.device_tables import device_blocks
from darkstar.cli.plan.home import notices
from darkstar.cli.plan.origins import KnownState
from darkstar.config.state_sensors import Quantity
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.caution import SafeMode
from darkstar.planner.modes import Kind
from darkstar.planner.standing.sentences import verdict_told
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.reasons import Reason
from darkstar.planner.why.sentences import Teller
from darkstar.planner.why.texts import Text
from darkstar.planner.why.ways import Way

LEAST_KW = 0.05
ONE_LINE_WIDTH = 110
"""From this width on, a block's sentence stands beside its figures."""


def rendered(home: HomePlan, width: int) -> RenderableType:
    """The answer for people, for a terminal of so many columns."""
    parts: list[RenderableType] = [_heading(home)]
    parts += [Line(f"! {told}", style="yellow") for told in notices(home)]
    if home.safe_mode is not None:
        parts.append(Line(ENGLISH.say(_SAFE[home.safe_mode]), style="bold"))
    if home.planned is None and home.settings.devices.draw:
        parts.append(Line(ENGLISH.say(Text.SAFE_DEVICES), style="bold"))
    planned = home.planned
    if planned is None:
        return Group(*parts)
    became = verdict_told(planned.settled.verdict, home.settings.home.tz, home.settings.home.currency)
    parts += [Line(became, style="bold")] if became else []
    several = len(planned.batteries) > 1
    more: list[str] = []
    for battery in planned.batteries:
        teller = Teller(battery.part.problem, battery.explanation, home.span)
        name = [_name(battery)] if several else []
        parts += [Line(), *name, _mode_now(battery), Line(), _blocks(home, battery, teller, width)]
        more += teller.more()
    for device in planned.devices:
        parts += [Line(), device_blocks(home, device, width)]
    parts += [Line(), _costs(home, planned)]
    if more and not several:
        parts += [Line(), Line(" ".join(more), style="dim")]
    return Group(*parts)


_SAFE = {SafeMode.SELF_CONSUMPTION: Text.SAFE_SELF_CONSUMPTION, SafeMode.HOLD: Text.SAFE_HOLD}


def _name(battery: PlannedBattery) -> Line:
    """Which of several batteries."""
    soc = float(battery.part.plan.soc_kwh[0])
    figures = {"percent": f"{battery.percent(soc):.0f}", "kwh": ENGLISH.figure(soc, 1)}
    return Line(ENGLISH.say(Text.BATTERY_OF_NAME, name=battery.part.name, **figures), style="bold")


def _mode_now(battery: PlannedBattery) -> Line:
    """What the inverter is to do in the first slot, whatever load and sun come."""
    mode, soc = battery.modes[0], float(battery.part.plan.soc_kwh[0])
    kind = mode.kind(soc)
    level = {Kind.CHARGE: mode.buy_to_kwh, Kind.DISCHARGE: mode.sell_to_kwh}.get(kind, mode.cover_to_kwh)
    told = ENGLISH.say(_KINDS[kind], percent=f"{battery.percent(level):.0f}")
    storage = battery.part.problem.storage
    power, usual = mode.charge_kw, storage.charge_max_kw
    if kind in (Kind.DISCHARGE, Kind.SELF_CONSUMPTION):
        power, usual = mode.discharge_kw, storage.discharge_max_kw
    if kind is not Kind.HOLD and power < usual - LEAST_KW:
        told = ENGLISH.say(Text.KIND_AT_MOST, kind=told, kw=ENGLISH.figure(power, 1))
    worth = "?" if mode.worth is None else _money(mode.worth)
    return Line(ENGLISH.say(Text.MODE_NOW, kind=told, worth=worth))


_KINDS = {
    Kind.CHARGE: Text.KIND_CHARGE,
    Kind.DISCHARGE: Text.KIND_DISCHARGE,
    Kind.HOLD: Text.KIND_HOLD,
    Kind.SELF_CONSUMPTION: Text.KIND_SELF_CONSUMPTION,
}


def _heading(home: HomePlan) -> RenderableType:
    settings, known = home.settings, home.present.known
    end = len(home.planned) if home.planned else len(home.present.slots)
    title = Line(f"{settings.home.name}: {_instant(home, 0)} to {_instant(home, end)}", style="bold")
    told = []
    if known.soc_kwh is not None and known.capacity_kwh:
        percent = f"{100 * known.soc_kwh / known.capacity_kwh:.0f}"
        told.append(ENGLISH.say(Text.BATTERY_HOLDS, percent=percent, kwh=ENGLISH.figure(known.soc_kwh, 1)))
    told += [_sensed(state) for state in home.states if state.seen is not None]
    if home.planned is not None:
        told.append(_prices(home, end))
    return Group(title, Line(" ".join(told), style="dim")) if told else title


def _sensed(state: KnownState) -> str:
    """What an entity says of a device."""
    assert state.seen is not None
    what = f"{state.device[:1].upper()}{state.device[1:]}"
    text = _SENSED[state.seen.sensor.quantity]
    if state.value is False:
        text = Text.NOT_PLUGGED_IN
    value = ""
    if isinstance(state.value, dt.time):
        value = f"{state.value:%H:%M}"
    elif isinstance(state.value, float):
        value = ENGLISH.figure(state.value, 0)
    return ENGLISH.say(text, device=what, value=value)


_SENSED = {
    Quantity.TANK_TEMPERATURE: Text.HAS_TEMPERATURE,
    Quantity.ROOM_TEMPERATURE: Text.HAS_ROOMS,
    Quantity.CAR_CHARGE: Text.HAS_CHARGE,
    Quantity.PLUGGED_IN: Text.IS_PLUGGED_IN,
    Quantity.TARGET: Text.HAS_TARGET,
    Quantity.READY_BY: Text.HAS_DEPARTURE,
}


def _instant(home: HomePlan, slot: int) -> str:
    return f"{home.weekday(slot)} {home.local(slot):%Y-%m-%d %H:%M}"


def _prices(home: HomePlan, end: int) -> str:
    present = home.present
    published = (present.published_until_utc - int(present.slots[0])) // SLOT_SECONDS
    text = Text.PRICES_ALL if published >= end else Text.PRICES_NONE if published <= 0 else Text.PRICES_UNTIL
    return ENGLISH.say(text, currency=home.settings.home.currency, until=home.clock(max(published, 0)))


def _blocks(home: HomePlan, battery: PlannedBattery, teller: Teller, width: int) -> RenderableType:
    reasons = battery.explanation.reasons
    if width < ONE_LINE_WIDTH:
        lines: list[RenderableType] = []
        for reason in reasons:
            line = Line(f"{home.when(reason.block.first, reason.block.end):<17} ", style="bold")
            line.append(f"{teller.action(reason):<11}", style=_STYLES[reason.block.action.value])
            line.append(f"{_charge(battery, reason):>13}", style="not bold")
            line.append(f"{_gain(reason):>9}".rstrip(), style="green")
            why = textwrap.fill(
                teller.sentence(reason), width, initial_indent=INDENT, subsequent_indent=INDENT
            )
            lines += [line, Line(why)]
        return Group(*lines)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(ENGLISH.say(Text.COLUMN_WHEN), no_wrap=True, style="bold")
    table.add_column(ENGLISH.say(Text.COLUMN_DOES), no_wrap=True)
    table.add_column(ENGLISH.say(Text.COLUMN_CHARGE), justify="right", no_wrap=True)
    table.add_column(ENGLISH.say(Text.COLUMN_GAIN), justify="right", no_wrap=True, style="green")
    table.add_column(ENGLISH.say(Text.COLUMN_WHY))
    for reason in reasons:
        table.add_row(
            home.when(reason.block.first, reason.block.end),
            Line(teller.action(reason), style=_STYLES[reason.block.action.value]),
            _charge(battery, reason),
            _gain(reason),
            Line(teller.sentence(reason)),
        )
    return table


INDENT = 4 * " "
_STYLES = {"charge": "cyan", "store": "yellow", "cover": "magenta", "sell": "green", "rest": "dim"}


def _charge(battery: PlannedBattery, reason: Reason) -> str:
    before, after = (f"{battery.percent(soc):.0f}" for soc in (reason.soc_start_kwh, reason.soc_end_kwh))
    return f"{before} %" if before == after else f"{before} → {after} %"


def _gain(reason: Reason) -> str:
    return "" if abs(reason.gain) < 0.005 else f"{reason.gain:+.2f}"


def _costs(home: HomePlan, planned: Planned) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(ENGLISH.say(Text.EXPECTED_COST, currency=home.settings.home.currency), no_wrap=True)
    for day in home.by_day(planned.ways[Way.PLAN]):
        table.add_column(f"{ENGLISH.weekdays[day.weekday()]} {day:%d}", justify="right", no_wrap=True)
    for heading in (Text.LEFT_OVER, Text.IN_ALL, Text.SAVED):
        table.add_column(ENGLISH.say(heading), justify="right", no_wrap=True)
    first, before = next(iter(planned.ways.items()))
    for way, cost in planned.ways.items():
        table.add_row(
            ENGLISH.say(_WAYS[way]),
            *(_money(money) for money in home.by_day(cost).values()),
            _money(-cost.left_worth),
            _money(cost.cost),
            "" if way is first else _money(before.cost - cost.cost),
            style="bold" if way is Way.PLAN else "",
        )
    return table


_WAYS = {
    Way.AT_ONCE: Text.WAY_AT_ONCE,
    Way.NONE: Text.WAY_NONE,
    Way.RULE: Text.WAY_RULE,
    Way.PLAN: Text.WAY_PLAN,
}


def _money(value: float) -> str:
    return ENGLISH.figure(value, 2)
