"""Sentences: what a person reads, word for word; and a catalogue that another language can take the place of."""

import string
from dataclasses import replace

import pytest

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Problem
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.reasons import explain
from darkstar.planner.why.sentences import Teller
from darkstar.planner.why.texts import Catalogue, Text
from tests.planner.cases import STORAGE, problem
from tests.planner.random_problems import random_problem

ENGINE = FastEngine()


def _span(first: int, end: int) -> str:
    return f"{first:02d}:00–{end:02d}:00"


def _told(given_problem: Problem, catalogue: Catalogue = ENGLISH) -> list[str]:
    explanation = explain(given_problem, ENGINE.solve(given_problem), ENGINE)
    teller = Teller(given_problem, explanation, _span, catalogue)
    return [teller.sentence(reason) for reason in explanation.reasons] + teller.more()


def test_a_night_and_an_evening() -> None:
    assert _told(problem(load=[0, 0, 2], buy=[1, 5, 10], sell=[0, 0, 0])) == [
        "Charges 2.0 kWh at 1.00: covers 02:00–03:00 at 10.00, net gain 6.00 after losses and wear, held by its "
        "charging power (the next kWh would gain 3.00); less if the price rises above 4.00.",
        "Keeps 1.6 kWh for 02:00–03:00 at 10.00; now 5.00; charges if the price falls below 4.00.",
        "Covers 0.8 kWh at 10.00: taken from 00:00–01:00 at 1.00, then empty; less if the price falls below 2.50.",
        "One more kW of charging power would save 3.00.",
    ]


def test_an_empty_battery_says_at_what_price_it_would_charge() -> None:
    assert _told(problem(load=[0, 2], buy=[5, 10], sell=[0, 0]))[0] == (
        "The battery is empty, and nothing is worth storing at 7.50; charges if the price falls below 4.00."
    )


def test_used_first_and_made_up_for() -> None:
    told = _told(problem(load=[2, 0], buy=[10, 1], sell=[0, 0], soc=4, worth=[2.0], worth_kwh=[4.0]))
    assert told[0].startswith(
        "Covers 2.0 kWh at 10.00: made up for 01:00–02:00 at 1.00, leaves 2.4 kWh less at the end, "
        "net gain 13.20 after losses and wear, then empty"
    )
    assert told[1].startswith("Charges 2.0 kWh at 1.00: makes up for 00:00–01:00 at 10.00")


def test_sun() -> None:
    told = _told(problem(load=[0, 1], pv=[1, 0], buy=[5, 5], sell=[0.5, 0.5]))
    assert told[0].startswith("Stores 1.0 kWh of sun that would sell at 0.50: covers 01:00–02:00 at 5.00")
    told = _told(problem(load=[0, 1], pv=[1, 0], buy=[5, 5], sell=[-0.5, 0.5]))
    assert told[0].startswith("Stores 1.0 kWh of sun that selling would not pay for: covers 01:00–02:00")


def test_a_full_battery_is_kept() -> None:
    full = problem(load=[0.1, 2], buy=[3, 10], sell=[0, 0], soc=4)
    assert _told(full)[0].startswith("The battery is full and kept for 01:00–02:00 at 10.00; now 3.00")


def test_nothing_pays() -> None:
    flat = problem(load=[1, 1], buy=[2, 2], sell=[1, 1], soc=2, storage=STORAGE, worth=[2.0], worth_kwh=[4.0])
    assert _told(flat)[0].startswith("No move pays its losses and wear at 2.00")


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_planned_can_be_told(seed: int) -> None:
    for told in _told(random_problem(seed, deep=seed % 2 == 0)):
        assert told[0].isupper()
        assert told.endswith(".")
        assert "{" not in told
        assert "nan" not in told
        assert "inf" not in told.split()
        assert "-0.00" not in told


def test_figures() -> None:
    assert ENGLISH.figure(-0.001, 2) == "0.00"
    assert ENGLISH.figure(-1.005, 1) == "-1.0"


def test_every_key_has_a_text() -> None:
    assert set(ENGLISH.texts) == set(Text)


def test_another_language_takes_its_place() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    german = {**ENGLISH.texts, Text.CHARGE: "Lädt {kwh} kWh zu {price}"}
    assert all(fields(german[key]) == fields(ENGLISH.texts[key]) for key in Text)
    told = _told(
        problem(load=[0, 2], buy=[1, 10], sell=[0, 0]), replace(ENGLISH, texts=german, decimal_sign=",")
    )
    assert told[0].startswith("Lädt 2,0 kWh zu 1,00: ")


def test_a_peak_that_a_power_tariff_makes_worth_while_is_named() -> None:
    asked = problem(load=[0, 2], buy=[1, 10], sell=[0, 0])
    narrow = replace(asked, grid=replace(asked.grid, import_max_kw=1.5))
    explanation = explain(narrow, ENGINE.solve(narrow), ENGINE, peak_held=True)
    teller = Teller(narrow, explanation, _span)
    sentence = teller.sentence(explanation.reasons[0])
    assert "imports held under 1.5 kW, for the month's power fee (the next kWh would gain 3.00)" in sentence
    assert not any("main fuse" in told for told in [sentence, *teller.more()])
