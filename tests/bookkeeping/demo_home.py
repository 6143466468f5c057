"""The demo home as the counterpart of bookkeeping's tests: sixty days with the quirks of real meters."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from darkstar.bookkeeping.backfill import BackfillPlan, BackfillReport, plan_backfill, run_backfill
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.survey import survey
from darkstar.config.settings import LEDGER_NAME, Settings, load_settings
from darkstar.demo.home import DemoHome, make_home
from darkstar.demo.settings import claim
from darkstar.demo.source import DemoSource
from darkstar.domain.channels import Channel
from darkstar.domain.slots import slot_ceil, slot_floor
from darkstar.evidence.source import EnergySource
from darkstar.store.ledger_file import LedgerFile


@cache
def demo_home() -> DemoHome:
    return make_home(seed=5, days=60)


@dataclass(frozen=True)
class Books:
    """A folder with the demo home's settings, its ledger, and the source that both speak of."""

    home: DemoHome
    source: DemoSource
    settings: Settings

    @property
    def start(self) -> int:
        return slot_ceil(self.home.start)

    @property
    def end(self) -> int:
        return slot_floor(self.home.end)

    def ledger(self) -> LedgerFile:
        return LedgerFile(self.settings.folder / LEDGER_NAME)

    async def plan(
        self, source: EnergySource | None = None, settings: Settings | None = None
    ) -> BackfillPlan:
        sensors = await survey(source or self.source, (settings or self.settings).sensor_list)
        return plan_backfill(sensors, self.start, self.end, self.home.end)

    async def backfill(
        self,
        ledger: LedgerFile,
        source: EnergySource | None = None,
        settings: Settings | None = None,
        progress: Progress = silent,
    ) -> BackfillReport:
        plan = await self.plan(source, settings)
        return await run_backfill(source or self.source, ledger, settings or self.settings, plan, progress)


def open_books(folder: Path) -> Books:
    """New books in a new folder."""
    claim(folder)
    return Books(demo_home(), DemoSource(demo_home()), load_settings(folder, {}))


def bits(books: Books, ledger: LedgerFile) -> dict[str, bytes]:
    """Everything that a ledger says of the home's slots and days, to the bit."""
    table = ledger.slots(books.start, books.end)
    told = {"soc": np.concatenate([table.soc_start_percent, table.soc_end_percent]).tobytes()}
    for channel, found in ledger.provenance(books.start, books.end).items():
        told[channel] = found.energy_kwh.tobytes()
        told[f"{channel} how"] = b"".join(
            a.astype(int).tobytes() for a in (found.source, found.method, found.flags)
        )
    told["flags"] = table.flags.tobytes()
    return told


def known(books: Books, ledger: LedgerFile, channel: Channel) -> np.ndarray:
    return ledger.slots(books.start, books.end).energy_kwh[channel]
