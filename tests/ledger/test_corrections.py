"""A correction stands before everything, and taking it back leaves what was there without it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.corrections import Correction, Repair, overlay
from darkstar.ledger.evidence import MeterEvidence, Source
from darkstar.ledger.resolve import resolve
from darkstar.ledger.resolved import Flag, ResolvedSlots
from tests.ledger.cases import MIDNIGHT, intervals, on_change, site, statistics

HOUR = 3600


def repair(
    *rows: tuple[Channel, float, float, float | None], made_us: int = 1, withdrawn_us: int | None = None
) -> Repair:
    """Rows of (channel, from hour, to hour, kWh)."""
    return Repair(
        tuple(
            Correction(c, MIDNIGHT + round(a * HOUR), MIDNIGHT + round(b * HOUR), kwh)
            for c, a, b, kwh in rows
        ),
        "because",
        made_us,
        withdrawn_us,
    )


def home(
    channels: dict[Channel, MeterEvidence], repairs: Sequence[Repair], hours: float = 2, first: float = 0
) -> ResolvedSlots:
    groups = {channel: [MeterGroup("home_assistant", (meter,))] for channel, meter in channels.items()}
    start, end = MIDNIGHT + round(first * HOUR), MIDNIGHT + round(hours * HOUR)
    return resolve(slot_range(start, end), groups, [], site(), repairs)


QUARTERS = intervals([(15 * i, 15 * i + 15, 0.25) for i in range(8)])


def test_it_stands_before_what_the_meter_said() -> None:
    found = home({Channel.LOAD: QUARTERS}, [repair((Channel.LOAD, 0.25, 0.75, 1.0))]).channels[Channel.LOAD]
    assert found.energy_kwh.tolist() == [0.25, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]
    assert found.source[:4].tolist() == [
        Source.IMPORT_FINE,
        Source.CORRECTION,
        Source.CORRECTION,
        Source.IMPORT_FINE,
    ]


def test_without_an_energy_the_slots_are_not_known_though_the_balance_would_tell() -> None:
    meters = {
        Channel.LOAD: QUARTERS,
        Channel.IMPORT: QUARTERS,
        Channel.PV: QUARTERS,
        Channel.EXPORT: QUARTERS,
    }
    found = home(meters, [repair((Channel.LOAD, 0, 0.5, None))])
    load = found.channels[Channel.LOAD]
    assert np.isnan(load.energy_kwh[:2]).all()
    assert load.source[:2].tolist() == [0, 0]
    assert load.energy_kwh[2:].tolist() == [0.25] * 6
    assert found.channels[Channel.IMPORT].energy_kwh.tolist() == [0.25] * 8


def test_what_the_balance_leaves_follows_the_correction() -> None:
    meters = {Channel.IMPORT: QUARTERS, Channel.PV: QUARTERS, Channel.EXPORT: intervals([(0, 120, 0.0)])}
    found = home(meters, [repair((Channel.PV, 0, 0.25, 0.75))]).channels[Channel.LOAD]
    assert found.energy_kwh.tolist() == [1.0] + [0.5] * 7
    assert (found.source == Source.BALANCE).all()


def test_an_hour_keeps_its_total_when_one_of_its_quarters_is_told() -> None:
    hourly = intervals([(0, 60, 1.0), (60, 120, 1.0)])
    found = home({Channel.LOAD: hourly}, [repair((Channel.LOAD, 0, 0.25, 0.4))]).channels[Channel.LOAD]
    np.testing.assert_allclose(found.energy_kwh, [0.4, 0.2, 0.2, 0.2, 0.25, 0.25, 0.25, 0.25])


def test_an_outage_that_was_laid_out_is_no_longer_flagged() -> None:
    meter = on_change([(0, 10), (60, 10.5), (75, "unavailable"), (225, 14.5), (240, 14.75)])
    before = home({Channel.LOAD: meter}, [], 4).channels[Channel.LOAD]
    assert (before.flags & Flag.SPREAD).any()
    energies = before.energy_kwh.tolist()
    told = repair(*((Channel.LOAD, i / 4, i / 4 + 0.25, energies[i]) for i in range(4, 16)))
    after = home({Channel.LOAD: meter}, [told], 4).channels[Channel.LOAD]
    assert after.energy_kwh.tolist() == energies
    assert not (after.flags[4:] & Flag.SPREAD).any()


def test_the_one_made_last_wins_whatever_came_first() -> None:
    one = repair((Channel.LOAD, 0, 1, 4.0), made_us=1)
    two = repair((Channel.LOAD, 0.5, 1.5, 8.0), made_us=2)
    for order in ([one, two], [two, one]):
        found = home({Channel.LOAD: QUARTERS}, order).channels[Channel.LOAD]
        assert found.energy_kwh.tolist() == [1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 0.25, 0.25]


corrections = st.lists(
    st.tuples(
        st.sampled_from([Channel.LOAD, Channel.IMPORT, Channel.PV, Channel.EXPORT]),
        st.integers(0, 11),
        st.integers(1, 6),
        st.none() | st.floats(0, 3),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda row: (row[0], row[1]),
)
METERS = {
    Channel.LOAD: on_change([(0, 1), (40, 1.4), (90, "unavailable"), (200, 5), (240, 5.5)]),
    Channel.IMPORT: on_change([(0, 1)], hourly=statistics([(60 * i - 60, i, i) for i in range(5)])),
    Channel.PV: intervals([(15 * i, 15 * i + 15, 0.1) for i in range(16)]),
    Channel.EXPORT: intervals([(60 * i, 60 * i + 60, 0.1) for i in range(4)]),
}


def same(one: ResolvedSlots, other: ResolvedSlots) -> bool:
    return all(
        np.array_equal(getattr(one.channels[c], part), getattr(other.channels[c], part), equal_nan=True)
        for c in Channel
        for part in ("energy_kwh", "source", "method", "flags")
    )


@settings(deadline=None, max_examples=20)
@given(st.lists(corrections, min_size=1, max_size=3))
@pytest.mark.slow
def test_repaired_withdrawn_repaired(made: list[list[tuple[Channel, int, int, float | None]]]) -> None:
    repairs = [
        repair(*((c, a / 4, a / 4 + n / 4, kwh) for c, a, n, kwh in rows), made_us=i)
        for i, rows in enumerate(made)
    ]
    withdrawn = [Repair(r.corrections, r.reason, r.made_us, 99) for r in repairs]
    again = [Repair(r.corrections, r.reason, 100 + r.made_us) for r in repairs]
    repaired = home(METERS, repairs, 4)
    assert same(repaired, home(METERS, repairs, 4))
    assert same(repaired, home(METERS, list(reversed(repairs)), 4))
    assert same(home(METERS, [], 4), home(METERS, withdrawn, 4))
    assert same(repaired, home(METERS, [*again, *withdrawn], 4))
    part = home(METERS, repairs, 3, first=1)
    for channel in Channel:
        whole = repaired.channels[channel].energy_kwh[4:12]
        np.testing.assert_array_equal(part.channels[channel].energy_kwh, whole)


def test_a_part_of_a_long_correction_is_the_same_seen_from_anywhere() -> None:
    long = repair((Channel.LOAD, -200, 200, 1600.0))
    slots = slot_range(MIDNIGHT, MIDNIGHT + 4 * SLOT_SECONDS)
    assert overlay([long], Channel.LOAD, slots).energy_kwh.tolist() == [1.0] * 4
