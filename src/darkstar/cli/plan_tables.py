"""`darkstar plan` for a home, for people: blocks with their sentences, and what each way costs."""

import textwrap

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from darkstar.cli.plan_home import HomePlan, Planned, notices
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.caution import SafeMode
from darkstar.planner.reasons import Reason
from darkstar.planner.sentences import Teller
from darkstar.planner.texts import ENGLISH, Text
from darkstar.planner.ways import Way

ONE_LINE_WIDTH = 110
"""From this width on, a block's sentence stands beside its figures."""


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
    end = len(home.planned.problem) if home.planned else len(present.slots)
    title = Line(f"{settings.home.name}: {_instant(home, 0)} to {_instant(home, end)}", style="bold")
    soc = present.known.soc_kwh
    told = []
    if soc is not None:
        told.append(
            ENGLISH.say(Text.BATTERY_HOLDS, percent=f"{home.percent(soc):.0f}", kwh=ENGLISH.figure(soc, 1))
        )
    if home.planned is not None:
        told.append(_prices(home, end))
    return Group(title, Line(" ".join(told), style="dim")) if told else title


def _instant(home: HomePlan, slot: int) -> str:
    return f"{home.weekday(slot)} {home.local(slot):%Y-%m-%d %H:%M}"


def _prices(home: HomePlan, end: int) -> str:
    present = home.present
    published = (present.published_until_utc - int(present.slots[0])) // SLOT_SECONDS
    text = Text.PRICES_ALL if published >= end else Text.PRICES_NONE if published <= 0 else Text.PRICES_UNTIL
    return ENGLISH.say(text, currency=home.settings.home.currency, until=home.clock(max(published, 0)))


def _blocks(home: HomePlan, planned: Planned, teller: Teller, width: int) -> RenderableType:
    reasons = planned.explanation.reasons
    if width < ONE_LINE_WIDTH:
        lines: list[RenderableType] = []
        for reason in reasons:
            line = Line(f"{home.when(reason.block.first, reason.block.end):<17} ", style="bold")
            line.append(f"{teller.action(reason):<11}", style=_STYLES[reason.block.action.value])
            line.append(f"{_charge(home, reason):>13}", style="not bold")
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
            _charge(home, reason),
            _gain(reason),
            Line(teller.sentence(reason)),
        )
    return table


INDENT = 4 * " "
_STYLES = {"charge": "cyan", "store": "yellow", "cover": "magenta", "sell": "green", "rest": "dim"}


def _charge(home: HomePlan, reason: Reason) -> str:
    before, after = (f"{home.percent(soc):.0f}" for soc in (reason.soc_start_kwh, reason.soc_end_kwh))
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
    alone = planned.ways[Way.NONE].cost
    for way, cost in planned.ways.items():
        table.add_row(
            ENGLISH.say(_WAYS[way]),
            *(_money(money) for money in home.by_day(cost).values()),
            _money(-cost.left_worth),
            _money(cost.cost),
            "" if way is Way.NONE else _money(alone - cost.cost),
            style="bold" if way is Way.PLAN else "",
        )
    return table


_WAYS = {Way.NONE: Text.WAY_NONE, Way.RULE: Text.WAY_RULE, Way.PLAN: Text.WAY_PLAN}


def _money(value: float) -> str:
    return ENGLISH.figure(value, 2)
