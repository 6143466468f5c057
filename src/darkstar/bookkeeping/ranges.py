"""From what a person asked for to a range of whole slots that makes sense."""

from collections.abc import Iterator

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import iso_utc, slot_ceil, slot_floor


def checked_range(start: int, end: int, now: float) -> tuple[int, int]:
    """Whole slots covering [start, end), not beyond the last one that has ended.

    Raises:
        UsageError: the range is empty, backwards or lies in the future.
    """
    start, end = slot_floor(start), slot_ceil(end)
    if start >= end:
        raise UsageError(
            f"The range {iso_utc(start)} to {iso_utc(end)} is empty.", remedy="--to is exclusive."
        )
    last = slot_floor(now)
    if start >= last:
        raise UsageError(
            f"The range starting {iso_utc(start)} has not happened yet.", remedy="Choose earlier dates."
        )
    return start, min(end, last)


def chunks(start: int, end: int, seconds: int) -> Iterator[tuple[int, int]]:
    """[start, end) in pieces whose inner edges are multiples of `seconds`, so that reruns cut alike."""
    edge = start
    while edge < end:
        after = min(end, (edge // seconds + 1) * seconds)
        yield edge, after
        edge = after
