"""Calibration: a known plant is found again from what its meters would have shown, and nonsense is refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.errors import ConfigError, DataError
from darkstar.domain.home import Battery
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, QUARTERS_OF_DAY, SLOT_SECONDS
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import self_consumption
from darkstar.planner.problem import GridModel
from darkstar.time_machine.plant.calibration import Calibration, calibrate
from darkstar.time_machine.plant.carrying import Plant, carry_out, storage_model
from darkstar.time_machine.plant.model import IDEAL, PlantModel
from darkstar.time_machine.plant.observed import EMPTY_PERCENT, FULL_PERCENT, Observed
from darkstar.time_machine.plant.stored import PLANT_NAME, calibration_json, read_plant, write_plant

BATTERY = Battery(10.0, soc_min_percent=5.0)
KNOWN = PlantModel(
    charge_efficiency=0.955,
    discharge_efficiency=0.955,
    running_loss_kw=0.05,
    resistive_loss_per_kw=0.006,
    standby_battery_kw=0.02,
    nominal_kwh=10.0,
    health=0.92,
)
BOUNDS = 1_600_000_200, 1_600_086_600


def lived(model: PlantModel, days: int, seed: int = 1, late_s: float = 0.0) -> Observed:
    """What a home's meters showed of a plant on self-consumption, its state of charge late and in whole percents."""
    rng = np.random.default_rng(seed)
    n = days * QUARTERS_OF_DAY
    hour = np.arange(n) % QUARTERS_OF_DAY / 4
    evening = 0.3 * np.exp(-(((hour - 18) / 2) ** 2)) * rng.uniform(0.3, 1.5, days).repeat(QUARTERS_OF_DAY)
    load = 0.08 + rng.gamma(1.0, 0.08, n) + evening
    sun = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * rng.uniform(0.6, 1.1, n)
    pv = sun * rng.uniform(0.1, 1.4, days).repeat(QUARTERS_OF_DAY)
    storage = storage_model(BATTERY)
    follow = ModeTable.of([self_consumption(storage)]).take(np.zeros(n, np.int64))
    # At night the owner leaves it alone.
    follow.discharge_kw[(hour < 5) & (rng.uniform(size=days).repeat(QUARTERS_OF_DAY) < 0.7)] = 0.0
    flows = carry_out(Plant(storage, GridModel(17.0, 17.0), model), 5.0, follow, load, pv)
    shown = flows.soc_kwh - np.diff(flows.soc_kwh, prepend=5.0) * late_s / SLOT_SECONDS
    percent = np.round(shown / (10.0 * model.health) * 100)
    rows = np.arange(n)
    return Observed(
        rows // QUARTERS_OF_DAY, rows, flows.charge_kwh, flows.discharge_kwh, percent[:-1], percent[1:]
    )


@pytest.fixture(scope="module")
def year() -> Calibration:
    return calibrate(lived(KNOWN, 365), BATTERY)


def test_a_known_plant_is_found_again_within_its_stated_error(year: Calibration) -> None:
    truth = {
        "round_trip_efficiency": 0.955**2,
        "capacity_kwh": 9.2,
        "running_loss_kw": 0.05,
        "resistive_loss_per_kw": 0.006,
        "standby_battery_kw": 0.02,
    }
    assert set(year.told) == set(truth)
    for name, value in truth.items():
        found = year.told[name]
        assert abs(found.value - value) <= 3 * found.error, name
        assert found.error <= 0.1 * value, name
    assert year.model.health == pytest.approx(0.92, abs=0.002)
    assert year.model.nominal_kwh == 10.0


def test_days_held_out_tell_the_error(year: Calibration) -> None:
    held = year.held_out
    # Whole percents at both ends are off by 0.41 together.
    assert held.rmse_percent < 0.6
    assert held.rmse_kwh == pytest.approx(held.rmse_percent / 100 * year.told["capacity_kwh"].value)
    assert held.nominal_rmse_percent > 5 * held.rmse_percent
    assert abs(held.bias_percent) < 0.1
    assert abs(held.drift_percent_per_day) < 0.5


def test_of_a_plant_without_losses_none_are_claimed() -> None:
    found = calibrate(lived(IDEAL, 30), BATTERY)
    assert set(found.told) == {"round_trip_efficiency", "capacity_kwh"}
    assert found.told["round_trip_efficiency"].value == pytest.approx(0.95**2, abs=0.003)
    assert found.model.running_loss_kw == found.model.resistive_loss_per_kw == 0.0
    assert "running_loss_kw" in found.left


def test_a_late_state_of_charge_does_not_pass_for_a_loss() -> None:
    for days in (10, 60):
        found = calibrate(lived(IDEAL, days, late_s=200.0), BATTERY)
        assert found.told["round_trip_efficiency"].value == pytest.approx(0.95**2, abs=0.004)
        assert found.told["delay_s"].value == pytest.approx(200, abs=40)


@pytest.mark.slow
def test_errors_of_few_days_hold_as_often_as_those_of_many() -> None:
    pulls = []
    for seed in range(20):
        found = calibrate(lived(IDEAL, 8, seed, late_s=120.0), BATTERY).told["round_trip_efficiency"]
        pulls.append((found.value - 0.95**2) / found.error)
    assert np.abs(pulls).max() < 3
    assert 0.3 < np.sqrt(np.mean(np.square(pulls))) < 1.2


def test_a_correction_of_the_battery_management_moves_nothing() -> None:
    observed = lived(KNOWN, 60)
    start, end = observed.start_percent.copy(), observed.end_percent.copy()
    for at in range(500, 5000, 200):
        # From here on to the end of the day it shows thirty points more.
        rest = slice(at, (at // QUARTERS_OF_DAY + 1) * QUARTERS_OF_DAY)
        end[rest] += 30
        start[at + 1 : rest.stop] += 30
    found = calibrate(replace(observed, start_percent=start, end_percent=end), BATTERY)
    assert found.told["capacity_kwh"].value == pytest.approx(9.2, rel=0.0025)


def test_days_whose_meter_missed_much_weigh_little() -> None:
    observed = lived(KNOWN, 60)
    missed = np.where(np.isin(observed.day, np.arange(3, 60, 8)), 0.6, 1.0)
    found = calibrate(replace(observed, charge_kwh=observed.charge_kwh * missed), BATTERY)
    assert found.told["capacity_kwh"].value == pytest.approx(9.2, rel=0.0025)


def test_no_day_is_predicted_by_a_fit_to_itself() -> None:
    """Five days, of which each moves the state of charge by another measure: those left out tell little of it."""
    observed = lived(IDEAL, 5)
    times = np.array([0.8, 1.2, 0.9, 1.1, 1.0])[observed.day]
    middle = 50 + (observed.start_percent - 50) * times, 50 + (observed.end_percent - 50) * times
    observed = replace(observed, start_percent=middle[0], end_percent=middle[1])
    model = (found := calibrate(observed, BATTERY)).model
    assert model.charge_efficiency is not None
    assert model.discharge_efficiency is not None
    assert set(found.told) <= {"capacity_kwh", "round_trip_efficiency"}
    gained = observed.charge_kwh * model.charge_efficiency
    gained -= observed.discharge_kwh / model.discharge_efficiency
    gained *= 100 / found.told["capacity_kwh"].value
    used = np.maximum(observed.start_percent, observed.end_percent) < FULL_PERCENT
    used &= np.minimum(observed.start_percent, observed.end_percent) > 5 + EMPTY_PERCENT
    error = np.where(used, gained - (observed.end_percent - observed.start_percent), 0.0)
    breaks = np.flatnonzero(~used | (np.diff(observed.day, prepend=-1) != 0))
    levels = np.concatenate(
        [
            np.cumsum(part[1:] if not used[at] else part)
            for at, part in zip([0, *breaks.tolist()], np.split(error, breaks), strict=True)
            if len(part)
        ]
    )
    fitted = np.sqrt((levels**2).sum() / used.sum())
    assert found.held_out.rmse_percent > 1.1 * fitted


def test_a_round_trip_without_loss_stays_as_stated() -> None:
    found = calibrate(lived(replace(IDEAL, charge_efficiency=1.0, discharge_efficiency=1.0), 30), BATTERY)
    assert "round_trip_efficiency" in found.left
    model = found.model
    assert model.charge_efficiency == pytest.approx(0.95)
    assert model.discharge_efficiency == pytest.approx(0.95)


WEEK = lived(KNOWN, 7)
UNKNOWN = np.full(len(WEEK.day), np.nan)


@pytest.mark.parametrize(
    ("observed", "says"),
    [
        (replace(WEEK, charge_kwh=UNKNOWN), "went into the battery"),
        (replace(WEEK, start_percent=UNKNOWN), "state of charge"),
        (WEEK.take(WEEK.day < 3), "3 days"),
        (replace(WEEK, charge_kwh=WEEK.discharge_kwh), "the same in every slot"),
        (replace(WEEK, charge_kwh=WEEK.charge_kwh / 5, discharge_kwh=WEEK.discharge_kwh / 5), "needed"),
        (replace(WEEK, charge_kwh=WEEK.discharge_kwh, discharge_kwh=WEEK.charge_kwh), "follow"),
        (replace(WEEK, charge_kwh=WEEK.charge_kwh * 3, discharge_kwh=WEEK.discharge_kwh * 3), "stated"),
    ],
)
def test_what_makes_no_sense_is_refused(observed: Observed, says: str) -> None:
    with pytest.raises(DataError, match=says):
        calibrate(observed, BATTERY)


def test_it_is_kept_whole_and_read_again(year: Calibration, tmp_path: Path) -> None:
    assert read_plant(tmp_path, BATTERY) is None
    path = write_plant(tmp_path, calibration_json(year, BOUNDS))
    assert path == tmp_path / PLANT_NAME
    assert [file.name for file in path.parent.iterdir()] == ["plant.json"]
    kept = read_plant(tmp_path, BATTERY)
    assert kept is not None
    assert (kept.model, kept.told) == (year.model, set(year.told))
    with pytest.raises(ConfigError, match="of a battery of 10 kWh"):
        read_plant(tmp_path, replace(BATTERY, capacity_kwh=12.0))
    for broken in ("", "{}", '{"version": 1, "model": {"colour": 1}}', '{"version": 9}'):
        path.write_text(broken)
        with pytest.raises(ConfigError, match="calibrate"):
            read_plant(tmp_path, BATTERY)


def test_a_real_battery(real_data: Path) -> None:
    """Ten days of a GivEnergy inverter: its power integrated, its state of charge in whole percents."""
    table = pd.read_parquet(real_data / "homes" / "uk_givenergy.raw.parquet")
    at = pd.DatetimeIndex(table.index).as_unit("s").asi8
    edges = np.arange(-(-at[0] // SLOT_SECONDS), at[-1] // SLOT_SECONDS + 1) * SLOT_SECONDS
    power = table["battery_w_discharge_pos"].to_numpy() / 1000
    pauses = np.append(0, np.cumsum(np.diff(at) > 400))
    unseen = np.interp(edges[1:], at, pauses) != np.interp(edges[:-1], at, pauses)

    def energy(kw: np.ndarray) -> np.ndarray:
        steps = (kw[1:] + kw[:-1]) / 2 * np.diff(at) / HOUR_SECONDS
        return np.where(unseen, np.nan, np.diff(np.interp(edges, at, np.append(0.0, np.cumsum(steps)))))

    percent = table["soc_pct"].to_numpy()[np.searchsorted(at, edges, side="right") - 1]
    observed = Observed(
        (edges[:-1] + HOUR_SECONDS) // DAY_SECONDS,
        edges[:-1] // SLOT_SECONDS,
        energy(np.maximum(-power, 0)),
        energy(np.maximum(power, 0)),
        percent[:-1],
        percent[1:],
    )
    stated = Battery(9.5, soc_min_percent=4.0, charge_max_kw=3.6, discharge_max_kw=3.6)
    found = calibrate(observed, stated)
    assert found.held_out.rmse_percent < 1.5 < found.held_out.nominal_rmse_percent
    assert found.told["capacity_kwh"].value == pytest.approx(11, abs=0.6)
    # Both of its counters count all that goes through.
    through = observed.charge_kwh + observed.discharge_kwh
    with pytest.raises(DataError, match="the same in every slot"):
        calibrate(replace(observed, charge_kwh=through, discharge_kwh=through), stated)


def test_a_plant_that_cannot_be_is_refused_by_its_file(tmp_path: Path, year: Calibration) -> None:
    path = write_plant(tmp_path, calibration_json(year, BOUNDS))
    path.write_text(re.sub(r'("charge_efficiency"): [0-9.]+', r"\1: 7.5", path.read_text()))
    with pytest.raises(ConfigError, match=r"plant.json holds no plant: .* is 7.5") as refused:
        read_plant(tmp_path, BATTERY)
    assert "calibrate" in refused.value.remedy
