"""The recorder finds faults as slots close, without Home Assistant, tells each once and mends what is certain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.bookkeeping.repair import every_repair
from darkstar.bookkeeping.resolving import resolve_range
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, slot_floor
from darkstar.ledger.resolved import Flag
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.live_home import BEGIN, START, STEP, copy_of, flows, make_clean, record, shown

pytestmark = pytest.mark.slow

Meters = dict[Channel, NDArray[np.float64]]
Fault = Callable[[Meters], None]
SLOT_HOURS = SLOT_SECONDS / HOUR_SECONDS
SOON = SLOT_HOURS + 0.1
"""Hours until the slot of an instant is closed, with what it takes to settle."""


@dataclass(frozen=True)
class Recorded:
    """What was told, each line with its hours after BEGIN, and the home that was recorded."""

    lines: list[tuple[float, str]]
    settings: Settings


Recording = Callable[[Fault | None], Recorded]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Records a home with a fault, once, from shortly before the fault until what has to be told is told."""
    known: dict[float, Settings] = {}

    @cache
    def record_once(fault: Fault | None) -> Recorded:
        since, until = SPANS[fault]
        if since not in known:
            known[since] = make_clean(tmp_path_factory.mktemp("clean"), since)
        meters = {channel: values.copy() for channel, values in shown(flows()).items()}
        if fault is not None:
            fault(meters)
        settings = copy_of(known[since], tmp_path_factory.mktemp("live") / "home")
        return Recorded(record(settings, meters, since, until), settings)

    return record_once


def row(hour: float) -> int:
    """The reading at so many hours after the recorder begins; midday of these days is at ten."""
    return (BEGIN - START + int(hour * HOUR_SECONDS)) // STEP


def spike(meters: Meters) -> None:
    meters[Channel.LOAD][row(3.1)] += 1000


def dip(meters: Meters) -> None:
    meters[Channel.IMPORT][row(3.2) : row(3.7)] = 0


def reset(meters: Meters) -> None:
    pv = meters[Channel.PV]
    pv[row(10.2) :] -= pv[row(10.2)]


def implausible(meters: Meters) -> None:
    meters[Channel.IMPORT][row(2.25) :] += 60


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


def stuck(meters: Meters) -> None:
    meters[Channel.PV][row(10.5) : row(12.5)] = meters[Channel.PV][row(10.5)]


def down_and_back(meters: Meters) -> None:
    """It moves all the while, and back before dawn: no silence that ends, its own or the sun's, reopens the slots."""
    bought, at = meters[Channel.IMPORT], slice(row(0.2), row(3.1))
    bought[at] = 2 * bought[at.start] - bought[at]


SPANS: Mapping[Fault | None, tuple[float, float]] = {
    None: (8, 26),
    spike: (0, 4.4),
    dip: (0, 5),
    down_and_back: (0, 3.8),
    implausible: (0, 3.6),
    counts_down: (2, 6.6),
    reset: (8, 11.4),
    unreadable: (8, 15),
    frozen: (8, 15),
    stuck: (8, 14),
    swapped: (0, 26),
    twice: (0, 26),
}
"""Hours after BEGIN from which and until which a home with each fault is recorded."""


@pytest.mark.parametrize(
    ("fault", "whom", "said", "visible", "lines"),
    [
        (spike, "load", "showed too much", 3.1 + 5 / 60, 1),
        (dip, "import", "last move", 3.2, 2),
        (reset, "pv", "began again from zero", 10.2, 1),
        (implausible, "import", "more than the connection carries", 2.25, 1),
        (unreadable, "pv", "cannot be read", 9.0 + SLOT_HOURS, 1),
        (counts_down, "load", "showed too much", 5.3 + 5 / 60, 3),
    ],
)
def test_what_befalls_a_meter_is_told_with_the_slot(
    recorded: Recording, fault: Fault, whom: str, said: str, visible: float, lines: int
) -> None:
    found = [(at, line) for at, line in recorded(fault).lines if at <= visible + 1.25]
    at, line = found[0]
    assert visible <= at <= visible + SOON
    assert line.startswith(whom)
    assert said in line
    assert "What helps: " in line
    assert len(found) == lines, "once, and again only when more is known"


def test_marked_slots_stay_marked_in_the_ledger(recorded: Recording) -> None:
    with LedgerFile(recorded(dip).settings.folder / LEDGER_NAME) as ledger:
        found = ledger.provenance(BEGIN, BEGIN + 4 * HOUR_SECONDS)[Channel.IMPORT]
    energy = np.diff(shown(flows())[Channel.IMPORT][row(0) : row(4) + 1])
    assert np.flatnonzero(found.flags & Flag.DIP).tolist() == [12, 13, 14]
    assert found.energy_kwh.sum() == pytest.approx(energy.sum(), abs=1e-9)


@pytest.mark.parametrize("fault", [down_and_back, dip, reset])
def test_doubtful_slots_are_closed_anew_once_it_is_clear_what_befell_the_meter(
    recorded: Recording, fault: Fault
) -> None:
    """However long a meter was in doubt, its slots end as if all had been known when they were closed."""
    settings = recorded(fault).settings
    _, until = SPANS[fault]
    end = slot_floor(BEGIN + until * HOUR_SECONDS)
    with LedgerFile(settings.folder / LEDGER_NAME) as ledger:
        live = ledger.provenance(BEGIN, end)
        resolve_range(ledger, settings, BEGIN, end)
        anew = ledger.provenance(BEGIN, end)
    for channel in shown(flows()):
        assert np.isfinite(live[channel].energy_kwh).all()
        np.testing.assert_array_equal(live[channel].energy_kwh, anew[channel].energy_kwh)
        np.testing.assert_array_equal(live[channel].flags, anew[channel].flags)


def test_a_meter_that_counts_down_is_named(recorded: Recording) -> None:
    assert any("sign turned round" in line for _, line in recorded(counts_down).lines)


def test_a_balance_that_holds_no_more_is_told_once(recorded: Recording) -> None:
    ((at, line),) = recorded(frozen).lines
    assert at <= 13 + SOON
    assert line.startswith("the home's balance")
    assert "does not add up since 2025-06-19 12:00" in line


@pytest.mark.parametrize(
    ("fault", "visible", "name"),
    [(swapped, 3.0, "import and export change places"), (twice, 7.0, "load is halved")],
)
def test_after_a_day_the_balance_says_what_is_wrong(
    recorded: Recording, fault: Fault, visible: float, name: str
) -> None:
    (first, at_first), (then, at_last) = recorded(fault).lines
    assert first <= visible + SOON
    assert "does not add up since" in at_first
    assert then <= 25.5
    assert name in at_last


def test_a_sound_home_is_left_in_peace(recorded: Recording) -> None:
    assert recorded(None).lines == []


def test_the_sun_of_an_outage_is_laid_where_the_others_say(recorded: Recording) -> None:
    found = recorded(unreadable).lines
    assert [line.split(" ")[0] for _, line in found] == ["pv,", "pv,", "Repaired"]
    assert found[-1][0] <= 14.1
    with LedgerFile(recorded(unreadable).settings.folder / LEDGER_NAME) as ledger:
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


def test_a_meter_that_catches_up_is_laid_where_the_others_say(recorded: Recording) -> None:
    assert any("stood still and caught up" in line for _, line in recorded(stuck).lines)
