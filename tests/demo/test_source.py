"""The demo's source answers as Home Assistant does."""

import numpy as np

from darkstar.demo.home import CHARGE, LEAST_DAYS, LOAD, SOC, SPECS, WATER, DemoHome, make_home
from darkstar.demo.source import DemoPrices, DemoSource
from darkstar.domain.market import QUARTERS_SINCE, known_until
from darkstar.evidence.prices import PriceSource
from darkstar.evidence.source import EnergySource
from darkstar.ledger.evidence import MICROSECONDS

DAY = 86_400
IDS = [spec.entity_id for spec in SPECS]


def test_it_is_a_source_of_energy_and_of_prices(home: DemoHome) -> None:
    source: EnergySource = DemoSource(home)
    prices: PriceSource = DemoPrices(home)
    assert source
    assert prices.name == "file"


async def test_entities_are_as_home_assistant_shows_them(home: DemoHome) -> None:
    entities = await DemoSource(home).entities()
    assert set(entities) == set(IDS)
    charge = entities[CHARGE.entity_id]
    assert (charge.unit, charge.device_class, charge.state_class) == ("Wh", "energy", "total_increasing")
    assert float(charge.state).is_integer()
    assert entities[WATER.entity_id].state_class is None


async def test_statistics_cover_the_year_but_for_sensors_without_a_state_class(home: DemoHome) -> None:
    source = DemoSource(home)
    hours = await source.statistics(IDS, home.start - DAY, home.end + DAY, "hour")
    assert set(hours) == set(await source.statistic_ids()) == set(IDS) - {WATER.entity_id, SOC.entity_id}
    load = hours[LOAD.entity_id]
    assert load.start_utc[0] == home.start
    assert load.start_utc[-1] + 3600 <= home.end
    assert len(load) == (home.end - home.start) // 3600
    assert hours[CHARGE.entity_id].state_kwh[0] < 2000


async def test_asking_in_pieces_gives_the_same_rows(home: DemoHome) -> None:
    source = DemoSource(home)
    middle = home.start + 10 * DAY
    whole = (await source.statistics([LOAD.entity_id], home.start, home.end, "hour"))[LOAD.entity_id]
    first = (await source.statistics([LOAD.entity_id], home.start, middle, "hour"))[LOAD.entity_id]
    second = (await source.statistics([LOAD.entity_id], middle, home.end, "hour"))[LOAD.entity_id]
    assert np.array_equal(np.concatenate([first.sum_kwh, second.sum_kwh]), whole.sum_kwh)
    assert np.array_equal(np.concatenate([first.start_utc, second.start_utc]), whole.start_utc)


async def test_five_minute_rows_are_kept_ten_days_and_agree_with_the_hours(home: DemoHome) -> None:
    source = DemoSource(home)
    fine = (await source.statistics([LOAD.entity_id], home.start, home.end, "5minute"))[LOAD.entity_id]
    hours = (await source.statistics([LOAD.entity_id], home.start, home.end, "hour"))[LOAD.entity_id]
    assert home.end - fine.start_utc[0] <= 10 * DAY
    at_hour_end = (fine.start_utc + 300) % 3600 == 0
    matching = np.isin(hours.start_utc, fine.start_utc[at_hour_end] - 3300)
    assert matching.sum() > 230
    assert np.array_equal(hours.sum_kwh[matching], fine.sum_kwh[at_hour_end])


async def test_history_is_kept_ten_days_and_begins_with_the_state_that_held(home: DemoHome) -> None:
    source = DemoSource(home)
    start_us = (home.end - 3 * DAY) * MICROSECONDS
    found = await source.history(IDS, start_us, start_us + DAY * MICROSECONDS)
    assert set(found) == set(IDS)
    for readings in found.values():
        assert readings.time_us[0] == start_us
        assert readings.held.tolist() == [True] + [False] * (len(readings) - 1)
        assert (np.diff(readings.time_us) >= 0).all()
        assert readings.time_us[-1] < start_us + DAY * MICROSECONDS
    assert not await source.history(IDS, home.start * MICROSECONDS, (home.start + DAY) * MICROSECONDS)
    oldest = await source.history(IDS, home.start * MICROSECONDS, home.end * MICROSECONDS)
    assert all(r.time_us[0] >= (home.end - 10 * DAY) * MICROSECONDS for r in oldest.values())


async def test_history_in_pieces_misses_nothing(home: DemoHome) -> None:
    source = DemoSource(home)
    start, middle, end = ((home.end - d * DAY) * MICROSECONDS for d in (4, 3, 2))
    whole = (await source.history([LOAD.entity_id], start, end))[LOAD.entity_id]
    pieces = [
        (await source.history([LOAD.entity_id], *piece))[LOAD.entity_id]
        for piece in ((start, middle), (middle, end))
    ]
    told = [int(t) for piece in pieces for t, held in zip(piece.time_us, piece.held, strict=True) if not held]
    assert told == whole.time_us[~whole.held].tolist()


async def test_prices_are_those_that_are_public(home: DemoHome) -> None:
    quotes = await DemoPrices(home).fetch(home.end - DAY, home.end + 5 * DAY)
    assert quotes.end_utc[-1] == known_until(home.end)
    assert (quotes.start_utc[1:] == quotes.end_utc[:-1]).all()
    assert quotes.start_utc[0] >= home.end - DAY


async def test_prices_before_october_2025_are_hourly() -> None:
    home = make_home(seed=3, days=LEAST_DAYS, end=QUARTERS_SINCE - DAY)
    summer = await DemoPrices(home).fetch(home.start, home.start + DAY)
    assert (summer.end_utc - summer.start_utc == 3600).all()
    assert len(summer) == 24
