"""CSV and Parquet files as columns of numbers with UTC times.

Rows may come in any order and twice; two rows that contradict each other, text where a number belongs and a file that
ends in the middle of a row are errors that name the place. An empty field is "not known".
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow

from darkstar.domain.errors import DataError, UsageError
from darkstar.evidence.files.instants import LOCAL_COLUMN, UTC_COLUMN, utc_times
from darkstar.ledger.evidence import MICROSECONDS, Instants, Numbers

DELIMITERS = (",", ";", "\t", "|")
PARQUET_BEGIN = b"PAR1"
NO_VALUE = ("", "nan", "null", "none", "na", "n/a", "unknown", "unavailable")
FIRST_CSV_LINE = 2


@dataclass(frozen=True)
class Column:
    """The known values of one column in time order, one at each instant.

    Attributes:
        time_us: (n,) UTC microseconds, ascending; value: (n,) finite.
    """

    name: str
    time_us: Instants
    value: Numbers

    def __len__(self) -> int:
        return len(self.time_us)

    @property
    def time_utc(self) -> Instants:
        """(n,) UTC seconds, whole ones as far as the file has them."""
        return self.time_us // MICROSECONDS


class Table:
    """A file that was read: its columns beside the times, which are handed out one by one.

    Attributes:
        names: the columns without that of the times, in the file's order.
        time_us: (n,) UTC microseconds in the file's order.
    """

    def __init__(self, path: Path, frame: pd.DataFrame, time_us: Instants, where: "_Places") -> None:
        self.path = path
        self.names = tuple(str(name) for name in frame.columns)
        self.time_us = time_us
        self._frame = frame
        self._where = where

    def column(self, name: str) -> Column:
        """One column's known values.

        Raises:
            UsageError: there is none of that name. DataError: it holds text, or two values for one instant.
        """
        if name not in self.names:
            raise UsageError(
                f"{self.path.name} has no column '{name}'.",
                remedy=f"Its columns are {', '.join(self.names)}.",
            )
        values = self._numbers(name)
        rows = np.flatnonzero(np.isfinite(values))
        rows = rows[np.argsort(self.time_us[rows], kind="stable")]
        time_us, value = self.time_us[rows], values[rows]
        again = np.zeros(len(rows), dtype=np.bool_)
        again[1:] = time_us[1:] == time_us[:-1]
        contrary = np.flatnonzero(again[1:] & (value[1:] != value[:-1])) + 1
        if len(contrary):
            i = int(contrary[0])
            when = pd.Timestamp(int(time_us[i]), unit="us", tz="UTC").isoformat()
            raise DataError(
                f"{self.path.name} has two values of {name} at {when}: {value[i - 1]:g} in "
                f"{self._where(int(rows[i - 1]))} and {value[i]:g} in {self._where(int(rows[i]))}.",
                remedy="Remove the wrong one. Local times that pass for UTC do this where the clocks go back in "
                "autumn: those need --timezone.",
            )
        return Column(name, time_us[~again], value[~again])

    def _numbers(self, name: str) -> Numbers:
        raw = self._frame[name]
        if pd.api.types.is_bool_dtype(raw.dtype) or pd.api.types.is_datetime64_any_dtype(raw.dtype):
            raise DataError(f"Column '{name}' of {self.path.name} holds no numbers.")
        numbers = pd.to_numeric(raw, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        odd = ~np.isfinite(numbers)
        if not pd.api.types.is_numeric_dtype(raw.dtype) and odd.any():
            texts = raw[odd].astype("str").str.strip()
            odd[odd] = ~texts.str.lower().isin(NO_VALUE).to_numpy(dtype=np.bool_)
        elif odd.any():
            odd &= np.isinf(numbers)
        if odd.any():
            i = int(np.flatnonzero(odd)[0])
            text = str(raw.iloc[i]).strip()
            raise DataError(
                f"'{text}' in {self._where(i)}, column {name} of {self.path.name} is no number.",
                remedy="Write decimals with a point."
                if "," in text
                else "Correct it, or leave the field empty.",
            )
        return numbers


@dataclass(frozen=True)
class _Places:
    """Where a row stands: `line 5` of a text file, `row 4` of another."""

    lines: Instants | None

    def __call__(self, row: int) -> str:
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"


def read_table(path: Path, *, timezone: ZoneInfo | None, home_tz: ZoneInfo) -> Table:
    """Open a file with an index or column `ts_utc` (or `ts_local`, with a time zone).

    Args:
        timezone: of times without an offset, as the person gave it.
        home_tz: the home's, by which times wrongly labelled UTC are found out.

    Raises:
        UsageError: there is no such file. DataError: it is damaged, cut short, or its times make no sense.
    """
    frame, where = _parquet(path) if _is_parquet(path) else _csv(path)
    time_name = next((name for name in (UTC_COLUMN, LOCAL_COLUMN) if name in frame.columns), None)
    if time_name is None:
        raise DataError(
            f"{path.name} has no column {UTC_COLUMN}; its columns are {', '.join(map(str, frame.columns))}.",
            remedy=f"Name the column of times {UTC_COLUMN} (or {LOCAL_COLUMN}, and give --timezone).",
        )
    if not len(frame):
        raise DataError(f"{path.name} has a header and no row.", remedy="Was it written to the end?")
    time_us = utc_times(frame[time_name], time_name, timezone, home_tz, where)
    return Table(path, frame.drop(columns=time_name), time_us, where)


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begin = file.read(len(PARQUET_BEGIN))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check the name.") from error
    if not begin:
        raise DataError(f"{path.name} is empty.", remedy="Was it written to the end?")
    return begin == PARQUET_BEGIN


def _parquet(path: Path) -> tuple[pd.DataFrame, _Places]:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise DataError(
            f"{path.name} is damaged or only half there.", remedy="Write or download it again."
        ) from error
    if frame.index.name is not None or isinstance(frame.index, pd.MultiIndex):
        frame = frame.reset_index()
    return frame, _Places(None)


def _csv(path: Path) -> tuple[pd.DataFrame, _Places]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next((line for line in file if line.strip()), "").rstrip("\r\n")
        delimiter = max(DELIMITERS, key=header.count)
        frame = pd.read_csv(
            path,
            sep=delimiter,
            dtype="str",
            keep_default_na=False,
            index_col=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            encoding="utf-8-sig",
        )
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is neither Parquet nor text in UTF-8.", remedy="Save it as CSV in UTF-8."
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path.name} is no table: {str(error).strip()}.") from error
    frame.columns = frame.columns.str.strip()
    lines = np.arange(FIRST_CSV_LINE, FIRST_CSV_LINE + len(frame), dtype=np.int64)
    empty = (frame == "").all(axis=1).to_numpy(dtype=np.bool_)
    if (frame.iloc[~empty, -1] == "").any():
        _check_fields(path, delimiter)
    return frame[~empty].reset_index(drop=True), _Places(lines[~empty])


def _check_fields(path: Path, delimiter: str) -> None:
    """Find a row with too few fields, which pandas cannot tell from one whose last fields are empty."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=delimiter)
        wanted = len(next(rows, []))
        for row in rows:
            if 0 < len(row) < wanted and any(row):
                line = rows.line_num
                cut = " The file is cut short." if next(rows, None) is None else ""
                raise DataError(
                    f"Line {line} of {path.name} has {len(row)} of {wanted} fields.{cut}",
                    remedy="Write or download it again; nothing was imported.",
                )
