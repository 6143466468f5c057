"""When prices become known."""

import datetime as dt

import numpy as np

from darkstar.domain.market import MARKET_TZ, known_from, known_until, published_utc
from darkstar.domain.slots import HOUR_SECONDS, slot_range


def test_known_from_is_when_it_becomes_a_part_of_the_known() -> None:
    for day in (dt.date(2021, 3, 27), dt.date(2021, 10, 30)):
        start = int(dt.datetime.combine(day, dt.time(), tzinfo=MARKET_TZ).timestamp())
        slots = slot_range(start, start + 60 * HOUR_SECONDS)
        known = known_from(slots)
        assert known.tolist() == [published_utc(slot) for slot in slots.tolist()]
        for now in (
            start,
            start + 13 * HOUR_SECONDS - 1,
            start + 13 * HOUR_SECONDS,
            start + 40 * HOUR_SECONDS,
        ):
            assert np.searchsorted(known, now, side="right") == np.searchsorted(slots, known_until(now))
    assert len(known_from(slots[:0])) == 0


def test_a_late_receipt_delays_and_an_early_one_does_not_hasten() -> None:
    start = int(dt.datetime(2021, 6, 2, tzinfo=MARKET_TZ).timestamp())
    slots = slot_range(start, start + HOUR_SECONDS)
    public = published_utc(start)
    nan = float("nan")
    late = known_from(slots, np.array([nan, public - 600, public + 7200, nan]))
    assert late.tolist() == [public, public, public + 7200, public + 7200]
