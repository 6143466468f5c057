"""The plant: what comes of a command, by hand, and energy that is never lost or made."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.home import Battery
from darkstar.planner.modes import Curtail, Mode, reserve, self_consumption, setpoint
from darkstar.time_machine.plant.carrying import Plant, storage_model
from tests.time_machine.cases import GRID, STORAGE

PLANT = Plant(STORAGE, GRID)
FOLLOW = self_consumption(STORAGE)


@pytest.mark.parametrize(
    ("command", "soc", "load", "pv", "charge", "discharge", "imported", "exported"),
    [
        pytest.param(FOLLOW, 2.0, 0.1, 0.4, 0.3, 0.0, 0.0, 0.0, id="surplus is stored"),
        pytest.param(FOLLOW, 2.0, 0.4, 0.1, 0.0, 0.3, 0.0, 0.0, id="deficit is covered"),
        pytest.param(FOLLOW, 2.0, 0.0, 1.0, 0.75, 0.0, 0.0, 0.25, id="no faster than it can"),
        pytest.param(FOLLOW, 4.905, 0.0, 0.5, 0.1, 0.0, 0.0, 0.4, id="no fuller than full"),
        pytest.param(FOLLOW, 0.7, 0.5, 0.0, 0.0, 0.18, 0.32, 0.0, id="no emptier than allowed"),
        pytest.param(setpoint(STORAGE, 0.0), 2.0, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0, id="held"),
        pytest.param(setpoint(STORAGE, 2.0), 2.0, 0.3, 0.0, 0.5, 0.0, 0.8, 0.0, id="charged from the grid"),
        pytest.param(setpoint(STORAGE, -2.0), 2.0, 0.3, 0.0, 0.0, 0.5, 0.0, 0.2, id="fed into the grid"),
        pytest.param(reserve(STORAGE, 5.0), 2.0, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0, id="surplus only"),
        pytest.param(
            setpoint(STORAGE, 3.0), 2.0, 1.9, 0.0, 0.1, 0.0, 2.0, 0.0, id="charging never breaks the fuse"
        ),
        pytest.param(
            setpoint(STORAGE, -3.0), 4.0, 0.0, 1.9, 0.0, 0.1, 0.0, 2.0, id="nor discharging the feed-in"
        ),
    ],
)
def test_by_hand(
    command: Mode,
    soc: float,
    load: float,
    pv: float,
    charge: float,
    discharge: float,
    imported: float,
    exported: float,
) -> None:
    step = PLANT.step(soc, command, load, pv)
    assert step[:4] == pytest.approx((charge, discharge, imported, exported))
    assert step.curtail_kwh == pytest.approx(0.0)
    assert step.breach_kwh == 0.0
    assert step.soc_kwh == pytest.approx(soc + 0.95 * charge - discharge / 0.9)


def test_what_the_grid_does_not_take_is_curtailed_and_what_breaks_the_fuse_is_told() -> None:
    assert PLANT.step(5.0, FOLLOW, 0.0, 2.5).curtail_kwh == pytest.approx(0.5)
    broken = PLANT.step(0.5, FOLLOW, 2.5, 0.0)
    assert (broken.import_kwh, broken.breach_kwh) == pytest.approx((2.5, 0.5))


LEVEL = st.floats(0.5, 5.0)


@given(
    st.floats(0.5, 5.0),
    st.tuples(LEVEL, LEVEL, LEVEL, LEVEL, st.floats(0, 9), st.floats(0, 9), st.sampled_from(Curtail)),
    st.floats(0, 5),
    st.floats(0, 5),
    st.floats(0.5, 1),
    st.floats(0.5, 1),
)
def test_energy_is_conserved_and_limits_hold(
    soc: float,
    mode: tuple[float, float, float, float, float, float, Curtail],
    load: float,
    pv: float,
    into: float,
    out: float,
) -> None:
    storage = replace(STORAGE, charge_efficiency=into, discharge_efficiency=out)
    step = Plant(storage, GRID).step(soc, Mode(*mode), load, pv)
    used = load + step.export_kwh + step.charge_kwh + step.curtail_kwh
    assert pv + step.import_kwh + step.discharge_kwh == pytest.approx(used, abs=1e-12)
    stored = soc + into * step.charge_kwh - step.discharge_kwh / out
    assert step.soc_kwh == pytest.approx(stored, abs=1e-12)
    assert storage.soc_min_kwh <= step.soc_kwh <= storage.soc_max_kwh
    assert min(step) >= 0.0
    assert step.charge_kwh * step.discharge_kwh == 0.0
    assert step.import_kwh * step.export_kwh == 0.0
    assert max(step.charge_kwh, step.discharge_kwh) <= 0.75 + 1e-12
    assert step.curtail_kwh <= pv + 1e-12
    sun = 0.0 if mode[-1] is Curtail.ALL else pv
    assert step.breach_kwh <= max(0.0, load - sun - 2.0) + 1e-12
    assert mode[-1] is Curtail.NOTHING or step.export_kwh == 0.0


@pytest.mark.parametrize(
    ("curtail", "load", "pv", "exported", "curtailed", "imported"),
    [
        (Curtail.NOTHING, 0.1, 1.0, 0.9, 0.0, 0.0),
        (Curtail.SURPLUS, 0.1, 1.0, 0.0, 0.9, 0.0),
        (Curtail.ALL, 0.1, 1.0, 0.0, 1.0, 0.1),
    ],
)
def test_sun_that_is_not_wanted(
    curtail: Curtail, load: float, pv: float, exported: float, curtailed: float, imported: float
) -> None:
    step = PLANT.step(2.0, replace(setpoint(STORAGE, 0.0), curtail=curtail), load, pv)
    assert (step.export_kwh, step.curtail_kwh, step.import_kwh) == pytest.approx(
        (exported, curtailed, imported)
    )


def test_battery_does_not_feed_the_grid_where_that_is_curtailed() -> None:
    step = PLANT.step(4.0, replace(setpoint(STORAGE, -3.0), curtail=Curtail.SURPLUS), 0.2, 0.0)
    assert (step.discharge_kwh, step.export_kwh) == pytest.approx((0.2, 0.0))


def test_battery_as_the_plant_sees_it() -> None:
    storage = storage_model(Battery(10.0, soc_min_percent=10.0, soc_max_percent=90.0, wear_per_kwh=0.05))
    assert (storage.soc_min_kwh, storage.soc_max_kwh) == (1.0, 9.0)
    assert (storage.wear_charge, storage.wear_discharge) == (0.05, 0.05)
