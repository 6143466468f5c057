"""The recorder finds faults as slots close, without Home Assistant, tells each once and mends what is certain."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.bookkeeping.repair import every_repair
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.ledger.resolved import Flag
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.live_home import BEGIN, START, STEP, copy_of, flows, make_clean, record, shown

pytestmark = pytest.mark.slow

Meters = dict[Channel, NDArray[np.float64]]
SLOT_HOURS = SLOT_SECONDS / HOUR_SECONDS
SOON = SLOT_HOURS + 0.1
"""Hours until the slot of an instant is closed, with what it takes to settle."""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_clean(tmp_path_factory.mktemp("clean"))


def row(hour: float) -> int:
    """The reading at so many hours after the recorder begins; midday of these days is at ten."""
    return (BEGIN - START + int(hour * HOUR_SECONDS)) // STEP


def spike(meters: Meters) -> None:
    meters[Channel.LOAD][row(3.2)] += 1000


def dip(meters: Meters) -> None:
    meters[Channel.IMPORT][row(3.2) : row(3.7)] = 0


def reset(meters: Meters) -> None:
    pv = meters[Channel.PV]
    pv[row(10.2) :] -= pv[row(10.2)]


def implausible(meters: Meters) -> None:
    meters[Channel.IMPORT][row(2.4) :] += 60


def unreadable(meters: Meters) -> None:
    meters[Channel.PV][row(9) : row(13)] = np.nan


def counts_down(meters: Meters) -> None:
    load = meters[Channel.LOAD]
    at = row(5.3)
    load[at:] = load[at] - (load[at:] - load[at])


def frozen(meters: Meters) -> None:
    meters[Channel.PV][row(10.5) :] = meters[Channel.PV][row(10.5)]


def swapped(meters: Meters) -> None:
    bought, sold, at = meters[Channel.IMPORT].copy(), meters[Channel.EXPORT].copy(), row(0)
    meters[Channel.IMPORT][at:] = bought[at] + sold[at:] - sold[at]
    meters[Channel.EXPORT][at:] = sold[at] + bought[at:] - bought[at]


def twice(meters: Meters) -> None:
    load, at = meters[Channel.LOAD], row(0.1)
    load[at:] = load[at] + 2 * (load[at:] - load[at])


Fault = Callable[[Meters], None]


def told(clean: Settings, folder: Path, fault: Fault | None, hours: float) -> list[tuple[float, str]]:
    meters = {channel: values.copy() for channel, values in shown(flows()).items()}
    if fault is not None:
        fault(meters)
    return record(copy_of(clean, folder / "home"), meters, hours)


@pytest.mark.parametrize(
    ("fault", "whom", "said", "visible", "lines"),
    [
        (spike, "load", "showed too much", 3.2 + 5 / 60, 1),
        (dip, "import", "last move", 3.2, 2),
        (reset, "pv", "began again from zero", 10.2, 1),
        (implausible, "import", "more than the connection carries", 2.4, 1),
        (unreadable, "pv", "cannot be read", 9.0 + SLOT_HOURS, 1),
        (counts_down, "load", "showed too much", 5.3 + 5 / 60, 3),
    ],
)
def test_what_befalls_a_meter_is_told_with_the_slot(
    clean: Settings, tmp_path: Path, fault: Fault, whom: str, said: str, visible: float, lines: int
) -> None:
    found = told(clean, tmp_path, fault, visible + 1.2)
    at, line = found[0]
    assert visible <= at <= visible + SOON
    assert line.startswith(whom)
    assert said in line
    assert "What helps: " in line
    assert len(found) == lines, "once, and again only when more is known"


def test_marked_slots_stay_marked_in_the_ledger(clean: Settings, tmp_path: Path) -> None:
    told(clean, tmp_path, dip, 5.0)
    with LedgerFile(tmp_path / "home" / LEDGER_NAME) as ledger:
        found = ledger.provenance(BEGIN, BEGIN + 4 * HOUR_SECONDS)[Channel.IMPORT]
    energy = np.diff(shown(flows())[Channel.IMPORT][row(0) : row(4) + 1])
    assert np.flatnonzero(found.flags & Flag.DIP).tolist() == [12, 13, 14]
    assert found.energy_kwh.sum() == pytest.approx(energy.sum(), abs=1e-9)


def test_a_meter_that_counts_down_is_named(clean: Settings, tmp_path: Path) -> None:
    assert any("sign turned round" in line for _, line in told(clean, tmp_path, counts_down, 6.5))


def test_a_balance_that_holds_no_more_is_told_once(clean: Settings, tmp_path: Path) -> None:
    ((at, line),) = told(clean, tmp_path, frozen, 15)
    assert at <= 13 + SOON
    assert line.startswith("the home's balance")
    assert "does not add up since 2025-06-19 12:00" in line


@pytest.mark.parametrize(
    ("fault", "visible", "name"),
    [(swapped, 3.0, "import and export change places"), (twice, 7.0, "load is halved")],
)
def test_after_a_day_the_balance_says_what_is_wrong(
    clean: Settings, tmp_path: Path, fault: Fault, visible: float, name: str
) -> None:
    (first, at_first), (then, at_last) = told(clean, tmp_path, fault, 26)
    assert first <= visible + SOON
    assert "does not add up since" in at_first
    assert then <= 25.5
    assert name in at_last


def test_a_sound_home_is_left_in_peace(clean: Settings, tmp_path: Path) -> None:
    assert told(clean, tmp_path, None, 36) == []


def test_the_sun_of_an_outage_is_laid_where_the_others_say(clean: Settings, tmp_path: Path) -> None:
    found = told(clean, tmp_path, unreadable, 15)
    assert [line.split(" ")[0] for _, line in found] == ["pv,", "pv,", "Repaired"]
    assert found[-1][0] <= 14.1
    with LedgerFile(tmp_path / "home" / LEDGER_NAME) as ledger:
        (repair,) = every_repair(ledger)
        after = ledger.slots(BEGIN, BEGIN + 14 * HOUR_SECONDS).energy_kwh
    assert repair.automatic
    true = shown(flows())
    for channel in (Channel.PV, Channel.LOAD):
        quarters = np.diff(true[channel][row(0) : row(14) + 1]).reshape(-1, 3).sum(axis=1)
        # The slot in which the silence began is known in part only, and left as it is.
        inside = np.arange(len(quarters)) != 35
        np.testing.assert_allclose(after[channel][inside], quarters[inside], atol=0.06)
        assert after[channel].sum() == pytest.approx(quarters.sum(), abs=1e-6)


def test_a_meter_that_catches_up_is_laid_where_the_others_say(clean: Settings, tmp_path: Path) -> None:
    def stuck(meters: Mapping[Channel, NDArray[np.float64]]) -> None:
        meters[Channel.PV][row(10.5) : row(12.5)] = meters[Channel.PV][row(10.5)]

    found = told(clean, tmp_path, stuck, 14)
    assert any("stood still and caught up" in line for _, line in found)
