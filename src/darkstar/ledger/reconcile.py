"""Least squares between what the meters said in total and what the balance of the home says in time.

Some energies of a stretch of slots are free: known in total only, or not at all. All others stand as they are. Sought
are the free ones that

    minimise    sum over slots     (sum over channels of sign * energy)^2 / variance of the balance
              + sum over free ones (energy - prior)^2 / variance of the prior
    such that   each total that a meter knows is met exactly, and 0 <= energy <= what the connection carries.

Solved by alternating directions (Boyd et al., Distributed Optimization and Statistical Learning via ADMM, 2011): once
for the balance of each slot, in closed form, once for the total and the bounds of each part, until both agree. The
answer is taken from the latter, so the totals are exact wherever it stops.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

ROUNDS = 500
STILL_KWH = 1e-6


@dataclass(frozen=True)
class Part:
    """Free energies of one channel that share a total.

    Attributes:
        sign: 1 for a source, -1 for a use, as in the balance.
        rows: (m,) positions of its slots in the stretch.
        total_kwh: their sum as the meter knows it; None where nothing is known of it.
        prior_kwh, prior_variance: (m,) what they would be without the balance, and how sure that is [kWh^2].
        most_kwh: the most that a slot carries.
    """

    sign: int
    rows: NDArray[np.intp]
    total_kwh: float | None
    prior_kwh: Series
    prior_variance: Series
    most_kwh: float


def reconcile(net_kwh: Series, variance: Series, parts: Sequence[Part]) -> list[Series]:
    """The free energies of each part, shape (m,) each.

    Args:
        net_kwh: (n,) balance of all that is not free, sources less uses.
        variance: (n,) how far the balance may be out for what the meters resolve [kWh^2].

    Raises:
        ValueError: a total is more than its slots carry.
    """
    laid = [fit(p.prior_kwh, p.prior_variance, p.most_kwh, p.total_kwh) for p in parts]
    apart = [np.zeros(len(p.rows)) for p in parts]
    for _ in range(ROUNDS):
        balanced = _balance(net_kwh, variance, parts, laid, apart)
        moved = 0.0
        for i, part in enumerate(parts):
            energy = fit(balanced[i] + apart[i], part.prior_variance, part.most_kwh, part.total_kwh)
            apart[i] = apart[i] + balanced[i] - energy
            moved = max(
                moved, float(np.abs(energy - laid[i]).max()), float(np.abs(energy - balanced[i]).max())
            )
            laid[i] = energy
        if moved <= STILL_KWH:
            break
    return laid


def _balance(
    net_kwh: Series,
    variance: Series,
    parts: Sequence[Part],
    laid: Sequence[Series],
    apart: Sequence[Series],
) -> list[Series]:
    """The energies that balance each slot best, near to the priors and to what the totals say."""
    near = [(p.prior_kwh + laid[i] - apart[i]) / 2 for i, p in enumerate(parts)]
    net, give = net_kwh.copy(), variance.copy()
    for part, energy in zip(parts, near, strict=True):
        net[part.rows] += part.sign * energy
        give[part.rows] += part.prior_variance / 2
    pull = net / give
    return [
        energy - part.sign * part.prior_variance / 2 * pull[part.rows]
        for part, energy in zip(parts, near, strict=True)
    ]


def fit(middle_kwh: Series, variance: Series, most_kwh: float, total_kwh: float | None) -> Series:
    """The energies nearest to `middle_kwh` within [0, most] that meet the total; shape (m,).

    Nearest by least squares weighted with 1 / variance: all are shifted in proportion to their variance.
    """
    if total_kwh is None:
        return np.clip(middle_kwh, 0.0, most_kwh)
    if total_kwh > most_kwh * len(middle_kwh):
        raise ValueError(f"{total_kwh} kWh are more than {len(middle_kwh)} slots carry")
    # As the common shift grows, each energy leaves zero at one point and meets its bound at another.
    leaves, meets = -middle_kwh / variance, (most_kwh - middle_kwh) / variance
    points = np.concatenate([leaves, meets])
    order = np.argsort(points, kind="stable")
    points, slopes = points[order], np.cumsum(np.concatenate([variance, -variance])[order])
    sums = np.append(0.0, np.cumsum(slopes[:-1] * np.diff(points)))
    place = min(max(int(np.searchsorted(sums, total_kwh, side="right")) - 1, 0), len(points) - 2)
    slope = slopes[place]
    shift = points[place] + ((total_kwh - sums[place]) / slope if slope > 0 else 0.0)
    shift = min(shift, points[place + 1])
    return np.asarray(np.clip(middle_kwh + shift * variance, 0.0, most_kwh))
