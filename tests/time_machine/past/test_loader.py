"""From slots to a past: what is replayed, what is left out and why."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery, Home
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, day_bounds, slot_range
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, ResolvedPrices, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.past.loader import load_scenario, past_of, read_start
from darkstar.time_machine.past.start_charge import Origin
from tests.time_machine.cases import TZ

SPRING = dt.date(2021, 3, 28)
"""The clocks go forward: 92 slots."""
START, END = (
    day_bounds(SPRING - dt.timedelta(days=1), TZ)[0],
    day_bounds(SPRING + dt.timedelta(days=1), TZ)[1],
)
HOME = Home("Test", "Europe/Stockholm", 59.3, 18.1, "SEK", 16.0, 3)
NAN = float("nan")


def table(**energies: float) -> SlotTable:
    """Three days of constant energies; a channel that is not named is unknown."""
    slots = slot_range(START, END)
    n = len(slots)
    return SlotTable(
        slots=slots,
        energy_kwh={channel: np.full(n, energies.get(channel.name.lower(), NAN)) for channel in Channel},
        soc_start_percent=np.full(n, 40.0),
        soc_end_percent=np.full(n, 40.0),
        import_price=np.full(n, 2.0),
        export_price=np.zeros(n),
        flags=np.zeros(n, dtype=np.int64),
    )


def without(given: SlotTable, rows: Sequence[int], *channels: Channel) -> SlotTable:
    energies: Mapping[Channel, np.ndarray] = {
        channel: np.where(np.isin(np.arange(len(given)), rows), NAN, energy)
        if channel in channels
        else energy
        for channel, energy in given.energy_kwh.items()
    }
    return replace(given, energy_kwh=energies)


def test_load_and_sun_as_they_are() -> None:
    history, replayed = past_of(table(load=0.3, pv=0.1), [], TZ, (START, END), ())
    assert not history.net_only
    assert replayed.all()
    assert len(history) == 96 + 92 + 96
    assert (history.load_kwh[0], history.pv_kwh[0]) == (0.3, 0.1)
    assert history.export_price[0] == 0.0
    assert history.omitted == ()


def test_home_without_sun_has_none() -> None:
    history, _ = past_of(table(load=0.3), [], TZ, (START, END), {Channel.PV})
    assert not history.net_only
    assert history.pv_kwh.tolist() == [0.0] * len(history)


def test_grid_meter_alone_gives_the_net_load() -> None:
    history, _ = past_of(table(**{"import": 0.3, "export": 0.1}), [], TZ, (START, END), ())
    assert history.net_only
    assert history.load_kwh[0] == pytest.approx(0.2)
    assert history.pv_kwh[0] == 0.0


def test_net_load_is_without_the_battery() -> None:
    metered = table(**{"import": 0.3, "export": 0.0, "batt_charge": 0.4, "batt_discharge": 0.0})
    history, _ = past_of(metered, [], TZ, (START, END), ())
    assert (history.load_kwh[0], history.pv_kwh[0]) == pytest.approx((0.0, 0.1))


def test_nothing_known_is_told() -> None:
    with pytest.raises(DataError, match="neither"):
        past_of(table(load=0.3), [], TZ, (START, END), ())


def test_days_with_holes_are_left_out_with_the_reason() -> None:
    holed = without(table(load=0.3, pv=0.1), [96, 97], Channel.LOAD)
    holed.import_price[200] = NAN
    history, replayed = past_of(holed, [], TZ, (START, END), ())
    assert history.omitted == (
        (SPRING, "load unknown in 2 of 92 slots"),
        (SPRING + dt.timedelta(days=1), "import price unknown in 1 of 96 slots"),
    )
    assert replayed.sum() == 96


def test_excluded_days_are_left_out_and_masked_ones_are_not() -> None:
    labels = [
        DayQuality(SPRING, DayStatus.EXCLUDE, ("an outage of 6 h",)),
        DayQuality(SPRING + dt.timedelta(days=1), DayStatus.MASK_BATTERY, ("soc jumps",)),
    ]
    history, replayed = past_of(table(load=0.3, pv=0.1), labels, TZ, (START, END), ())
    assert history.omitted == ((SPRING, "an outage of 6 h"),)
    assert replayed.sum() == 192


def test_a_charge_that_is_not_known_leaves_the_net_load_sound() -> None:
    metered = table(**{"import": 0.3, "export": 0.0, "batt_charge": 0.4, "batt_discharge": 0.0})
    missing = "soc is missing or out of range for 3 h of the battery's use"
    label = DayQuality(SPRING, DayStatus.MASK_BATTERY, (missing,))
    assert past_of(metered, [label], TZ, (START, END), ())[1].all()
    flows = replace(label, reasons=("batt_charge is unknown for 3 h", missing))
    assert past_of(metered, [flows], TZ, (START, END), ())[0].omitted == ((SPRING, "; ".join(flows.reasons)),)


def test_nothing_is_learned_from_what_a_label_calls_unsound() -> None:
    spoilt = [
        DayQuality(
            SPRING - dt.timedelta(days=1), DayStatus.EXCLUDE, ("load is known in total only for 9 h",)
        ),
        DayQuality(SPRING, DayStatus.EXCLUDE, ("price: implausible for 1 h, as 84 per kWh",)),
    ]
    given = table(load=0.3, pv=0.1)
    history, replayed = past_of(given, spoilt, TZ, (day_bounds(SPRING, TZ)[0], END), ())

    assert np.isnan(history.load_kwh[:96]).all(), "the day of the warm-up"
    assert np.isnan(history.pv_kwh[:96]).all()
    assert np.isfinite(history.import_price[:96]).all()
    assert np.isfinite(history.load_kwh[96:]).all(), "a price's fault is not the load's"
    assert np.isnan(history.import_price[96:188]).all()
    assert np.isnan(history.export_price[96:188]).all()
    assert history.omitted == ((SPRING, "price: implausible for 1 h, as 84 per kWh"),)
    assert replayed.tolist() == [False] * 188 + [True] * 96
    assert np.isfinite(given.import_price).all(), "the ledger's own numbers stay"


def test_a_masked_battery_spoils_a_net_load_that_it_is_part_of() -> None:
    metered = table(**{"import": 0.3, "export": 0.0, "batt_charge": 0.4, "batt_discharge": 0.0})
    label = DayQuality(SPRING, DayStatus.MASK_BATTERY, ("batt_charge is known in total only for 9 h",))
    history, replayed = past_of(metered, [label], TZ, (START, END), ())

    assert history.omitted == ((SPRING, "batt_charge is known in total only for 9 h"),)
    assert replayed.sum() == 192
    assert np.isnan(history.load_kwh[96:188]).all()


def test_warm_up_is_known_and_not_replayed() -> None:
    holed = without(table(load=0.3, pv=0.1), [3], Channel.LOAD)
    later = day_bounds(SPRING, TZ)[0]
    history, replayed = past_of(holed, [], TZ, (later, END), ())
    assert replayed.tolist() == [False] * 96 + [True] * 188
    assert history.omitted == ()


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerFile:
    """A ledger with the three days, the state of charge known on the first only."""
    slots = slot_range(START, END)
    n = len(slots)
    energy = {Channel.LOAD: 0.3, Channel.PV: 0.1}
    opened = LedgerFile(tmp_path / "ledger.db")
    opened.write_slots(
        ResolvedSlots(
            slots,
            {
                channel: ChannelSlots(
                    np.full(n, value), np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32)
                )
                for channel, value in energy.items()
            },
            np.where(np.arange(n) < 96, 40.0, NAN),
            np.full(n, NAN),
        )
    )
    opened.write_prices(
        ResolvedPrices(slots, np.ones(n), np.full(n, 2.0), np.ones(n), np.full(n, "file", dtype=object))
    )
    return opened


def test_starts_where_the_ledger_says(ledger: LedgerFile) -> None:
    with ledger:
        loaded = load_scenario(ledger, HOME, (), Battery(10.0), (START, END), soc_start_percent=None)
    assert loaded.soc_start_kwh == 4.0
    assert len(loaded.history) == 284
    assert loaded.known.slots[0] < START
    assert np.diff(loaded.known.slots).max() == SLOT_SECONDS
    assert loaded.grid.import_max_kw == pytest.approx(11.04)
    assert loaded.settlement_per_kwh == pytest.approx(0.95)


def test_a_start_that_is_not_known_is_the_least_that_the_battery_holds(ledger: LedgerFile) -> None:
    # Fault 12: never 50 %. The words are those of `start_charge`.
    start = day_bounds(SPRING, TZ)[0]
    battery = Battery(10.0, soc_min_percent=12.0)
    with ledger:
        loaded = load_scenario(ledger, HOME, (), battery, (start, END), soc_start_percent=None)
        told = load_scenario(ledger, HOME, (), battery, (start, END), soc_start_percent=30.0)
    assert loaded.soc_start_kwh == pytest.approx(1.2)
    assert told.soc_start_kwh == pytest.approx(3.0)


def test_a_state_of_charge_whose_sensor_stood_still_is_not_believed(ledger: LedgerFile) -> None:
    day = SPRING - dt.timedelta(days=1)
    reason = ("soc stands still while 48 % of the capacity goes through the battery",)
    with ledger:
        ledger.write_days([DayQuality(day, DayStatus.MASK_BATTERY, reason)])
        loaded = load_scenario(ledger, HOME, (), Battery(10.0), (START, END), soc_start_percent=None)
    assert loaded.soc_start_kwh == 0.0
    assert len(loaded.history) == 284, "its load and sun are sound"


def test_a_start_looks_on_for_a_day_and_at_the_labels_of_all_of_it(ledger: LedgerFile) -> None:
    """From noon on, where the sensor spoke first on the next day: whether that is believed its own label says."""
    late, battery = START - DAY_SECONDS // 2, Battery(10.0)
    with ledger:
        assert read_start(ledger, TZ, late, battery).at_utc == START
        reason = ("soc stands still while 48 % of the capacity goes through the battery",)
        ledger.write_days([DayQuality(SPRING - dt.timedelta(days=1), DayStatus.MASK_BATTERY, reason)])
        assert read_start(ledger, TZ, late, battery).origin is Origin.LEAST


def test_labels_count_in_the_warm_up_too(ledger: LedgerFile) -> None:
    start = day_bounds(SPRING, TZ)[0]
    reason = ("load is unknown for 4 h",)
    with ledger:
        ledger.write_days([DayQuality(SPRING - dt.timedelta(days=1), DayStatus.EXCLUDE, reason)])
        loaded = load_scenario(ledger, HOME, (), Battery(10.0), (start, END), soc_start_percent=0.0)
    before = (loaded.known.slots >= START) & (loaded.known.slots < start)
    assert np.isnan(loaded.known.load_kwh[before]).all()
    assert np.isfinite(loaded.known.import_price[before]).all()
    assert np.isfinite(loaded.history.load_kwh).all()


def test_a_power_tariff_knows_what_the_month_has_drawn(ledger: LedgerFile) -> None:
    """From noon on the 28th, after 2 kW all the time; on the day before 3 kW at noon."""
    slots = slot_range(START, END)
    n, start = len(slots), int(slots[-48])
    drawn = np.full(n, 0.5)
    drawn[48:52] = 0.75
    columns = {
        channel: ChannelSlots(kwh, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32))
        for channel, kwh in ((Channel.LOAD, drawn), (Channel.PV, np.zeros(n)), (Channel.IMPORT, drawn))
    }
    with ledger:
        ledger.write_slots(ResolvedSlots(slots, columns, np.full(n, NAN), np.full(n, NAN)))
        loaded = load_scenario(
            ledger,
            HOME,
            (),
            Battery(10.0),
            (start, END),
            soc_start_percent=0.0,
            power_tariffs=[PowerTariff(peaks=2, per_kw=10)],
        )
    [metered] = loaded.power_tariffs
    days = SPRING - dt.timedelta(days=1), SPRING
    assert [(peak.day, peak.kw) for peak in metered.so_far.peaks] == [(days[0], 3.0), (days[1], 2.0)]
    assert metered.so_far.running_kwh == 0.0


def test_what_the_month_has_drawn_reaches_to_the_first_slot_that_is_replayed(ledger: LedgerFile) -> None:
    """The first day of the range is left out; what it drew is metered, and no replay draws it."""
    slots = slot_range(START, END)
    n = len(slots)
    drawn = np.full(n, 0.5)
    drawn[48:52] = 0.75
    columns = {
        channel: ChannelSlots(kwh, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32))
        for channel, kwh in (
            (Channel.LOAD, np.where(np.arange(n) == 50, NAN, drawn)),
            (Channel.IMPORT, drawn),
        )
    }
    with ledger:
        ledger.write_slots(ResolvedSlots(slots, columns, np.full(n, NAN), np.full(n, NAN)))
        loaded = load_scenario(
            ledger,
            HOME,
            (Channel.PV,),
            Battery(10.0),
            (START, END),
            soc_start_percent=0.0,
            power_tariffs=[PowerTariff(peaks=2, per_kw=10)],
        )
    assert [day for day, _ in loaded.history.omitted] == [SPRING - dt.timedelta(days=1)]
    [metered] = loaded.power_tariffs
    assert [(peak.day, peak.kw) for peak in metered.so_far.peaks] == [(SPRING - dt.timedelta(days=1), 3.0)]
