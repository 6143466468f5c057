"""Profiles by the clock, followed through time: what is usual at each quarter of the day, told slot by slot.

Kernels go along with what happens and answer for many instants in one call: each is told what came before an instant,
in that order and nothing more, before it writes what is expected then. So nothing can be looked ahead at.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_SECONDS, Slots

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Issues:
    """Instants at which something is forecast.

    Attributes:
        told: how many of the new rows are known at each instant, rising, shape (m,).
        ahead: starts of slots, rising, shape (r,); what is asked for are runs of them.
        start, count: where each instant's run begins, and how many slots it has, shape (m,).
    """

    told: Counts
    ahead: Slots
    start: Counts
    count: Counts

    @classmethod
    def one(cls, told: int, ahead: Slots) -> "Issues":
        """A single instant."""
        return cls(np.array([told]), ahead, np.array([0]), np.array([len(ahead)]))

    def room(self) -> Floats:
        """Room for what is expected of each slot, to be written, shape (m, longest run)."""
        return np.empty((len(self.told), int(self.count.max(initial=0))))

    def asked(self) -> Slots:
        """The slots of each instant's run, as `room`; the last one stands beyond a run that ends with `ahead`."""
        at = self.start[:, None] + np.arange(int(self.count.max(initial=0)))
        found: Slots = self.ahead[np.minimum(at, len(self.ahead) - 1)]
        return found


class Recent(NamedTuple):
    """The last few known values of each quarter of the day.

    Attributes:
        values: the newest first, shape (96, days).
        held: how many of them there are, shape (96,).
        weight: of each, shape (days,).
        mean: of the values held, shape (96,); NaN for a quarter that was never known.
    """

    values: Floats
    held: Counts
    weight: Floats
    mean: Floats


def recent(days: int, fades_a_day: float = 1.0) -> Recent:
    """Of so many values, each of which counts `fades_a_day` times as much as the one after it; none yet."""
    return Recent(
        np.full((QUARTERS_OF_DAY, days), np.nan),
        np.zeros(QUARTERS_OF_DAY, dtype=np.int64),
        np.power(fades_a_day, np.arange(days), dtype=np.float64),
        np.full(QUARTERS_OF_DAY, np.nan),
    )


def copied(usual: Recent) -> Recent:
    """The same, to go its own way from here."""
    return Recent(usual.values.copy(), usual.held.copy(), usual.weight, usual.mean.copy())


@njit(cache=True, nogil=True, error_model="numpy")
def remember(usual: Recent, quarter: int, value: float) -> None:
    """One more value of a quarter, which takes the place of the oldest.

    What is unknown, NaN, leaves no trace: a quarter keeps its older values until newer ones are known.
    """
    values, held, weight, mean = usual
    if np.isnan(value):
        return
    days = len(weight)
    for back in range(days - 1, 0, -1):
        values[quarter, back] = values[quarter, back - 1]
    values[quarter, 0] = value
    held[quarter] = min(held[quarter] + 1, days)
    total, weights = 0.0, 0.0
    for back in range(held[quarter]):
        total += values[quarter, back] * weight[back]
        weights += weight[back]
    mean[quarter] = total / weights


@njit(cache=True, nogil=True, error_model="numpy")
def follow_energies(
    usual: Recent,
    last: tuple[Counts, Floats],
    slots: Slots,
    quarters: Counts,
    energy: Floats,
    told: Counts,
    ahead: Slots,
    ahead_quarters: Counts,
    start: Counts,
    count: Counts,
    fading: Floats,
    nearest: int,
    out: Floats,
) -> None:
    """Energies expected at each instant, written to `out`, see `Issues.room`: NaN where nothing is known or asked.

    Args:
        last: the slot told last and how far it was off, one of each; go along.
        slots, quarters, energy: what has happened, all instants together; shape (n,).
        fading: what is left of that error so many slots later, beginning with `nearest` slots.
    """
    last_slot, error = last
    numbers, seen = ahead // SLOT_SECONDS - nearest, 0
    for issue in range(len(told)):
        for row in range(seen, told[issue]):
            off = energy[row] - usual.mean[quarters[row]]
            error[0] = 0.0 if np.isnan(off) else off
            last_slot[0] = slots[row]
            remember(usual, quarters[row], energy[row])
        seen = max(seen, told[issue])
        asked = count[issue] if last_slot[0] else 0
        last_number = last_slot[0] // SLOT_SECONDS
        for place in range(asked):
            at = start[issue] + place
            expected = usual.mean[ahead_quarters[at]] + error[0] * fading[numbers[at] - last_number]
            out[issue, place] = 0.0 if expected < 0.0 else expected
        out[issue, asked:] = np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def follow_prices(
    usual_buy: Recent,
    usual_sell: Recent,
    published: Floats,
    end: Slots,
    slots: Slots,
    quarters: Counts,
    buy: Floats,
    sell: Floats,
    told: Counts,
    ahead: Slots,
    ahead_quarters: Counts,
    start: Counts,
    count: Counts,
    out_buy: Floats,
    out_sell: Floats,
) -> None:
    """Import and export prices as known at each instant, and the usual ones where none is published.

    Args:
        published: by slot, over and over again, shape (k, 2); goes along, as does `end`, that of the last slot told.
        slots, quarters, buy, sell: what is published, all instants together; shape (n,).
        out_buy, out_sell: written, see `Issues.room`; NaN where nothing is known or asked.
    """
    kept = len(published)
    # From one publication to the next all instants see the same prices: of these slots they are laid out already.
    now_buy, now_sell, first, end_of_now = np.empty(len(ahead)), np.empty(len(ahead)), 0, 0
    seen = 0
    for issue in range(len(told)):
        for row in range(seen, told[issue]):
            for missed in range(max(end[0], slots[row] - kept * SLOT_SECONDS), slots[row], SLOT_SECONDS):
                published[missed // SLOT_SECONDS % kept] = np.nan
            published[slots[row] // SLOT_SECONDS % kept, 0] = buy[row]
            published[slots[row] // SLOT_SECONDS % kept, 1] = sell[row]
            end[0] = slots[row] + SLOT_SECONDS
            remember(usual_buy, quarters[row], buy[row])
            remember(usual_sell, quarters[row], sell[row])
        begin, asked = start[issue], count[issue]
        if told[issue] > seen or not first <= begin <= end_of_now:
            first, end_of_now = begin, begin
        seen = max(seen, told[issue])
        for at in range(end_of_now, begin + asked):
            number, quarter = ahead[at] // SLOT_SECONDS % kept, ahead_quarters[at]
            public = ahead[at] < end[0] and not np.isnan(published[number, 0] + published[number, 1])
            now_buy[at] = published[number, 0] if public else usual_buy.mean[quarter]
            now_sell[at] = published[number, 1] if public else usual_sell.mean[quarter]
        end_of_now = max(end_of_now, begin + asked)
        out_buy[issue, :asked], out_buy[issue, asked:] = now_buy[begin : begin + asked], np.nan
        out_sell[issue, :asked], out_sell[issue, asked:] = now_sell[begin : begin + asked], np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def known_ahead(count: Counts, series: tuple[Floats, Floats, Floats, Floats]) -> Counts:
    """How many slots each instant may look ahead, shape (m,): those it asks for, 0 where one of them is NaN.

    Args:
        series: what is expected, each as `Issues.room`.
    """
    load, pv, buy, sell = series
    known = count.copy()
    for issue in range(len(count)):
        unknown = False
        for place in range(count[issue]):
            unknown |= np.isnan(
                load[issue, place] + pv[issue, place] + buy[issue, place] + sell[issue, place]
            )
        known[issue] = 0 if unknown else count[issue]
    return known
