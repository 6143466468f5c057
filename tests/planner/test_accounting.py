"""One move a slot, and where the energy goes that doing both would have burnt."""

import numpy as np
import pytest

from darkstar.planner.accounting import Moves, both_at_once, cost, one_way, stored_energy, terminal_value
from tests.planner.cases import problem

ONE = problem(load=[0], buy=[1], sell=[0.5], soc=2.0)


def _moves(charge: float, discharge: float, imported: float, exported: float = 0.0) -> Moves:
    return Moves(*(np.array([energy]) for energy in (charge, discharge, imported, exported, 0.0, 0.0)))


def test_detour_becomes_one_move_that_stores_as_much() -> None:
    # 2 in at 0.8 and 0.4 out at 0.5 store 0.8, as 1 in alone does; drawing falls from 1.6 to 1.
    settled, homeless = one_way(ONE, _moves(2.0, 0.4, 1.6))
    assert settled.charge_kwh == pytest.approx([1.0])
    assert settled.discharge_kwh == pytest.approx([0.0])
    assert settled.import_kwh == pytest.approx([1.0])
    assert homeless == 0.0


def test_freed_energy_is_exported_once_nothing_is_bought() -> None:
    settled, homeless = one_way(ONE, _moves(1.0, 0.9, 0.1))
    # Net out of store: 1.8 - 0.8 = 1.0, which is 0.5 out: 0.6 is freed, 0.1 of it bought no longer.
    assert settled.discharge_kwh == pytest.approx([0.5])
    assert settled.import_kwh == pytest.approx([0.0])
    assert settled.export_kwh == pytest.approx([0.5])
    assert homeless == 0.0


def test_energy_without_a_place_is_told() -> None:
    _, homeless = one_way(ONE, _moves(1.0, 0.9, 0.1, exported=10.0))
    assert homeless == pytest.approx(0.5)


def test_rounding_is_not_doing_both() -> None:
    assert len(both_at_once(_moves(1.0, 1e-12, 1.0))) == 0
    assert both_at_once(_moves(1.0, 1e-6, 1.0)).tolist() == [0]


def test_stored_energy_stays_within_the_battery_in_spite_of_rounding() -> None:
    stored = stored_energy(ONE, np.array([0.0]), np.array([1.0 + 1e-12]))
    assert stored.tolist() == [2.0, 0.0]


def test_terminal_pieces_fill_in_order() -> None:
    pieces = problem(load=[0], buy=[1], sell=[0], worth=[3, 1], worth_kwh=[1, 2])
    assert [terminal_value(pieces, soc) for soc in (0.0, 0.5, 2.0, 4.0)] == [0.0, 1.5, 4.0, 5.0]


def test_cost_counts_every_part() -> None:
    parts = Moves(*(np.array([energy]) for energy in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)))
    assert cost(ONE, parts, 0.0) == pytest.approx(1 * (3 + 6) - 0.5 * 4 + 100 * 6)
