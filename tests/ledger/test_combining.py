"""Which of several measurements of a channel wins, slot by slot."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import slot_range
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.compare import HourComparison, hourly
from darkstar.ledger.evidence import MeterEvidence, Source
from darkstar.ledger.resolve import resolve
from darkstar.ledger.resolved import ChannelSlots, Flag
from tests.ledger.cases import MIDNIGHT, intervals, on_change, site, statistics

HOURLY = statistics([(-60, 100.0, 10.0), (0, 104.0, 14.0), (60, 108.0, 18.0)])
FIVE_MINUTE = statistics([(5.0 * i, 100 + (i + 1) / 3, 10 + (i + 1) / 3) for i in range(-1, 12)], 300)


def best_of(groups: Sequence[tuple[str, Sequence[MeterEvidence]]], hours: int = 1) -> ChannelSlots:
    channel = {Channel.LOAD: [MeterGroup(origin, tuple(meters)) for origin, meters in groups]}
    return resolve(slot_range(MIDNIGHT, MIDNIGHT + 3600 * hours), channel, [], site()).channels[Channel.LOAD]


def test_the_finest_that_home_assistant_tells_of_a_slot_wins() -> None:
    shown = [(0, 100.0), (14.99, 101.0), (29.99, 102.0)]
    meter = on_change(shown, watched=[(0, 30)], five_minute=FIVE_MINUTE, hourly=HOURLY)

    found = best_of([("home_assistant", [meter])], 2)

    assert found.source.tolist() == [Source.HA_HISTORY] * 2 + [Source.HA_5MIN] * 2 + [Source.HA_HOUR] * 4
    assert found.energy_kwh[:4] == pytest.approx([1.0] * 4, abs=1e-3)


def test_a_file_finer_than_an_hour_stands_before_statistics_and_behind_readings() -> None:
    file = intervals([(15 * i, 15 * i + 15, 0.2) for i in range(8)])
    meter = on_change([(0, 100.0), (15, 101.0), (30, 102.0)], five_minute=FIVE_MINUTE, hourly=HOURLY)

    found = best_of([("home_assistant", [meter]), ("import", [file])], 2)

    assert found.source.tolist() == [Source.HA_HISTORY] * 2 + [Source.IMPORT_FINE] * 6
    assert found.energy_kwh == pytest.approx([1.0] * 2 + [0.2] * 6)


@pytest.mark.parametrize("file_first", [False, True])
def test_home_assistant_s_hours_stand_before_a_file_s(file_first: bool) -> None:
    groups = [
        ("home_assistant", [on_change([], hourly=HOURLY)]),
        ("import", [intervals([(0, 60, 1.0), (60, 120, 1.0), (120, 180, 3.0)])]),
    ]

    found = best_of(groups[::-1] if file_first else groups, 3)

    assert hourly(found.energy_kwh) == pytest.approx([4.0, 4.0, 3.0])
    assert found.source[::4].tolist() == [Source.HA_HOUR, Source.HA_HOUR, Source.IMPORT_HOUR]


def test_what_was_measured_in_time_stands_before_what_is_known_in_total_only() -> None:
    away = on_change([(-5, 100.0), (0, 100.0), (1, "unavailable"), (179, 106.0), (180, 106.0)])
    file = intervals([(60, 120, 1.0)])

    found = best_of([("home_assistant", [away]), ("import", [file])], 3)

    assert found.energy_kwh[4:8].sum() == pytest.approx(1.0)
    assert set(found.source[4:8].tolist()) == {Source.IMPORT_HOUR}
    assert (found.flags[[0, 8]] & Flag.SPREAD).all()


def test_readings_that_we_heard_ourselves_are_named_so() -> None:
    live = on_change([(0, 100.0), (15, 101.0), (30, 102.0)], source=Source.LIVE)

    assert best_of([("home_assistant", [live])]).source[:2].tolist() == [Source.LIVE] * 2


def test_an_hour_that_neither_side_knows_agrees_and_one_that_the_ledger_alone_knows_does_not() -> None:
    nan = np.nan
    comparison = HourComparison(
        Channel.LOAD,
        MIDNIGHT + 3600 * np.arange(6),
        ha_kwh=np.array([1.0, 1.0, 1.0, nan, nan, nan]),
        ledger_kwh=np.array([1.05, 1.2, nan, nan, 0.0, 0.5]),
    )

    assert comparison.within(0.1).tolist() == [True, False, False, True, True, False]
    assert replace(comparison, ha_kwh=comparison.ledger_kwh).within(0.1).tolist() == [True] * 5 + [True]


def test_an_hour_with_an_unknown_quarter_is_unknown() -> None:
    assert hourly(np.array([0.1, 0.2, 0.3, 0.4, 0.1, np.nan, 0.3, 0.4])) == pytest.approx(
        [1.0, np.nan], nan_ok=True
    )
