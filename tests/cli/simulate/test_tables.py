"""What a replay looks like on a terminal of 80 columns."""

import io

import numpy as np
from rich.console import Console, RenderableType

from darkstar.cli.simulate.tables import comparison_table, settlement_note
from darkstar.domain.bill import Bill
from darkstar.domain.power_tariff import MonthFee
from darkstar.time_machine.outcome import Comparison, Flows, PolicyOutcome
from tests.cli.simulate.made_homes import HOME_OF_CASES
from tests.time_machine.cases import past

HISTORY = past(2)
N = len(HISTORY)


def outcome(name: str, cost: float, fee: float) -> PolicyOutcome:
    much = np.full(N, 12345.0 / N)
    flows = Flows(much, much, much, much, much, much, np.full(N + 1, 5.0), much, much, much)
    months = (MonthFee(2021, 3, (), 2.0, fee),)
    return PolicyOutcome(
        name,
        Bill(cost - fee, fee, 0.0, 0.0, 0.0, fee),
        flows,
        np.full(N, cost / N),
        np.ones(3),
        power_months=months,
    )


def comparison(**costs: float) -> Comparison:
    outcomes = {name: outcome(name, cost, 252.5) for name, cost in costs.items()}
    start = int(HISTORY.slots[0])
    return Comparison(start, start + N * 900, HISTORY, outcomes, 0.5, 1000.0)


def shown(what: RenderableType) -> str:
    written = io.StringIO()
    Console(width=80, file=written).print(what)
    return written.getvalue()


def test_figures_are_whole_on_80_columns() -> None:
    text = shown(
        comparison_table(comparison(none=22218.45, cheapest=20063.06, oracle=18070.80), HOME_OF_CASES)
    )
    assert "…" not in text
    row = next(line for line in text.splitlines() if line.startswith("cheapest"))
    assert row.split() == ["cheapest", "20063.06", "252.50", "12345", "12345", "12345", "257.19", "52.0"]


def test_no_share_is_told_of_next_to_nothing() -> None:
    text = shown(comparison_table(comparison(none=5.43, rule=0.340, oracle=0.333), HOME_OF_CASES))
    none, rule, _ = text.splitlines()[-3:]
    assert none.split()[-2:] == ["257.19", "0.0"]
    assert rule.split()[-2:] == ["0.0", "99.9"]


def test_what_the_costs_hold_is_told() -> None:
    assert settlement_note(comparison(none=1.0), "SEK").endswith("settled at 0.5000 SEK per kWh for all.")
