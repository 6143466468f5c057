"""Batteries that a plan may use: one, several, none, or in doubt."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import NamedBattery
from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.planner.caution import Known, SafeMode
from darkstar.planner.devices.household import NO_STORAGE
from darkstar.planner.problem import GridModel, TerminalValue
from darkstar.planner.why.texts import Text
from darkstar.time_machine.now.present import Present
from darkstar.time_machine.plant.carrying import storage_model
from darkstar.time_machine.stores import stores_of
from tests.time_machine.cases import START

BOTH = Battery(15.0, charge_max_kw=6.0, discharge_max_kw=6.0)
CELLAR = NamedBattery("cellar", Battery(10.0, soc_min_percent=10, charge_max_kw=4.0, discharge_max_kw=4.0))
GARAGE = NamedBattery("garage", Battery(5.0, charge_max_kw=2.0, discharge_max_kw=2.0))
SERIES = np.ones(4)


def _present(soc_kwh: float | None, battery: Battery | None = BOTH, load: float = 1.0) -> Present:
    storage = NO_STORAGE if battery is None else storage_model(battery)
    known = Known(
        slots=4,
        slot_hours=0.25,
        load_kwh=load * SERIES,
        pv_kwh=SERIES,
        import_price=SERIES,
        export_price=SERIES,
        soc_kwh=soc_kwh,
        capacity_kwh=0.0 if battery is None else battery.capacity_kwh,
        storage=storage,
        grid=GridModel(10.0, 10.0),
        terminal=TerminalValue(np.array([0.5]), np.array([storage.soc_max_kwh - storage.soc_min_kwh])),
    )
    return Present(slot_range(START, START + 4 * SLOT_SECONDS), known, START, START, False)


def test_one_battery() -> None:
    stores = stores_of(_present(6.0), BOTH, (), {})
    assert [(battery.name, battery.soc_start_kwh) for battery in stores.batteries] == [("battery", 6.0)]
    assert stores.rest is not None
    assert (stores.rest.storage, stores.rest.soc_start_kwh) == (NO_STORAGE, 0.0)
    assert not len(stores.rest.terminal.value)


def test_several_share_what_the_ledger_knows() -> None:
    """6 of 15 kWh are 40 % in each; the worth of what is left reaches to the top of each."""
    stores = stores_of(_present(6.0), BOTH, (CELLAR, GARAGE), {})
    assert [battery.soc_start_kwh for battery in stores.batteries] == pytest.approx([4.0, 2.0])
    assert [battery.terminal.energy_kwh.tolist() for battery in stores.batteries] == [[9.0], [5.0]]
    assert [notice.text for notice in stores.notices] == [Text.CHARGE_SHARED]


def test_what_is_said_of_each_goes_before() -> None:
    stores = stores_of(_present(6.0), BOTH, (CELLAR, GARAGE), {"cellar": 80, "garage": 20})
    assert [battery.soc_start_kwh for battery in stores.batteries] == pytest.approx([8.0, 1.0])
    assert not stores.notices


def test_one_in_doubt_leaves_all_to_themselves_and_the_rest_can_be_planned() -> None:
    stores = stores_of(_present(None), BOTH, (CELLAR, GARAGE), {"cellar": 80})
    assert (stores.batteries, stores.safe_mode) == ((), SafeMode.SELF_CONSUMPTION)
    assert stores.rest is not None
    assert [notice.text for notice in stores.notices] == [Text.NO_SOC]


def test_what_is_wrong_with_the_series_is_told_once() -> None:
    stores = stores_of(_present(6.0, load=-1.0), BOTH, (CELLAR, GARAGE), {"cellar": 50, "garage": 50})
    assert [notice.text for notice in stores.notices] == [Text.ENERGY_TAKEN_AS_ZERO]


def test_without_a_battery_there_is_no_mode_for_it() -> None:
    stores = stores_of(_present(0.0, None), None, (), {})
    assert (stores.batteries, stores.safe_mode, stores.notices) == ((), None, ())
    nothing = replace(_present(0.0, None).known, load_kwh=None)
    blind = stores_of(replace(_present(0.0, None), known=nothing), None, (), {})
    assert (blind.rest, blind.safe_mode) == (None, None)
