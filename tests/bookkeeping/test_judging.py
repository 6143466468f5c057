"""What is wrong in a home at the end of an hour, and how much of its past is read for that."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.judging import READ_AGAIN, Fault, Household
from darkstar.bookkeeping.resolving import HOME_ASSISTANT
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, slot_range
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.evidence import Reporting, Source
from darkstar.ledger.resolved import ChannelSlots, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.repaired_home import METERED, home

START = 1_749_945_600
"""2025-06-15T00:00:00Z."""
DAYS = 60
STOPPED = 57
DAY = 96


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerFile]:
    """Two months of a home whose meters move every hour, but for one in the last days."""
    n = DAY * DAYS
    energy = {c: np.full(n, 0.3) for c in METERED}
    energy[Channel.IMPORT][DAY * STOPPED :] = 0.0
    found = {
        channel: ChannelSlots(
            values, np.full(n, Source.LIVE, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32)
        )
        for channel, values in energy.items()
    }
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        for channel in METERED:
            ledger.meter(HOME_ASSISTANT, f"sensor.{channel.value}", Reporting.ON_CHANGE, channel.value)
        unknown = np.full(n, np.nan)
        ledger.write_slots(
            ResolvedSlots(slot_range(START, START + DAYS * DAY_SECONDS), found, unknown, unknown)
        )
        yield ledger


@pytest.fixture
def read_days(ledger: LedgerFile, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many days of slots were read, each time."""
    days: list[float] = []
    provenance = ledger.provenance

    def noted(start_utc: int, end_utc: int) -> Mapping[Channel, ChannelSlots]:
        days.append((end_utc - start_utc) / DAY_SECONDS)
        return provenance(start_utc, end_utc)

    monkeypatch.setattr(ledger, "provenance", noted)
    return days


def standing(household: Household, day: int) -> list[Fault]:
    return [f for f in household.faults(START + day * DAY_SECONDS) if f.whom != "the home's balance"]


def test_a_home_whose_meters_move_is_seen_to_be_sound_by_its_last_days(
    ledger: LedgerFile, read_days: list[float], tmp_path: Path
) -> None:
    household = Household(ledger, home(tmp_path))
    assert standing(household, STOPPED) == []
    assert max(read_days) <= READ_AGAIN / DAY_SECONDS


def test_a_meter_that_stopped_is_told_by_a_past_that_is_read_once(
    ledger: LedgerFile, read_days: list[float], tmp_path: Path
) -> None:
    household = Household(ledger, home(tmp_path))
    (told,) = standing(household, STOPPED + 2)
    assert (told.channels, told.finding.cause) == ({Channel.IMPORT}, Cause.FROZEN)
    assert "for 48 h" in told.finding.detail
    assert max(read_days) == STOPPED + 2 - 1 / 24
    read_days.clear()
    then = standing(household, DAYS)
    assert max(read_days) <= READ_AGAIN / DAY_SECONDS + 1
    assert "for 72 h" in then[0].finding.detail
    assert then == standing(Household(ledger, home(tmp_path)), DAYS)


def test_what_became_known_of_the_last_days_counts(ledger: LedgerFile, tmp_path: Path) -> None:
    household = Household(ledger, home(tmp_path))
    assert len(standing(household, STOPPED + 2)) == 1
    slots = slot_range(START + STOPPED * DAY_SECONDS, START + DAYS * DAY_SECONDS)
    moved = ledger.provenance(int(slots[0]), START + DAYS * DAY_SECONDS)
    moved[Channel.IMPORT].energy_kwh[:] = 0.3
    unknown = np.full(len(slots), np.nan)
    ledger.write_slots(ResolvedSlots(slots, moved, unknown, unknown))
    assert standing(household, DAYS) == []
