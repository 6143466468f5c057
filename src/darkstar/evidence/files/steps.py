"""How long each row of a file lasts: the file's own step, which a gap does not stretch."""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import DataError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, iso_utc

Seconds = NDArray[np.int64]
A_HABIT = DAY_SECONDS // HOUR_SECONDS - 1
"""Equal distances in a row that make a step: a day's hours. Fewer may be chance, where rows are missing."""


def usual_step(time_utc: Seconds) -> float:
    """The distance between neighbouring rows that half of them do not exceed [s], NaN for fewer than two rows.

    Args:
        time_utc: (n,) ascending, in seconds.
    """
    apart = np.diff(time_utc)
    return float(np.percentile(apart, 50, method="lower")) if len(apart) else float("nan")


def row_lengths(time_utc: Seconds, what: str) -> Seconds:
    """Seconds that each row's interval lasts; shape (n,).

    A file may pass from one step to another (hours, later quarters): a distance that holds for a day's hours is a step
    of its own there. Every other row lasts as long as the rows before it.

    Args:
        time_utc: (n,) ascending, unique. what: the column, for the error.

    Raises:
        DataError: there is one row only, the step is longer than an hour, or rows lie closer than their step.
    """
    if len(time_utc) < 2:
        raise DataError(f"{what} has one row: how long it lasts is not to be told.")
    usual = int(usual_step(time_utc))
    if usual > HOUR_SECONDS:
        raise DataError(
            f"The rows of {what} are {usual / HOUR_SECONDS:g} hours apart.",
            remedy="Steps from seconds to one hour can be imported.",
        )
    apart = np.diff(time_utc)
    steps = np.zeros(len(time_utc), dtype=np.int64)
    edges = np.flatnonzero(np.diff(apart)) + 1
    for first, last in zip(np.append(0, edges), np.append(edges, len(apart)), strict=True):
        if last - first >= A_HABIT and apart[first] <= HOUR_SECONDS:
            steps[first:last] = apart[first]
    if not steps.any():
        steps[:] = usual
    known = np.flatnonzero(steps)
    before = np.maximum.accumulate(np.where(steps > 0, np.arange(len(steps)), known[0]))
    lengths: Seconds = steps[before]
    close = np.flatnonzero(lengths[:-1] > apart)
    if len(close):
        i = int(close[0])
        raise DataError(
            f"The rows of {what} at {iso_utc(int(time_utc[i]))} and {iso_utc(int(time_utc[i + 1]))} are "
            f"{int(apart[i])} s apart, and those before them {int(lengths[i])} s: what each covers is not to be told.",
            remedy="Import stretches of different steps as files of their own.",
        )
    return lengths
