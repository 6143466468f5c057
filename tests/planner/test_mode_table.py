"""Modes as a table: the same modes back, the same kinds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from darkstar.planner.mode_table import KINDS, ModeTable
from darkstar.planner.modes import Curtail, Kind, Mode, charge_to, reserve, self_consumption, setpoint
from tests.planner.cases import STORAGE

LEVEL = st.sampled_from([0.0, 1.0, 2.0 - 1e-7, 2.0, 2.0 + 1e-7, 3.0])
MODE = st.builds(
    Mode, LEVEL, LEVEL, LEVEL, LEVEL, st.sampled_from([0.0, 2.0]), st.sampled_from([0.0, 1.0]),
    st.sampled_from(Curtail), st.none(), st.sampled_from([1.5, np.inf]),
)  # fmt: skip
MODES = [
    self_consumption(STORAGE),
    reserve(STORAGE, 1.5),
    charge_to(STORAGE, 3.0, 1.0),
    setpoint(STORAGE, -1),
]


@given(st.lists(MODE, max_size=6))
def test_the_same_modes_back(modes: list[Mode]) -> None:
    table = ModeTable.of(modes)
    assert len(table) == len(modes)
    assert [table.mode(slot) for slot in range(len(modes))] == modes


@given(st.lists(MODE, min_size=1, max_size=6), LEVEL)
def test_kinds_are_those_of_the_modes(modes: list[Mode], soc_kwh: float) -> None:
    kinds = ModeTable.of(modes).kinds(np.full(len(modes), soc_kwh))
    assert [KINDS[kind] for kind in kinds.tolist()] == [mode.kind(soc_kwh) for mode in modes]


def test_parts_make_the_whole() -> None:
    table = ModeTable.of(MODES)
    again = ModeTable.joined([table.take(slice(0, 1)), table.take(np.array([1, 2])), table.take(slice(3, 4))])
    assert [again.mode(slot, 0.5).worth for slot in range(4)] == [0.5] * 4
    assert [again.mode(slot) for slot in range(4)] == MODES
    assert KINDS[table.kinds(np.full(4, 2.0))[2]] is Kind.CHARGE
