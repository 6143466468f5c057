"""What holds for the ledger whatever the meters do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.ledger.accounting import ha_hours
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import MeterEvidence, Statistics
from darkstar.ledger.meters import count
from darkstar.ledger.resolved import ChannelSlots
from tests.ledger.cases import (
    LIMIT_KW,
    LIMIT_KWH,
    MIDNIGHT,
    Series,
    Shown,
    at,
    on_change,
    periodic,
    readings,
    resolve_home,
    resolve_meter,
    statistics,
)

pytestmark = pytest.mark.slow

HOURS = 6
EDGE = 2 * 60
"""Minutes of undoubted readings at each end, so that what lies between is told by both sides."""

powers = st.floats(0, 10).map(lambda kw: round(kw, 2))
waits = st.integers(30, 20 * 60)


@st.composite
def clean_meters(draw: st.DrawFn) -> list[Shown]:
    """A meter read at ragged times over the window and two hours to each side, quantised to watt-hours."""
    pauses = draw(
        st.lists(waits, min_size=1, max_size=12).filter(lambda drawn: sum(drawn) >= 180 * len(drawn))
    )
    kws = draw(st.lists(powers, min_size=1, max_size=12))
    shown: list[Shown] = []
    second, value = -EDGE * 60, float(draw(st.integers(200, 9000)))
    while second < (HOURS * 60 + EDGE) * 60:
        shown.append((second / 60, round(value, 3)))
        pause, kw = pauses[len(shown) % len(pauses)], kws[len(shown) % len(kws)]
        second += pause
        value += kw * pause / HOUR_SECONDS
    return shown


@st.composite
def troubled_meters(draw: st.DrawFn) -> tuple[list[Shown], list[Shown]]:
    """A clean meter, and the same with dips, spikes and outages of a few readings amid the window."""
    clean = draw(clean_meters())
    troubled = list(clean)
    inside = [i for i, (minute, _) in enumerate(clean) if 30 < minute < HOURS * 60 - 30]
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.sampled_from(inside))
        kind = draw(st.sampled_from(["zero", "dip", "spike", "outage", "unknown"]))
        for i in range(first, min(first + draw(st.integers(1, 3)), inside[-1])):
            minute, value = clean[i]
            bad = {"zero": 0.0, "dip": value * 0.94, "spike": value + 500, "outage": "unavailable"}
            troubled[i] = (minute, bad.get(kind, "unknown"))
    return clean, troubled


def whole_hours(meter: MeterEvidence) -> ChannelSlots:
    return resolve_meter(meter, 0, HOURS)


def shown_at(shown: Sequence[Shown], minute: float) -> float:
    return float(next(value for when, value in reversed(shown) if when <= minute))  # type: ignore[arg-type]


@given(troubled_meters())
@settings(max_examples=150, deadline=None)
def test_between_two_good_readings_energy_is_conserved_whatever_lies_between(
    meters: tuple[list[Shown], list[Shown]],
) -> None:
    clean, troubled = meters

    counted = count(on_change(troubled), LIMIT_KW)

    rise = float(clean[-1][1]) - float(clean[0][1])  # type: ignore[arg-type]
    assert counted.steps.energy_kwh.sum() == pytest.approx(rise, abs=1e-9)


@given(troubled_meters())
@settings(max_examples=150, deadline=None)
def test_the_slots_between_two_good_readings_hold_all_the_energy(
    meters: tuple[list[Shown], list[Shown]],
) -> None:
    clean, troubled = meters
    fixed = [(0.0, shown_at(clean, 0)), (HOURS * 60.0, shown_at(clean, HOURS * 60))]
    troubled = sorted({**dict(troubled), **dict(fixed)}.items())

    found = whole_hours(on_change(troubled)).energy_kwh

    assert found.sum() == pytest.approx(fixed[1][1] - fixed[0][1], abs=1e-9)


@given(troubled_meters())
@settings(max_examples=100, deadline=None)
def test_energies_are_never_negative(meters: tuple[list[Shown], list[Shown]]) -> None:
    found = whole_hours(on_change(meters[1])).energy_kwh

    assert not (found < 0).any()


@given(st.integers(30, 90), st.integers(1, 200), st.floats(0, 1), st.sampled_from([Channel.LOAD, Channel.PV]))
@settings(max_examples=100, deadline=None)
def test_what_an_outage_hid_is_all_there_and_nowhere_beyond_the_fuse(
    gone: int, minutes: int, share: float, channel: Channel
) -> None:
    risen = 100 + share * LIMIT_KW * minutes / 60
    shown: list[Shown] = [(float(m), 100.0) for m in range(gone + 1)]
    shown += [(gone + 0.5, "unavailable")]
    shown += [(float(m), risen) for m in range(gone + minutes, HOURS * 60 + 1)]

    found = resolve_home({channel: [on_change(shown)]}, 0, HOURS).channels[channel].energy_kwh

    assert found.sum() == pytest.approx(risen - 100, abs=1e-9)
    assert found.max() <= LIMIT_KWH + 1e-9


@given(clean_meters(), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_no_energy_reaches_a_slot_that_lies_outside_the_time_in_which_it_was_counted(
    clean: list[Shown], where: int
) -> None:
    # All that the meter counts, it counts in one step.
    i = 1 + where % (len(clean) - 1)
    held, risen = clean[i - 1], clean[i]
    shown = [(m, 100.0) for m, _ in clean[:i]] + [(m, 100.2) for m, _ in clean[i:]]

    found = whole_hours(on_change(shown)).energy_kwh

    start = MIDNIGHT + SLOT_SECONDS * np.arange(len(found))
    outside = (start >= at(risen[0]) / 1e6) | (start + SLOT_SECONDS <= at(held[0]) / 1e6)
    assert (found[outside] == 0).all()


@given(troubled_meters())
@settings(max_examples=50, deadline=None)
def test_readings_twice_and_in_any_order_are_the_same_readings(
    meters: tuple[list[Shown], list[Shown]],
) -> None:
    _, troubled = meters
    once = on_change(troubled)
    twice = replace(once, readings=readings([*troubled[::-1], *troubled]))

    assert_same(whole_hours(twice), whole_hours(once))


@given(troubled_meters(), st.integers(1, 4 * HOURS - 1))
@settings(max_examples=60, deadline=None)
def test_a_range_resolved_in_two_pieces_is_the_same_to_the_bit(
    meters: tuple[list[Shown], list[Shown]], cut: int
) -> None:
    clean, troubled = meters
    home = {
        Channel.IMPORT: [on_change(troubled)],
        Channel.PV: [on_change(clean, hourly=hourly_rows(clean))],
        Channel.EXPORT: [on_change([], hourly=hourly_rows(clean))],
    }

    whole = resolve_home(home, 0, HOURS)
    first, second = resolve_home(home, 0, cut / 4), resolve_home(home, cut / 4, HOURS)

    for channel in Channel:
        one, other = first.channels[channel], second.channels[channel]
        joined = ChannelSlots(
            np.append(one.energy_kwh, other.energy_kwh),
            np.append(one.source, other.source),
            np.append(one.method, other.method),
            np.append(one.flags, other.flags),
        )
        assert_same(joined, whole.channels[channel])


@given(clean_meters(), st.integers(0, 3 * 24 * 60), st.integers(1, 47))
@settings(max_examples=30, deadline=None)
def test_a_long_outage_resolved_in_two_pieces_is_the_same_to_the_bit(
    clean: list[Shown], minutes: int, cut_hour: int
) -> None:
    # Up to three days of silence after the first hours, and pieces that cut it anywhere.
    pause = next(i for i, (minute, _) in enumerate(clean) if minute > 60)
    gone = clean[pause][0]
    shown = [*clean[:pause], (gone, "unavailable"), *((m + minutes + 1, v) for m, v in clean[pause:])]
    home = {Channel.PV: [on_change(shown)], Channel.LOAD: [on_change(shown)]}

    whole = resolve_home(home, 0, 48)
    pieces = resolve_home(home, 0, cut_hour), resolve_home(home, cut_hour, 48)

    for channel in home:
        joined = np.concatenate([piece.channels[channel].energy_kwh for piece in pieces])
        assert joined.tobytes() == whole.channels[channel].energy_kwh.tobytes()


@given(clean_meters())
@settings(max_examples=80, deadline=None)
def test_the_hours_of_a_sound_meter_are_those_of_home_assistant_s_rule(clean: list[Shown]) -> None:
    hours = MIDNIGHT + HOUR_SECONDS * np.arange(HOURS)
    found = whole_hours(on_change(clean))

    expected = ha_hours(readings(clean), hours, edge_counts_before=True)

    # An hour that begins with more than the fuse carries is where the slots part from the rule.
    plain = (found.flags.reshape(-1, 4) == 0).all(axis=1)
    assert hourly(found.energy_kwh)[plain] == pytest.approx(expected[plain], abs=1e-9)


hours_of_energy = st.lists(powers.map(lambda kw: kw * 0.4), min_size=HOURS, max_size=HOURS)


@given(hours_of_energy, hours_of_energy, st.sampled_from([0.0, 4.0]))
@settings(max_examples=80, deadline=None)
def test_the_quarters_of_an_hour_sum_to_it(used: list[float], made: list[float], both_ways: float) -> None:
    told = {
        Channel.LOAD: used,
        Channel.PV: made,
        Channel.IMPORT: [max(u - m, 0) + both_ways for u, m in zip(used, made, strict=True)],
        Channel.EXPORT: [max(m - u, 0) + both_ways for u, m in zip(used, made, strict=True)],
    }

    found = resolve_home(
        {c: [on_change([], hourly=from_hours(h))] for c, h in told.items()}, 0, HOURS
    ).channels

    for channel, hours in told.items():
        assert (found[channel].energy_kwh >= 0).all()
        assert hourly(found[channel].energy_kwh) == pytest.approx(np.array(hours), abs=1e-9)
    if both_ways:
        # As much goes in and out in the hour as its quarters can need: import and export follow the others.
        assert residual(found) == pytest.approx(np.zeros(4 * HOURS), abs=1e-9)


@given(hours_of_energy, hours_of_energy)
@settings(max_examples=60, deadline=None)
def test_a_channel_without_a_meter_is_what_the_balance_leaves(used: list[float], made: list[float]) -> None:
    bought = [max(u - m, 0.0) for u, m in zip(used, made, strict=True)]
    sold = [max(m - u, 0.0) for u, m in zip(used, made, strict=True)]
    meters = {
        Channel.PV: [on_change([], hourly=from_hours(made))],
        Channel.IMPORT: [on_change([], hourly=from_hours(bought))],
        Channel.EXPORT: [on_change([], hourly=from_hours(sold))],
    }

    found = resolve_home(meters, 0, HOURS).channels

    assert hourly(found[Channel.LOAD].energy_kwh) == pytest.approx(np.array(used), abs=1e-9)
    assert hourly(residual(found)) == pytest.approx(np.zeros(HOURS), abs=1e-9)


@given(clean_meters())
@settings(max_examples=40, deadline=None)
def test_a_file_of_readings_conserves_its_energy(clean: list[Shown]) -> None:
    fixed = [(0.0, shown_at(clean, 0)), (HOURS * 60.0, shown_at(clean, HOURS * 60))]
    shown = sorted({**dict(clean), **dict(fixed)}.items())

    found = whole_hours(periodic(shown)).energy_kwh

    assert found.sum() == pytest.approx(fixed[1][1] - fixed[0][1], abs=1e-9)


def hourly_rows(clean: list[Shown]) -> Statistics:
    return statistics(
        [(60.0 * h, shown_at(clean, 60 * (h + 1)), shown_at(clean, 60 * (h + 1))) for h in range(-2, HOURS)]
    )


def residual(found: Mapping[Channel, ChannelSlots]) -> Series:
    return np.asarray(sum(sign * found[channel].energy_kwh for channel, sign in BALANCE_SIGN.items()))


def from_hours(told: Sequence[float]) -> Statistics:
    total = 1000 + np.cumsum([0.0, *told])
    return statistics([(60.0 * (h - 1), kwh, kwh) for h, kwh in enumerate(total.tolist())])


def assert_same(one: ChannelSlots, other: ChannelSlots) -> None:
    assert one.energy_kwh.tobytes() == other.energy_kwh.tobytes()
    for name in ("source", "method", "flags"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
