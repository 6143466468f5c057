"""Spans of time that may overlap, made into spans that do not."""

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int64]
"""[from, to), shape (k, 2)."""


def merged(spans: Spans) -> Spans:
    """The union: disjoint, in time order, touching ones joined."""
    if not len(spans):
        return spans.reshape(0, 2)
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    first = np.append(True, spans[1:, 0] > reach[:-1])
    last = np.append(first[1:], True)
    return np.column_stack([spans[first, 0], reach[last]])


def preferred(spans: Spans, rank: NDArray[np.int64]) -> NDArray[np.intp]:
    """Indices, in time order, of the spans that no better one overlaps.

    Args:
        spans: none of them empty.
        rank: (k,) lower is better; equal ranks must not overlap one another.

    A span goes where a better one overlaps it even if that one goes too, so whether it stays depends on its
    neighbours alone and not on how much of the past was looked at.
    """
    order = np.lexsort((rank, spans[:, 0]))
    start, end, rank = spans[order, 0], spans[order, 1], rank[order]
    keep = np.ones(len(order), dtype=np.bool_)
    reach = np.maximum.accumulate(end)
    crowded = np.append(False, start[1:] < reach[:-1])
    for i in np.flatnonzero(crowded).tolist():
        j = i - 1
        while j >= 0 and reach[j] > start[i]:
            if end[j] > start[i] and rank[j] != rank[i]:
                keep[i if rank[j] < rank[i] else j] = False
            j -= 1
    return order[keep]
