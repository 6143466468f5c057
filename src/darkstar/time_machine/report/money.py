"""The money of a report in words: where it went, and what another home would have saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkstar.time_machine.buying.what_if import WAYS, Tried, WhatIf, years_told
from darkstar.time_machine.outcome import MPC, ORACLE, RULE
from darkstar.time_machine.regret import Part, Regret
from darkstar.time_machine.report.charts import policy_name
from darkstar.time_machine.report.figures import number

PARTS: Mapping[Part, tuple[str, str]] = {
    Part.PRICES: ("Prices unknown", "tomorrow's prices are published the day before, at about one"),
    Part.LOAD: ("Load forecast", "the home used more or less than was expected, or at another time"),
    Part.SUN: ("Sun forecast", "the sky was not as expected"),
    Part.EXECUTION: ("Execution", "the battery as it really behaves, less the one that plans take it for"),
    Part.PLAN: ("Plan", "what is left with everything known: plans look two days ahead, not to the end"),
}


@dataclass(frozen=True)
class PartRow:
    """A part of the regret in words."""

    name: str
    money: str
    share: str
    meaning: str


@dataclass(frozen=True)
class TriedRow:
    """Something that was tried, in words; savings by year."""

    name: str
    savings: tuple[str, ...]
    span: str
    price: str
    payback: str


def regret_rows(regret: Regret) -> list[PartRow]:
    """The parts of the range, and their sum."""
    total = regret.total
    rows = [
        PartRow(PARTS[part][0], number(money, 2), _share(money, total), PARTS[part][1])
        for part, money in regret.parts.items()
    ]
    return [*rows, PartRow("In all", number(total, 2), _share(total, total), "")]


def _share(money: float, total: float) -> str:
    return f"{number(100 * money / total)} %" if abs(total) > 0.005 else ""


def tried_rows(found: WhatIf) -> list[TriedRow]:
    """All that was tried."""
    return [
        TriedRow(
            one.variant.name,
            tuple(number(one.savings[way].per_year) for way in WAYS),
            "" if one.low is None or one.high is None else f"{number(one.low)} to {number(one.high)}",
            "" if one.variant.price is None else number(one.variant.price),
            _payback(one),
        )
        for one in found.tried
    ]


def _payback(one: Tried) -> str:
    if one.variant.price is None:
        return ""
    years = one.payback_years(one.savings[MPC].per_year)
    soonest, latest = one.payback_years(one.high), one.payback_years(one.low)
    span = "" if years is None or soonest is None else f" ({years_told(soonest)} to {years_told(latest)})"
    return years_told(years) + span


def what_if_headings() -> tuple[str, ...]:
    """The names of the ways to run a battery."""
    return tuple(policy_name(way) for way in WAYS)


def what_if_notes(found: WhatIf, currency: str) -> list[str]:
    """What the table leaves to say."""
    notes = [
        f"From {number(found.days)} replayed days"
        + (
            ""
            if found.whole_year
            else ", which are not a whole year: the seasons that are missing are not in it"
        )
        + ". The range runs from the lowest to the highest end of the three ways' 80 % intervals, found by drawing the "
        "range's weeks anew. One past is not the future: other years have other prices, tariffs and weather."
    ]
    notes += [
        f"From {step.from_kwh:g} to {step.to_kwh:g} kWh, each kWh of battery saves "
        f"{number(step.per_kwh[MPC])} {currency} a year ({number(step.per_kwh[RULE])} by self-consumption, "
        f"{number(step.per_kwh[ORACLE])} with perfect foresight)."
        for step in found.marginal
    ]
    notes += [
        f"{one.variant.name}: {one.sessions.number} charging sessions of a car were recognised by their shape, "
        f"{number(one.sessions.per_day_kwh, 1)} kWh a day. That is an estimate: the ledger does not measure a car."
        for one in found.tried
        if one.sessions is not None
    ]
    return notes
