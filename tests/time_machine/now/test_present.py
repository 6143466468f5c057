"""What a plan from now on can know: as of an instant, and nothing later."""

import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.home import Battery, Home
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS
from darkstar.domain.tariffs import Tariffs
from darkstar.ledger.quality import SOC_STILL
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, ResolvedPrices, ResolvedSlots
from darkstar.planner.caution import prepare
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.now.present import CHARGE_MAY_BE_OLD_SLOTS, Present, read_present
from darkstar.time_machine.past.history import History
from tests.time_machine.cases import START, past

HOME = Home("Test", "Europe/Stockholm", 59.3, 18.1, "SEK", 16.0, 3)
BATTERY = Battery(capacity_kwh=5.0, soc_min_percent=10.0, charge_max_kw=3.0, discharge_max_kw=3.0)
DAYS = 10
NOW = START + 8 * DAY_SECONDS + 14 * HOUR_SECONDS + 450
"""Seven and a half minutes into the slot of 14:00 on the ninth day."""


def write(
    ledger: LedgerFile,
    history: History,
    soc: np.ndarray,
    load_known: np.ndarray | None = None,
    net: bool = False,
    water: np.ndarray | None = None,
    tariffs: Tariffs | None = None,
    received_utc: np.ndarray | None = None,
) -> None:
    """A ledger of a past; `net`: with grid meters too, and load and sun where `load_known` only.

    `water` is what a heater drew, a part of the load. `tariffs`: of the prices, in place of the past's own.
    """
    n = len(history)
    known = np.ones(n, dtype=bool) if load_known is None else load_known
    energies = {
        Channel.LOAD: np.where(known, history.load_kwh, np.nan),
        Channel.PV: np.where(known, history.pv_kwh, np.nan),
    }
    if water is not None:
        energies[Channel.WATER] = water
    if net:
        energies[Channel.IMPORT] = np.maximum(-history.surplus_kwh, 0.0)
        energies[Channel.EXPORT] = np.maximum(history.surplus_kwh, 0.0)
    ledger.write_slots(
        ResolvedSlots(
            history.slots,
            {
                channel: ChannelSlots(
                    energy, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32)
                )
                for channel, energy in energies.items()
            },
            soc,
            soc,
        )
    )
    source = np.full(n, "file", dtype=object)
    slots, spot = history.slots, history.export_price
    buy, sell = history.import_price, spot
    if tariffs is not None:
        buy, sell = tariffs.import_price(slots, spot), tariffs.export_price(slots, spot)
    ledger.write_prices(ResolvedPrices(slots, spot, buy, sell, source, received_utc))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerFile]:
    with LedgerFile(tmp_path / "ledger.db") as file:
        yield file


def _now(ledger: LedgerFile, at_utc: float = NOW, soc_percent: float | None = None) -> Present:
    return read_present(ledger, HOME, (), BATTERY, at_utc, slots=192, soc_percent=soc_percent)


def _charge(history: History) -> np.ndarray:
    return np.full(len(history), 40.0)


def test_it_begins_with_the_slot_in_progress(ledger: LedgerFile) -> None:
    history = past(DAYS)
    write(ledger, history, _charge(history))
    present = _now(ledger)
    assert present.slots[0] == NOW - 450
    assert len(present.slots) == 192
    assert present.known.soc_kwh == pytest.approx(2.0)
    assert prepare(present.known).problem is not None
    # Known are today's and, since 13:00, tomorrow's prices.
    tomorrow = dt.datetime(2021, 3, 11, tzinfo=HOME.tz).timestamp()
    assert present.published_until_utc == tomorrow
    ahead = np.flatnonzero((history.slots >= present.slots[0]) & (history.slots < tomorrow))
    assert present.known.import_price is not None
    assert present.known.import_price[: len(ahead)].tolist() == history.import_price[ahead].tolist()


def test_nothing_later_is_known(ledger: LedgerFile, tmp_path: Path) -> None:
    """Other energies from the slot in progress on, other charges after its start, other prices beyond the published."""
    history = past(DAYS)
    write(ledger, history, _charge(history))
    now, public = NOW - 450, _now(ledger).published_until_utc
    later, unpublished = history.slots >= now, history.slots >= public
    other = History(
        history.slots,
        np.where(later, 9.0, history.load_kwh),
        np.where(later, 0.0, history.pv_kwh),
        np.where(unpublished, 9.0, history.import_price),
        np.where(unpublished, 9.0, history.export_price),
    )
    with LedgerFile(tmp_path / "other.db") as scrambled:
        write(scrambled, other, np.where(history.slots > now, 90.0, 40.0))
        with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
            assert repr(_now(scrambled)) == repr(_now(ledger))


def test_whether_load_has_a_meter_is_told_by_the_past(ledger: LedgerFile) -> None:
    """Known by its grid meter alone until now, and with a load meter from then on."""
    history = past(DAYS)
    later = history.slots >= NOW - 450
    write(ledger, history, _charge(history), load_known=later, net=True)
    known = _now(ledger).known
    assert known.load_kwh is not None
    assert np.isfinite(known.load_kwh).all()


def test_a_charge_of_a_moment_ago_counts_and_an_older_one_does_not(ledger: LedgerFile) -> None:
    history = past(DAYS)
    for age, expected in ((CHARGE_MAY_BE_OLD_SLOTS, 2.0), (CHARGE_MAY_BE_OLD_SLOTS + 1, None)):
        last = NOW - 450 - age * SLOT_SECONDS
        write(ledger, history, np.where(history.slots < last, 40.0, np.nan))
        assert _now(ledger).known.soc_kwh == expected


def test_a_charge_that_is_said_counts(ledger: LedgerFile) -> None:
    history = past(DAYS)
    write(ledger, history, np.full(len(history), np.nan))
    assert _now(ledger).known.soc_kwh is None
    assert _now(ledger, soc_percent=60).known.soc_kwh == pytest.approx(3.0)


def test_a_sensor_that_stands_still_is_not_believed(ledger: LedgerFile) -> None:
    history = past(DAYS)
    write(ledger, history, _charge(history))
    day = dt.date(2021, 3, 9)
    stuck = DayQuality(day, DayStatus.MASK_BATTERY, (f"{SOC_STILL} for 20.0 h",))
    ledger.write_days([stuck])
    assert _now(ledger).charge_is_stuck
    assert _now(ledger).known.soc_kwh is None
    assert not _now(ledger, soc_percent=60).charge_is_stuck


def test_a_home_of_one_morning_is_planned_as_far_as_it_is_known(ledger: LedgerFile) -> None:
    """Its habits are known from midnight to noon: from 20:00 nothing, from 06:00 six hours."""
    history = past(1)
    morning = History(
        *(series[:48] for series in (history.slots, history.load_kwh, history.pv_kwh)),
        *(series[:48] for series in (history.import_price, history.export_price)),
    )
    write(ledger, morning, _charge(morning))
    at = START + DAY_SECONDS + 6 * HOUR_SECONDS
    known = _now(ledger, at_utc=at, soc_percent=50).known
    assert known.load_kwh is not None
    assert len(known.load_kwh) == 24
    problem = prepare(known).problem
    assert problem is not None
    assert len(problem) == 24
    assert _now(ledger, at_utc=at + 14 * HOUR_SECONDS, soc_percent=50).known.load_kwh is None


def test_where_the_ledger_ends(ledger: LedgerFile) -> None:
    assert _now(ledger).ledger_end_utc is None
    history = past(DAYS)
    write(ledger, history, _charge(history))
    assert _now(ledger).ledger_end_utc == NOW - 450
    assert _now(ledger, at_utc=NOW + 90 * DAY_SECONDS).ledger_end_utc == START + DAYS * DAY_SECONDS
    assert prepare(_now(ledger, at_utc=NOW + 90 * DAY_SECONDS).known).problem is None


def test_the_forecast_is_without_a_heater_that_is_planned(ledger: LedgerFile) -> None:
    """Of a load of 0.3 kWh a slot at least, the heater drew 0.2 from six to seven each morning, and now."""
    history = past(DAYS)
    hour = (history.slots - START) % DAY_SECONDS // HOUR_SECONDS
    water = np.where((hour == 6) | (history.slots == NOW - 450 - SLOT_SECONDS), 0.2, 0.0)
    load = replace(history, load_kwh=history.load_kwh + water)
    write(ledger, load, _charge(history), water=water)
    apart = read_present(ledger, HOME, (), BATTERY, NOW, slots=192, heater_apart=True)
    drawn = apart.drawn
    assert drawn is not None
    assert (drawn.slots[-1], drawn.kwh[-1]) == (NOW - 450 - SLOT_SECONDS, 0.2)
    write(ledger, history, _charge(history), water=0 * water)
    plain = _now(ledger)
    assert plain.drawn is None
    assert plain.known.load_kwh is not None
    assert apart.known.load_kwh == pytest.approx(plain.known.load_kwh)


def test_a_heater_of_a_home_that_is_known_by_its_grid_meter(ledger: LedgerFile) -> None:
    history = past(DAYS)
    water = np.full(len(history), 0.2)
    write(ledger, history, _charge(history), np.zeros(len(history), dtype=bool), net=True, water=water)
    apart = read_present(ledger, HOME, (), BATTERY, NOW, slots=8, heater_apart=True).known
    plain = _now(ledger).known
    assert apart.load_kwh is not None
    assert apart.pv_kwh is not None
    assert plain.load_kwh is not None
    assert plain.pv_kwh is not None
    net, less = plain.load_kwh[:8] - plain.pv_kwh[:8], apart.load_kwh - apart.pv_kwh
    assert less.mean() == pytest.approx(net.mean() - 0.2, abs=0.05)


def test_a_home_without_a_battery_holds_nothing_and_that_is_known(ledger: LedgerFile) -> None:
    write(ledger, past(DAYS), np.full(len(past(DAYS)), np.nan))
    known = read_present(ledger, HOME, (), None, NOW, slots=8).known
    assert (known.soc_kwh, known.capacity_kwh) == (0.0, 0.0)
    assert prepare(known).problem is not None
