"""Sets of time: disjoint spans [from, to) in time order, shape (k, 2), in whatever unit."""

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int64]


def union(spans: Spans) -> Spans:
    """What lies in any of some spans that may overlap, touch and come in any order."""
    if not len(spans):
        return np.zeros((0, 2), dtype=np.int64)
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    until = np.maximum.accumulate(spans[:, 1])
    first = np.append(True, spans[1:, 0] > until[:-1])
    return np.column_stack([spans[first, 0], until[np.append(first[1:], True)]])


def subtract(spans: Spans, holes: Spans) -> Spans:
    """What of the spans lies in no hole."""
    return intersect(spans, _complement(holes))


def intersect(one: Spans, other: Spans) -> Spans:
    """What lies in both."""
    if not len(one) or not len(other):
        return np.zeros((0, 2), dtype=np.int64)
    first = np.searchsorted(other[:, 1], one[:, 0], side="right")
    last = np.searchsorted(other[:, 0], one[:, 1], side="left")
    counts = np.maximum(last - first, 0)
    mine = np.repeat(np.arange(len(one)), counts)
    theirs = (
        np.repeat(first, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    )
    start = np.maximum(one[mine, 0], other[theirs, 0])
    end = np.minimum(one[mine, 1], other[theirs, 1])
    overlaps = start < end
    return np.column_stack([start[overlaps], end[overlaps]])


def _complement(spans: Spans) -> Spans:
    limits = np.iinfo(np.int64)
    edges = np.concatenate([[limits.min], spans.ravel(), [limits.max]]).reshape(-1, 2)
    return edges[edges[:, 0] < edges[:, 1]]


def measure_before(spans: Spans, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """How much of the spans lies before each instant; shape as `at`."""
    if not len(spans):
        return np.zeros(len(at), dtype=np.int64)
    starts, ends = spans[:, 0], spans[:, 1]
    before = np.append(0, np.cumsum(ends - starts))
    place = np.searchsorted(starts, at, side="right")
    missing = np.maximum(np.append(0, ends)[place] - at, 0)
    return before[place] - np.where(place > 0, missing, 0)
