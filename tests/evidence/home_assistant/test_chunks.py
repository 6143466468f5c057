"""Long requests are cut into whole pieces, always the same ones."""

from hypothesis import given
from hypothesis import strategies as st

from darkstar.evidence.home_assistant.chunks import groups, spans


def test_pieces_end_on_multiples_of_the_width() -> None:
    assert list(spans(250, 520, 100)) == [(250, 300), (300, 400), (400, 500), (500, 520)]


def test_an_empty_range_has_no_pieces() -> None:
    assert list(spans(300, 300, 100)) == []
    assert list(spans(400, 300, 100)) == []


@given(st.integers(-1000, 1000), st.integers(0, 1000), st.integers(1, 300))
def test_pieces_make_up_the_range_without_gap_or_overlap(start: int, length: int, width: int) -> None:
    pieces = list(spans(start, start + length, width))
    edges = [edge for piece in pieces for edge in piece]
    assert sum(to - since for since, to in pieces) == length
    assert edges[1:-1:2] == edges[2::2]
    assert all(0 < to - since <= width for since, to in pieces)


def test_ids_come_once_in_their_order() -> None:
    assert list(groups(["c", "a", "c", "b"], 2)) == [["c", "a"], ["b"]]
    assert list(groups([], 2)) == []
