"""The replay: small ones by hand, honesty, one start and one settlement for all, and energy that adds up."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.errors import UsageError
from darkstar.domain.market import known_until
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import Flows, PolicyOutcome
from darkstar.time_machine.replay import POLICIES, replay
from darkstar.time_machine.scenario import Scenario, cautious_settlement
from darkstar.time_machine.side_by_side import compare
from darkstar.time_machine.spread.work import processes
from tests.time_machine.cases import STORAGE, changed_after, flat, scenario

GIVEN = scenario(days=2)
BOUNDS = (int(GIVEN.history.slots[0]), int(GIVEN.known.slots[-1]) + 900)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, PolicyOutcome]:
    return {name: replay(GIVEN, name) for name in POLICIES}


def test_without_a_battery_by_hand() -> None:
    outcome = replay(flat([0.5, 0.0], [0.0, 0.4], [2.0, 3.0], [1.0, 0.0], 2.0), "none")
    assert outcome.cost == pytest.approx(1.0)
    assert outcome.bill.export_revenue == 0.0  # 0.4 kWh at a price of zero, not at the import price (fault 8)
    assert outcome.flows.soc_kwh.tolist() == [2.0, 2.0, 2.0]
    assert outcome.flows.export_kwh.tolist() == [0.0, 0.4]


def test_self_consumption_by_hand() -> None:
    # 0.4 kWh of surplus store 0.38, then 0.5 out takes 0.5556; wear 0.01 each way.
    outcome = replay(flat([0.0, 0.5], [0.4, 0.0], [2.0, 3.0], [1.0, 0.0], 2.0), "rule")
    assert outcome.flows.soc_kwh == pytest.approx([2.0, 2.38, 2.38 - 0.5 / 0.9])
    assert outcome.cost == pytest.approx(0.009)
    assert outcome.cost_per_slot == pytest.approx([0.004, 0.005])


def test_oracle_by_hand() -> None:
    # Buys 0.75 kWh at 1 (as fast as it can) to cover 0.64125 kWh at 9: all that it stored, 0.7125 kWh at 0.9.
    outcome = replay(flat([0.0, 0.7], [0.0, 0.0], [1.0, 9.0], [0.0, 0.0], 0.5), "oracle")
    assert outcome.flows.charge_kwh == pytest.approx([0.75, 0.0])
    assert outcome.flows.discharge_kwh == pytest.approx([0.0, 0.64125])
    assert outcome.cost == pytest.approx(0.75 * 1.01 + 0.64125 * 0.01 + (0.7 - 0.64125) * 9)


def test_stored_energy_is_settled_at_the_stated_value() -> None:
    given = replace(flat([0.0], [0.4], [2.0], [1.0], 2.0), settlement_per_kwh=1.5)
    outcome = replay(given, "rule")
    assert outcome.bill.settlement == pytest.approx(0.38 * 1.5)
    assert outcome.cost == pytest.approx(0.004 - 0.57)


@pytest.mark.parametrize("name", ["rule", "timer", "cheapest", "setpoint", "mpc"])
@pytest.mark.parametrize(("step", "dearer_by"), [(20, 5.0), (20, -1.0), (52, 5.0), (110, -1.0)])
def test_another_future_changes_nothing_up_to_now(
    name: str, step: int, dearer_by: float, outcomes: dict[str, PolicyOutcome]
) -> None:
    # Fault 11: the decision in slot `step` may know neither its load and sun nor prices that come out later.
    now = int(GIVEN.history.slots[step])
    future = changed_after(GIVEN, energy_from=now, prices_from=known_until(now), dearer_by=dearer_by)
    other = replay(future, name)
    ours, theirs = outcomes[name].flows, other.flows
    assert ours.soc_kwh[: step + 1].tobytes() == theirs.soc_kwh[: step + 1].tobytes()
    assert ours.import_kwh[:step].tobytes() == theirs.import_kwh[:step].tobytes()
    assert ours.import_kwh[step:].tobytes() != theirs.import_kwh[step:].tobytes()


def test_cheapest_hours_are_chosen_among_the_prices_that_are_there_at_midnight() -> None:
    """Of the first day only the night's came in time; the rest came at three in the morning."""
    slots = GIVEN.known.slots
    start = int(GIVEN.history.slots[0])
    received = np.where((slots >= start + 16 * 900) & (slots < start + 96 * 900), start + 3 * 3600.0, np.nan)
    late = replace(GIVEN, known=replace(GIVEN.known, prices_received_utc=received))
    other = changed_after(late, energy_from=start + 96 * 900, prices_from=start + 16 * 900)
    seen, same = (replay(given, "cheapest").flows.soc_kwh[:97].tobytes() for given in (late, other))
    assert seen == same
    assert seen != replay(GIVEN, "cheapest").flows.soc_kwh[:97].tobytes()


def test_setpoint_of_the_slot_itself_does_not_know_its_load(outcomes: dict[str, PolicyOutcome]) -> None:
    step = 30
    now = int(GIVEN.history.slots[step])
    other = replay(changed_after(GIVEN, energy_from=now, prices_from=known_until(now)), "setpoint").flows
    ours = outcomes["setpoint"].flows
    assert ours.charge_kwh[step] == other.charge_kwh[step]
    assert ours.discharge_kwh[step] == other.discharge_kwh[step]


def test_all_start_alike_and_none_beats_the_oracle(outcomes: dict[str, PolicyOutcome]) -> None:
    # Fault 19.
    assert {outcome.soc_start_kwh for outcome in outcomes.values()} == {2.0}
    for outcome in outcomes.values():
        gained = outcome.soc_end_kwh - outcome.soc_start_kwh
        assert outcome.bill.settlement == pytest.approx(0.4 * gained)
        assert outcome.cost == pytest.approx(outcome.cost_per_slot.sum() - outcome.bill.settlement)
        assert outcome.cost >= outcomes["oracle"].cost - 1e-6


def test_perfect_information_comes_close_to_the_oracle(outcomes: dict[str, PolicyOutcome]) -> None:
    perfect = replay(GIVEN, "mpc", Honesty.PERFECT).cost
    assert outcomes["oracle"].cost - 1e-6 <= perfect
    assert perfect <= outcomes["oracle"].cost + 0.02 * abs(outcomes["oracle"].cost)
    assert perfect < outcomes["mpc"].cost


@pytest.mark.slow
def test_figures_do_not_depend_on_the_number_of_workers(outcomes: dict[str, PolicyOutcome]) -> None:
    seen: list[tuple[int, int]] = []
    names = ("mpc", "rule", "setpoint", "oracle")
    with processes(2) as work:
        comparison = compare(GIVEN, names, BOUNDS, work=work, done=lambda *done: seen.append(done))
    total = 192 * 2  # `mpc` and `setpoint` plan in each slot
    assert seen[0] == (0, total)
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    assert tuple(comparison.outcomes) == names
    for name in names:
        _identical(comparison.outcomes[name].flows, outcomes[name].flows)
        assert comparison.outcomes[name].cost == outcomes[name].cost


def _identical(one: Flows, other: Flows) -> None:
    for field in fields(Flows):
        here, there = getattr(one, field.name), getattr(other, field.name)
        assert (here is None) == (there is None), field.name
        assert here is None or here.tobytes() == there.tobytes(), field.name


@pytest.mark.parametrize("names", [(), ("mcp",), ("rule", "rule")])
def test_wrong_policies_are_told(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        compare(GIVEN, names, BOUNDS)


def test_without_a_past_it_covers_the_load_instead_of_guessing() -> None:
    bare = scenario(days=1, warm_up=0)
    mpc, rule = replay(bare, "mpc"), replay(bare, "rule")
    assert mpc.plans < 96
    n = 96 - mpc.plans
    assert mpc.flows.soc_kwh[: n + 1].tobytes() == rule.flows.soc_kwh[: n + 1].tobytes()


@pytest.mark.parametrize("soc_kwh", [0.4, 5.1, float("nan")])
def test_state_of_charge_outside_the_battery_is_told(soc_kwh: float) -> None:
    with pytest.raises(UsageError, match="outside the battery"):
        replace(GIVEN, soc_start_kwh=soc_kwh)


def test_unknown_slots_are_never_replayed() -> None:
    known = replace(GIVEN.known, load_kwh=np.full(len(GIVEN.known), np.nan))
    with pytest.raises(UsageError, match="lacks its load"):
        replace(GIVEN, known=known)
    with pytest.raises(UsageError, match="No day"):
        replace(GIVEN, replayed=np.zeros(len(GIVEN.known), dtype=np.bool_))


def test_settlement_is_what_energy_surely_sells_for() -> None:
    assert cautious_settlement(flat([0, 0], [0, 0], [9, 9], [1, 2], 2.0).known, STORAGE) == pytest.approx(
        1.49 * 0.9
    )
    assert cautious_settlement(flat([0], [0], [9], [-1], 2.0).known, STORAGE) == 0.0


ENERGY = st.lists(st.floats(0, 3), min_size=4, max_size=4)
PRICE = st.lists(st.floats(-2, 5), min_size=4, max_size=4)


@settings(max_examples=25, deadline=None)
@given(ENERGY, ENERGY, PRICE, PRICE, st.floats(0.5, 5.0), st.sampled_from(["none", "rule", "oracle"]))
def test_energy_adds_up(
    load: list[float], pv: list[float], buy: list[float], sell: list[float], soc: float, name: str
) -> None:
    given_scenario = flat(load, pv, buy, sell, soc)
    flows = replay(given_scenario, name).flows
    adds_up(given_scenario, flows)


def test_energy_adds_up_over_days(outcomes: dict[str, PolicyOutcome]) -> None:
    for outcome in outcomes.values():
        adds_up(GIVEN, outcome.flows)


def adds_up(given_scenario: Scenario, flows: Flows) -> None:
    history, storage = given_scenario.history, given_scenario.storage
    sources = history.pv_kwh + flows.import_kwh + flows.discharge_kwh
    uses = history.load_kwh + flows.export_kwh + flows.charge_kwh + flows.curtail_kwh
    np.testing.assert_allclose(sources, uses, atol=1e-6)
    moved = storage.charge_efficiency * flows.charge_kwh - flows.discharge_kwh / storage.discharge_efficiency
    np.testing.assert_allclose(np.diff(flows.soc_kwh), moved, atol=1e-6)
    assert np.minimum(flows.charge_kwh, flows.discharge_kwh).max() == 0.0
    assert flows.soc_kwh.min() >= storage.soc_min_kwh
    assert flows.soc_kwh.max() <= storage.soc_max_kwh
