"""Sets of time, against sets of whole numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from darkstar.ledger.spans import Spans, intersect, measure_before, subtract, union

END = 40
pieces = st.lists(st.tuples(st.integers(0, END - 1), st.integers(1, 8)), max_size=8).map(
    lambda drawn: np.array([(a, a + n) for a, n in drawn], dtype=np.int64).reshape(-1, 2)
)


def members(spans: Spans) -> set[int]:
    return {moment for start, end in spans.tolist() for moment in range(start, end)}


def assert_tidy(spans: Spans) -> None:
    assert (np.diff(spans.ravel()) > 0).all(), "in order, apart, none empty"


@given(pieces)
def test_a_union_holds_what_any_span_holds(spans: Spans) -> None:
    assert members(union(spans)) == members(spans)
    assert_tidy(union(spans))


@given(pieces, pieces)
def test_spans_are_sets(one: Spans, other: Spans) -> None:
    one, other = union(one), union(other)

    assert members(intersect(one, other)) == members(one) & members(other)
    assert members(subtract(one, other)) == members(one) - members(other)


@given(pieces, st.lists(st.integers(-5, END + 15)))
def test_the_measure_before_an_instant(spans: Spans, at: list[int]) -> None:
    spans = union(spans)

    found = measure_before(spans, np.array(at, dtype=np.int64))

    assert found.tolist() == [sum(moment < instant for moment in members(spans)) for instant in at]
