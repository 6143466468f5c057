"""The plant as it really behaves: losses, tapers, standby, ageing and the course inside a slot, by hand and by law."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Curtail, Mode, self_consumption, setpoint
from darkstar.planner.problem import GridModel, StorageModel
from darkstar.time_machine.outcome import Flows
from darkstar.time_machine.plant.carrying import AtWork, Plant, Step, carry_out, steps_of
from darkstar.time_machine.plant.minutes import Minutes
from darkstar.time_machine.plant.model import IDEAL, MINUTES_OF_SLOT, YEAR_HOURS, PlantModel

STORAGE = StorageModel(1.0, 10.0, 4.0, 4.0, 0.95, 0.9, 0.02, 0.03)
GRID = GridModel(import_max_kw=11.0, export_max_kw=6.0)
FOLLOW = self_consumption(STORAGE)
REST = setpoint(STORAGE, 0.0)
LOSSY = PlantModel(
    charge_efficiency=0.97,
    discharge_efficiency=0.96,
    running_loss_kw=0.06,
    resistive_loss_per_kw=0.005,
    standby_kw=0.008,
    standby_battery_kw=0.012,
    least_kw=0.05,
    charge_taper=((90.0, 1.0), (100.0, 0.1)),
    discharge_taper=((10.0, 0.25), (20.0, 1.0)),
    health=0.92,
    fade_per_cycle=1e-4,
    fade_per_year=0.02,
    dead_s=2.0,
    lag_s=6.0,
    deviation_kw=0.02,
)


def table(*modes: Mode) -> ModeTable:
    return ModeTable.of(modes)


def carried(
    model: PlantModel, soc_kwh: float, modes: list[Mode], load: list[float], pv: list[float]
) -> Flows:
    return carry_out(Plant(STORAGE, GRID, model), soc_kwh, table(*modes), np.array(load), np.array(pv))


def believed(storage: StorageModel, soc_kwh: float, mode: Mode, load: float, pv: float) -> tuple[float, ...]:
    """What the planner believes of a slot: charge, discharge, import, export, curtailment and what is stored after."""
    used = 0.0 if mode.curtail is Curtail.ALL else pv
    outlet = GRID.export_max_kw * SLOT_HOURS if mode.curtail is Curtail.NOTHING else 0.0
    move = mode.move(storage, soc_kwh, used - load, SLOT_HOURS)
    room = (storage.soc_max_kwh - soc_kwh) / storage.charge_efficiency
    supply = GRID.import_max_kw * SLOT_HOURS + used - load
    charge = max(0.0, min(move, storage.charge_max_kw * SLOT_HOURS, room, supply))
    left = (soc_kwh - storage.soc_min_kwh) * storage.discharge_efficiency
    discharge = max(0.0, min(-move, storage.discharge_max_kw * SLOT_HOURS, left, outlet + load - used))
    drawn = load - used + charge - discharge
    fed = min(max(-drawn, 0.0), outlet)
    after = soc_kwh + storage.charge_efficiency * charge - discharge / storage.discharge_efficiency
    return charge, discharge, max(drawn, 0.0), fed, max(-drawn, 0.0) - fed + pv - used, after


LEVEL = st.floats(1.0, 10.0)
MODES = st.builds(
    Mode,
    LEVEL,
    LEVEL,
    LEVEL,
    LEVEL,
    st.floats(0, 9),
    st.floats(0, 9),
    st.sampled_from(Curtail),
    import_kw=st.one_of(st.just(np.inf), st.floats(0, 5)),
)


@given(st.floats(1.0, 10.0), MODES, st.floats(0, 3), st.floats(0, 3))
def test_the_ideal_plant_does_what_the_planner_believes(
    soc: float, mode: Mode, load: float, pv: float
) -> None:
    step = Plant(STORAGE, GRID).step(soc, mode, load, pv)
    assert (*step[:5], step.soc_kwh) == pytest.approx(believed(STORAGE, soc, mode, load, pv), abs=1e-12)
    assert (step.standby_kwh, step.faded_kwh) == (0.0, 0.0)
    assert step.loss_kwh == pytest.approx(0.05 * step.charge_kwh + step.discharge_kwh / 9, abs=1e-12)


SOME = st.builds(
    replace,
    st.just(LOSSY),
    running_loss_kw=st.sampled_from([0.0, 0.06]),
    resistive_loss_per_kw=st.sampled_from([0.0, 0.02]),
    standby_battery_kw=st.sampled_from([0.0, 0.5]),
    least_kw=st.sampled_from([0.0, 0.3]),
    health=st.sampled_from([0.8, 1.0, 1.1]),
    fade_per_year=st.sampled_from([0.0, 50.0]),
    lag_s=st.sampled_from([0.0, 40.0]),
)
SHARES = st.lists(st.floats(0, 1), min_size=MINUTES_OF_SLOT, max_size=MINUTES_OF_SLOT)


@given(
    SOME,
    st.floats(1.0, 8.0),
    st.lists(st.tuples(MODES, st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=4),
    st.one_of(st.none(), SHARES),
)
def test_energy_is_conserved_and_limits_hold_whatever_the_plant(
    model: PlantModel, soc: float, slots: list[tuple[Mode, float, float]], shares: list[float] | None
) -> None:
    modes, load, pv = zip(*slots, strict=True)
    loads, suns = np.array(load), np.array(pv)
    minutes = None
    if shares is not None:
        course = (np.array(shares) + 0.01) / (np.array(shares) + 0.01).sum()
        minutes = Minutes(np.arange(len(slots)), loads[:, None] * course, suns[:, None] * course[::-1])
    flows = carry_out(Plant(STORAGE, GRID, model), soc, table(*modes), loads, suns, minutes)
    used = loads + flows.export_kwh + flows.charge_kwh + flows.curtail_kwh + flows.standby_kwh
    assert suns + flows.import_kwh + flows.discharge_kwh == pytest.approx(used, abs=1e-11)
    gained = flows.charge_kwh - flows.discharge_kwh - flows.loss_kwh
    assert np.diff(flows.soc_kwh) == pytest.approx(gained, abs=1e-11)
    for step in steps_of(flows):
        assert min(step) >= -1e-12
        assert STORAGE.soc_min_kwh <= step.soc_kwh <= STORAGE.soc_max_kwh * min(model.health, 1.0) + 1e-12
        assert max(step.charge_kwh, step.discharge_kwh) <= 1.0 + 1e-12
        assert step.export_kwh <= 1.5 + 1e-12
        if minutes is None:
            assert step.charge_kwh * step.discharge_kwh == 0.0


def test_losses_grow_with_the_power_and_begin_above_nothing() -> None:
    model = PlantModel(running_loss_kw=0.08, resistive_loss_per_kw=0.01)
    half, full = (Plant(STORAGE, GRID, model).step(5.0, setpoint(STORAGE, kw), 0.2, 0.0) for kw in (2.0, 4.0))
    # 2 kW for a quarter: 0.475 kWh by efficiency, less 0.02 of running and 0.01 of resistance.
    assert half.soc_kwh == pytest.approx(5.0 + 0.475 - 0.02 - 0.01)
    assert half.loss_kwh == pytest.approx(0.025 + 0.02 + 0.01)
    assert full.loss_kwh == pytest.approx(0.05 + 0.02 + 0.04)
    given_out = Plant(STORAGE, GRID, model).step(5.0, setpoint(STORAGE, -1.8), 1.0, 0.0)
    assert given_out.soc_kwh == pytest.approx(5.0 - 0.45 / 0.9 - 0.02 - 0.0081)


def test_a_level_is_met_whatever_is_lost_on_the_way() -> None:
    model = PlantModel(running_loss_kw=0.08, resistive_loss_per_kw=0.01)
    to_six = replace(setpoint(STORAGE, 4.0), buy_to_kwh=5.5)
    assert Plant(STORAGE, GRID, model).step(5.0, to_six, 0.0, 0.0).soc_kwh == pytest.approx(5.5)
    to_four = replace(setpoint(STORAGE, -4.0), sell_to_kwh=4.5, cover_to_kwh=4.5)
    assert Plant(STORAGE, GRID, model).step(5.0, to_four, 0.0, 0.0).soc_kwh == pytest.approx(4.5)


def test_what_the_running_loss_would_eat_is_not_stored() -> None:
    model = PlantModel(running_loss_kw=0.2)
    assert Plant(STORAGE, GRID, model).step(5.0, FOLLOW, 0.0, 0.05)[:4] == (0.0, 0.0, 0.0, 0.05)
    assert Plant(STORAGE, GRID, PlantModel(least_kw=0.3)).step(5.0, FOLLOW, 0.07, 0.0)[:3] == (0.0, 0.0, 0.07)


def test_power_tapers_as_it_fills_and_as_it_empties() -> None:
    model = PlantModel(charge_taper=((80.0, 1.0), (100.0, 0.0)), discharge_taper=((10.0, 0.0), (30.0, 1.0)))
    charge, discharge = setpoint(STORAGE, 4.0), setpoint(STORAGE, -4.0)
    plant = Plant(STORAGE, GRID, model)
    assert plant.step(5.0, charge, 0.0, 0.0).charge_kwh == pytest.approx(1.0)
    # Above 80 % (8 kWh) the power is 4 kW * (10 - soc) / 2: dsoc/dt = 1.9 * (10 - soc), from 9 in a quarter hour.
    exact = 10.0 - np.exp(-1.9 * SLOT_HOURS)
    assert plant.step(9.0, charge, 0.0, 0.0).soc_kwh == pytest.approx(exact, abs=0.01)
    # Below 30 % (3 kWh) it is 4 kW * (soc - 1) / 2, and 1 / 0.9 of it is taken.
    exact = 1.0 + np.exp(-2.0 / 0.9 * SLOT_HOURS)
    assert plant.step(2.0, discharge, 1.0, 0.0).soc_kwh == pytest.approx(exact, abs=0.01)
    assert plant.step(1.0, discharge, 1.0, 0.0).discharge_kwh == 0.0


def test_at_rest_it_draws_from_the_grid_and_from_the_store_and_never_below_its_least() -> None:
    model = PlantModel(standby_kw=0.02, standby_battery_kw=0.04)
    plant = Plant(STORAGE, GRID, model)
    step = plant.step(5.0, REST, 0.3, 0.0)
    assert (step.import_kwh, step.standby_kwh, step.soc_kwh, step.loss_kwh) == pytest.approx(
        (0.305, 0.005, 4.99, 0.01)
    )
    step = plant.step(1.004, REST, 0.0, 0.3)
    assert (step.export_kwh, step.standby_kwh, step.soc_kwh, step.loss_kwh) == pytest.approx(
        (0.3 - 0.005 - 0.006, 0.011, 1.0, 0.004)
    )
    busy = plant.step(5.0, FOLLOW, 0.3, 0.0)
    assert (busy.standby_kwh, busy.discharge_kwh) == (0.0, 0.3)


def test_capacity_ages_by_use_and_by_time_and_costs_what_replaces_it() -> None:
    model = PlantModel(nominal_kwh=10.0, fade_per_cycle=1e-3, fade_per_year=0.1, replacement_per_kwh=400.0)
    plant = Plant(STORAGE, GRID, model)
    flows = carried(model, 5.0, [setpoint(STORAGE, 4.0), setpoint(STORAGE, -3.6)], [0.0, 1.0], [0.0, 0.0])
    # 0.95 kWh stored and 1 kWh taken are 1.95 / 20 of a cycle of 10 kWh; half an hour of a year passes.
    lost = 10.0 * (1e-3 * 1.95 / 20 + 0.1 * 0.5 / YEAR_HOURS)
    assert flows.faded_kwh.sum() == pytest.approx(lost)
    assert plant.wear_cost(flows).sum() == pytest.approx(400 * lost)
    assert plant.faded_kwh(flows.charge_kwh, flows.discharge_kwh) == pytest.approx(flows.faded_kwh)
    by_energy = replace(plant, model=replace(model, replacement_per_kwh=0.0))
    assert by_energy.wear_cost(flows).sum() == pytest.approx(0.02 * 1.0 + 0.03 * 0.9)


def test_a_year_takes_the_top_off_a_full_battery() -> None:
    slots = 365 * QUARTERS_OF_DAY
    model = PlantModel(fade_per_year=0.04)
    nothing = np.zeros(slots)
    rest = ModeTable.of([REST]).take(np.zeros(slots, np.int64))
    flows = carry_out(Plant(STORAGE, GRID, model), 10.0, rest, nothing, nothing)
    assert flows.soc_kwh[-1] == pytest.approx(10.0 - 0.4 * slots * SLOT_HOURS / YEAR_HOURS)
    assert flows.loss_kwh.sum() == pytest.approx(10.0 - flows.soc_kwh[-1])


def _minutes(load: list[float], pv: list[float]) -> tuple[np.ndarray, np.ndarray, Minutes]:
    inside = Minutes(np.array([0]), np.array([load]), np.array([pv]))
    return np.array([sum(load)]), np.array([sum(pv)]), inside


def test_minutes_show_what_the_mean_of_a_slot_hides() -> None:
    """A kettle of 6 kW for five minutes under a sun of 2 kW: on the mean nothing is drawn, by the minute much is."""
    load, pv, minutes = _minutes([0.1] * 5 + [0.0] * 10, [2 / 60] * 15)
    plant = Plant(replace(STORAGE, discharge_max_kw=1.0), GRID)
    mean = carry_out(plant, 5.0, table(FOLLOW), load, pv)
    assert (mean.import_kwh[0], mean.charge_kwh[0], mean.discharge_kwh[0]) == pytest.approx((0.0, 0.0, 0.0))
    real = carry_out(plant, 5.0, table(FOLLOW), load, pv, minutes)
    # Five minutes of 4 kW wanted: one from the battery, three from the grid; ten minutes of 2 kW stored.
    assert (real.import_kwh[0], real.discharge_kwh[0]) == pytest.approx((3 * 5 / 60, 1 * 5 / 60))
    assert (real.charge_kwh[0], real.export_kwh[0]) == pytest.approx((2 * 10 / 60, 0.0))


def test_even_minutes_are_the_slot() -> None:
    load, pv, minutes = _minutes([0.02] * 15, [0.05] * 15)
    model = replace(LOSSY, charge_taper=(), discharge_taper=(), dead_s=0.0, lag_s=0.0)
    plant = Plant(STORAGE, GRID, model)
    whole = carry_out(plant, 5.0, table(FOLLOW), load, pv)
    parts = carry_out(plant, 5.0, table(FOLLOW), load, pv, minutes)
    for one, other in zip(steps_of(whole), steps_of(parts), strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_the_battery_follows_after_its_dead_time_and_lag() -> None:
    load, pv, minutes = _minutes([0.0] * 5 + [0.03] * 10, [0.0] * 15)
    plant = Plant(STORAGE, GRID, PlantModel(dead_s=3.0, lag_s=10.0))
    flows = carry_out(plant, 5.0, table(FOLLOW), load, pv, minutes)
    # A step to 1.8 kW: nothing for 3 s, then 1 - exp(-t / 10 s); what it owes the grid gives: 1.8 kW * 13 s.
    assert flows.import_kwh[0] == pytest.approx(1.8 * 13 / 3600, rel=1e-3)
    short = carry_out(Plant(STORAGE, GRID, PlantModel(deviation_kw=0.012)), 5.0, table(FOLLOW), load, pv)
    assert short.import_kwh[0] == pytest.approx(0.003)
    spared = carry_out(Plant(STORAGE, GRID, PlantModel(deviation_kw=0.012)), 5.0, table(FOLLOW), pv, load)
    assert spared.export_kwh[0] == pytest.approx(0.003)


def test_the_fuse_feels_the_mean_of_the_slot() -> None:
    load, pv, minutes = _minutes([0.3] * 5 + [0.05] * 10, [0.0] * 15)
    flows = carry_out(Plant(STORAGE, GRID), 5.0, table(REST), load, pv, minutes)
    assert (flows.import_kwh[0], flows.breach_kwh[0]) == (pytest.approx(2.0), 0.0)


def test_a_stretch_comes_to_the_same_however_it_is_divided() -> None:
    rng = np.random.default_rng(3)
    load, pv = rng.uniform(0, 0.6, 60), rng.uniform(0, 0.8, 60)
    rows = np.where(np.arange(60) % 2, np.arange(60), -1)
    course = rng.dirichlet(np.ones(MINUTES_OF_SLOT), 60)
    minutes = Minutes(rows, load[:, None] * course, pv[:, None] * course)
    modes = [FOLLOW, setpoint(STORAGE, 2.0), setpoint(STORAGE, -1.0)] * 20
    plant = Plant(STORAGE, GRID, LOSSY)
    whole = steps_of(carry_out(plant, 4.0, table(*modes), load, pv, minutes))
    singly = AtWork(plant, 4.0, load, pv, minutes)
    assert [singly.step(mode) for mode in modes] == whole
    assert singly.soc_kwh == whole[-1].soc_kwh
    halves = AtWork(plant, 4.0, load, pv, minutes)
    found = [*halves.through(table(*modes[:23])).tolist(), *halves.through(table(*modes[23:])).tolist()]
    assert [Step(*row) for row in found] == whole
    # Slots that are left out of a replay are left out of its minutes.
    assert minutes.known == 30
    assert minutes.take(rows < 20).known == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"charge_efficiency": 1.1},
        {"health": 0.0},
        {"running_loss_kw": -0.1},
        {"fade_per_year": float("nan")},
        {"dead_s": 60.0},
        {"charge_taper": ((90.0, 1.0), (80.0, 0.5))},
        {"discharge_taper": ((0.0, 1.5),)},
    ],
)
def test_what_no_plant_can_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        replace(IDEAL, **wrong)
