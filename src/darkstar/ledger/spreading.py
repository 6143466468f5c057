"""Lays energies out over places in time: evenly over their own time, or by a shape within what each place can take."""

import numpy as np
from numpy.typing import NDArray

from darkstar.ledger.evidence import Instants
from darkstar.ledger.meters import Steps

Series = NDArray[np.float64]


def spread_evenly(steps: Steps, edges_us: Instants) -> Series:
    """Energy of each [edges[i], edges[i + 1]) when each step's is laid evenly over its time.

    Each slot is summed by itself, so that its number does not depend on what range it was asked for with.
    """
    slots = len(edges_us) - 1
    first = np.searchsorted(edges_us, steps.start_us, side="right") - 1
    last = np.searchsorted(edges_us, steps.end_us, side="left")
    first, last = np.clip(first, 0, slots), np.clip(last, 0, slots)
    parts = np.maximum(last - first, 0)
    step = np.repeat(np.arange(len(steps)), parts)
    slot = np.repeat(first, parts) + np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    start, end = steps.start_us[step], steps.end_us[step]
    inside = np.minimum(edges_us[slot + 1], end) - np.maximum(edges_us[slot], start)
    parts_kwh = steps.energy_kwh[step] * (inside / (end - start))
    return np.bincount(slot, weights=parts_kwh, minlength=slots).astype(np.float64)


def fill(energy_kwh: float, weights: Series, even: Series, room_kwh: Series) -> Series:
    """Lay an energy out by weights (evenly where all are zero), within the room; what finds none goes evenly.

    Args:
        weights, even: (n,) >= 0; room_kwh: (n,) the most that each place takes.
    """
    laid = np.zeros(len(room_kwh))
    left = energy_kwh
    for shape in (weights, even):
        open_places = (shape > 0) & (laid < room_kwh)
        while left > 0 and open_places.any():
            share = np.where(open_places, shape, 0.0)
            wanted = laid + left * share / share.sum()
            before = laid.sum()
            full = open_places & (wanted >= room_kwh)
            laid = np.asarray(np.minimum(wanted, np.where(open_places, room_kwh, wanted)))
            left -= float(laid.sum() - before)
            if not full.any():
                return laid
            open_places &= ~full
    return np.asarray(laid + left * even / even.sum())
