"""Applying the rules to stored evidence: what counts, what is written, and when sensors seem swapped."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.bookkeeping.resolving import counted_meters, gather, resolve_range, site_of, swapped_sensors
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, local_date
from darkstar.ledger.evidence import MICROSECONDS, Intervals, Readings, Reporting, Source, Statistics
from darkstar.ledger.resolved import DayStatus
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.demo_home import Books, bits, known

pytestmark = pytest.mark.slow

MIDNIGHT = 1_749_945_600
"""2025-06-15T00:00:00Z."""


def test_the_site_is_what_the_settings_say(books: Books) -> None:
    site = site_of(books.settings)

    home = books.settings.home
    assert (site.latitude, site.longitude) == (home.latitude, home.longitude)
    assert site.limits_kwh[Channel.IMPORT] == pytest.approx(home.main_fuse_a * 3 * 0.23 * 1.25 / 4)
    assert site.absent == books.settings.absent


def test_meters_of_home_assistant_count_only_where_darkstar_yaml_names_them(books: Books) -> None:
    with books.ledger() as ledger:
        for name, channel in (("sensor.demo_load_energy", "load"), ("sensor.forgotten", "load")):
            ledger.meter("home_assistant", name, Reporting.ON_CHANGE, channel)
        ledger.meter("import", "bill.csv:load_kwh", Reporting.PERIODIC, "load")
        ledger.meter("home_assistant", "sensor.demo_battery_soc", Reporting.ON_CHANGE, "soc")

        groups, soc = gather(ledger, counted_meters(ledger, books.settings), books.start, books.end)

    found = {group.origin: [meter.name for meter in group.meters] for group in groups[Channel.LOAD]}
    assert found == {"home_assistant": ["sensor.demo_load_energy"], "import": ["bill.csv:load_kwh"]}
    assert [meter.name for meter in soc] == ["sensor.demo_battery_soc"]


async def test_resolving_again_in_pieces_changes_nothing_to_the_bit(books: Books) -> None:
    with books.ledger() as ledger:
        await books.backfill(ledger)
        once = bits(books, ledger)

        for start in range(books.start, books.end, 7 * DAY_SECONDS + 3 * SLOT_SECONDS):
            resolve_range(
                ledger, books.settings, start, min(start + 7 * DAY_SECONDS + 3 * SLOT_SECONDS, books.end)
            )

        assert bits(books, ledger) == once


@pytest.mark.parametrize("by_the_hour", [False, True])
def test_a_meter_frozen_for_days_shares_its_lump_alike_in_whatever_pieces_it_is_asked_for(
    books: Books, by_the_hour: bool
) -> None:
    hours = np.arange(7 * 24, dtype=np.int64)
    shown = np.where(hours < 6 * 24, 101.0, 200.0 + hours * 0.1)
    shown[0] = 100.0
    meter_evidence = Readings(
        (MIDNIGHT + hours * HOUR_SECONDS) * MICROSECONDS,
        shown.astype(str).astype(object),
        np.full(len(hours), "kWh", dtype=object),
        np.full(len(hours), Source.HA_HISTORY, dtype=np.int8),
        np.zeros(len(hours), dtype=np.bool_),
    )
    end = MIDNIGHT + 6 * DAY_SECONDS
    with books.ledger() as ledger:
        meter = ledger.meter("home_assistant", "sensor.demo_load_energy", Reporting.ON_CHANGE, "load")
        if by_the_hour:
            rows = Statistics(HOUR_SECONDS, MIDNIGHT + (hours - 1) * HOUR_SECONDS, shown, shown)
            ledger.add_statistics(meter, rows)
        else:
            ledger.add_readings(meter, meter_evidence)
            watched = (MIDNIGHT * MICROSECONDS, (end + HOUR_SECONDS) * MICROSECONDS)
            ledger.add_watched(meter, Source.HA_HISTORY, *watched)
        resolve_range(ledger, books.settings, MIDNIGHT, end)
        whole = ledger.slots(MIDNIGHT, end).energy_kwh[Channel.LOAD]
        for day in range(6):
            resolve_range(
                ledger, books.settings, MIDNIGHT + day * DAY_SECONDS, MIDNIGHT + (day + 1) * DAY_SECONDS
            )
        daily = ledger.slots(MIDNIGHT, end).energy_kwh[Channel.LOAD]

    assert whole.sum() == pytest.approx(shown[6 * 24] - 100, abs=1e-9)
    assert daily.tobytes() == whole.tobytes()


def test_only_the_range_is_written(books: Books) -> None:
    start = books.start + DAY_SECONDS
    with books.ledger() as ledger:
        _import_load(ledger, books.start, 4 * 24, 0.1)

        assert resolve_range(ledger, books.settings, start, start + HOUR_SECONDS) == 4

        assert ledger.slot_extent() == (start, start + HOUR_SECONDS)


def test_a_day_has_a_label_once_it_is_over(books: Books) -> None:
    with books.ledger() as ledger:
        _import_load(ledger, books.start, 3 * 96, 0.1)
        resolve_range(ledger, books.settings, books.start, books.start + 2 * DAY_SECONDS - HOUR_SECONDS)
        first = ledger.days(*_days(books))
        resolve_range(ledger, books.settings, books.start, books.start + 2 * DAY_SECONDS)
        second = ledger.days(*_days(books))

    assert [label.status for label in first] == [DayStatus.CLEAN]
    assert [label.status for label in second] == [DayStatus.CLEAN] * 2


def test_a_healthy_home_is_not_warned(filled: Books) -> None:
    with filled.ledger() as ledger:
        assert swapped_sensors(ledger, filled.settings, filled.start, filled.end) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Channel.IMPORT, Channel.EXPORT),
        (Channel.LOAD, Channel.PV),
        (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE),
        (Channel.LOAD, Channel.IMPORT),
    ],
)
async def test_swapped_sensors_are_warned_of(books: Books, one: Channel, other: Channel) -> None:
    settings = _exchanged(books.settings, one, other)
    with books.ledger() as ledger:
        await books.backfill(ledger, settings=settings)

        (warning,) = swapped_sensors(ledger, settings, books.start, books.end)

    assert f"`{one}`" in warning
    assert f"`{other}`" in warning
    assert "darkstar.yaml" in warning


def test_nothing_is_warned_of_where_nothing_is_known(books: Books) -> None:
    with books.ledger() as ledger:
        assert swapped_sensors(ledger, books.settings, books.start, books.end) == []
        assert swapped_sensors(ledger, books.settings, books.start, books.start + 60) == []


def test_a_file_fills_what_home_assistant_does_not_know(books: Books) -> None:
    with books.ledger() as ledger:
        _import_load(ledger, books.start, 96, 0.125)
        resolve_range(ledger, books.settings, books.start, books.start + DAY_SECONDS)

        assert known(books, ledger, Channel.LOAD)[:96] == pytest.approx(np.full(96, 0.125))


def _import_load(ledger: LedgerFile, start: int, slots: int, kwh: float) -> None:
    meter = ledger.meter("import", "bill.csv:load_kwh", Reporting.PERIODIC, "load")
    begins = start + SLOT_SECONDS * np.arange(slots)
    ledger.add_intervals(
        meter, Source.IMPORT_FINE, Intervals(begins, begins + SLOT_SECONDS, np.full(slots, kwh))
    )


def _exchanged(settings: Settings, one: Channel, other: Channel) -> Settings:
    sensors = {**settings.sensors, one: settings.sensors[other], other: settings.sensors[one]}
    pairs = [(channel.value, name) for channel, names in sensors.items() for name in names]
    soc = [("soc", name) for name in settings.soc]
    return replace(settings, sensors=sensors, sensor_list=(*pairs, *soc))


def _days(books: Books) -> tuple[dt.date, dt.date]:
    tz = books.settings.home.tz
    return local_date(books.start, tz), local_date(books.end + DAY_SECONDS, tz)
