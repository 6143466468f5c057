"""Whose fault it is that a home does not add up.

Each thing that can be wrong with one meter, or two, is undone on trial, over the hours that are off:

    two channels in each other's place      they are exchanged
    one channel too large or too small      it is halved, doubled, left out, taken a thousandfold, turned
    rows shifted by an hour or two          one channel, or two of one file, are moved back
    a meter that stopped                    one that shows nothing since is given what is missing

What is right leaves hardly anything of the excess, and nothing that cannot be (`contradictions.py`). Where nothing
does, the channels are named that could close the balance within what they can carry. Of channels that the home has no
meter for, nothing is told.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.ledger.balance import Balance, Flows, Rows
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.suspicion import Suspicion
from darkstar.ledger.compare import later
from darkstar.ledger.contradictions import Surroundings, contradictions

MENDED_SHARE = 0.1
"""Share of the excess that may remain once the right thing is undone."""
NEARLY_SHARE = 0.3
"""The same, where no better story is at hand."""
BETTER_SHARE = 0.03
"""By so much of the excess a meter that stopped must be the better story."""
IMPOSSIBLE_SHARE = 0.15
"""Share of what a meter is given that may contradict itself."""
FEASIBLE_SHARE = 0.98
STILL_KWH = 1e-6
NOTHING_KWH = 1e-3
TINY_SHARE = 0.02
"""A channel that is a thousandth of itself carries no larger share of what flows."""
ALONE_SHARE = 5e-4
"""The others carry at least so much beside a channel that is a thousandfold; less is nothing."""
LAGS = (-2, -1, 1, 2)
FACTORS = (0.5, 2.0, 0.0, 0.001, 1000.0, -1.0)
FACTOR_CAUSES: Mapping[float, tuple[Cause, str]] = {
    0.5: (Cause.DOUBLE, "The home's balance holds once {0} is halved."),
    2.0: (
        Cause.DOUBLE,
        "The home's balance holds once {0} is doubled: the others are counted twice, or half is lost.",
    ),
    0.0: (
        Cause.DOUBLE,
        "The home's balance holds once {0} is left out: it is within another channel already.",
    ),
    0.001: (Cause.UNIT, "The home's balance holds once {0} is a thousandth."),
    1000.0: (Cause.UNIT, "The home's balance holds once {0} is a thousand times as large."),
    -1.0: (Cause.SIGN, "The home's balance holds once {0} flows the other way."),
}


@dataclass(frozen=True)
class _Story:
    """What may be wrong, and the flows with it undone."""

    cause: Cause
    channels: tuple[Channel, ...]
    detail: str
    flows: Flows

    def told(self, rows: Rows) -> Suspicion:
        """As what is suspected."""
        return Suspicion(self.cause, self.channels, self.detail, (int(rows[0]), int(rows[-1]) + 1))


def accused(home: Balance, rows: Rows, around: Surroundings, stopped: Collection[Channel] = ()) -> Suspicion:
    """The likeliest story of the hours that are off.

    Args:
        rows: hours in which all flows are known. stopped: channels that stand still against their habit.
    """
    off = home.excess(rows)
    told = [
        (left + contradictions(story.flows, _known(story, rows), around), left, story)
        for story in (*_exchanged(home), *_scaled(home, rows), *_moved(home))
        if (left := home.excess(rows, story.flows)) <= NEARLY_SHARE * off
    ]
    best = min(told, key=lambda one: one[0], default=None)
    still = _stopped(home, rows, around, stopped)
    if still is not None and (
        best is None or best[1] > MENDED_SHARE * off or still[0] < best[0] - BETTER_SHARE * off
    ):
        return still[1]
    if best is not None:
        return best[2].told(rows)
    return _liar(home, rows, around)


def _known(story: _Story, rows: Rows) -> Rows:
    """Moved rows leave hours behind that are not known."""
    return rows[np.all([np.isfinite(story.flows[c][rows]) for c in BALANCE_SIGN], axis=0)]


def _exchanged(home: Balance) -> Iterator[_Story]:
    flows = home.flows
    for one, other in combinations(home.metered, 2):
        if BALANCE_SIGN[one] != BALANCE_SIGN[other]:
            detail = f"The home's balance holds once {one.value} and {other.value} change places."
            yield _Story(Cause.SWAPPED, (one, other), detail, {**flows, one: flows[other], other: flows[one]})


def _scaled(home: Balance, rows: Rows) -> Iterator[_Story]:
    flows = home.flows
    through = float(np.sum([flows[c][rows] for c in BALANCE_SIGN])) / 2
    for channel in home.metered:
        share = float(flows[channel][rows].sum()) / through if through > 0 else 0.0
        for factor in FACTORS:
            if not _sensible(factor, share):
                continue
            cause, detail = FACTOR_CAUSES[factor]
            taken = {**flows, channel: factor * flows[channel]}
            yield _Story(cause, (channel,), detail.format(channel.value), taken)


def _sensible(factor: float, share: float) -> bool:
    """Whether a channel that carries such a share of what flows may be so many times itself."""
    if factor == 1000.0:
        return share <= TINY_SHARE
    if factor == 0.001:
        return 1 - TINY_SHARE <= share <= 2 - ALONE_SHARE
    return factor != 0.0 or share < 1 - TINY_SHARE


def _moved(home: Balance) -> Iterator[_Story]:
    flows = home.flows
    for channels in (*((c,) for c in home.metered), *combinations(home.metered, 2)):
        for lag in LAGS:
            names = " and ".join(channel.value for channel in channels)
            when = f"{abs(lag)} h {'earlier' if lag > 0 else 'later'}"
            detail = f"The home's balance holds once {names} is taken {when}."
            moved = {**flows, **{c: later(flows[c], -lag) for c in channels}}
            yield _Story(Cause.SHIFTED, channels, detail, moved)


def _stopped(
    home: Balance, rows: Rows, around: Surroundings, stopped: Collection[Channel]
) -> tuple[float, Suspicion] | None:
    """A meter that shows nothing from the first hour that is off, and could have counted all that is missing.

    With it comes what is left of the excess and of what cannot be.
    """
    since = np.arange(int(rows[0]), len(home.known))
    since = since[home.known[since]]
    missed = home.excess(rows)
    able: dict[Channel, float] = {}
    for channel in home.metered:
        sign = BALANCE_SIGN[channel]
        if (home.flows[channel][since] > STILL_KWH).any():
            continue
        given = {**home.flows, channel: np.maximum(-sign * home.residual, 0.0)}
        left = home.excess(rows, given)
        if left <= MENDED_SHARE * missed:
            able[channel] = left + contradictions(given, rows, around)
    if not able:
        return None
    least = min(able.values())
    likely = [c for c in sorted(able, key=lambda c: able[c]) if able[c] - least <= IMPOSSIBLE_SHARE * missed]
    likely.sort(key=lambda channel: channel not in stopped)
    names = " or ".join(channel.value for channel in likely)
    detail = f"{names} shows nothing any more while {missed:.1f} kWh are missing in {len(rows)} hours: it stands still."
    hours = (int(rows[0]), int(since[-1]) + 1)
    return able[likely[0]], Suspicion(Cause.FROZEN, tuple(likely), detail, hours)


def _liar(home: Balance, rows: Rows, around: Surroundings) -> Suspicion:
    """The channels any of which could close the balance alone, the likeliest first.

    It must stay between nothing and what it can carry; of those that do, the one whose own number is nothing where the
    balance is off has the least to say for itself.
    """
    residual, tolerance = home.residual[rows], home.tolerance[rows]
    wrong = np.abs(residual) > tolerance
    candidates: dict[Channel, float] = {}
    for channel in home.metered:
        sign = BALANCE_SIGN[channel]
        shown = home.flows[channel][rows]
        needed = shown - sign * residual
        feasible = (needed >= -tolerance) & (needed <= around.most_kwh.get(channel, np.inf) + tolerance)
        if feasible.mean() >= FEASIBLE_SHARE and shown.sum() + needed.sum() > 0:
            candidates[channel] = float((shown[wrong] <= NOTHING_KWH).mean())
    likely = tuple(sorted(candidates, key=lambda channel: -candidates[channel]))
    names = " or ".join(channel.value for channel in likely) or "more than one meter"
    told = f"The home's balance is off by {np.abs(residual).sum():.1f} kWh in {int(wrong.sum())} of {len(rows)} hours"
    return Suspicion(
        Cause.BALANCE, likely, f"{told}; it could be {names}.", (int(rows[0]), int(rows[-1]) + 1)
    )
