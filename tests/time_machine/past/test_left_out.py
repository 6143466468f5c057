"""What was replayed and what was left out in total, by reason and by label."""

import datetime as dt
from dataclasses import replace

from darkstar.domain.slots import day_bounds
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.time_machine.past.left_out import Left, coverage, left_out
from tests.time_machine.cases import TZ, past

SPRING = dt.date(2021, 3, 28)
"""The clocks go forward: 92 slots."""
BEFORE, AFTER = SPRING - dt.timedelta(days=1), SPRING + dt.timedelta(days=1)
BOUNDS = day_bounds(BEFORE, TZ)[0] + 12 * 3600, day_bounds(AFTER, TZ)[1]


def test_days_slots_and_reasons() -> None:
    found = left_out(
        [
            (BEFORE, "load unknown in 2 of 96 slots; import price unknown in 1 of 96 slots"),
            (SPRING, "load unknown in 92 of 92 slots"),
            (AFTER, "soc stands still while 48 % of the capacity goes through the battery; load is unknown for 4 h"),
        ],
        BOUNDS,
        TZ,
    )  # fmt: skip
    assert found.total == Left(3, 48 + 92 + 96)
    assert found.reasons == {
        "load unknown": Left(2, 48 + 92),
        "import price unknown": Left(1, 48),
        "load is unknown": Left(1, 96),
        "soc stands still": Left(1, 96),
    }
    assert next(iter(found.reasons)) == "load unknown"
    assert found.sentence() == (
        "Left out: 3 days, 236 slots; labels: unlabelled (3). Days by reason: load unknown (2); "
        "import price unknown (1); load is unknown (1); soc stands still (1)."
    )


def test_reasons_without_numbers_and_with_several() -> None:
    told = "price: implausible for 1 h, as 84 per kWh; price: vattenfall and elprisetjustnu differ; labelled exclude"
    found = left_out([(SPRING, told)], BOUNDS, TZ)
    assert set(found.reasons) == {
        "price: implausible",
        "price: vattenfall and elprisetjustnu differ",
        "labelled exclude",
    }


def test_nothing() -> None:
    found = left_out([], BOUNDS, TZ)
    assert (found.total, found.sentence()) == (Left(0, 0), "")


def test_what_was_replayed_and_what_its_labels_say() -> None:
    """Four days from the first of March, the second left out; the third has a masked battery, the fourth no label."""
    day = [dt.date(2021, 3, number) for number in range(1, 5)]
    labels = [
        DayQuality(day[0], DayStatus.CLEAN, ()),
        DayQuality(day[1], DayStatus.EXCLUDE, ("load is unknown for 4 h",)),
        DayQuality(day[2], DayStatus.MASK_BATTERY, ("soc stands still",)),
    ]
    history = past(4)
    out = (history.slots >= day_bounds(day[1], TZ)[0]) & (history.slots < day_bounds(day[1], TZ)[1])
    history = replace(history.take(~out), omitted=((day[1], "load is unknown for 4 h"),))
    bounds = day_bounds(day[0], TZ)[0], day_bounds(day[3], TZ)[1]
    found = coverage(history, bounds, TZ, labels)
    assert found.replayed == Left(3, 288)
    assert found.masked == [(day[2], "soc stands still")]
    assert found.left_out.labels == {"exclude": 1}
    told = found.sentences()
    assert told[0] == "3 days were replayed, 288 slots."
    assert told[1].startswith("On 1 of them what the battery's own meters say is not believed (mask_battery)")
    assert told[2].startswith("Left out: 1 day, 96 slots; labels: exclude (1).")
    assert coverage(history, bounds, TZ, ()).left_out.labels == {"unlabelled": 1}
