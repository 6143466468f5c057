"""Energies of an older ledger: counters, lumps, zeros that stand for "not known", and true zeros."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.channels import Channel
from darkstar.ledger.old_rows.judge import judge
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import Clock, OldRows
from tests.ledger.old_rows.judging import ENERGIES, HOME, counts, each, held, judged, quarters
from tests.old_home import STOCKHOLM, N, OldHome

NOON = 4 * 96 + 48


def test_the_first_rows_counter_is_refused(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[0] |= {"import_kwh": 12_345.6, "load_kwh": 30_000.0}
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.FIRST_COUNTER: {"import": 1, "load": 1}}
    assert np.isnan(quarters(found, Channel.IMPORT, N)[0])


def test_nonsense_is_refused(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[900]["load_kwh"] = 99.0
    home.rows[901]["pv_kwh"] = -0.2
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.NEGATIVE: {"pv": 1}, Reason.IMPLAUSIBLE: {"load": 1}}


def lump_after(home: OldHome, silence: int) -> None:
    """All energy of some slots before noon and of the one after them, in that one."""
    for name, energy in home.truth.items():
        home.rows[NOON][f"{name}_kwh"] = float(energy[NOON - silence : NOON + 1].sum())


@pytest.mark.parametrize("zeros", [True, False])
def test_a_lump_is_laid_over_the_silence_before_it(tmp_path: Path, zeros: bool) -> None:
    home = OldHome()
    lump_after(home, 12)
    for row in home.rows[NOON - 12 : NOON]:
        row |= {f"{name}_kwh": 0.0 if zeros else None for name in home.truth}
    found = judged(home, tmp_path)
    for channel in Channel:
        total = round(float(home.truth[channel][NOON - 12 : NOON + 1].sum()), 9)
        assert held(found, channel, NOON - 12, NOON + 1) == [(NOON - 12, 13, total)]
    assert counts(found)[Reason.LUMP] == each(ENERGIES, 1)
    assert counts(found).get(Reason.ALL_ZERO) == (each(ENERGIES, 12) if zeros else None)


def test_a_lump_of_one_channel_is_laid_over_the_zeros_that_the_balance_denies(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: day == 4 and 28 <= quarter < 70, pv_kwh=0.0)
    row, total = 4 * 96 + 70, float(home.truth["pv"][4 * 96 + 28 : 4 * 96 + 71].sum())
    home.rows[row]["pv_kwh"] = total
    found = judged(home, tmp_path)
    dawn = int(np.flatnonzero(home.truth["pv"][4 * 96 :] > 0)[0]) + 4 * 96
    before = float(home.truth["pv"][dawn : 4 * 96 + 28].sum())
    got = held(found, Channel.PV, 4 * 96 + 28, 4 * 96 + 71)
    assert before > 0
    assert got == [(4 * 96 + 28, 43, round(total, 9))]


def test_a_leap_after_true_zeros_is_refused_not_laid_over_them(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[4 * 96 + 8]["pv_kwh"] = 60.0
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.IMPLAUSIBLE: {"pv": 1}}
    assert quarters(found, Channel.PV, N)[4 * 96 : 4 * 96 + 8].tolist() == [0.0] * 8


def test_a_high_row_after_a_true_zero_stays_where_it_is(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[NOON] |= {"import_kwh": 4.0, "load_kwh": home.truth["load"][NOON] + 4.0}
    found = judged(home, tmp_path)
    assert counts(found) == {}
    assert quarters(found, Channel.IMPORT, N)[NOON] == 4.0


def test_zero_all_day_against_the_balance_is_not_known(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: day == 3, load_kwh=0.0)
    home.change(lambda day, quarter: day == 8, pv_kwh=0.0)
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.ZERO_DAY: {"load": 96, "pv": 96}}
    assert np.isnan(quarters(found, Channel.LOAD, N)[3 * 96 : 4 * 96]).all()


def test_water_written_over_with_zeros_is_not_known(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: day in (5, 6), water_kwh=0.0)
    assert counts(judged(home, tmp_path)) == {Reason.ZERO_DAY: {"water": 192}}


def test_nobody_at_home_needs_no_hot_water(tmp_path: Path) -> None:
    home = OldHome()
    for i, row in enumerate(home.rows[5 * 96 : 6 * 96]):
        row |= {f"{channel}_kwh": 0.0 for channel in ENERGIES}
        row |= {"load_kwh": 0.05 + 0.001 * (i % 7), "import_kwh": 0.05 + 0.001 * (i % 7)}
    assert counts(judged(home, tmp_path)) == {}


def test_a_true_zero_day_is_known(tmp_path: Path) -> None:
    home = OldHome()
    for i in range(5 * 96, 6 * 96):
        home.rows[i] |= {
            "pv_kwh": 0.0,
            "export_kwh": 0.0,
            "batt_charge_kwh": 0.0,
            "batt_discharge_kwh": 0.0,
            "import_kwh": float(home.truth["load"][i]),
        }
    found = judged(home, tmp_path)
    assert counts(found) == {}
    assert quarters(found, Channel.EXPORT, N)[5 * 96 : 6 * 96].tolist() == [0.0] * 96


def test_what_is_not_measured_makes_no_zero_doubtful(tmp_path: Path) -> None:
    """Only the grid is known: its balance is open every day."""
    home = OldHome()
    home.change(
        lambda day, quarter: True,
        **{f"{c}_kwh": None for c in ("load", "pv", "batt_charge", "batt_discharge", "water")},
    )
    home.change(lambda day, quarter: day == 5, export_kwh=0.0)
    assert counts(judged(home, tmp_path)) == {}


def test_a_channel_that_never_flows_was_not_measured(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: True, water_kwh=0.0)
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.ZERO_DAY: {"water": N}}
    assert Channel.WATER not in found.energies


def test_a_meter_of_whole_kwh_stands_still_for_hours(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, quarter: True, **{f"{c}_kwh": None for c in ENERGIES})
    steps = np.diff(np.floor(np.cumsum(np.full(N + 1, 0.07))))
    for row, step in zip(home.rows, steps.tolist(), strict=True):
        row |= {"load_kwh": step, "import_kwh": step}
    assert counts(judged(home, tmp_path)) == {}


def test_a_real_home_of_quarters_raises_no_alarm(real_data: Path) -> None:
    """Ten months of a Swedish home: import and export of each quarter are taken as they are."""
    frame = pd.read_parquet(real_data / "homes" / "se4_magma.15min.parquet")
    start = (pd.DatetimeIndex(frame.index).as_unit("s").asi8).astype(np.int64)
    n = len(start)
    unknown = np.full(n, np.nan)
    rows = OldRows(
        np.arange(n), start, start + 900, np.array([str(s) for s in start], dtype=object),
        np.full(n, Clock.OFFSET, np.int8),
        {Channel.IMPORT: frame["import_kwh"].to_numpy(), Channel.EXPORT: frame["export_kwh"].to_numpy()},
        unknown, unknown, unknown, unknown,
    )  # fmt: skip
    found = judge(
        rows,
        tz=STOCKHOLM,
        latitude=HOME.latitude,
        longitude=HOME.longitude,
        limits_kwh={Channel.IMPORT: 5.4, Channel.EXPORT: 5.4},
    )
    assert found.findings == ()
