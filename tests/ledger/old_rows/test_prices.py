"""Prices and states of charge of an older ledger: true zeros stay, zeros for "not known" and copies go."""

from pathlib import Path

import numpy as np

from darkstar.ledger.old_rows.reasons import Reason
from tests.ledger.old_rows.judging import counts, judged
from tests.old_home import N, OldHome

FLOOR = 0.7 * 1.25
"""What the household pays where the market's price is zero."""


def test_a_true_zero_export_price_stays(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, q: day == 6 and q < 8, import_price_sek_kwh=FLOOR, export_price_sek_kwh=0.0)
    found = judged(home, tmp_path)
    assert counts(found) == {}
    assert found.prices.export_price[6 * 96 : 6 * 96 + 8].tolist() == [0.0] * 8


def test_a_negative_price_stays(tmp_path: Path) -> None:
    home = OldHome()
    home.change(
        lambda day, q: day == 6 and q < 8, import_price_sek_kwh=FLOOR - 0.25, export_price_sek_kwh=-0.2
    )
    assert counts(judged(home, tmp_path)) == {}


def test_a_zero_that_became_the_import_price_is_a_zero_again(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, q: day == 6 and q < 8, import_price_sek_kwh=FLOOR, export_price_sek_kwh=FLOOR)
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.ZERO_WAS_REPLACED: {"export_price": 8}}
    assert found.prices.export_price[6 * 96 : 6 * 96 + 8].tolist() == [0.0] * 8


def test_a_copy_of_a_high_import_price_is_not_known(tmp_path: Path) -> None:
    home = OldHome()
    for row in home.rows[500:508]:
        row["export_price_sek_kwh"] = row["import_price_sek_kwh"]
    found = judged(home, tmp_path)
    # Of these hours only those at the floor could have been zeros.
    assert counts(found) == {Reason.PRICE_COPIED: {"export_price": 8}}
    assert np.isnan(found.prices.export_price[500:508]).all()
    assert np.isfinite(found.prices.import_price[500:508]).all()


def test_zeros_that_the_other_price_contradicts_are_not_known(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, q: day == 3 and q < 16, export_price_sek_kwh=0.0)
    home.change(lambda day, q: day == 4 and q < 4, import_price_sek_kwh=0.0)
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.PRICE_ZERO: {"export_price": 16, "import_price": 4}}
    assert np.isnan(found.prices.import_price[4 * 96 : 4 * 96 + 4]).all()
    assert np.isfinite(found.prices.export_price[4 * 96 : 4 * 96 + 4]).all()


def test_an_export_column_that_copies_the_import_column_is_not_known(tmp_path: Path) -> None:
    home = OldHome()
    for row in home.rows:
        row["export_price_sek_kwh"] = row["import_price_sek_kwh"]
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.PRICE_COPIED: {"export_price": N}}


def test_a_price_in_another_unit_is_refused(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[77]["import_price_sek_kwh"] = 1_200.0
    assert counts(judged(home, tmp_path)) == {Reason.PRICE_IMPOSSIBLE: {"import_price": 1}}


def test_half_full_all_day_while_the_battery_works_is_an_assumption(tmp_path: Path) -> None:
    home = OldHome()
    home.change(lambda day, q: day == 3, soc_start_percent=50.0, soc_end_percent=50.0)
    home.change(lambda day, q: day == 4 and q == 7, soc_start_percent=-1.0)
    found = judged(home, tmp_path)
    assert counts(found) == {Reason.SOC_IMPOSSIBLE: {"soc": 1}, Reason.SOC_ASSUMED: {"soc": 96}}
    inside = (found.charge.time_utc > home.start[3 * 96]) & (found.charge.time_utc < home.start[4 * 96])
    assert not inside.any()
    assert found.charge.percent.min() >= 0


def test_each_edge_has_one_state_of_charge(tmp_path: Path) -> None:
    home = OldHome()
    home.rows[9]["soc_end_percent"] = 99.0
    found = judged(home, tmp_path)
    at = np.searchsorted(found.charge.time_utc, home.start[10])
    assert found.charge.percent[at] == home.rows[10]["soc_start_percent"]
    assert len(found.charge.time_utc) == N + 1
