"""An older ledger brought into the home's own: what arrives in the slots, and that repeating it changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.old_ledgers import OldImport, import_old_ledger
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.evidence.files.old_ledger import OldLedger, read_old_ledger
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.homes import settings
from tests.old_home import STOCKHOLM, T0, N, OldHome

END = T0 + N * SLOT_SECONDS


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return replace(settings(tmp_path), battery=Battery(10, 0, 100, 5, 5), absent=frozenset())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerFile]:
    with LedgerFile(tmp_path / "planner_learning.db") as opened:
        yield opened


def read(old: OldHome, folder: Path) -> OldLedger:
    path = folder / "old.db"
    path.unlink(missing_ok=True)
    return read_old_ledger(old.write(path), naive_tz=STOCKHOLM, currency="SEK")


def bring(ledger: LedgerFile, home: Settings, old: OldHome) -> OldImport:
    return import_old_ledger(ledger, home, read(old, ledger.path.parent))


def test_a_sound_ledger_arrives_as_it_was(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    done = bring(ledger, home, old)
    assert (done.start, done.end, done.rows, done.findings) == (T0, END, N, ())
    slots = ledger.slots(T0, END)
    for channel in Channel:
        np.testing.assert_allclose(slots.energy_kwh[channel], old.truth[channel.value], atol=1e-9)
    for mine, theirs in (
        (slots.soc_start_percent, "soc_start_percent"),
        (slots.soc_end_percent, "soc_end_percent"),
        (slots.import_price, "import_price_sek_kwh"),
        (slots.export_price, "export_price_sek_kwh"),
    ):
        np.testing.assert_allclose(mine, [row[theirs] for row in old.rows], atol=1e-9)
