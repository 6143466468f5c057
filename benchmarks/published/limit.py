"""A tier of the power tariff as a limit on the grid: the highest that keeps the month within the tier."""

from dataclasses import dataclass

import numpy as np

from benchmarks.published.trondheim import TARIFF
from darkstar.planner.fast.keeping import BEYOND, limit_within

SAME_KW = 1e-6
ROUNDING_KW = 1e-4
"""What carrying out may draw more than was planned."""
SPARE_KW = 2.0
"""No day is let exceed a limit by more."""
HALVINGS = 20


@dataclass(frozen=True)
class TierLimit:
    """What a tier of this month asks for.

    Attributes:
        fee: the tier's monthly fee [NOK].
        limit_kw: what to stay under.
        spare_kw: what today may exceed the limit to, if the days after stay under it.
    """

    fee: float
    limit_kw: float
    spare_kw: float


def open_tiers(
    peaks: list[float], today_kw: float, days_after: int, needed_kw: float, margin_kw: float
) -> list[TierLimit]:
    """The tiers that can still be kept, lowest first; the highest always.

    Args:
        peaks: the peaks of the month's days before today [kW].
        today_kw: today's until now.
        days_after: days of the month after today.
        needed_kw: a limit under this cannot be kept.
        margin_kw: left of a tier's average as far as the days past and the need allow: what one day may use.
    """
    found = []
    for tier in TARIFF.tiers:
        up_to = tier.up_to_kw - ROUNDING_KW
        highest = _from_today(peaks, today_kw, days_after, up_to)
        if highest is not None and highest >= needed_kw:
            cautious = (
                _from_today(peaks, today_kw, days_after, up_to - part * margin_kw) for part in (1, 0.5)
            )
            kept = (limit for limit in cautious if limit is not None and limit >= needed_kw)
            limit = next(kept, highest)
            found.append(TierLimit(tier.fee, limit, _spare(peaks, today_kw, days_after, up_to, limit)))
    top = TARIFF.tiers[-1]
    return found or [TierLimit(top.fee, top.up_to_kw, top.up_to_kw)]


def highest_limit(peaks: list[float], days_after: int, tier_kw: float) -> float | None:
    """The highest limit for the days after these daily peaks that keeps the month within a tier, None where none does.

    Args:
        peaks: the month's daily peaks until now [kW].
        days_after: how many days the limit is for.
        tier_kw: what the mean of the month's highest peaks may be.
    """
    past = np.zeros(TARIFF.peaks)
    past[: len(peaks)] = sorted(peaks, reverse=True)[: TARIFF.peaks]
    if not days_after:
        return float(past[-1]) if past.sum() <= TARIFF.peaks * tier_kw + SAME_KW else None
    limit = limit_within(past, tier_kw + SAME_KW / TARIFF.peaks, days_after)
    return None if limit == BEYOND else limit


def _from_today(peaks: list[float], today_kw: float, days_after: int, tier_kw: float) -> float | None:
    """The highest limit for today and the days after; where today is over it already, for the days after."""
    limit = highest_limit(peaks, days_after + 1, tier_kw)
    if limit is not None and today_kw <= limit:
        return limit
    after = highest_limit([*peaks, today_kw], days_after, tier_kw)
    return after if days_after or after is None else today_kw


def _spare(peaks: list[float], today_kw: float, days_after: int, tier_kw: float, limit_kw: float) -> float:
    """What today may draw if the days after stay under the limit."""
    low = max(limit_kw, today_kw)
    if not _keeps([*peaks, low], days_after, tier_kw, limit_kw):
        return limit_kw
    high = low + SPARE_KW
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if _keeps([*peaks, middle], days_after, tier_kw, limit_kw):
            low = middle
        else:
            high = middle
    return low


def _keeps(peaks: list[float], days_after: int, tier_kw: float, limit_kw: float) -> bool:
    if not days_after:
        return sum(sorted(peaks)[-TARIFF.peaks :]) <= TARIFF.peaks * tier_kw
    limit = highest_limit(peaks, days_after, tier_kw)
    return limit is not None and limit >= limit_kw - SAME_KW
