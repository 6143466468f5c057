"""How far a year's figure could have come out elsewhere, had the range's weeks come in another mixture.

Weeks are drawn with replacement from the days that were lived (circular block bootstrap: D. N. Politis, J. P. Romano,
"A circular block-resampling procedure for stationary data", 1992), because days of a week resemble each other. It
tells what the weather's and the household's luck makes out within such days, not what other years bring.
"""

import numpy as np

from darkstar.planner.problem import Series

BLOCK_DAYS = 7
LEAST_DAYS = 2 * BLOCK_DAYS
DRAWS = 4000
SHARE = 0.8


def interval_of_sum(by_day: Series, seed: int = 0) -> tuple[float, float] | None:
    """The interval that holds 80 % of the sums of as many days, shape (d,); None for less than two weeks."""
    days = len(by_day)
    if days < LEAST_DAYS:
        return None
    running = np.append(0.0, np.cumsum(np.concatenate([by_day, by_day[:BLOCK_DAYS]])))
    blocks, rest = divmod(days, BLOCK_DAYS)
    starts = np.random.default_rng(seed).integers(0, days, (DRAWS, blocks + (rest > 0)))
    sums = (running[starts[:, :blocks] + BLOCK_DAYS] - running[starts[:, :blocks]]).sum(axis=1)
    if rest:
        sums += running[starts[:, -1] + rest] - running[starts[:, -1]]
    low, high = np.quantile(sums, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)
