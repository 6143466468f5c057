"""Cuts long requests into pieces that a small computer answers in a moment.

Edges lie on whole multiples of the width since 1970, so the same range is always asked for in the same
pieces.
"""

from collections.abc import Iterator, Sequence


def spans(start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """The pieces [from, to) that make up [start, end), in order; none where the range is empty."""
    while start < end:
        edge = min(end, (start // width + 1) * width)
        yield start, edge
        start = edge


def groups(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    """The ids without repeats, in their order, at most `size` at a time."""
    unique = list(dict.fromkeys(ids))
    for first in range(0, len(unique), size):
        yield unique[first : first + size]
