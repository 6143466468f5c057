"""From the prices that a source names by their starts to quotes: whole intervals, in order, none over another.

A delivery day is traded in one step, hours before October 2025 and quarters since, so the step is read off each day's
own rows, and a row that is missing leaves a hole instead of a longer neighbour.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkstar.domain.market import MARKET_TZ
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, utc_offsets
from darkstar.ledger.quotes import PriceKind, Quotes

Starts = NDArray[np.int64]


def quotes_in_range(
    source: str,
    area: str,
    currency: str,
    rows: Sequence[tuple[int, float]],
    start_utc: int,
    end_utc: int,
) -> Quotes:
    """Spot quotes that begin in [start_utc, end_utc).

    A day whose rows contradict each other is left out whole, for nobody can tell which of them is right.

    Args:
        rows: start [UTC s] and price per kWh, in any order.
    """
    starts = np.array([start for start, _ in rows], dtype=np.int64)
    prices = np.array([price for _, price in rows], dtype=np.float64)
    order = np.argsort(starts, kind="stable")
    starts, prices = starts[order], prices[order]
    again = np.zeros(len(starts), dtype=np.bool_)
    again[1:] = starts[1:] == starts[:-1]
    differs = again.copy()
    differs[1:] &= prices[1:] != prices[:-1]
    days = market_days(starts)
    sound = ~again & ~np.isin(days, days[differs])
    starts, prices = starts[sound], prices[sound]
    ends = interval_ends(starts)
    wanted = (starts >= start_utc) & (starts < end_utc)
    return Quotes(source, area, currency, PriceKind.SPOT, starts[wanted], ends[wanted], prices[wanted])


def market_days(starts: Starts) -> Starts:
    """The market's calendar day of each start, as days since 1970; shape (n,)."""
    return (starts + utc_offsets(starts, MARKET_TZ)) // DAY_SECONDS


def interval_ends(starts: Starts) -> Starts:
    """The end of each interval by its day's step; shape (n,).

    A day with no two neighbouring rows takes the usual step of all.

    Args:
        starts: (n,) ascending, unique [UTC s].
    """
    if not len(starts):
        return starts
    apart = np.diff(starts)
    days = market_days(starts)
    near = (apart <= HOUR_SECONDS) & (days[1:] == days[:-1])
    usual = int(np.median(apart[near])) if near.any() else HOUR_SECONDS
    by_day = pd.Series(apart[near]).groupby(days[:-1][near]).min()
    steps = pd.Series(days).map(by_day).fillna(usual).to_numpy(dtype=np.int64)
    ends: Starts = starts + steps
    return ends


def is_whole_step(seconds: int) -> bool:
    """True where a quarter holds whole steps, or a step whole quarters within an hour."""
    quarters = (SLOT_SECONDS, 2 * SLOT_SECONDS, HOUR_SECONDS)
    return seconds > 0 and (SLOT_SECONDS % seconds == 0 or seconds in quarters)


def broken_steps(quotes: Quotes) -> list[int]:
    """Starts of intervals that are no whole step on the clock, or reach over the next one."""
    lengths = (quotes.end_utc - quotes.start_utc).tolist()
    whole = [
        is_whole_step(length) and start % length == 0
        for start, length in zip(quotes.start_utc.tolist(), lengths, strict=True)
    ]
    over = np.append(quotes.end_utc[:-1] > quotes.start_utc[1:], False)
    return list(itertools.compress(quotes.start_utc.tolist(), ~np.array(whole, dtype=np.bool_) | over))
