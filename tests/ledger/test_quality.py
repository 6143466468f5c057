"""Labels of days."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import day_slots
from darkstar.ledger.quality import label_days
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, Flag, ResolvedSlots

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = dt.date(2025, 6, 15)
MEASURED = [
    Channel.LOAD,
    Channel.PV,
    Channel.IMPORT,
    Channel.EXPORT,
    Channel.BATT_CHARGE,
    Channel.BATT_DISCHARGE,
]


def labelled(
    channel: Channel, unknown: int = 0, spread: int = 0, measured: list[Channel] = MEASURED
) -> DayQuality:
    """The day's label when so many slots of one channel are unknown or known in total only."""
    slots = day_slots(DAY, STOCKHOLM)
    n = len(slots)
    channels = {
        c: ChannelSlots(np.full(n, 0.1), *(np.ones(n, np.int8),) * 2, np.zeros(n, np.int32)) for c in Channel
    }
    channels[channel].energy_kwh[:unknown] = np.nan
    channels[channel].flags[:spread] = Flag.SPREAD | Flag.DIP
    soc = np.full(n, np.nan)
    (label,) = label_days(ResolvedSlots(slots, channels, soc, soc), measured, STOCKHOLM)
    return label


def test_a_day_bears_an_hour_without_numbers_and_three_without_their_time() -> None:
    assert labelled(Channel.LOAD, unknown=4, spread=12) == DayQuality(DAY, DayStatus.CLEAN, ())


@pytest.mark.parametrize(
    ("unknown", "spread", "reason"),
    [(5, 0, "load is unknown for 1.25 h"), (0, 13, "load is known in total only for 3.25 h")],
)
def test_a_day_that_lacks_more_is_excluded_and_says_why(unknown: int, spread: int, reason: str) -> None:
    assert labelled(Channel.LOAD, unknown, spread) == DayQuality(DAY, DayStatus.EXCLUDE, (reason,))


def test_a_battery_s_silence_masks_the_battery_alone() -> None:
    label = labelled(Channel.BATT_CHARGE, unknown=40)

    assert label.status is DayStatus.MASK_BATTERY
    assert label.reasons == ("batt_charge is unknown for 10 h",)


def test_what_the_home_does_not_measure_is_held_against_no_day() -> None:
    assert labelled(Channel.PV, unknown=96, measured=[Channel.LOAD]).status is DayStatus.CLEAN
    assert labelled(Channel.WATER, unknown=96).status is DayStatus.CLEAN


def test_only_days_that_lie_wholly_within_the_slots_are_labelled() -> None:
    slots = np.concatenate([day_slots(DAY + dt.timedelta(days=d), STOCKHOLM) for d in range(3)])[1:-1]
    n = len(slots)
    load = ChannelSlots(np.full(n, 0.1), np.ones(n, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32))
    soc = np.full(n, np.nan)

    labels = label_days(ResolvedSlots(slots, {Channel.LOAD: load}, soc, soc), [Channel.LOAD], STOCKHOLM)

    assert [label.day for label in labels] == [DAY + dt.timedelta(days=1)]
