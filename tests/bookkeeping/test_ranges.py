"""Ranges that a person asks for."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.bookkeeping.ranges import checked_range, chunks
from darkstar.domain.errors import UsageError

NOON = 1_750_032_000
NOW = NOON + 7 * 60 + 0.5


def test_whole_slots_cover_the_range_up_to_the_last_one_that_has_ended() -> None:
    assert checked_range(NOON - 3600 + 1, NOON - 1, NOW) == (NOON - 3600, NOON)
    assert checked_range(NOON - 3600, NOON + 86_400, NOW) == (NOON - 3600, NOON)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (NOON - 900, NOON - 900, "is empty"),
        (NOON - 900, NOON - 3600, "is empty"),
        (NOON + 86_400, NOON + 2 * 86_400, "has not happened yet"),
        (NOON, NOON + 900, "has not happened yet"),
    ],
    ids=["empty", "backwards", "future", "slot not over"],
)
def test_ranges_that_make_no_sense_are_refused(start: int, end: int, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        checked_range(start, end, NOW)

    assert refused.value.remedy
    assert "2025-06-1" in str(refused.value), "in words, not in seconds"


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(1, 10**4))
def test_pieces_join_to_the_range_and_are_cut_at_the_same_places_whatever_is_asked_for(
    start: int, length: int, seconds: int
) -> None:
    pieces = list(chunks(start, start + length, seconds))

    assert pieces[0][0] == start
    assert pieces[-1][1] == start + length
    assert all(one[1] == other[0] for one, other in itertools.pairwise(pieces))
    assert all(piece_end % seconds == 0 for _, piece_end in pieces[:-1])
    assert all(piece_start < piece_end <= piece_start + seconds for piece_start, piece_end in pieces)
    assert list(chunks(start, start, seconds)) == []
