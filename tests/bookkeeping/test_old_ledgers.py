"""An older ledger brought into the home's own: what arrives in the slots, and that repeating it changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.imports import import_energy
from darkstar.bookkeeping.old_ledgers import OldImport, import_old_ledger, preview_old_ledger
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.evidence.files.old_ledger import OldLedger, read_old_ledger
from darkstar.evidence.files.tables import read_table
from darkstar.ledger.evidence import Source
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.homes import settings
from tests.bookkeeping.test_imports import content
from tests.old_home import STOCKHOLM, T0, N, OldHome, local

pytestmark = pytest.mark.slow

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


def test_importing_again_changes_nothing(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    first = bring(ledger, home, old)
    before = content(ledger.path)
    again = bring(ledger, home, old)
    assert first.added == 7 * N + N + 1 + 2 * N
    assert again.added == 0
    assert content(ledger.path) == before


def test_a_dry_run_tells_the_same_and_stores_nothing(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    old.change(lambda day, quarter: day == 3, load_kwh=0.0)
    before = content(ledger.path)
    told = preview_old_ledger(read(old, ledger.path.parent), home)
    assert content(ledger.path) == before
    done = bring(ledger, home, old)
    assert told == replace(done, added=0, slots=0)
    assert [(f.reason, f.count) for f in told.findings] == [(Reason.ZERO_DAY, 96)]


def test_a_refused_zero_is_found_by_the_balance_instead(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    old.change(lambda day, quarter: day == 3, load_kwh=0.0)
    bring(ledger, home, old)
    day = slice(3 * 96, 4 * 96)
    load = ledger.slots(T0, END).energy_kwh[Channel.LOAD][day]
    np.testing.assert_allclose(load, old.truth["load"][day], atol=1e-9)
    assert set(ledger.provenance(T0, END)[Channel.LOAD].source[day].tolist()) == {Source.BALANCE}


def test_an_hour_keeps_its_energy_and_is_laid_over_its_quarters(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    for i in range(3 * 96, 4 * 96, 4):
        old.rows[i]["slot_end"] = local(int(old.start[i]) + HOUR_SECONDS)
        for k in range(4):
            old.rows[i + k] |= {
                f"{name}_kwh": float(energy[i : i + 4].sum() / 4) for name, energy in old.truth.items()
            }
    bring(ledger, home, old)
    slots = ledger.slots(T0, END)
    for channel in Channel:
        np.testing.assert_allclose(
            slots.energy_kwh[channel].reshape(-1, 4).sum(axis=1),
            old.truth[channel.value].reshape(-1, 4).sum(axis=1),
            atol=1e-9,
        )
    assert ledger.provenance(T0, END)[Channel.LOAD].source[3 * 96] == Source.IMPORT_HOUR


def test_it_is_not_added_to_what_another_file_says(
    ledger: LedgerFile, home: Settings, tmp_path: Path
) -> None:
    old = OldHome()
    csv = tmp_path / "load.csv"
    load = old.truth["load"].tolist()
    rows = [f"{start},{energy}\n" for start, energy in zip(old.start.tolist(), load, strict=True)]
    csv.write_text("ts_utc,load_kwh\n" + "".join(rows))
    import_energy(ledger, home, read_table(csv, timezone=None, home_tz=STOCKHOLM), {})
    bring(ledger, home, old)
    np.testing.assert_allclose(ledger.slots(T0, END).energy_kwh[Channel.LOAD], load, atol=1e-9)


def test_nothing_to_believe_is_an_error_and_leaves_no_trace(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    old.change(lambda day, quarter: True, slot_start="never")
    before = content(ledger.path)
    with pytest.raises(DataError, match=r"Nothing of .*old.db can be used: the row's start is no time"):
        bring(ledger, home, old)
    assert content(ledger.path) == before


def test_a_ledger_of_prices_alone(ledger: LedgerFile, home: Settings) -> None:
    old = OldHome()
    for row in old.rows:
        row |= {f"{channel}_kwh": None for channel in Channel}
        row |= {"soc_start_percent": None, "soc_end_percent": None}
    done = bring(ledger, home, old)
    assert set(done.tallies) == {"import_price", "export_price"}
    slots = ledger.slots(T0, END)
    np.testing.assert_allclose(slots.export_price, [row["export_price_sek_kwh"] for row in old.rows])
