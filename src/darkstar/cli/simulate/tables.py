"""A replay as a person reads it on a terminal."""

from collections.abc import Iterable, Mapping

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from darkstar.cli.simulate.answer import Answer
from darkstar.cli.simulate.plant import PlantChoice
from darkstar.domain.home import Home
from darkstar.domain.slots import iso_local
from darkstar.time_machine.actual import actual_note
from darkstar.time_machine.buying.what_if import Tried, WhatIf, years_told
from darkstar.time_machine.outcome import MPC, MPC_HEATER, ORACLE, ORACLE_HEATER, RULE, Comparison
from darkstar.time_machine.regret import Part, Regret

WORST_DAYS = 5
MOST_SHARE = 9.999
"""A share beyond it tells that rule and foresight cost the same, and nothing of the policy."""


def rendered(answer: Answer) -> RenderableType:
    """All that was asked for."""
    currency = answer.home.currency
    parts: list[RenderableType] = [comparison_table(answer.comparison, answer.home), Text()]
    parts.append(Text(settlement_note(answer.comparison, currency)))
    parts += [Text(note) for note in (*answer.notes, *answer.coverage.sentences()[1:])]
    beside = answer.beside
    if beside is not None and beside.outcome is not None:
        parts.append(Text(actual_note(beside, answer.home)))
    elif beside is not None and beside.measured:
        parts.append(Text(f"No `actual` beside them: {beside.reason}."))
    if answer.heater is not None:
        parts.append(Text(answer.heater.sentence(currency)))
    if answer.regret is not None:
        parts.append(regret_table(answer.regret, currency))
    if answer.what_if is not None:
        parts.append(what_if_table(answer.what_if, currency))
        parts += [Text(note) for note in what_if_notes(answer.what_if)]
    parts += [Text(note) for note in plant_notes(answer)]
    if answer.kept is not None:
        parts.append(Text(kept_episodes(answer.kept)))
    return Group(*parts)


def plant_notes(answer: Answer) -> list[str]:
    """What the plans met, where it was more than averages and the stated battery."""
    notes = []
    if answer.plant is not PlantChoice.NOMINAL:
        told = {
            PlantChoice.CALIBRATED: "as `darkstar calibrate` found it",
            PlantChoice.STATED: "as its data sheet in darkstar.yaml states",
        }[answer.plant]
        notes.append(f"The battery behaves {told}; the oracle's is the ideal one that plans believe in.")
    minutes = answer.comparison.history.minutes
    if minutes is not None:
        who = "the oracle plans"
        if MPC_HEATER in answer.comparison.outcomes:
            who = f"the oracle and whoever plans the heater ({MPC_HEATER}, {ORACLE_HEATER}) run"
        notes.append(f"{minutes.known} of {len(minutes)} slots ran by the minute; {who} on their averages.")
    oracle = answer.comparison.outcomes.get(ORACLE)
    if oracle is not None and oracle.over_least:
        notes.append(f"The oracle's plan costs at most {oracle.over_least:.2f} more than the least possible.")
    return notes


def comparison_table(comparison: Comparison, home: Home) -> Table:
    """The policies beside each other."""
    history = comparison.history
    span = " to ".join(iso_local(edge, home.tz)[:16] for edge in (comparison.start_utc, comparison.end_utc))
    table = Table(
        title=Text(f"{home.name}, {span}: {len(history)} slots", style="table.title"),
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    fees = any(outcome.power_months for outcome in comparison.outcomes.values())
    table.add_column("policy", no_wrap=True)
    money = ("cost", "power\nfee") if fees else ("cost",)
    for heading in (*money, "import", "export", "charged", "peak", "gap\nclosed", "of\nbest"):
        table.add_column(heading, justify="right", no_wrap=True)
    units = (*[home.currency] * len(money), "kWh", "kWh", "kWh", "kW", "%", "%")
    table.add_row("", *units, style="dim", end_section=True)
    for name, outcome in comparison.outcomes.items():
        table.add_row(
            name,
            f"{outcome.cost:.2f}",
            *([f"{outcome.bill.power_fee:.2f}"] if fees else []),
            f"{outcome.import_kwh:.0f}",
            f"{outcome.export_kwh:.0f}",
            f"{outcome.charge_kwh:.0f}",
            f"{outcome.peak_import_kw:.2f}",
            _percent(comparison.gap_closed[name]),
            _percent(comparison.share_of_optimal[name]),
        )
    return table


def settlement_note(comparison: Comparison, currency: str) -> str:
    """What the table's costs hold beside the bill."""
    worth = f"{comparison.settlement_per_kwh:.4f} {currency} per kWh"
    return f"Costs hold what is left in the battery, settled at {worth} for all."


def _percent(share: float | None) -> str:
    """Nothing where what it is a share of is next to nothing."""
    return "" if share is None or abs(share) > MOST_SHARE else f"{share * 100:.1f}"


def kept_episodes(episodes: Mapping[str, int]) -> str:
    """What became of the episodes."""
    waiting = (
        f"; {episodes['waiting']} wait for the lake (darkstar episodes status)" if episodes["waiting"] else ""
    )
    return f"{episodes['recorded']} episodes kept, {episodes['delivered']} sent to the lake{waiting}."


def regret_table(regret: Regret, currency: str) -> Table:
    """The parts, and the days on which most was lost."""
    table = Table(
        title=f"What `mpc` lost against perfect foresight: {regret.total:.2f} {currency}",
        caption="A day's part may be negative: some of it is won back on another day.",
    )
    table.add_column("", no_wrap=True)
    for part in Part:
        table.add_column(part.value, justify="right", no_wrap=True)
    table.add_column("in all", justify="right", no_wrap=True)
    table.add_row("all days", *_moneys(regret.parts.values()), f"{regret.total:.2f}", end_section=True)
    totals = regret.day_totals
    for at in np.argsort(-totals, kind="stable")[:WORST_DAYS].tolist():
        parts = (float(regret.by_day[part][at]) for part in Part)
        table.add_row(regret.days[at].isoformat(), *_moneys(parts), f"{totals[at]:.2f}")
    return table


def what_if_table(found: WhatIf, currency: str) -> Table:
    """What each thing saves by year."""
    length = f"{found.days} days" + ("" if found.whole_year else ", not a whole year")
    table = Table(
        title=f"Saved a year against the home as it is [{currency}], from {length}",
        caption="Range: from the lowest to the highest of the three ways' 80 % intervals over weeks like these. "
        "One past is not the future.",
    )
    table.add_column("what if")
    for heading in ("rule", "mpc", "oracle", "range"):
        table.add_column(heading, justify="right", no_wrap=True)
    paid = any(one.variant.price is not None for one in found.tried)
    if paid:
        table.add_column("paid back\nyears", justify="right", no_wrap=True)
    for one in found.tried:
        savings = _whole(*(saving.per_year for saving in one.savings.values()))
        table.add_row(
            Text(one.variant.name), *savings, _span(one.low, one.high), *([_payback(one)] if paid else [])
        )
    return table


def what_if_notes(found: WhatIf) -> list[str]:
    """What the table leaves to say."""
    notes = [
        f"From {step.from_kwh:g} to {step.to_kwh:g} kWh each kWh of battery saves {step.per_kwh[MPC]:.1f} a year "
        f"({step.per_kwh[RULE]:.1f} by rule, {step.per_kwh[ORACLE]:.1f} with perfect foresight)."
        for step in found.marginal
    ]
    notes += [
        f"{one.variant.name}: {one.sessions.number} charging sessions of a car were recognised by their shape, "
        f"{one.sessions.per_day_kwh:.1f} kWh a day; an estimate, as the ledger does not measure a car."
        for one in found.tried
        if one.sessions is not None
    ]
    return notes


def _payback(one: Tried) -> str:
    return "" if one.variant.price is None else years_told(one.payback_years(one.savings[MPC].per_year))


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else " to ".join(_whole(low, high))


def _whole(*values: float) -> list[str]:
    return [f"{round(value) + 0.0:.0f}" for value in values]


def _moneys(values: Iterable[float]) -> list[str]:
    # Adding zero takes the sign off what rounds to nothing.
    return [f"{round(value, 2) + 0.0:.2f}" for value in values]
