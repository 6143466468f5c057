"""From a power tariff to a limit on the import: what a month is held under, and what breaking it costs.

    level    counted kW (after a window's share) that days are held under
    limit    of each slot: level over the window's share, none where draws do not count

What peaks that are set already change about it is told in `fast.keeping`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.power_tariff import ROUNDING_KW, Periods, PowerTariff
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.problem import Series

UNLIMITED = float("inf")


class Limits:
    """The limits that hold each tariff's level, slot by slot; of the same slots for whatever levels.

    Args:
        metered: one a tariff, at least one.
        draw_kwh: load less sun where it is known, shape (n,): what a period may draw is then laid out along it, for
            not its slots but their mean is held.
    """

    def __init__(
        self, tariffs: Sequence[PowerTariff], metered: Sequence[Periods], draw_kwh: Series | None = None
    ) -> None:
        self._slots = len(metered[0].of_slot)
        self._counted = [
            _counted(tariff, found, draw_kwh) for tariff, found in zip(tariffs, metered, strict=True)
        ]

    def at(self, levels_kw: Sequence[float]) -> ImportLimit:
        """One level a tariff, infinite where nothing is to be held."""
        kw, breach_cost = np.full(self._slots, UNLIMITED), np.zeros(self._slots)
        for counted, level in zip(self._counted, levels_kw, strict=True):
            if np.isfinite(level):
                kw = np.minimum(kw, np.where(counted.counts, counted.laid_out(level), UNLIMITED))
                price = price_beyond(counted.tariff, level)
                breach_cost += price * counted.share / (counted.tariff.peaks * counted.found.hours)
        return ImportLimit(kw, breach_cost)


@dataclass(frozen=True)
class _Counted:
    """A tariff over some slots; arrays of shape (n,).

    Attributes:
        share: of each slot; counts: whether it has any.
        slots: of each slot's period; around_kw: by how much more is drawn than the period's mean, None where unknown.
    """

    tariff: PowerTariff
    found: Periods
    share: Series
    counts: NDArray[np.bool_]
    slots: NDArray[np.int64]
    around_kw: Series | None

    def laid_out(self, level_kw: float) -> Series:
        """Limits of the same mean in each period that rise and fall with what is drawn; none falls below 0."""
        held_kw = np.where(self.counts, level_kw, 0.0) / np.where(self.counts, self.share, 1.0)
        if self.around_kw is None:
            return held_kw
        laid_out, of_slot = np.maximum(held_kw + self.around_kw, 0.0), self.found.of_slot
        total = np.bincount(of_slot, laid_out)
        return np.asarray(laid_out * held_kw * self.slots / np.where(total > 0, total, 1.0)[of_slot])


def _counted(tariff: PowerTariff, found: Periods, draw_kwh: Series | None) -> _Counted:
    share, slots, around_kw = found.share[found.of_slot], np.bincount(found.of_slot)[found.of_slot], None
    if draw_kwh is not None:
        mean_kwh = np.bincount(found.of_slot, draw_kwh)[found.of_slot] / slots
        around_kw = (draw_kwh - mean_kwh) / (found.hours / slots)
    return _Counted(tariff, found, share, share > 0, slots, around_kw)


def price_beyond(tariff: PowerTariff, level_kw: float) -> float:
    """What a kW more of the month's average costs beyond a level; a step to the next tier is spread over its width."""
    if not tariff.tiers:
        return tariff.per_kw
    reached = [tier for tier in tariff.tiers if tier.up_to_kw >= level_kw - ROUNDING_KW]
    if len(reached) < 2:
        return 0.0
    kept, next_one = reached[:2]
    return (next_one.fee - kept.fee) / (next_one.up_to_kw - kept.up_to_kw)
