"""What the ledger mends by itself: what follows from the evidence, no more, no less, and never against a person."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from darkstar.bookkeeping.repair import apply, every_repair, propose, undo
from darkstar.bookkeeping.resolving import HOME_ASSISTANT
from darkstar.bookkeeping.upkeep import Kept, keep_repaired, renew
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS
from darkstar.ledger.corrections import Correction, Repair
from darkstar.ledger.evidence import MICROSECONDS, Readings, Reporting, Source
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.repaired_home import (
    DAY,
    METERED,
    Fault,
    bits,
    fill,
    home,
    open_ledger,
    readings,
    slots_of,
    truth,
)

pytestmark = pytest.mark.slow

Said = tuple[frozenset[Correction], str, bool]

END = DAY + DAY_SECONDS
SUN_OUT = Fault(Channel.PV, 9 * 60, 15 * 60)
LATER_OUT = Fault(Channel.EXPORT, 16 * 60 + 30, 18 * 60)


def recorded(ledger: LedgerFile, settings: Settings, *faults: Fault) -> None:
    """Fill the ledger as a recorder that was there all day would have."""
    for channel in METERED:
        watch(ledger, channel)
    fill(ledger, settings, *faults)
    keep_repaired(ledger, settings, DAY, END)


def watch(ledger: LedgerFile, channel: Channel) -> int:
    meter = ledger.meter(HOME_ASSISTANT, f"sensor.{channel.value}", Reporting.ON_CHANGE, channel.value)
    ledger.add_watched(meter, Source.LIVE, DAY * MICROSECONDS, END * MICROSECONDS)
    return meter


def found_later(ledger: LedgerFile, settings: Settings, channel: Channel) -> None:
    """A file turns up that holds what the meter counted all along."""
    meter = ledger.meter("file", f"{channel.value}.csv", Reporting.PERIODIC, channel.value)
    ledger.add_readings(meter, readings(channel, truth()[channel], ()))
    renew(ledger, settings, DAY, END)


def active(ledger: LedgerFile) -> list[Repair]:
    return [r for r in every_repair(ledger) if r.withdrawn_us is None]


def said(ledger: LedgerFile) -> set[Said]:
    """What active repairs say, whenever they were made."""
    return {(frozenset(r.corrections), r.reason, r.automatic) for r in active(ledger)}


def test_what_is_certain_is_mended_without_being_asked(tmp_path: Path) -> None:
    settings = home(tmp_path)
    true = slots_of(truth()[Channel.PV])
    with open_ledger(settings) as ledger:
        recorded(ledger, settings, SUN_OUT)
        (repair,) = active(ledger)
        assert repair.automatic
        assert "come to the same total" in repair.reason
        rows = np.array([(c.start_utc - DAY) // 900 for c in repair.corrections])
        after = ledger.slots(DAY, END).energy_kwh[Channel.PV]
        np.testing.assert_allclose(after[rows], true[rows], atol=0.02)
        assert keep_repaired(ledger, settings, DAY, END) == Kept(), "it stands by its own reasons"


def test_what_is_only_likely_waits_for_a_person(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        recorded(ledger, settings, SUN_OUT, Fault(Channel.EXPORT, 10 * 60, 16 * 60))
        assert active(ledger) == []
        assert len(propose(ledger, settings, DAY, END)) == 1


def test_days_before_the_recorder_came_are_left_to_a_person(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        keep_repaired(ledger, settings, DAY, END)
        assert active(ledger) == []


def test_it_can_be_told_not_to(tmp_path: Path) -> None:
    asked_not_to = replace(home(tmp_path), repairs_itself=False)
    with open_ledger(asked_not_to) as ledger:
        recorded(ledger, asked_not_to, SUN_OUT)
        assert active(ledger) == []
        keep_repaired(ledger, home(tmp_path), DAY, END)
        assert len(active(ledger)) == 1
        keep_repaired(ledger, asked_not_to, DAY, END)
        assert len(active(ledger)) == 1, "what was made stays as long as it follows from the evidence"
        found_later(ledger, asked_not_to, Channel.PV)
        assert active(ledger) == []


def test_better_evidence_takes_its_place(tmp_path: Path) -> None:
    settings, plain = home(tmp_path / "a"), replace(home(tmp_path / "b"), repairs_itself=False)
    with open_ledger(settings) as ledger, open_ledger(plain) as other:
        recorded(ledger, settings, SUN_OUT)
        assert len(active(ledger)) == 1
        found_later(ledger, settings, Channel.PV)
        (repair,) = every_repair(ledger)
        assert repair.withdrawn_automatically
        assert not repair.refused
        recorded(other, plain, SUN_OUT)
        assert bits(ledger) != bits(other)
        found_later(other, plain, Channel.PV)
        assert bits(ledger) == bits(other), "as if nothing had ever been mended"


def test_a_persons_repair_stays_whatever_comes(tmp_path: Path) -> None:
    settings = replace(home(tmp_path), repairs_itself=False)
    with open_ledger(settings) as ledger:
        recorded(ledger, settings, SUN_OUT)
        (by_hand,) = apply(ledger, settings, propose(ledger, settings, DAY, END)).repairs
        keep_repaired(ledger, replace(settings, repairs_itself=True), DAY, END)
        found_later(ledger, replace(settings, repairs_itself=True), Channel.PV)
        assert active(ledger) == [by_hand]


def test_what_a_person_took_back_is_not_made_again(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        recorded(ledger, settings, SUN_OUT)
        repaired = bits(ledger)
        (repair,) = active(ledger)
        undo(ledger, settings, repair.repair_id)
        broken = bits(ledger)
        assert broken != repaired
        renew(ledger, settings, DAY, END)
        assert active(ledger) == []
        assert bits(ledger) == broken
        apply(ledger, settings, propose(ledger, settings, DAY, END))
        assert bits(ledger) == repaired, "repaired, undone, repaired: identical"
        assert [r.automatic for r in active(ledger)] == [False]


def test_it_keeps_away_from_slots_that_a_person_spoke_of(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        recorded(ledger, settings, SUN_OUT)
        by_hand = Repair((Correction(Channel.PV, DAY + 10 * 3600, DAY + 11 * 3600, None),), "no", 1)
        ledger.add_repair(by_hand)
        renew(ledger, settings, DAY, END)
        assert active(ledger) == [by_hand]
        undo(ledger, settings, by_hand.repair_id)
        assert active(ledger) == []


Event = Callable[[LedgerFile, Settings], None]


def _readings_of(channel: Channel, part: int) -> Event:
    """A half of what a meter of the home with its two outages showed."""

    def arrive(ledger: LedgerFile, settings: Settings) -> None:
        whole = readings(channel, truth()[channel], (SUN_OUT, LATER_OUT))
        half = np.array_split(np.arange(len(whole)), 2)[part]
        some = Readings(
            *(getattr(whole, name)[half] for name in ("time_us", "state", "unit", "source", "held"))
        )
        ledger.add_readings(watch(ledger, channel), some)

    return arrive


def _file_of(channel: Channel) -> Event:
    def arrive(ledger: LedgerFile, settings: Settings) -> None:
        meter = ledger.meter("file", f"{channel.value}.csv", Reporting.PERIODIC, channel.value)
        ledger.add_readings(meter, readings(channel, truth()[channel], ()))

    return arrive


EVENTS: Sequence[Event] = (
    *(_readings_of(channel, part) for channel in METERED for part in range(2)),
    _file_of(Channel.EXPORT),
)


def _arriving(folder: Path, order: Sequence[int]) -> tuple[dict[str, bytes], set[Said]]:
    """What the ledger holds, and what its repairs say, after the events in an order."""
    settings = home(folder)
    with open_ledger(settings) as ledger:
        for i in order:
            EVENTS[i](ledger, settings)
            renew(ledger, settings, DAY, END)
        return bits(ledger), said(ledger)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], set[Said]]:
    return _arriving(tmp_path_factory.mktemp("in_order"), range(len(EVENTS)))


@trials(max_examples=4, deadline=None)
@given(order=st.permutations(range(len(EVENTS))))
def test_any_order_of_arrival_ends_in_the_same_repairs(
    tmp_path_factory: pytest.TempPathFactory,
    in_order: tuple[dict[str, bytes], set[Said]],
    order: Sequence[int],
) -> None:
    assert _arriving(tmp_path_factory.mktemp("home"), order) == in_order
    assert len(in_order[1]) == 1, "the sun's outage is mended, the other one's file turned up"
