"""Which meter the balance names, and when it names nobody."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.liar import liars
from darkstar.ledger.outages import outages, unknown_pairs
from darkstar.ledger.proposals import Certainty, Ground, Kind
from darkstar.ledger.resolved import ChannelSlots
from darkstar.ledger.sun import sin_elevation
from tests.ledger.cases import MIDNIGHT

Series = NDArray[np.float64]

DAYS = 6
SLOTS = slot_range(MIDNIGHT, MIDNIGHT + DAYS * 96 * SLOT_SECONDS)
SUN = sin_elevation(SLOTS + SLOT_SECONDS / 2, 59.33, 18.07)
METERED = (Channel.LOAD, Channel.PV, Channel.IMPORT, Channel.EXPORT)


def truth() -> dict[Channel, Series]:
    """Six summer days of a home without a battery."""
    random = np.random.default_rng(7)
    hour = (SLOTS - MIDNIGHT) / 3600 % 24
    pv = np.maximum(SUN, 0) * (0.6 + 0.4 * random.random(len(SLOTS)))
    load = 0.15 + 0.1 * random.random(len(SLOTS)) + np.where((hour > 16) & (hour < 20), 0.3, 0.0)
    nothing = np.zeros(len(SLOTS))
    return {
        Channel.LOAD: load,
        Channel.PV: pv,
        Channel.IMPORT: np.maximum(load - pv, 0),
        Channel.EXPORT: np.maximum(pv - load, 0),
        Channel.BATT_CHARGE: nothing,
        Channel.BATT_DISCHARGE: nothing,
    }


def ground(energies: Mapping[Channel, Series], resolution: float = 0.001) -> Ground:
    n = len(SLOTS)
    return Ground(
        SLOTS,
        {
            c: ChannelSlots(
                np.round(e, 3) if np.isfinite(e).all() else e,
                np.where(np.isnan(e), 0, Source.LIVE).astype(np.int8),
                np.where(np.isnan(e), 0, Method.READINGS).astype(np.int8),
                np.zeros(n, np.int32),
            )
            for c, e in energies.items()
        },
        dict.fromkeys(Channel, 3.0),
        dict.fromkeys(METERED, resolution),
        {c: np.zeros(0, np.int64) for c in Channel},
        dict.fromkeys(METERED, 1),
        SUN,
    )


def hours(day: int, first: int, last: int) -> slice:
    return slice(day * 96 + first * 4, day * 96 + last * 4)


def test_meters_that_agree_are_left_alone() -> None:
    found = ground(truth())
    assert [*liars(found), *outages(found), *unknown_pairs(found)] == []


def test_a_meter_that_stood_still_and_caught_up_keeps_its_total() -> None:
    said = truth()
    still, caught_up = hours(3, 8, 12), hours(3, 12, 13)
    late = said[Channel.LOAD].copy()
    late[caught_up] += late[still].sum() / 4
    late[still] = 0.0
    (proposal,) = liars(ground(said | {Channel.LOAD: late}))
    (change,) = proposal.changes
    assert (proposal.kind, proposal.certainty, change.channel) == (
        Kind.LATE,
        Certainty.CERTAIN,
        Channel.LOAD,
    )
    assert abs(float(change.after_kwh.sum() - change.before_kwh.sum())) < 1e-9
    rows = (change.slots - MIDNIGHT) // SLOT_SECONDS
    np.testing.assert_allclose(change.after_kwh, said[Channel.LOAD][rows], atol=0.005)


def test_a_meter_whose_total_is_against_the_others_is_named_and_left_to_a_person() -> None:
    said = truth()
    silent = said[Channel.LOAD].copy()
    silent[hours(2, 6, 11)] = 0.0
    (proposal,) = liars(ground(said | {Channel.LOAD: silent}))
    (change,) = proposal.changes
    assert (proposal.kind, proposal.certainty, change.channel) == (
        Kind.LIAR,
        Certainty.LIKELY,
        Channel.LOAD,
    )
    rows = (change.slots - MIDNIGHT) // SLOT_SECONDS
    np.testing.assert_allclose(change.after_kwh, said[Channel.LOAD][rows], atol=0.005)
    assert "only load can be the cause" in proposal.reason


def test_sun_at_night_is_the_suns_fault() -> None:
    said = truth()
    glowing = said[Channel.PV].copy()
    glowing[hours(2, 22, 24)] = 2.5
    glowing[hours(3, 0, 1)] = 2.5
    (proposal,) = liars(ground(said | {Channel.PV: glowing}))
    assert proposal.changes[0].channel is Channel.PV
    assert float(proposal.changes[0].after_kwh.max()) < 0.01


def test_where_two_could_be_the_cause_nobody_is_named() -> None:
    said = truth()
    less = said[Channel.LOAD].copy()
    less[hours(2, 1, 4)] += 0.12
    assert liars(ground(said | {Channel.LOAD: less})) == []


def test_what_the_meters_cannot_resolve_means_nothing() -> None:
    said = truth()
    silent = said[Channel.LOAD].copy()
    silent[hours(2, 6, 11)] = 0.0
    assert liars(ground(said | {Channel.LOAD: silent}, resolution=1.0)) == []


def test_a_home_that_never_adds_up_proves_nothing() -> None:
    said = truth()
    assert liars(ground(said | {Channel.LOAD: said[Channel.LOAD] * 0.4})) == []
    silent = said[Channel.LOAD].copy()
    silent[hours(1, 0, 24)], silent[hours(2, 0, 24)] = 0.0, 0.0
    silent[hours(3, 0, 24)], silent[hours(4, 0, 12)] = 0.0, 0.0
    assert liars(ground(said | {Channel.LOAD: silent})) == []


def test_hours_that_are_not_known_are_not_made_up() -> None:
    said = truth()
    holes = said[Channel.LOAD].copy()
    holes[hours(2, 6, 11)] = np.nan
    found = ground(said | {Channel.LOAD: holes})
    assert [*liars(found), *unknown_pairs(found)] == []
