"""Rows whose clock was moved by the zone's offset, because somebody compared UTC texts with local ones.

Two witnesses. The sun: a roof yields nothing at night, so where a day's yield lies in the dark as its rows stand, and
in daylight once they are moved by the offset, they were moved. And the file's own order: rows were written one after
the other, so a time that goes back by just the offset is a change of clock, never an outage; it tells where moved rows
begin or end, and that one side was moved if the other was not.
"""

from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, Slots, utc_offsets
from darkstar.ledger.old_rows.rows import Index, OldRows, Series
from darkstar.ledger.sun import sin_elevation

DARK = -0.035
"""Sine of the sun's elevation (2 degrees below the horizon) under which no roof yields anything."""
IN_THE_DARK = 0.002
"""Share of a day's yield that may lie in the dark at most (a wrong minute, a rounding)."""
ROWS_IN_THE_DARK = 2
LEAST_KWH = 0.5
"""A day's yield below which it bears no witness."""
AGREED = 0.8
"""Share of a stretch's witnesses that must agree to speak for all of it."""

Signs = NDArray[np.float64]
"""How many offsets something is to be moved: -1, 0 or 1; NaN where not known."""


def moves(rows: OldRows, tz: ZoneInfo, latitude: float, longitude: float) -> Slots:
    """By how many seconds each row is to be moved; shape (n,).

    Args:
        rows: in the file's order.
    """
    yields = rows.energy_kwh.get(Channel.PV)
    if yields is None or not len(rows):
        return np.zeros(len(rows), dtype=np.int64)
    offsets = utc_offsets(rows.start_utc, tz)
    days = (rows.start_utc + offsets) // DAY_SECONDS
    excess = (
        np.diff(rows.start_utc) - int(np.median(np.diff(rows.start_utc))) if len(rows) > 1 else np.zeros(0)
    )
    breaks = (np.abs(excess) == np.abs(offsets[1:])) & (excess != 0)
    breaks |= rows.clock[1:] != rows.clock[:-1]
    stretch = np.append(0, np.cumsum(breaks))
    _, first, part = np.unique(
        np.column_stack([stretch, days]), axis=0, return_index=True, return_inverse=True
    )
    votes = _sun_says(part.ravel(), rows.start_utc, offsets, yields, latitude, longitude)
    in_stretch = stretch[first]
    signs = _of_stretches(votes, in_stretch)
    edges = np.flatnonzero(breaks)
    whole = (np.abs(excess) == np.abs(offsets[1:]))[edges]
    _through_edges(signs, np.sign(excess[edges]) * whole, np.sign(offsets[1:])[edges])
    spoken = np.isfinite(signs)
    votes = np.where(spoken[in_stretch], signs[in_stretch], votes)
    return (_nearest(votes, days[first], rows.clock[first])[part.ravel()] * offsets).astype(np.int64)


def _sun_says(
    part: Index, start: Slots, offsets: Slots, yields: Series, latitude: float, longitude: float
) -> Signs:
    """What each part (a day of a stretch) says of itself; shape (parts,)."""
    yields = np.where(np.isfinite(yields) & (yields > 0), yields, 0.0)
    total = np.bincount(part, yields)
    dark: dict[int, Series] = {}
    dark_rows = np.zeros(len(total))
    for sign in (-1, 0, 1):
        middles = (start + sign * offsets + SLOT_SECONDS / 2).astype(np.float64)
        night = sin_elevation(middles, latitude, longitude) < DARK
        dark[sign] = np.bincount(part, yields * night).astype(np.float64)
        if not sign:
            dark_rows = np.bincount(part, (yields > 0) & night).astype(np.float64)
    told = total >= LEAST_KWH
    allowed = IN_THE_DARK * total
    votes = np.full(len(total), np.nan)
    for sign in (-1, 1):
        wrong = told & (dark[0] > allowed) & (dark_rows >= ROWS_IN_THE_DARK)
        votes[wrong & (dark[sign] <= allowed)] = sign
    votes[told & (dark[0] <= allowed) & (dark[-1] > allowed) & (dark[1] > allowed)] = 0
    return votes


def _of_stretches(votes: Signs, in_stretch: Index) -> Signs:
    """What a stretch's witnesses agree on; shape (stretches,)."""
    n = int(in_stretch.max()) + 1
    heard = np.bincount(in_stretch, np.isfinite(votes), minlength=n)
    signs = np.full(n, np.nan)
    for sign in (-1, 0, 1):
        signs[(heard > 0) & (np.bincount(in_stretch, votes == sign, minlength=n) >= AGREED * heard)] = sign
    return signs


def _through_edges(signs: Signs, edges: Signs, ahead: NDArray[np.int64]) -> None:
    """Let stretches that know their clock tell it to those that do not.

    Where time goes back, the next stretch is to be moved on by the offset as seen from the one before. A hole as long
    as the offset may be an outage; but not if time goes back on the other side of the stretch that does not know.

    Args:
        edges: (stretches - 1,) between each and the next: -1 back, 1 a hole as long as the offset, 0 neither.
        ahead: (stretches - 1,) 1 where local time is ahead of UTC, -1 where it is behind.
    """
    steps = -edges * ahead
    back = edges < 0
    paired = (edges > 0) & (np.append(False, back[:-1]) | np.append(back[1:], False))
    for told in (back, back | paired):
        for order in (np.flatnonzero(told), np.flatnonzero(told)[::-1]):
            for one in order.tolist():
                if np.isnan(signs[one + 1]) and abs(signs[one] + steps[one]) <= 1:
                    signs[one + 1] = signs[one] + steps[one]
                elif np.isnan(signs[one]) and abs(signs[one + 1] - steps[one]) <= 1:
                    signs[one] = signs[one + 1] - steps[one]


def _nearest(votes: Signs, days: Slots, clocks: NDArray[np.int8]) -> Signs:
    """Votes, with those of the nearest day of the same clock where there is none; 0 where nobody knows."""
    found = votes.copy()
    for clock in np.unique(clocks).tolist():
        voted = np.flatnonzero(np.isfinite(votes) & (clocks == clock))
        voted = voted[np.argsort(days[voted], kind="stable")]
        mute = np.flatnonzero(np.isnan(votes) & (clocks == clock))
        if not len(voted):
            found[mute] = 0
            continue
        after = np.minimum(np.searchsorted(days[voted], days[mute]), len(voted) - 1)
        before = np.maximum(after - 1, 0)
        earlier = np.abs(days[mute] - days[voted[before]]) <= np.abs(days[voted[after]] - days[mute])
        found[mute] = votes[np.where(earlier, voted[before], voted[after])]
    return found
