"""Least squares between what the meters said in total and what the balance of the home says in time.

Some energies of a stretch of slots are free: known in total only, or not at all. All others stand as they are. Sought
are the free ones that

    minimise    sum over slots     (sum over channels of sign * energy)^2 / variance of the balance
              + sum over free ones (energy - prior)^2 / variance of the prior
    such that   each total that a meter knows is met exactly, and 0 <= energy <= what the connection carries.

Solved one part at a time, each exactly, until nothing moves: the problem is convex and its bounds are apart, so this
ends at the one best answer, and the totals are exact at every step of the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

ROUNDS = 400
STILL_KWH = 1e-7
HALVINGS = 100


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
    net = net_kwh.copy()
    for part, energy in zip(parts, laid, strict=True):
        net[part.rows] += part.sign * energy
    for _ in range(ROUNDS):
        moved = 0.0
        for i, part in enumerate(parts):
            rows = part.rows
            wanted = laid[i] - part.sign * net[rows]
            sure, trusted = 1 / variance[rows], 1 / part.prior_variance
            middle = (wanted * sure + part.prior_kwh * trusted) / (sure + trusted)
            energy = fit(middle, 1 / (sure + trusted), part.most_kwh, part.total_kwh)
            net[rows] += part.sign * (energy - laid[i])
            moved = max(moved, float(np.abs(energy - laid[i]).max()))
            laid[i] = energy
        if moved <= STILL_KWH:
            break
    return laid


def fit(middle_kwh: Series, variance: Series, most_kwh: float, total_kwh: float | None) -> Series:
    """The energies nearest to `middle_kwh` within [0, most] that meet the total; shape (m,).

    Nearest by least squares weighted with 1 / variance: all are shifted in proportion to their variance.
    """
    if total_kwh is None:
        return np.clip(middle_kwh, 0.0, most_kwh)
    if total_kwh > most_kwh * len(middle_kwh):
        raise ValueError(f"{total_kwh} kWh are more than {len(middle_kwh)} slots carry")
    low = float(((0.0 - middle_kwh) / variance).min())
    high = float(((most_kwh - middle_kwh) / variance).max())
    for _ in range(HALVINGS):
        shift = (low + high) / 2
        if np.clip(middle_kwh + shift * variance, 0.0, most_kwh).sum() < total_kwh:
            low = shift
        else:
            high = shift
        if not low < shift < high and shift in (low, high) and high - low <= np.spacing(abs(shift)):
            break
    energy = np.clip(middle_kwh + high * variance, 0.0, most_kwh)
    for _ in range(2):
        # What the halving left over goes where there is most room for it.
        over = float(energy.sum()) - total_kwh
        place = int(np.argmax(energy if over > 0 else most_kwh - energy))
        energy[place] = min(max(energy[place] - over, 0.0), most_kwh)
    return energy
