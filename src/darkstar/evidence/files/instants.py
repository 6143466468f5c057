"""The times of a file's rows in UTC, whatever they are written as: ISO text, epoch numbers, dates of Parquet."""

import difflib
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkstar.domain.errors import DataError, UsageError
from darkstar.evidence.local_times import local_to_utc, looks_local
from darkstar.ledger.evidence import Instants

UTC_COLUMN = "ts_utc"
LOCAL_COLUMN = "ts_local"
EPOCH_UNITS_US = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
EARLIEST_US, LATEST_US = 9.0e14, 4.2e15
"""1998 to 2103: within them no epoch number can be taken for one of another unit."""
OFFSET = r"\d\d:\d\d.*(?:[zZ]|[+-]\d\d(?::?\d\d)?)$"
SAY_TIMEZONE = "Say which clock they show: --timezone Europe/Stockholm, or --timezone UTC."

Where = Callable[[int], str]
"""The place of a row for people: `line 5`."""


def utc_times(
    times: "pd.Series[str]", name: str, tz: ZoneInfo | None, home_tz: ZoneInfo, where: Where
) -> Instants:
    """UTC microseconds of a file's column of times, one at least; shape (n,).

    Args:
        name: the column's; naive times are taken for UTC only where it says so.
        tz: the zone of naive times as the person gave it, or None.
        home_tz: the home's zone: what times wrongly labelled UTC would be in.

    Raises:
        DataError: a row has no time or one that cannot be, or nobody can say which clock it shows.
    """
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return _checked(pd.to_datetime(times), times, where)
    if pd.api.types.is_numeric_dtype(times.dtype):
        return _epoch(times.to_numpy(dtype=np.float64, na_value=np.nan), where)
    if pd.api.types.is_datetime64_dtype(times.dtype):
        return _naive(_checked(pd.to_datetime(times), times, where), name, tz, home_tz, where)
    texts = times.astype("str").str.strip()
    numbers = pd.to_numeric(texts, errors="coerce")
    if len(texts) and numbers.notna().all() and texts.str.len().min() > 8:
        return _epoch(numbers.to_numpy(dtype=np.float64), where)
    with_offset = texts.str.contains(OFFSET, regex=True).to_numpy(dtype=np.bool_)
    if with_offset.any():
        known = pd.to_datetime(texts.where(with_offset), format="ISO8601", utc=True, errors="coerce")
        naive = (
            ~with_offset
            & pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).notna().to_numpy()
        )
        if naive.any():
            i = int(np.flatnonzero(naive)[0])
            raise DataError(
                f"The time '{texts.iloc[i]}' in {where(i)} has no offset from UTC, and others have one.",
                remedy="Write all times alike.",
            )
        return _checked(known, texts, where)
    return _naive(
        _checked(pd.to_datetime(texts, format="ISO8601", errors="coerce"), texts, where),
        name,
        tz,
        home_tz,
        where,
    )


def _checked(times: "pd.Series[pd.Timestamp]", texts: "pd.Series[str]", where: Where) -> Instants:
    missing = np.flatnonzero(times.isna())
    if len(missing):
        i = int(missing[0])
        raise DataError(
            f"'{texts.iloc[i]}' in {where(i)} is no time.", remedy="Write times as 2025-03-30T12:00:00+00:00."
        )
    return pd.DatetimeIndex(times).as_unit("us").asi8.astype(np.int64)


def _epoch(numbers: NDArray[np.float64], where: Where) -> Instants:
    factor = next((f for f in EPOCH_UNITS_US.values() if EARLIEST_US <= numbers[0] * f <= LATEST_US), 1.0)
    us = numbers * factor
    odd = np.flatnonzero(~((us >= EARLIEST_US) & (us <= LATEST_US)))
    if not len(odd):
        return np.round(us).astype(np.int64)
    i = int(odd[0])
    raise DataError(
        f"The time {numbers[i]:.15g} in {where(i)} is no time of this century in the unit of the others "
        "(s, ms, us or ns since 1970).",
        remedy="Write times as 2025-03-30T12:00:00+00:00.",
    )


def _naive(wall_us: Instants, name: str, tz: ZoneInfo | None, home_tz: ZoneInfo, where: Where) -> Instants:
    if tz is None:
        if name != UTC_COLUMN:
            raise DataError(f"The times in column '{name}' have no offset from UTC.", remedy=SAY_TIMEZONE)
        if looks_local(wall_us, home_tz):
            raise DataError(
                f"The times in column '{name}' pass for UTC, but leave out just the hour that the clocks of "
                f"{home_tz.key} skip in spring: they look like local times.",
                remedy=SAY_TIMEZONE,
            )
        return wall_us
    instants, exists = local_to_utc(wall_us, tz)
    skipped = np.flatnonzero(~exists)
    if len(skipped):
        i = int(skipped[0])
        wall = pd.Timestamp(int(wall_us[i]), unit="us").isoformat(sep=" ")
        raise DataError(
            f"The time {wall} in {where(i)} does not exist in {tz.key}: the clocks skip it.",
            remedy="Perhaps the file shows another clock, such as --timezone UTC.",
        )
    return instants


def parse_zone(text: str) -> ZoneInfo:
    """A time zone by its name, as `Europe/Stockholm` or `UTC`.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(text, available_timezones(), n=1)
        raise UsageError(
            f"There is no time zone '{text}'.",
            remedy=f"Did you mean {near[0]}?" if near else "Write it as Europe/Stockholm.",
        ) from None
