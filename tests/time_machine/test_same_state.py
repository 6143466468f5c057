"""What a replay is told at a slot is what `plan --at` reads of the ledger there: the same numbers for the same past."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, day_bounds
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.information import HORIZON_SLOTS, HonestInformation
from darkstar.time_machine.now.present import read_present
from darkstar.time_machine.past.loader import load_scenario
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ, past
from tests.time_machine.now.test_present import BATTERY, HOME, write

SPRING = dt.date(2021, 3, 28)
"""The clocks go forward."""
FIRST, END = SPRING - dt.timedelta(days=3), SPRING + dt.timedelta(days=5)
LATE = SPRING
"""A day whose prices came in at eight in the evening before."""
TARIFFS = Tariffs(
    Tariff(0.5, vat_percent=25.0), (DatedTariff(dt.date(2021, 4, 1), Tariff(2.5, vat_percent=25.0)),), TZ
)
LABELS = (
    DayQuality(dt.date(2021, 3, 10), DayStatus.EXCLUDE, ("load is unknown for 4 h",)),
    DayQuality(dt.date(2021, 3, 24), DayStatus.EXCLUDE, ("price: implausible for 1 h, as 84 per kWh",)),
    DayQuality(dt.date(2021, 3, 26), DayStatus.MASK_BATTERY, ("batt_charge is known in total only for 9 h",)),
    DayQuality(dt.date(2021, 3, 29), DayStatus.EXCLUDE, ("load is unknown for 4 h",)),
    DayQuality(dt.date(2021, 3, 31), DayStatus.EXCLUDE, ("price: stands still for 14 h",)),
)


def filled(path: Path, labels: Sequence[DayQuality]) -> LedgerFile:
    """Five weeks: days of all labels, a change of the clocks, late prices, a tariff that begins."""
    history = past(37)
    late = slice(*np.searchsorted(history.slots, day_bounds(LATE, TZ)).tolist())
    received = np.full(len(history), np.nan)
    received[late] = day_bounds(LATE, TZ)[0] - 4 * HOUR_SECONDS
    ledger = LedgerFile(path)
    write(ledger, history, np.linspace(20.0, 80.0, len(history)), tariffs=TARIFFS, received_utc=received)
    ledger.write_days(labels)
    return ledger


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerFile]:
    with filled(tmp_path_factory.mktemp("same") / "ledger.db", LABELS) as file:
        yield file


def replay_of(ledger: LedgerFile) -> Scenario:
    bounds = day_bounds(FIRST, TZ)[0], day_bounds(END, TZ)[0]
    return load_scenario(ledger, HOME, (), BATTERY, bounds, soc_start_percent=None, tariffs=TARIFFS)


@pytest.fixture(scope="module")
def replayed(ledger: LedgerFile) -> Scenario:
    return replay_of(ledger)


def test_days_are_left_out_by_their_labels(replayed: Scenario) -> None:
    assert [day for day, _ in replayed.known.omitted] == [dt.date(2021, 3, 29), dt.date(2021, 3, 31)]
    assert len(replayed.history) == 96 * 5 + 92


@pytest.mark.parametrize("hour", [0.0, 2.75, 12.75, 13.0, 19.75, 20.0, 23.75])
@pytest.mark.slow
def test_the_outlook_of_a_slot_is_that_of_a_plan_at_it(
    hour: float, ledger: LedgerFile, replayed: Scenario
) -> None:
    information = HonestInformation(replayed)
    for day in (FIRST + dt.timedelta(days=number) for number in range((END - FIRST).days)):
        start, end = day_bounds(day, TZ)
        at = min(start + int(hour * HOUR_SECONDS), end - SLOT_SECONDS)
        step = int(np.searchsorted(replayed.history.slots, at))
        if replayed.history.slots[min(step, len(replayed.history) - 1)] != at:
            continue
        seen = information.outlook(step)
        present = read_present(ledger, HOME, (), BATTERY, at, slots=HORIZON_SLOTS, tariffs=TARIFFS)
        assert seen is not None, day
        known = present.known
        pairs = (
            (seen.load_kwh, known.load_kwh),
            (seen.pv_kwh, known.pv_kwh),
            (seen.import_price, known.import_price),
            (seen.export_price, known.export_price),
        )
        for told, read in pairs:
            assert read is not None
            assert told.tobytes() == read.tobytes(), (day, hour)
        assert known.storage == replayed.storage
        assert known.grid == replayed.grid
        assert present.slots[0] == at


def test_it_starts_where_the_plan_would(ledger: LedgerFile, replayed: Scenario) -> None:
    at = int(replayed.history.slots[0])
    assert read_present(ledger, HOME, (), BATTERY, at, slots=8).known.soc_kwh == replayed.soc_start_kwh


def test_what_labels_kept_from_it_is_named(ledger: LedgerFile) -> None:
    at = day_bounds(dt.date(2021, 3, 30), TZ)[0] + 13 * HOUR_SECONDS
    named = {label.day: label.reasons[0] for label in LABELS if label.status is DayStatus.EXCLUDE}
    assert dict(read_present(ledger, HOME, (), BATTERY, at, slots=8).masked) == named
    named.pop(dt.date(2021, 3, 31))
    assert dict(read_present(ledger, HOME, (), BATTERY, at - SLOT_SECONDS, slots=8).masked) == named
    assert not read_present(ledger, HOME, (), BATTERY, at + 40 * DAY_SECONDS, slots=8).masked


def test_labels_that_later_days_get_change_nothing(
    ledger: LedgerFile, replayed: Scenario, tmp_path: Path
) -> None:
    """What is not sound of the days after a slot is no matter at it."""
    day = dt.date(2021, 3, 30)
    later = [
        DayQuality(day + dt.timedelta(days=number), DayStatus.EXCLUDE, ("load is unknown for 4 h",))
        for number in (1, 2, 3)
    ]
    step = int(np.searchsorted(replayed.history.slots, day_bounds(day, TZ)[0])) + 40
    at = int(replayed.history.slots[step])
    with filled(tmp_path / "other.db", [label for label in LABELS if label.day <= day] + later) as other:
        spoilt = replay_of(other)
        assert len(spoilt.history) < len(replayed.history)
        seen, same = (HonestInformation(given).outlook(step) for given in (replayed, spoilt))
        present = read_present(other, HOME, (), BATTERY, at, slots=96, tariffs=TARIFFS)
    assert seen is not None
    assert same is not None
    for name in ("load_kwh", "pv_kwh", "import_price", "export_price"):
        assert getattr(seen, name).tobytes() == getattr(same, name).tobytes()
        assert getattr(present.known, name).tobytes() == getattr(seen, name)[:96].tobytes()
