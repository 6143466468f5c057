"""The judge of an older ledger's rows: what is taken, mended and refused of them, and why.

Times first (a row on a wrong clock is not to be compared with others), then hours and quarters, then the energies
themselves; the state of charge and the prices stay with the row that they were written in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, Slots, utc_offsets
from darkstar.ledger.evidence import Intervals
from darkstar.ledger.old_rows.clocks import quarter_ends, settle_clocks
from darkstar.ledger.old_rows.flows import settle_flows
from darkstar.ledger.old_rows.hours import settle_hours
from darkstar.ledger.old_rows.prices import OldPrices, settle_prices
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import SOC, Book, Finding, Mask, OldRows, Series, Tally

BATTERY = (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)
WORKED_KWH = 1.0
"""Energy through the battery in a day that no state of charge outlasts unmoved."""


@dataclass(frozen=True)
class Charge:
    """States of charge [percent] at instants [UTC s] in time order, each once; shape (k,)."""

    time_utc: Slots
    percent: Series


@dataclass(frozen=True)
class Judged:
    """What an older ledger is good for.

    Attributes:
        energies: by channel, where anything is known.
        tallies: by channel, `soc` and price: they add up to the file's known values.
    """

    energies: Mapping[Channel, Intervals]
    charge: Charge
    prices: OldPrices
    tallies: Mapping[str, Tally]
    findings: tuple[Finding, ...]


def judge(
    rows: OldRows, *, tz: ZoneInfo, latitude: float, longitude: float, limits_kwh: Mapping[Channel, float]
) -> Judged:
    """Judge all rows of a file.

    Args:
        rows: in the file's order, numbered from 0.
        limits_kwh: most energy that each channel carries in a slot.
    """
    book = Book(rows)
    settled, claims = quarter_ends(settle_clocks(rows, book, tz, latitude, longitude), book)
    flows = settle_hours(settled, claims, book, tz)
    energies = settle_flows(flows, book, limits_kwh, tz)
    charge = _charge(settled, energies, book, tz)
    prices = settle_prices(settled, _price_ends(settled, claims), book)
    return Judged(energies, charge, prices, book.tallies(), book.findings())


def _price_ends(rows: OldRows, claims: Mask) -> Slots:
    """A row's price holds for its quarter, or for the hour where the row is all that the hour has."""
    alone = claims & np.append(np.diff(rows.start_utc) >= HOUR_SECONDS, True)
    return rows.start_utc + np.where(alone, HOUR_SECONDS, SLOT_SECONDS)


def _charge(rows: OldRows, energies: Mapping[Channel, Intervals], book: Book, tz: ZoneInfo) -> Charge:
    """The state at each row's start, and at its end where no other row says it."""
    at_start, at_end = rows.soc_start_percent.copy(), rows.soc_end_percent.copy()
    impossible = np.zeros(len(rows), dtype=np.bool_)
    for percent in (at_start, at_end):
        odd = np.isfinite(percent) & ~((percent >= 0) & (percent <= 100))
        impossible |= odd
        percent[odd] = np.nan
    book.note(Reason.SOC_IMPOSSIBLE, SOC, rows.number[impossible])
    assumed = _stands_still(rows.start_utc, at_start, at_end, energies, tz)
    book.note(Reason.SOC_ASSUMED, SOC, rows.number[assumed])
    at_start[assumed], at_end[assumed] = np.nan, np.nan
    time_utc = np.append(rows.start_utc, rows.start_utc + SLOT_SECONDS)
    percent = np.append(at_start, at_end)
    second = np.arange(len(time_utc)) >= len(rows)
    known = np.isfinite(percent)
    time_utc, percent, second = time_utc[known], percent[known], second[known]
    order = np.lexsort((second, time_utc))
    time_utc, percent = time_utc[order], percent[order]
    first = np.ones(len(time_utc), dtype=np.bool_)
    first[1:] = time_utc[1:] != time_utc[:-1]
    return Charge(time_utc[first], percent[first])


def _stands_still(
    start: Slots, at_start: Series, at_end: Series, energies: Mapping[Channel, Intervals], tz: ZoneInfo
) -> Mask:
    """Rows of days on which the state of charge never moves while energy goes through the battery; shape (n,)."""
    if not len(start):
        return np.zeros(0, dtype=np.bool_)
    day = _days(start, tz)
    days, at = np.unique(day, return_inverse=True)
    low, high = np.full(len(days), np.inf), np.full(len(days), -np.inf)
    for percent in (at_start, at_end):
        known = np.isfinite(percent)
        np.minimum.at(low, at[known], percent[known])
        np.maximum.at(high, at[known], percent[known])
    worked = np.zeros(len(days))
    for channel in BATTERY:
        if channel in energies:
            through = energies[channel]
            place = np.searchsorted(days, _days(through.start_utc, tz))
            place = np.minimum(place, len(days) - 1)
            worked = np.maximum(worked, np.bincount(place, through.energy_kwh, len(days)))
    return np.asarray(((low == high) & (worked > WORKED_KWH))[at])


def _days(instants: Slots, tz: ZoneInfo) -> Slots:
    return np.asarray((instants + utc_offsets(instants, tz)) // DAY_SECONDS)
