"""Hours of an older ledger: whole ones at :00, quarters in them, hours cut into four once and twice."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.old_rows.reasons import Reason
from tests.ledger.old_rows.judging import ENERGIES, EVERYTHING, counts, each, held, judged, quarters
from tests.old_home import N, OldHome, local

FIRST, LAST = 3 * 96, 5 * 96
"""Two days in which the hours are faulty."""


def hours_of(home: OldHome) -> Iterator[tuple[int, dict[str, float]]]:
    for i in range(FIRST, LAST, 4):
        yield i, {f"{name}_kwh": float(energy[i : i + 4].sum()) for name, energy in home.truth.items()}


def end_after_an_hour(home: OldHome) -> None:
    for i in range(FIRST, LAST, 4):
        home.rows[i]["slot_end"] = local(int(home.start[i]) + HOUR_SECONDS)


def explode(home: OldHome, parts: float) -> None:
    end_after_an_hour(home)
    for i, hour in hours_of(home):
        for k in range(4):
            home.rows[i + k] |= {name: energy / parts for name, energy in hour.items()}


def true_hours(home: OldHome, channel: Channel) -> list[tuple[int, int, float]]:
    return [(i, 4, round(hour[f"{channel}_kwh"], 9)) for i, hour in hours_of(home)]


def test_a_row_that_holds_the_hour_beside_its_quarters_yields_its_own_quarter(tmp_path: Path) -> None:
    home = OldHome()
    end_after_an_hour(home)
    for i, hour in hours_of(home):
        home.rows[i] |= hour
    found = judged(home, tmp_path)
    load = quarters(found, Channel.LOAD, N)
    np.testing.assert_allclose(load, home.truth["load"], atol=1e-9)
    assert counts(found) == {Reason.WHOLE_HOUR: each(ENERGIES, 192)}
    for channel in Channel:
        np.testing.assert_allclose(found.energies[channel].energy_kwh.sum(), home.truth[channel].sum())


def test_where_quarters_are_missing_the_hour_is_what_is_known(tmp_path: Path) -> None:
    home = OldHome()
    end_after_an_hour(home)
    for i, hour in hours_of(home):
        home.rows[i] |= hour
    home.rows = [row for i, row in enumerate(home.rows) if not (FIRST <= i < LAST and i % 4 == 2)]
    found = judged(home, tmp_path)
    assert held(found, Channel.LOAD, FIRST, LAST) == true_hours(home, Channel.LOAD)
    assert counts(found) == {Reason.WHOLE_HOUR: each(ENERGIES, 144)}


def test_hours_alone_are_hours(tmp_path: Path) -> None:
    home = OldHome()
    end_after_an_hour(home)
    for i, hour in hours_of(home):
        home.rows[i] |= hour
    home.rows = [row for i, row in enumerate(home.rows) if not (FIRST <= i < LAST and i % 4)]
    found = judged(home, tmp_path)
    assert held(found, Channel.LOAD, FIRST, LAST) == true_hours(home, Channel.LOAD)
    assert counts(found) == {}
    at = np.searchsorted(found.prices.start_utc, home.start[FIRST])
    assert found.prices.end_utc[at] - found.prices.start_utc[at] == HOUR_SECONDS


def test_a_quarter_that_kept_the_end_of_its_hour_is_a_quarter(tmp_path: Path) -> None:
    home = OldHome()
    end_after_an_hour(home)
    found = judged(home, tmp_path)
    np.testing.assert_allclose(quarters(found, Channel.LOAD, N), home.truth["load"], atol=1e-12)
    assert counts(found) == {Reason.STALE_END: each(ENERGIES, 48)}


def test_an_hour_cut_into_four_is_the_hour_again(tmp_path: Path) -> None:
    home = OldHome()
    explode(home, 4)
    found = judged(home, tmp_path)
    for channel in (Channel.LOAD, Channel.PV, Channel.IMPORT):
        assert held(found, channel, FIRST, LAST) == true_hours(home, channel)
    assert counts(found) == {Reason.EXPLODED: each(ENERGIES, 192)}


def test_an_hour_left_whole_beside_its_four_parts_counts_once(tmp_path: Path) -> None:
    home = OldHome()
    explode(home, 4)
    for i, hour in hours_of(home):
        home.rows[i] |= hour
    found = judged(home, tmp_path)
    assert held(found, Channel.LOAD, FIRST, LAST) == true_hours(home, Channel.LOAD)


def test_load_divided_twice_is_multiplied_back_where_the_balance_says_so(tmp_path: Path) -> None:
    home = OldHome()
    explode(home, 4)
    for i, hour in hours_of(home):
        for k in range(4):
            home.rows[i + k]["load_kwh"] = hour["load_kwh"] / 16
    found = judged(home, tmp_path)
    assert held(found, Channel.LOAD, FIRST, LAST) == true_hours(home, Channel.LOAD)
    assert counts(found)[Reason.DIVIDED_TWICE] == {"load": 192}


def test_hours_divided_twice_in_every_channel_are_refused(tmp_path: Path) -> None:
    home = OldHome()
    explode(home, 16)
    found = judged(home, tmp_path)
    assert all(held(found, channel, FIRST, LAST) == [] for channel in Channel)
    assert counts(found)[Reason.DIVIDED_UNSURE] == each(ENERGIES, 192)
    assert found.tallies["load"].refused == 192


def test_energy_booked_at_the_full_hour_is_the_hours(tmp_path: Path) -> None:
    home = OldHome()
    for i, hour in hours_of(home):
        home.rows[i] |= hour
        for k in (1, 2, 3):
            home.rows[i + k] |= dict.fromkeys(hour, 0.0)
    found = judged(home, tmp_path)
    assert held(found, Channel.LOAD, FIRST, LAST) == true_hours(home, Channel.LOAD)
    assert counts(found) == {Reason.LUMPED: each(ENERGIES, 192)}


def test_prices_and_charge_stay_with_their_quarters(tmp_path: Path) -> None:
    home = OldHome()
    explode(home, 4)
    found = judged(home, tmp_path)
    assert found.tallies["import_price"].taken == found.tallies["soc"].taken == N
    assert np.isfinite(found.prices.import_price).sum() == N
    assert set(found.tallies) == set(EVERYTHING)


def test_a_kettle_at_the_full_hour_makes_no_whole_hour(tmp_path: Path) -> None:
    """One quarter that is higher than the three after it, in a day whose ends are stale."""
    home = OldHome()
    end_after_an_hour(home)
    kettle = home.rows[FIRST + 64]
    kettle |= {"load_kwh": 2.0, "import_kwh": 2.0, "water_kwh": 0.4, "batt_discharge_kwh": 0.4}
    for row in home.rows[FIRST + 64 : FIRST + 68]:
        row |= {"pv_kwh": 0.0, "export_kwh": 0.0, "batt_charge_kwh": 0.0}
    found = judged(home, tmp_path)
    assert quarters(found, Channel.LOAD, N)[FIRST + 64] == 2.0
    assert counts(found) == {Reason.STALE_END: each(ENERGIES, 48)}


def test_hours_divided_twice_are_refused_beside_days_of_zeros_too(tmp_path: Path) -> None:
    home = OldHome()
    explode(home, 16)
    home.change(lambda day, quarter: day == 9, load_kwh=0.0)
    found = judged(home, tmp_path)
    assert counts(found)[Reason.DIVIDED_UNSURE] == each(ENERGIES, 192)


def test_a_quiet_day_cut_into_four_is_no_day_divided_twice(tmp_path: Path) -> None:
    """Nobody is at home, and the home draws as little as it does at night, but no less."""
    home = OldHome()
    explode(home, 4)
    quiet = dict.fromkeys((f"{name}_kwh" for name in home.truth), 0.0)
    for i in range(FIRST, LAST):
        home.rows[i] |= quiet | {"load_kwh": 0.055, "import_kwh": 0.055}
    found = judged(home, tmp_path)
    assert set(counts(found)) == {Reason.EXPLODED}
    assert {energy for _, _, energy in held(found, Channel.LOAD, FIRST, LAST)} == {0.22}
