"""What runs through many hours is told from what two numbers do by chance."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.ledger.causes.case import Case, Patterns, Stretch
from darkstar.ledger.causes.patterns import exchanged, find_patterns, multiplied, shifted
from darkstar.ledger.compare import HourComparison
from darkstar.ledger.resolved import ChannelSlots
from tests.ledger.causes.hours import hours

N = 24 * 14
Series = NDArray[np.float64]


def home(seed: int = 1) -> dict[Channel, Series]:
    """Two weeks of a home: a load with a morning and an evening, and a sun that rises on both sides of noon."""
    chance = np.random.default_rng(seed)
    clock = np.arange(N) % 24
    load = 0.4 + 1.5 * np.isin(clock, (6, 7, 17, 18, 19)) + chance.gamma(2, 0.15, N)
    sun = np.maximum(np.sin((clock - 6) / 12 * np.pi), 0) * 3 * np.repeat(chance.uniform(0.2, 1, N // 24), 24)
    return {Channel.LOAD: load, Channel.PV: sun}


def patterns(ha: Mapping[Channel, Series], ours: Mapping[Channel, Series]) -> dict[Channel, Patterns]:
    compared = {c: HourComparison(c, hours(N), ha[c], ours[c]) for c in ha}
    return find_patterns(compared, 0.1)


def case_of(found: Patterns, hour: int) -> Case:
    nothing = np.zeros(N)
    asked = np.ones(N, dtype=np.bool_)
    of = Stretch(Channel.LOAD, hours(N), nothing, nothing, asked, ChannelSlots.unknown(4 * N), (), found, 0.1)
    return Case(of, hour)


@pytest.mark.parametrize("lag", [-2, -1, 1, 2])
def test_rows_shifted_by_hours(lag: int) -> None:
    ha = home()
    ours = {**ha, Channel.LOAD: np.roll(ha[Channel.LOAD], lag)}

    found = patterns(ha, ours)

    assert (found[Channel.LOAD].lag_hours[24:-24] == lag).all()
    finding = shifted(case_of(found[Channel.LOAD], 100))
    assert finding
    assert f"{abs(lag)} h {'later' if lag > 0 else 'earlier'}" in finding.detail
    assert not found[Channel.PV].lag_hours.any()


def test_rows_shifted_in_the_summer_half_only() -> None:
    ha = home()
    half = N // 2
    ours = {c: np.where(np.arange(N) < half, series, np.roll(series, 1)) for c, series in ha.items()}

    found = patterns(ha, ours)[Channel.LOAD].lag_hours

    assert not found[: half - 40].any()
    assert (found[half + 1 : -24] == 1).all()


def few_hours_a_day(hour_kwh: float) -> dict[Channel, Series]:
    """A meter that counts in the two hours after 18 and 22 h on every third day."""
    chance = np.random.default_rng(3)
    at = np.arange(N)
    counts = np.isin(at % 24, (18, 19, 22)) & (at // 24 % 3 == 0)
    return {Channel.EXPORT: np.where(counts, hour_kwh * chance.uniform(0.5, 1.5, N), 0.0)}


@pytest.mark.parametrize("lag", [-1, 1])
def test_a_meter_that_counts_few_hours_is_shifted_where_each_of_them_fits(lag: int) -> None:
    ha = few_hours_a_day(0.8)
    ours = {c: np.roll(series, lag) for c, series in ha.items()}

    found = patterns(ha, ours)[Channel.EXPORT].lag_hours

    off = np.abs(ha[Channel.EXPORT] - ours[Channel.EXPORT]) > 0.1
    assert (found[off] == lag).all()


def test_one_lump_in_the_neighbouring_hour_is_no_shift() -> None:
    ha = {Channel.EXPORT: np.where(np.isin(np.arange(N), (100, 130)), 2.0, 0.0)}
    ours = {c: np.roll(series, 1) for c, series in ha.items()}

    assert not patterns(ha, ours)[Channel.EXPORT].lag_hours.any()


def test_channels_exchanged() -> None:
    ha = home()
    ours = {Channel.LOAD: ha[Channel.PV], Channel.PV: ha[Channel.LOAD]}

    found = patterns(ha, ours)

    assert set(found[Channel.LOAD].exchanged) == {Channel.PV}
    assert set(found[Channel.PV].exchanged) == {Channel.LOAD}
    finding = exchanged(case_of(found[Channel.LOAD], 100))
    assert finding
    assert "load and pv are exchanged" in finding.detail


@pytest.mark.parametrize(
    ("factor", "cause"),
    [(2.0, "counted_twice"), (0.5, "counted_twice"), (1000.0, "unit_changed"), (0.001, "unit_changed")],
)
def test_energy_counted_twice_or_in_another_unit(factor: float, cause: str) -> None:
    ha = home()
    ours = {**ha, Channel.LOAD: ha[Channel.LOAD] * factor}

    found = patterns(ha, ours)[Channel.LOAD]

    assert set(found.factor) == {factor}
    finding = multiplied(case_of(found, 100))
    assert finding
    assert finding.cause.value == cause


def test_books_that_agree_but_for_some_hours_show_no_pattern() -> None:
    ha = home()
    ours = {c: series.copy() for c, series in ha.items()}
    ours[Channel.LOAD][100:106] = np.roll(ha[Channel.LOAD], 1)[100:106]
    ours[Channel.LOAD][200] *= 2

    found = patterns(ha, ours)[Channel.LOAD]

    assert not found.lag_hours.any()
    assert set(found.factor) == {1.0}
    assert all(other is None for other in found.exchanged)


def test_one_false_number_beside_small_ones_is_no_other_unit() -> None:
    ours = {Channel.LOAD: np.full(N, 0.3)}
    ha = {Channel.LOAD: np.where((np.arange(N) >= 100) & (np.arange(N) < 120), 0.0, 0.3)}
    ha[Channel.LOAD][120] = 31_000.0

    found = patterns(ha, ours)[Channel.LOAD]

    assert set(found.factor) == {1.0}


def test_a_few_hours_prove_no_pattern() -> None:
    ha = home()
    known = (np.arange(N) >= 100) & (np.arange(N) < 110)
    ours = {c: np.where(known, 2 * series, np.nan) for c, series in ha.items()}

    assert set(patterns(ha, ours)[Channel.LOAD].factor) == {1.0}


def test_noise_shows_no_pattern() -> None:
    ha, other = home(1), home(2)

    for found in patterns(ha, {c: other[c] + 0.3 for c in ha}).values():
        assert not found.lag_hours.any()
        assert set(found.factor) == {1.0}
        assert all(channel is None for channel in found.exchanged)
