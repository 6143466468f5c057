"""Two meters of one channel: what adds up, what is not known, which of them was born later."""

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.ledger.compare import hourly
from darkstar.ledger.resolved import Flag
from tests.ledger.cases import flagged, on_change, resolve_home, statistics, steady


def test_two_tariffs_add_up_while_one_of_them_is_idle() -> None:
    day, night = on_change(steady(0, 120)), on_change([(0, 500.0)], watched=[(0, 120)])

    found = resolve_home({Channel.IMPORT: [day, night]}, 0, 2).channels[Channel.IMPORT]

    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)


def test_a_meter_that_is_silent_leaves_the_sum_unknown() -> None:
    day, night = on_change(steady(0, 120)), on_change([(0, 500.0), (30, 500.0)])

    found = resolve_home({Channel.IMPORT: [day, night]}, 0, 2).channels[Channel.IMPORT]

    assert found.energy_kwh[:2] == pytest.approx([0.3, 0.3], abs=1e-9)
    assert np.isnan(found.energy_kwh[2:]).all()


def test_what_befell_one_of_two_meters_is_told_of_their_sum() -> None:
    away = on_change([*steady(0, 30), (31, "unavailable"), *steady(115, 120, begin=102.0)])
    by_the_hour = on_change([], hourly=statistics([(-60, 10.0, 10.0), (0, 10.4, 10.4), (60, 11.2, 11.2)]))

    found = resolve_home({Channel.IMPORT: [away, by_the_hour]}, 0, 2).channels[Channel.IMPORT]

    assert found.energy_kwh.sum() == pytest.approx(2.1 + 1.2, abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(8))


def test_a_meter_born_later_counted_nothing_before() -> None:
    old, new = on_change(steady(0, 120)), on_change(steady(60, 120, begin=0.0))

    found = resolve_home({Channel.PV: [old, new]}, 0, 2).channels[Channel.PV]

    assert found.energy_kwh == pytest.approx([0.3] * 4 + [0.6] * 4, abs=1e-9)


def test_a_meter_that_was_there_before_it_was_first_heard_leaves_the_sum_unknown_until_then() -> None:
    one, late = on_change(steady(0, 120)), on_change(steady(60, 120, begin=5000.0))

    found = resolve_home({Channel.PV: [one, late]}, 0, 2).channels[Channel.PV]

    assert np.isnan(found.energy_kwh[:4]).all()
    assert found.energy_kwh[4:] == pytest.approx(np.full(4, 0.6), abs=1e-9)


def test_a_meter_born_later_and_known_by_the_hour_only_counted_nothing_before() -> None:
    old = on_change([], hourly=statistics([(60 * h, 100.0 + h, 100.0 + h) for h in range(-1, 6)]))
    new = on_change([], hourly=statistics([(60 * h, 0.5 * (h - 1), 0.5 * (h - 1)) for h in range(2, 6)]))

    found = resolve_home({Channel.LOAD: [old, new]}, 0, 6).channels[Channel.LOAD].energy_kwh

    assert hourly(found) == pytest.approx([1.0, 1.0, np.nan, 1.5, 1.5, 1.5], abs=1e-9, nan_ok=True)
    assert np.isnan(found[8:12]).all(), "the first row yields no energy"


def test_a_meter_known_by_the_hour_before_it_was_heard_is_not_newborn() -> None:
    old = on_change(steady(0, 360))
    daily = on_change(
        steady(240, 360, begin=0.1), hourly=statistics([(-60, 3.0, 3.0), (0, 3.4, 3.4)]), name="sensor.today"
    )

    found = resolve_home({Channel.LOAD: [old, daily]}, 0, 6).channels[Channel.LOAD].energy_kwh

    assert found[:4].sum() == pytest.approx(1.2 + 0.4, abs=1e-9)
    assert np.isnan(found[4:16]).all()
