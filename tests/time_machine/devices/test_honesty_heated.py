"""The proof of honesty for a home with a water heater: what is on when does not know what comes, to the last bit."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.time_machine.devices import heated
from darkstar.time_machine.devices.heater import Asked, asked_of
from darkstar.time_machine.outcome import MPC_HEATER
from darkstar.time_machine.past.heater import HeaterPast
from darkstar.time_machine.replay import make
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.devices.cases import HEATER, drawn_kwh
from tests.time_machine.test_honesty import everything, scrambled

STEPS = (1, 28, 30, 51, 66, 84, 95, 97, 121, 124, 150, 180)
"""Also hours that begin while water is asked for, and a quarter after six, when a period ends."""


def home() -> Scenario:
    """All that there is, and a heater."""
    given = everything(power=False)
    drawn = drawn_kwh(given.known.slots)
    known = given.known.with_energies(given.known.load_kwh + drawn, given.known.pv_kwh)
    return replace(given, known=known, heater=HeaterPast(replace(HEATER, least_run_minutes=30.0), drawn))


def with_another_future(given: Scenario, step: int) -> Scenario:
    """Scrambled, what the heater drew as well."""
    other = scrambled(given, step, step)
    assert given.heater is not None
    later = given.known.slots >= given.history.slots[step]
    drawn = np.random.default_rng(step).uniform(0.0, 0.5, len(later))
    heater = replace(given.heater, drawn_kwh=np.where(later, drawn, given.heater.drawn_kwh))
    return replace(other, heater=heater)


def decided(given: Scenario, steps: Sequence[int]) -> list[bytes]:
    """Up to each slot's own: whether the heater is on, the battery's modes, and what was stored at the slot's start."""
    made = make(given, MPC_HEATER)
    assert made.modes is not None
    assert made.heats is not None
    return [
        made.heats[: step + 1].tobytes()
        + made.modes.levels_kwh[: step + 1].tobytes()
        + made.modes.curtail[: step + 1].tobytes()
        + made.flows.soc_kwh[: step + 1].tobytes()
        for step in steps
    ]


def changed(steps: Sequence[int]) -> list[int]:
    """Those at which a decision, or one before it, is another where its future is."""
    given = home()
    seen = decided(given, steps)
    return [
        step
        for step, before in zip(steps, seen, strict=True)
        if decided(with_another_future(given, step), [step]) != [before]
    ]


@pytest.mark.slow
def test_neither_battery_nor_heater_knows_what_comes() -> None:
    assert changed(STEPS) == []


@pytest.mark.slow
def test_a_leak_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A period's need that is known as it begins."""

    def leaking(scenario: Scenario, heater: HeaterPast) -> Asked:
        found = asked_of(scenario, heater)
        period = np.cumsum(found.due) - found.due
        return replace(found, expected_kwh=np.bincount(period, found.kwh)[period])

    monkeypatch.setattr(heated, "asked_of", leaking)
    assert changed((66, 150))
