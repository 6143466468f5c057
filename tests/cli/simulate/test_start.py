"""Where a replay begins: as is asked for, as the ledger says, or as a new or aged battery can."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from darkstar.cli.simulate.start import Starts
from darkstar.config.settings import LEDGER_NAME, Settings, load_settings
from darkstar.domain.errors import UsageError
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.past.start_charge import Origin
from darkstar.time_machine.plant.model import PlantModel
from tests.cli.simulate.made_homes import BATTERY, make_home
from tests.time_machine.cases import scenario

AGED = replace(scenario(days=2, warm_up=0), plant=PlantModel(health=0.5))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LedgerFile, Settings]]:
    folder = make_home(tmp_path_factory.mktemp("home"), 2)
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        yield ledger, load_settings(folder, {})


def test_an_aged_battery_holds_no_more_than_it_can_and_that_is_told(
    home: tuple[LedgerFile, Settings],
) -> None:
    starts = Starts(*home, BATTERY, 80.0, new=False)
    begun = starts.begun(AGED)
    assert begun.soc_start_kwh == 2.5
    assert (starts.charge(begun).percent, starts.charge(begun).origin) == (50.0, Origin.TOLD)


def test_later_days_begin_as_they_were_measured(home: tuple[LedgerFile, Settings]) -> None:
    """The first day left out, it is the second's own; nothing is asked of a battery that is not there yet."""
    ledger, settings = home
    later = replace(AGED, replayed=np.arange(192) >= 96 + 60, plant=PlantModel())
    at = int(later.history.slots[0])
    measured = float(ledger.slots(at, at + 900).soc_start_percent[0])
    assert measured > 1
    starts = Starts(ledger, settings, BATTERY, None, new=False)
    begun = starts.begun(later)
    assert begun.soc_start_kwh == pytest.approx(5 * measured / 100)
    assert (starts.charge(begun).origin, starts.charge(begun).at_utc) == (Origin.MEASURED, at)
    least = replace(BATTERY, soc_min_percent=20)
    new = Starts(ledger, settings, least, None, new=True)
    told = new.charge(new.begun(later))
    assert (told.percent, told.origin, told.at_utc) == (20.0, Origin.NEW, at)


def test_what_no_battery_holds_is_refused(home: tuple[LedgerFile, Settings]) -> None:
    with pytest.raises(UsageError, match="lies outside"):
        Starts(*home, BATTERY, 120.0, new=False).begun(AGED)
