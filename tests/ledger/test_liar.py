"""Which meter the balance names, and when it names nobody."""

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.ledger.liar import liars
from darkstar.ledger.outages import outages, unknown_pairs
from darkstar.ledger.proposals import Certainty, Kind
from tests.ledger.cases import MIDNIGHT
from tests.ledger.grounds import ground, hours, truth


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
    less = said[Channel.LOAD] * 0.85
    less[hours(2, 6, 11)] = 0.0
    assert liars(ground(said | {Channel.LOAD: less})) == []


def test_what_lasts_for_days_is_no_fault_of_a_moment() -> None:
    said = truth()
    silent = said[Channel.LOAD].copy()
    silent[hours(1, 0, 74)] = 0.0
    assert liars(ground(said | {Channel.LOAD: silent})) == []


def test_one_odd_hour_of_a_meter_that_counted_names_nobody() -> None:
    said = truth()
    more = said[Channel.LOAD].copy()
    more[hours(2, 3, 4)] += 2.0
    assert liars(ground(said | {Channel.LOAD: more})) == []


def test_what_only_one_could_have_done_needs_no_oddness() -> None:
    """Export at night, from nothing: sun does not shine, and neither load nor import could feed it."""
    said = truth()
    sold = said[Channel.EXPORT].copy()
    sold[hours(3, 0, 2)] += 0.2
    sold[hours(2, 22, 24)] += 0.2
    (proposal,) = liars(ground(said | {Channel.EXPORT: sold}))
    assert proposal.changes[0].channel is Channel.EXPORT
    assert float(proposal.changes[0].after_kwh.max()) < 0.01


def test_hours_that_are_not_known_are_not_made_up() -> None:
    said = truth()
    holes = said[Channel.LOAD].copy()
    holes[hours(2, 6, 11)] = np.nan
    found = ground(said | {Channel.LOAD: holes})
    assert [*liars(found), *unknown_pairs(found)] == []
