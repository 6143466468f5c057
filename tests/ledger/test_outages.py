"""What is known in total, laid by the balance: totals kept apart, and certain only where all the others agree."""

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.ledger.outages import outages, unknown_pairs
from darkstar.ledger.proposals import Certainty
from darkstar.ledger.resolved import Flag
from tests.ledger.cases import MIDNIGHT
from tests.ledger.grounds import SLOTS, ground, hours, truth, with_outage

HOUR = 3600


def rows_of(slots: np.ndarray) -> np.ndarray:
    return np.asarray((slots - MIDNIGHT) // SLOT_SECONDS)


def test_the_others_say_when_it_flowed() -> None:
    (proposal,) = outages(with_outage(truth(), Channel.PV, [30 * HOUR, 40 * HOUR]))
    (change,) = proposal.changes
    assert proposal.certainty is Certainty.CERTAIN
    np.testing.assert_allclose(change.after_kwh, truth()[Channel.PV][rows_of(change.slots)], atol=0.01)
    assert np.ptp(change.before_kwh) == 0


def test_two_outages_in_a_row_keep_a_total_each_and_the_slot_between_them_stays() -> None:
    between = 35 * HOUR + 400
    found = with_outage(truth(), Channel.PV, [30 * HOUR, between, 40 * HOUR])
    change = {p.span: p.changes[0] for p in outages(found)}
    assert len(change) == 2
    slot = MIDNIGHT + 35 * HOUR
    for one in change.values():
        assert slot not in one.slots
        assert float(one.after_kwh.sum()) == pytest.approx(float(one.before_kwh.sum()), abs=1e-9)


def test_what_may_go_on_beyond_the_edge_is_left_alone() -> None:
    assert outages(with_outage(truth(), Channel.PV, [0, 14 * HOUR])) == []
    end = len(SLOTS) * SLOT_SECONDS
    assert outages(with_outage(truth(), Channel.PV, [end - 18 * HOUR, end])) == []


def test_a_total_that_the_others_do_not_come_to_is_kept_and_only_likely() -> None:
    said = truth()
    said[Channel.PV][hours(1, 6, 16)] *= 0.8
    (proposal,) = outages(with_outage(said, Channel.PV, [30 * HOUR, 40 * HOUR]))
    (change,) = proposal.changes
    assert proposal.certainty is Certainty.LIKELY
    assert float(change.after_kwh.sum()) == pytest.approx(float(change.before_kwh.sum()), abs=1e-9)


def test_a_home_that_never_adds_up_makes_nothing_certain() -> None:
    said = truth()
    said[Channel.LOAD][: hours(1, 5, 6).start] *= 0.6
    said[Channel.LOAD][hours(1, 17, 18).start :] *= 0.6
    (proposal,) = outages(with_outage(said, Channel.PV, [30 * HOUR, 40 * HOUR]))
    assert proposal.certainty is Certainty.LIKELY


def test_a_meter_that_began_again_counted_at_least_what_it_shows() -> None:
    said = truth()
    said[Channel.PV][hours(1, 6, 16)] *= 0.5
    flags = int(Flag.SPREAD | Flag.RESET)
    (proposal,) = outages(with_outage(said, Channel.PV, [30 * HOUR, 40 * HOUR], flags))
    (change,) = proposal.changes
    assert proposal.certainty is Certainty.LIKELY
    np.testing.assert_allclose(change.after_kwh, truth()[Channel.PV][rows_of(change.slots)], atol=0.004)
    said[Channel.PV][hours(1, 6, 16)] *= 4
    (proposal,) = outages(with_outage(said, Channel.PV, [30 * HOUR, 40 * HOUR], flags))
    (change,) = proposal.changes
    assert float(change.after_kwh.sum()) == pytest.approx(float(change.before_kwh.sum()), abs=1e-9)


def test_a_pair_of_which_nothing_is_known_is_what_the_others_leave() -> None:
    said = truth()
    for channel in (Channel.IMPORT, Channel.EXPORT):
        said[channel][hours(2, 3, 9)] = np.nan
    (proposal,) = unknown_pairs(ground(said))
    assert proposal.certainty is Certainty.LIKELY
    for change in proposal.changes:
        np.testing.assert_allclose(change.after_kwh, truth()[change.channel][hours(2, 3, 9)], atol=0.003)


def test_where_a_third_is_unknown_nothing_is_proposed() -> None:
    said = truth()
    for channel in (Channel.IMPORT, Channel.EXPORT, Channel.LOAD):
        said[channel][hours(2, 3, 9)] = np.nan
    assert unknown_pairs(ground(said)) == []
