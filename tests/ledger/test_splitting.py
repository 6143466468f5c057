"""How hours of a home become quarters, all channels together."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import MeterEvidence, Method, Source
from darkstar.ledger.resolved import ChannelSlots, Flag, ResolvedSlots
from tests.ledger.cases import intervals, on_change, resolve_home, site, statistics

BATTERY_HOME = site(absent=frozenset())


def by_hour(told: Sequence[float], first_hour: int = 0) -> MeterEvidence:
    """Energies of a file by the hour."""
    return intervals(
        [(60.0 * (first_hour + i), 60.0 * (first_hour + i + 1), kwh) for i, kwh in enumerate(told)]
    )


def test_a_load_follows_the_hours_around() -> None:
    found = resolve_home({Channel.LOAD: [by_hour([1.0, 2.0, 3.0])]}, 0, 3).channels[Channel.LOAD]

    assert found.energy_kwh[4:8] == pytest.approx([0.40625, 0.46875, 0.53125, 0.59375], abs=1e-12)
    assert set(found.method.tolist()) == {Method.SPLIT_PROFILE}
    assert set(found.source.tolist()) == {Source.IMPORT_HOUR}


def test_where_the_hours_around_say_nothing_it_is_laid_evenly() -> None:
    found = resolve_home({Channel.LOAD: [by_hour([1.0, 1.0, 1.0])]}, 0, 3).channels[Channel.LOAD]

    assert (found.energy_kwh == 0.25).all()
    assert set(found.method.tolist()) == {Method.SPLIT_EVEN}


def test_the_sun_rises_within_its_hour_and_its_sky_clears() -> None:
    told = [0.05, 0.4, 1.2, 2.0]

    found = resolve_home({Channel.PV: [by_hour([0.0, *told])]}, 0, 5).channels[Channel.PV]

    assert hourly(found.energy_kwh) == pytest.approx([0.0, *told], abs=1e-12)
    assert (found.energy_kwh[:6] == 0).all(), "the sun rises over Stockholm at 1:31 UTC"
    assert (np.diff(found.energy_kwh[6:]) > 0).all(), "each quarter gives more than the one before"
    assert set(found.method[4:].tolist()) == {Method.SPLIT_SUN}
    assert set(found.method[:4].tolist()) == {Method.SPLIT_EVEN}


def test_a_quarter_is_not_laid_beyond_what_the_connection_carries() -> None:
    # 12 kW is 3 kWh a quarter; the climb would end above it.
    found = resolve_home({Channel.IMPORT: [by_hour([9.0, 11.6, 12.0, 9.0])]}, 0, 4).channels[Channel.IMPORT]

    assert found.energy_kwh.max() <= 3.0 + 1e-12
    assert found.energy_kwh[4:8] == pytest.approx(np.full(4, 2.9), abs=1e-12)
    assert set(found.method[4:8].tolist()) == {Method.SPLIT_EVEN}


def test_the_spread_energy_of_an_outage_says_nothing_of_the_hours_beside_it() -> None:
    rows = [(-120, 499.0, 9.0), (-60, 500.0, 10.0), (0, 501.0, 11.0), (240, 506.0, 16.0), (300, 507.0, 17.0)]

    found = resolve_home({Channel.LOAD: [on_change([], hourly=statistics(rows))]}, 0, 6).channels[
        Channel.LOAD
    ]

    assert (found.flags[4:20] & Flag.SPREAD).all()
    assert found.energy_kwh[:4] == pytest.approx(np.full(4, 0.25), abs=1e-12)
    assert found.energy_kwh[20:] == pytest.approx(np.full(4, 0.25), abs=1e-12)


def test_a_load_without_a_meter_follows_the_hours_around() -> None:
    meters = {
        Channel.IMPORT: [by_hour([1.0, 2.0, 3.0])],
        Channel.EXPORT: [by_hour([0.0, 0.0, 0.0])],
        Channel.PV: [by_hour([0.0, 0.0, 0.0])],
    }

    found = resolve_home(meters, 0, 3).channels

    load = found[Channel.LOAD]
    assert load.energy_kwh[4:8] == pytest.approx([0.40625, 0.46875, 0.53125, 0.59375], abs=1e-12)
    assert set(load.source.tolist()) == {Source.BALANCE}
    assert found[Channel.IMPORT].energy_kwh == pytest.approx(load.energy_kwh, abs=1e-12)


def test_a_battery_takes_what_sun_is_left_quarter_by_quarter() -> None:
    sun, used, taken = [1.0, 2.0, 3.0], [0.8, 0.8, 0.8], [0.2, 1.2, 2.2]
    meters = {
        Channel.PV: [by_hour(sun, 5)],
        Channel.LOAD: [by_hour(used, 5)],
        Channel.BATT_CHARGE: [by_hour(taken, 5)],
        Channel.BATT_DISCHARGE: [by_hour([0.0] * 3, 5)],
        Channel.IMPORT: [by_hour([0.0] * 3, 5)],
        Channel.EXPORT: [by_hour([0.0] * 3, 5)],
    }

    found = resolve_home(meters, 5, 8, of=BATTERY_HOME).channels

    left = found[Channel.PV].energy_kwh - found[Channel.LOAD].energy_kwh
    charge = found[Channel.BATT_CHARGE]
    assert charge.energy_kwh[4:] == pytest.approx(left[4:], abs=1e-12)
    assert set(charge.method[4:].tolist()) == {Method.SPLIT_BALANCE}
    assert residual_kwh(found)[4:] == pytest.approx(np.zeros(8), abs=1e-12)


def test_a_battery_charged_from_the_grid_does_not_follow_the_sun() -> None:
    meters = {
        Channel.PV: [by_hour([1.0, 2.0, 3.0], 5)],
        Channel.LOAD: [by_hour([0.8, 0.8, 0.8], 5)],
        Channel.BATT_CHARGE: [by_hour([5.0, 5.0, 5.0], 5)],
    }

    found = resolve_home(meters, 5, 8, of=BATTERY_HOME).channels[Channel.BATT_CHARGE]

    assert found.energy_kwh == pytest.approx(np.full(12, 1.25), abs=1e-12)
    assert set(found.method.tolist()) == {Method.SPLIT_EVEN}


def test_days_that_a_short_range_does_not_look_at_have_no_say() -> None:
    # A wild day, two quiet ones, and at their end a car that begins to charge within an hour.
    told = [*[0.0, 4.0] * 12, *[0.2, 0.25] * 23, 0.2, 3.0, 5.0, 5.0, *[0.2] * 22]
    home = {Channel.LOAD: [by_hour(told, -24)]}

    whole = resolve_home(home, 0, 48).channels[Channel.LOAD].energy_kwh
    hour = resolve_home(home, 47, 48).channels[Channel.LOAD].energy_kwh

    assert hour.tobytes() == whole[-4:].tobytes()
    assert hour[0] < 0.1 < 1.2 < hour[3]


def measured(quarters: Sequence[float]) -> list[MeterEvidence]:
    """Energies of a file by the quarter."""
    return [intervals([(15.0 * i, 15.0 * (i + 1), kwh) for i, kwh in enumerate(quarters)])]


def test_the_one_channel_known_by_the_hour_follows_the_measured_quarters_of_the_others() -> None:
    meters = {
        Channel.PV: measured([0.1, 0.2, 0.3, 0.4]),
        Channel.IMPORT: measured([0.4, 0.0, 0.2, 0.0]),
        Channel.EXPORT: measured([0.0, 0.0, 0.0, 0.1]),
        # The others leave 1.5; this meter says 0.2 more.
        Channel.LOAD: [by_hour([1.7])],
    }

    load = resolve_home(meters, 0, 1).channels[Channel.LOAD]

    assert load.energy_kwh == pytest.approx([0.55, 0.25, 0.55, 0.35], abs=1e-12)
    assert set(load.method.tolist()) == {Method.SPLIT_BALANCE}


@pytest.mark.parametrize(
    ("bought", "sold", "used"),
    [
        pytest.param([0.4, 0.0, 0.2, 0.0], [0.0, 0.0, 0.0, 0.3], 0.7, id="less than nothing"),
        pytest.param([0.0, 2.95, 0.0, 0.0], [0.0] * 4, 3.35, id="more than the connection carries"),
    ],
)
def test_what_no_meter_can_have_shown_is_not_taken_from_the_balance(
    bought: list[float], sold: list[float], used: float
) -> None:
    meters = {
        Channel.PV: measured([0.1, 0.1, 0.1, 0.1]),
        Channel.IMPORT: measured(bought),
        Channel.EXPORT: measured(sold),
        Channel.LOAD: [by_hour([used])],
    }

    load = resolve_home(meters, 0, 1).channels[Channel.LOAD]

    assert load.energy_kwh == pytest.approx(np.full(4, used / 4), abs=1e-12)
    assert set(load.method.tolist()) == {Method.SPLIT_EVEN}


kwhs = st.one_of(st.just(0.0), st.floats(0, 6).map(lambda kwh: round(kwh, 3)))
wild = st.lists(kwhs, min_size=24, max_size=24)
quiet = st.lists(st.sampled_from([0.2, 0.21, 0.22, 0.2, 2.0, 4.0, 4.0]), min_size=24, max_size=24)
days = st.lists(st.one_of(wild, quiet), min_size=4, max_size=4).map(
    lambda four: [kwh for day in four for kwh in day]
)


@given(st.tuples(*[days] * len(BALANCE_SIGN)), st.integers(1, 4 * 48 - 1), st.booleans())
@settings(max_examples=20, deadline=None)
@pytest.mark.slow
def test_the_hours_of_a_home_split_in_two_pieces_are_the_same_to_the_bit(
    told: tuple[list[float], ...], cut: int, metered_load: bool
) -> None:
    # Four days of hours, of which the middle two are asked for, whole and in pieces.
    home = {channel: [by_hour(hours, -24)] for channel, hours in zip(BALANCE_SIGN, told, strict=True)}
    if not metered_load:
        del home[Channel.LOAD]

    def asked(first: float, last: float) -> ResolvedSlots:
        return resolve_home(home, first, last, of=BATTERY_HOME)

    whole, first, second = asked(0, 48), asked(0, cut / 4), asked(cut / 4, 48)

    for channel in home:
        expected, pieces = whole.channels[channel], (first.channels[channel], second.channels[channel])
        assert joined(pieces, "energy_kwh") == expected.energy_kwh.tobytes()
        assert joined(pieces, "method") == expected.method.tobytes()
        hours = np.array(told[list(BALANCE_SIGN).index(channel)][24:72])
        assert hourly(expected.energy_kwh) == pytest.approx(hours, abs=1e-12, rel=1e-13)
        assert (expected.energy_kwh >= 0).all()


def joined(pieces: Sequence[ChannelSlots], name: str) -> bytes:
    return np.concatenate([getattr(piece, name) for piece in pieces]).tobytes()


def residual_kwh(found: dict[Channel, ChannelSlots]) -> np.ndarray:
    return np.asarray(sum(sign * found[channel].energy_kwh for channel, sign in BALANCE_SIGN.items()))
