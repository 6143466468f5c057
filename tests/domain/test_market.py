"""When prices become known."""

import datetime as dt

import numpy as np

from darkstar.domain.market import MARKET_TZ, known_until, known_until_each
from darkstar.domain.slots import HOUR_SECONDS, slot_range


def test_many_instants_are_as_one_by_one() -> None:
    # Over both changes of the clocks.
    for day in (dt.date(2021, 3, 27), dt.date(2021, 10, 30)):
        start = int(dt.datetime.combine(day, dt.time(), tzinfo=MARKET_TZ).timestamp())
        slots = slot_range(start, start + 60 * HOUR_SECONDS)
        assert known_until_each(slots).tolist() == [known_until(slot) for slot in slots.tolist()]
    assert len(known_until_each(np.zeros(0, dtype=np.int64))) == 0
