"""The plant as a data sheet states it, alone and with what was measured."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.data_sheet import Ageing, DataSheet
from darkstar.domain.errors import ConfigError
from darkstar.domain.home import Battery
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import self_consumption
from darkstar.planner.problem import GridModel
from darkstar.time_machine.plant.carrying import Plant, carry_out, storage_model
from darkstar.time_machine.plant.model import PlantModel
from darkstar.time_machine.plant.stated import stated_plant, with_measured

BATTERY = Battery(10.0)
SHEET = DataSheet(
    standby_kw=0.012,
    least_kw=0.1,
    running_loss_kw=0.04,
    charge_taper=((80, 1.0), (100, 0.2)),
    ageing=Ageing(0.7, cycles=6000, replacement_per_kwh=4000),
)
MEASURED = PlantModel(
    charge_efficiency=0.93,
    discharge_efficiency=0.93,
    resistive_loss_per_kw=0.004,
    nominal_kwh=10.0,
    health=0.91,
)


def _losses(curve: tuple[float, float, float], kw: float) -> float:
    share, running_kw, resistive = curve
    return share * kw + running_kw + resistive * kw**2


def test_an_empty_data_sheet_does_what_plans_believe() -> None:
    stated = stated_plant(DataSheet(), BATTERY)
    storage = storage_model(BATTERY)
    modes = ModeTable.of([self_consumption(storage)]).take(np.zeros(8, np.int64))
    load, pv = np.full(8, 0.3), np.array([1.0, 1.0, 0.9, 0.8, 0.0, 0.0, 0.0, 0.0])
    ideal, real = (
        carry_out(Plant(storage, GridModel(17.0, 17.0), model), 5.0, modes, load, pv)
        for model in (PlantModel(), stated)
    )
    assert real.soc_kwh == pytest.approx(ideal.soc_kwh)
    assert real.import_kwh == pytest.approx(ideal.import_kwh)


def test_what_is_stated_is_what_the_plant_does() -> None:
    stated = stated_plant(SHEET, BATTERY)
    assert stated.running_loss_kw == 0.04
    assert (stated.charge_efficiency, stated.discharge_efficiency) == (0.95, 0.95)
    assert (stated.standby_kw, stated.least_kw) == (0.012, 0.1)
    assert stated.charge_taper == ((80, 1.0), (100, 0.2))
    assert stated.nominal_kwh == 10.0
    assert stated.fade_per_cycle == pytest.approx(0.3 / 6000)
    assert stated.replacement_per_kwh == 4000


def test_efficiencies_by_power_are_met_by_the_plant() -> None:
    known = (0.02, 0.03, 0.006)
    powers = (0.3, 1.0, 2.5, 5.0)
    sheet = DataSheet(
        charge_curve=tuple((kw, 1 - _losses(known, kw) / kw) for kw in powers),
        discharge_curve=tuple((kw, kw / (kw + _losses((0.03, *known[1:]), kw))) for kw in powers),
    )
    stated = stated_plant(sheet, BATTERY)
    assert stated.charge_efficiency == pytest.approx(0.98)
    assert stated.discharge_efficiency == pytest.approx(1 / 1.03)
    assert stated.running_loss_kw == pytest.approx(0.03)
    assert stated.resistive_loss_per_kw == pytest.approx(0.006)


def test_a_single_efficiency_is_a_share_of_the_power() -> None:
    stated = stated_plant(DataSheet(charge_curve=((3.0, 0.96),)), BATTERY)
    assert stated.charge_efficiency == pytest.approx(0.96)
    assert stated.running_loss_kw == stated.resistive_loss_per_kw == 0.0
    assert stated.discharge_efficiency == 0.95


def test_two_efficiencies_tell_what_runs_on_as_well() -> None:
    stated = stated_plant(DataSheet(charge_curve=((1.0, 0.92), (4.0, 0.95))), BATTERY)
    assert stated.running_loss_kw == pytest.approx(0.04)
    assert stated.charge_efficiency == pytest.approx(0.96)
    assert stated.resistive_loss_per_kw == 0.0


def test_efficiencies_that_no_battery_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="points off"):
        stated_plant(DataSheet(charge_curve=((1.0, 0.95), (2.0, 0.8), (3.0, 0.95))), BATTERY)


def test_what_was_measured_goes_before_what_is_stated() -> None:
    stated = replace(stated_plant(SHEET, BATTERY), standby_battery_kw=0.005)
    both = with_measured(stated, MEASURED, {"capacity_kwh", "round_trip_efficiency", "resistive_loss_per_kw"})
    assert both == replace(
        stated,
        charge_efficiency=0.93,
        discharge_efficiency=0.93,
        running_loss_kw=0.0,
        resistive_loss_per_kw=0.004,
        standby_battery_kw=0.0,
        health=0.91,
    )


def test_limits_that_were_seen_go_before_stated_ones() -> None:
    stated = stated_plant(SHEET, BATTERY)
    seen = replace(MEASURED, charge_taper=((60.0, 1.0), (95.0, 0.4)))
    assert with_measured(stated, seen, {"capacity_kwh"}).charge_taper == ((60.0, 1.0), (95.0, 0.4))
    assert with_measured(stated, MEASURED, {"capacity_kwh"}).charge_taper == SHEET.charge_taper


def test_losses_that_the_data_did_not_tell_stay_as_stated() -> None:
    stated = stated_plant(SHEET, BATTERY)
    assert with_measured(stated, MEASURED, {"capacity_kwh"}) == replace(stated, health=0.91)
