"""A tier of the power tariff as a limit on the grid: the highest that keeps the month within the tier."""

from dataclasses import dataclass

from benchmarks.published.trondheim import TARIFF

SAME_KW = 1e-6


@dataclass(frozen=True)
class TierLimit:
    """What a tier of this month asks for.

    Attributes:
        fee: the tier's monthly fee [NOK].
        limit_kw: what to stay under.
    """

    fee: float
    limit_kw: float


def open_tiers(peaks: list[float], days_after: int, needed_kw: float, margin_kw: float) -> list[TierLimit]:
    """The tiers that can still be kept, lowest first; the highest always.

    Args:
        peaks: the month's daily peaks, today's the last [kW].
        days_after: days of the month after today.
        needed_kw: a limit under this cannot be kept.
        margin_kw: planned to be left of a tier's average, as far as the days past allow and the need: one
            surprise then does not cost the month.
    """
    found = []
    for tier in TARIFF.tiers:
        highest = highest_limit(peaks, days_after, tier.up_to_kw)
        if highest is not None and highest >= needed_kw:
            cautious = (
                highest_limit(peaks, days_after, tier.up_to_kw - part * margin_kw) for part in (1, 0.5)
            )
            kept = (limit for limit in cautious if limit is not None and limit >= needed_kw)
            found.append(TierLimit(tier.fee, next(kept, highest)))
    return found or [TierLimit(TARIFF.tiers[-1].fee, TARIFF.tiers[-1].up_to_kw)]


def highest_limit(peaks: list[float], days_after: int, tier_kw: float) -> float | None:
    """The highest limit for the days after these daily peaks that keeps the month within a tier, None where none does.

    Args:
        peaks: the month's daily peaks until now [kW].
        days_after: how many days the limit is for.
        tier_kw: what the mean of the month's highest peaks may be.
    """
    past = sorted(peaks, reverse=True)[: TARIFF.peaks]
    allowed = TARIFF.peaks * tier_kw + SAME_KW
    best: float | None = None
    for counted in range(min(len(past), TARIFF.peaks) + 1):
        new = min(TARIFF.peaks - counted, days_after)
        limit = (allowed - sum(past[:counted])) / new if new else (past[-1] if past else tier_kw)
        among = sorted([*past, *[limit] * min(days_after, TARIFF.peaks)], reverse=True)
        if limit > 0 and sum(among[: TARIFF.peaks]) <= allowed + SAME_KW:
            best = limit if best is None else max(best, limit)
    return best
