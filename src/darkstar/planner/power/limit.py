"""From a power tariff to a limit on the import: what a month is held under, and what breaking it costs.

    level    counted kW (after a window's share) that days are held under
    limit    of each slot: level over the window's share, none where draws do not count

What peaks that are set already change about it is told in `fast.keeping`.
"""

from collections.abc import Sequence

import numpy as np

from darkstar.domain.power_tariff import ROUNDING_KW, Periods, PowerTariff
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.problem import Series

UNLIMITED = float("inf")


def limit_of(
    tariffs: Sequence[PowerTariff],
    metered: Sequence[Periods],
    levels_kw: Sequence[float],
    draw_kwh: Series | None = None,
) -> ImportLimit:
    """The limits that hold each tariff's level, slot by slot; one `Periods` and one level a tariff, at least one.

    Args:
        draw_kwh: load less sun where it is known, shape (n,): what a period may draw is then laid out along it, for
            not its slots but their mean is held.
    """
    kw = np.full(len(metered[0].of_slot), UNLIMITED)
    breach_cost = np.zeros(len(kw))
    for tariff, found, level in zip(tariffs, metered, levels_kw, strict=True):
        share = found.share[found.of_slot]
        counts = (share > 0) & np.isfinite(level)
        held = np.zeros(len(kw))
        held[counts] = level / share[counts]
        laid_out = held if draw_kwh is None else _along(held, draw_kwh, found)
        kw = np.minimum(kw, np.where(counts, laid_out, UNLIMITED))
        breach_cost[counts] += price_beyond(tariff, level) * share[counts] / (tariff.peaks * found.hours)
    return ImportLimit(kw, breach_cost)


def _along(held_kw: Series, draw_kwh: Series, found: Periods) -> Series:
    """Limits of the same mean in each period that rise and fall with what is drawn, as far as none falls below 0."""
    slots = np.bincount(found.of_slot)[found.of_slot]
    hours = found.hours / slots
    around_kw = (draw_kwh - (np.bincount(found.of_slot, draw_kwh)[found.of_slot] / slots)) / hours
    laid_out = np.maximum(held_kw + around_kw, 0.0)
    total = np.bincount(found.of_slot, laid_out)[found.of_slot]
    return np.asarray(laid_out * held_kw * slots / np.where(total > 0, total, 1.0))


def price_beyond(tariff: PowerTariff, level_kw: float) -> float:
    """What a kW more of the month's average costs beyond a level; a step to the next tier is spread over its width."""
    if not tariff.tiers:
        return tariff.per_kw
    reached = [tier for tier in tariff.tiers if tier.up_to_kw >= level_kw - ROUNDING_KW]
    if len(reached) < 2:
        return 0.0
    kept, next_one = reached[:2]
    return (next_one.fee - kept.fee) / (next_one.up_to_kw - kept.up_to_kw)
