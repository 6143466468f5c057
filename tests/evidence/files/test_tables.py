"""Files as people have them: every shape that is understood, and every fault told with its place."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.errors import DataError, UsageError
from darkstar.evidence.files.tables import Table, read_table

STOCKHOLM = ZoneInfo("Europe/Stockholm")
T0 = 1_743_206_400  # 2025-03-29T00:00:00Z


def write(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, timezone: str | None = None) -> Table:
    return read_table(path, timezone=ZoneInfo(timezone) if timezone else None, home_tz=STOCKHOLM)


PLAIN = "ts_utc,import_kwh,note\n2025-03-29T00:00:00Z,0.5,x\n2025-03-29T01:00:00Z,0.75,\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.rstrip("\n"),
        PLAIN + "\n\n",
        PLAIN.replace("ts_utc,", "ts_utc, ").replace("Z,", "Z, "),
        PLAIN.replace("Z", "+00:00"),
        PLAIN.replace("T", " ").replace("Z", "+0000"),
        PLAIN.replace("2025-03-29T00:00:00Z", "2025-03-29T01:00:00+01:00"),
        PLAIN.replace("Z", ""),
        PLAIN.replace("2025-03-29T00:00:00Z", str(T0)).replace("2025-03-29T01:00:00Z", str(T0 + 3600)),
        PLAIN.replace("2025-03-29T00:00:00Z", f"{T0}000").replace("2025-03-29T01:00:00Z", f"{T0 + 3600}000"),
        PLAIN.replace("2025-03-29T00:00:00Z", f"{T0}.000").replace(
            "2025-03-29T01:00:00Z", f"{T0 + 3600}.000"
        ),
    ],
    ids=[
        "plain",
        "semicolons",
        "tabs",
        "byte order mark",
        "windows",
        "no last newline",
        "blank lines",
        "spaces",
        "offset",
        "offset without colon",
        "two offsets",
        "utc by name alone",
        "epoch s",
        "epoch ms",
        "epoch s with decimals",
    ],
)
def test_reads_csv_as_people_write_it(tmp_path: Path, text: str) -> None:
    """Fault 9 among them: epoch milliseconds are no ISO dates."""
    table = read(write(tmp_path, text))
    column = table.column("import_kwh")
    assert column.time_utc.tolist() == [T0, T0 + 3600]
    assert column.value.tolist() == [0.5, 0.75]
    assert table.names == ("import_kwh", "note")


@pytest.mark.parametrize("index", [True, False], ids=["index", "column"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_reads_parquet(tmp_path: Path, unit: str, index: bool) -> None:
    times = pd.to_datetime([T0, T0 + 3600], unit="s", utc=True).as_unit(unit)
    frame = pd.DataFrame({"pv_kwh": [0.1, None]}, index=pd.Index(times, name="ts_utc"))
    path = tmp_path / "file.parquet"
    (frame if index else frame.reset_index()).to_parquet(path)
    column = read(path).column("pv_kwh")
    assert column.time_utc.tolist() == [T0]
    assert column.value.tolist() == [0.1]


def test_keeps_parts_of_a_second(tmp_path: Path) -> None:
    table = read(write(tmp_path, "ts_utc,pv_kwh_cum\n2025-03-29T00:00:00.250Z,1\n"))
    assert table.column("pv_kwh_cum").time_us.tolist() == [T0 * 1_000_000 + 250_000]


@pytest.mark.parametrize("word", ["", "nan", "NaN", "null", "None", "unavailable", "unknown"])
def test_what_stands_for_nothing_is_not_known(tmp_path: Path, word: str) -> None:
    text = f"ts_utc,pv_kwh\n2025-03-29T00:00:00Z,{word}\n2025-03-29T01:00:00Z,2\n"
    assert read(write(tmp_path, text)).column("pv_kwh").value.tolist() == [2.0]


def test_rows_in_any_order_and_twice(tmp_path: Path) -> None:
    rows = ["02:00:00Z,3,9", "00:00:00Z,1,", "01:00:00Z,2,8", "00:00:00Z,1,7", "02:00:00Z,3,9"]
    text = "ts_utc,pv_kwh,load_kwh\n" + "".join(f"2025-03-29T{row}\n" for row in rows)
    table = read(write(tmp_path, text))
    assert table.column("pv_kwh").value.tolist() == [1, 2, 3]
    assert table.column("load_kwh").value.tolist() == [7, 8, 9]
    assert table.column("pv_kwh").time_utc.tolist() == [T0, T0 + 3600, T0 + 7200]


def test_rows_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    text = "ts_utc,pv_kwh\n2025-03-29T01:00:00Z,1\n2025-03-29T00:00:00Z,1\n2025-03-29T01:00:00Z,2\n"
    with pytest.raises(
        DataError, match=r"two values of pv_kwh at 2025-03-29T01:00:00.*1 in line 2 and 2 in line 4"
    ):
        read(write(tmp_path, text)).column("pv_kwh")


def test_text_in_numbers_is_named_with_its_line(tmp_path: Path) -> None:
    text = "ts_utc,pv_kwh,note\n2025-03-29T00:00:00Z,1,a\n\n2025-03-29T01:00:00Z,n,b\n2025-03-29T02:00:00Z,broken,b\n"
    table = read(write(tmp_path, text))
    with pytest.raises(DataError, match=r"'n' in line 4, column pv_kwh"):
        table.column("pv_kwh")


def test_a_comma_for_a_point_is_never_guessed(tmp_path: Path) -> None:
    text = "ts_utc;pv_kwh\n2025-03-29T00:00:00Z;1\n2025-03-29T01:00:00Z;1,250\n"
    with pytest.raises(DataError, match=r"'1,250' in line 3.*decimals with a point"):
        read(write(tmp_path, text)).column("pv_kwh")


@pytest.mark.parametrize("value", ["inf", "-inf", "1e999"])
def test_infinity_is_no_number(tmp_path: Path, value: str) -> None:
    with pytest.raises(DataError, match="is no number"):
        read(write(tmp_path, f"ts_utc,pv_kwh\n2025-03-29T00:00:00Z,{value}\n")).column("pv_kwh")


def test_text_and_infinity_in_parquet_are_named_with_their_row(tmp_path: Path) -> None:
    times = pd.Index(pd.to_datetime([T0, T0 + 3600], unit="s", utc=True), name="ts_utc")
    frame = pd.DataFrame(
        {"a": ["1", "x"], "b": [1.0, np.inf], "c": [True, False], "d": times, "e": [1, 2]}, index=times
    )
    frame.to_parquet(tmp_path / "f.parquet")
    table = read(tmp_path / "f.parquet")
    for name, problem in {
        "a": "'x' in row 2",
        "b": "'inf' in row 2",
        "c": "no numbers",
        "d": "no numbers",
    }.items():
        with pytest.raises(DataError, match=problem):
            table.column(name)
    assert table.column("e").value.tolist() == [1.0, 2.0]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no column 'pv'.*import_kwh, note"):
        read(write(tmp_path, PLAIN)).column("pv")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("ts_utc,pv_kwh\n", "a header and no row"),
        ("time,pv_kwh\n2025-03-29T00:00:00Z,1\n", "no column ts_utc; its columns are time, pv_kwh"),
        (
            "ts_utc,pv_kwh,b\n2025-03-29T00:00:00Z,1,2\n2025-03-29T01:00:00Z,1",
            r"Line 3 .* 2 of 3 fields.*cut short",
        ),
        ("ts_utc,pv_kwh,b\n2025-03-29T00:00:00Z,1\n2025-03-29T01:00:00Z,1,2\n", "Line 2 .* 2 of 3 fields"),
        ("ts_utc,pv_kwh\n2025-03-29T00:00:00Z,1\n2025-03-29T01:00:00Z,1,2,3\n", "is no table: .*line 3"),
        ("ts_utc,pv_kwh\n2025-03-29T00:00:00Z,1\n2025-03-,1\n", "'2025-03-' in line 3 is no time"),
        ("ts_utc,pv_kwh\n2025-03-29T00:00:00Z,1\n,1\n", "'' in line 3 is no time"),
        ("ts_utc,pv_kwh\n2025-03-29T00:00:00Z,1\n2025-03-29T01:00:00,1\n", "in line 3 has no offset"),
        (
            "ts_utc,pv_kwh\n1743206400,1\n1743206400000,1\n",
            "1743206400000 in line 3 is no time of this century",
        ),
        ("ts_utc,pv_kwh\n1743206400,1\n999999999999,1\n", "in line 3 is no time of this century"),
        ("ts_local,pv_kwh\n2025-03-29T00:00:00,1\n", "'ts_local' have no offset.*--timezone"),
    ],
)
def test_a_broken_file_is_an_error_that_says_where(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read(write(tmp_path, text))


def test_a_delimiter_that_nobody_uses(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column ts_utc"):
        read(write(tmp_path, "ts_utc:pv_kwh\n2025-03-29T00_00:1\n"))


def test_a_half_written_parquet_file(tmp_path: Path) -> None:
    times = pd.Index(pd.to_datetime(np.arange(500) * 900 + T0, unit="s", utc=True), name="ts_utc")
    whole = tmp_path / "whole.parquet"
    pd.DataFrame({"pv_kwh": np.arange(500) * 0.1}, index=times).to_parquet(whole)
    half = tmp_path / "half.parquet"
    for size in (4, 100, len(whole.read_bytes()) // 2, len(whole.read_bytes()) - 1):
        half.write_bytes(whole.read_bytes()[:size])
        with pytest.raises(DataError, match="damaged or only half there"):
            read(half)


def test_not_a_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "absent.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)
    other = tmp_path / "other.csv"
    other.write_bytes(b"\xff\xfe\x00\x01binary\x80")
    with pytest.raises(DataError, match="neither Parquet nor text"):
        read(other)


def walls(first: str, last: str, step: str) -> list[str]:
    """What a Swedish wall clock shows at each step of a stretch of time."""
    times = pd.date_range(first, last, freq=step, tz="UTC", inclusive="left").tz_convert(STOCKHOLM)
    return [t.replace(tzinfo=None).isoformat() for t in times]


@pytest.mark.parametrize("step", ["1h", "15min", "10s"])
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.slow
def test_local_times_through_the_autumn_night(tmp_path: Path, step: str, newest_first: bool) -> None:
    """Fault 16: a day of 25 hours is a whole day."""
    shown = walls("2025-10-25T22:00", "2025-10-26T23:00", step)
    order = range(len(shown))[::-1] if newest_first else range(len(shown))
    text = "ts_local,load_kwh\n" + "".join(f"{shown[i]},{i}\n" for i in order)
    column = read(write(tmp_path, text), "Europe/Stockholm").column("load_kwh")
    seconds = 25 * 3600 // len(shown)
    assert column.value.tolist() == list(range(len(shown)))
    assert set(np.diff(column.time_utc).tolist()) == {seconds}


def test_a_sorted_file_shows_each_repeated_time_twice(tmp_path: Path) -> None:
    shown = sorted(walls("2025-10-25T22:00", "2025-10-26T03:00", "30min"))
    text = "ts_local,load_kwh\n" + "".join(f"{wall},{i}\n" for i, wall in enumerate(shown))
    column = read(write(tmp_path, text), "Europe/Stockholm").column("load_kwh")
    assert set(np.diff(column.time_utc).tolist()) == {1800}


def test_local_times_through_the_spring_night(tmp_path: Path) -> None:
    shown = walls("2025-03-29T23:00", "2025-03-30T22:00", "1h")
    assert len(shown) == 23
    text = "ts_local,load_kwh\n" + "".join(f"{wall},1\n" for wall in shown)
    column = read(write(tmp_path, text), "Europe/Stockholm").column("load_kwh")
    assert set(np.diff(column.time_utc).tolist()) == {3600}


def test_a_time_that_the_clocks_skip_is_named(tmp_path: Path) -> None:
    text = "ts_local,load_kwh\n2025-03-30T01:30:00,1\n2025-03-30T02:30:00,1\n"
    with pytest.raises(DataError, match=r"2025-03-30 02:30:00 in line 3 does not exist in Europe/Stockholm"):
        read(write(tmp_path, text), "Europe/Stockholm")


def test_local_times_labelled_utc_are_found_out_in_spring(tmp_path: Path) -> None:
    """Fault 10: local time that passes for UTC shifts everything by one or two hours."""
    text = "ts_utc,load_kwh\n" + "".join(
        f"{w},1\n" for w in walls("2025-03-28T00:00", "2025-04-02T00:00", "1h")
    )
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=r"look like local times.*--timezone"):
        read(path)
    assert read(path, "Europe/Stockholm").column("load_kwh").time_utc[0] == T0 - 86_400
    assert len(read(path, "UTC").column("load_kwh")) == 120


def test_local_times_labelled_utc_are_found_out_in_autumn(tmp_path: Path) -> None:
    shown = walls("2025-10-24T00:00", "2025-10-28T00:00", "1h")
    text = "ts_utc,load_kwh\n" + "".join(f"{wall},{i}\n" for i, wall in enumerate(shown))
    with pytest.raises(DataError, match=r"two values of load_kwh at 2025-10-26T02:00:00.*--timezone"):
        read(write(tmp_path, text)).column("load_kwh")


def test_true_utc_times_without_offset_pass(tmp_path: Path) -> None:
    times = pd.date_range("2025-03-28", "2025-10-30", freq="1h")
    text = "ts_utc,load_kwh\n" + "".join(f"{t.isoformat()},1\n" for t in times)
    assert len(read(write(tmp_path, text)).column("load_kwh")) == len(times)


def test_real_files_read(real_data: Path) -> None:
    toon = read(real_data / "homes" / "nl_toon.cum.parquet")
    assert len(toon.column("import_t1_kwh_cum")) > 32_000
    prices = read(real_data / "prices" / "se1_se4.h.parquet").column("se4_eur_mwh")
    assert set(np.diff(prices.time_utc).tolist()) == {3600}
