"""How long each row of a file lasts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.errors import DataError
from darkstar.evidence.files.steps import row_lengths, usual_step

T0 = 1_700_000_000 // 3600 * 3600


def times(*apart: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return T0 + np.cumsum([0, *apart]).astype(np.int64)


@pytest.mark.parametrize("step", [1, 10, 60, 300, 900, 1800, 3600])
def test_a_regular_file(step: int) -> None:
    assert row_lengths(times(*[step] * 30), "x").tolist() == [step] * 31


def test_a_gap_stretches_nothing() -> None:
    lengths = row_lengths(times(900, 900, 900, 86_400, 900, 1800, 900), "x")
    assert set(lengths.tolist()) == {900}


@given(st.sets(st.integers(0, 400), min_size=0, max_size=150))
def test_missing_rows_stretch_nothing(missing: set[int]) -> None:
    whole = T0 + 900 * np.arange(1200, dtype=np.int64)
    kept = np.delete(whole, sorted(missing))
    assert set(row_lengths(kept, "x").tolist()) == {900}


def test_a_file_that_went_from_hours_to_quarters_and_back() -> None:
    lengths = row_lengths(times(*[3600] * 48, *[900] * 96, *[3600] * 30), "x")
    assert lengths.tolist() == [3600] * 48 + [900] * 96 + [3600] * 31


def test_a_step_that_changes_without_a_habit_is_an_error() -> None:
    with pytest.raises(DataError, match="are 900 s apart, and those before them 3600 s"):
        row_lengths(times(*[3600] * 48, 900, 900), "x")


@pytest.mark.parametrize(
    ("given_times", "problem"), [(times(), "one row"), (times(86_400, 86_400), "24 hours apart")]
)
def test_steps_that_cannot_be_told_or_used(
    given_times: np.ndarray[tuple[int], np.dtype[np.int64]], problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        row_lengths(given_times, "x")


def test_the_usual_step_of_ragged_readings() -> None:
    assert usual_step(times(*[11] * 50, *[10] * 20, *[3600] * 30)) == 11
    assert np.isnan(usual_step(times()))
