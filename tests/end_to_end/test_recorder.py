"""The recorder is killed again and again while meters move: nothing is lost and nothing counted twice."""

import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.resolving import resolve_range
from darkstar.config.settings import Settings, load_settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import slot_ceil, slot_floor
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Source
from darkstar.store.ledger_file import LedgerFile
from tests.end_to_end.commands import HomeFolder, write_home
from tests.end_to_end.home_assistant.configuration import Meter
from tests.end_to_end.home_assistant.peer import Peer, PeerError
from tests.end_to_end.home_assistant.seed import seed_states

pytestmark = [pytest.mark.xdist_group("home_assistant_recorder"), pytest.mark.slow]

KILLS = 50
IMPORT_DAY, IMPORT_NIGHT = Meter("import_day"), Meter("import_night")
SOLAR = Meter("solar", unit="Wh")
WATER = Meter("water", state_class=None)
CHANNELS = {Channel.IMPORT: (IMPORT_DAY, IMPORT_NIGHT), Channel.PV: (SOLAR,), Channel.WATER: (WATER,)}
SENSORS = {channel.value: [meter.entity_id for meter in meters] for channel, meters in CHANNELS.items()}
METERS = (IMPORT_DAY, IMPORT_NIGHT, SOLAR, WATER)
AT_FIRST = {IMPORT_DAY: 812_345, IMPORT_NIGHT: 4_021_000, SOLAR: 98_000_000, WATER: 77_500}
"""What the meters show, in thousandths of their unit."""
LONGEST_START_SECONDS = 3.5
"""On a busy machine it takes longer until it watches, but the test must end."""
KWH = {"kWh": 1.0, "Wh": 0.001}


class Mover(threading.Thread):
    """Moves the meters up several times a second, also while Home Assistant restarts.

    Attributes:
        shown: what each meter shows, in thousandths of its unit.
    """

    def __init__(self, peer: Peer, shown: dict[Meter, int], seed: int) -> None:
        super().__init__(daemon=True)
        self.shown = dict(shown)
        self._peer = peer
        self._random = random.Random(seed)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Move until told to stop; the last move is one that Home Assistant took."""
        while not self._stop_asked.wait(self._random.uniform(0.02, 0.15)):
            meter = self._random.choice(METERS)
            # Energies that a home can have: up to 12 kW.
            self.shown[meter] += self._random.randint(1, 3) * (1 if meter.unit == "kWh" else 1000)
            while not self._taken(meter):
                time.sleep(0.2)

    def halt(self) -> None:
        """Stop, and return when the last move is done."""
        self._stop_asked.set()
        self.join(60)

    def _taken(self, meter: Meter) -> bool:
        try:
            self._peer.set(meter, self.shown[meter] / 1000)
            return (
                float(self._peer.ask("GET", f"/api/states/{meter.backing}")["state"])
                == self.shown[meter] / 1000
            )
        except (OSError, ValueError, PeerError):
            return False


@pytest.fixture
def home(main_python: Path, tmp_path: Path) -> Iterator[Peer]:
    """A home whose meters have stood still for two hours."""
    peer = Peer(tmp_path / "home_assistant", main_python, METERS)
    since = time.time() - 7200
    seed_states(peer, {meter: [(since, f"{shown / 1000:.3f}")] for meter, shown in AT_FIRST.items()})
    peer.start()
    yield peer
    peer.stop()


def states(peer: Peer, meter: Meter, since_us: int) -> set[tuple[int, str]]:
    """Every state of a meter in Home Assistant's own database since an instant."""
    rows = peer.query(
        "SELECT last_updated_ts, state FROM states JOIN states_meta USING (metadata_id)"
        " WHERE states_meta.entity_id=?",
        meter.entity_id,
    )
    return {(at, text) for when, text in rows if (at := round(when * MICROSECONDS)) >= since_us}


def evidence_of(ledger: LedgerFile, entity_id: str, start_utc: int, end_utc: int) -> MeterEvidence:
    """All that the ledger holds of a sensor."""
    (row,) = [row for row in ledger.meters() if row.name == entity_id]
    return ledger.evidence(row.meter_id, start_utc, end_utc)


def watched_until(folder: HomeFolder) -> float:
    """The instant [UTC s] up to which every meter was watched; 0 before."""
    with suppress(ValueError, IndexError), LedgerFile(folder.ledger) as ledger:
        edges = [ledger.watched(row.meter_id)[-1, 1] for row in ledger.meters()]
        return min(edges) / MICROSECONDS if len(edges) == len(METERS) else 0.0
    return 0.0


def record_until(folder: HomeFolder, instant: float) -> None:
    """Let the recorder run until it has watched past an instant, then kill it."""
    process = folder.start("record")
    try:
        deadline = time.monotonic() + 120
        while watched_until(folder) < instant:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "the recorder does not get ahead"
            time.sleep(0.5)
    finally:
        process.kill()
        process.communicate()


def settled_totals(
    folder: HomeFolder, place: Path, settings: Settings, start_utc: int
) -> dict[Channel, float]:
    """Energy by channel [kWh] as the ledger will have it once the present slot has passed and nothing moved."""
    copy = Path(shutil.copytree(folder.folder, place)) / folder.ledger.name
    now = time.time()
    end_utc = slot_ceil(now)
    with LedgerFile(copy) as ledger:
        for row in ledger.meters():
            since = int(ledger.watched(row.meter_id)[-1, 1])
            ledger.add_watched(row.meter_id, Source.LIVE, since, end_utc * MICROSECONDS)
        resolve_range(ledger, settings, start_utc, end_utc)
        table = ledger.slots(start_utc, end_utc)
    return {channel: float(np.nansum(table.energy_kwh[channel])) for channel in CHANNELS}


def test_history_and_live_watch_join_without_a_hole(home: Peer, tmp_path: Path) -> None:
    folder = write_home(tmp_path / "home", home, SENSORS)
    record_until(folder, time.time())
    # Long enough for what was seen live to be stored too.
    record_until(folder, time.time() + 10)
    with LedgerFile(folder.ledger) as ledger:
        watched = [ledger.watched(row.meter_id) for row in ledger.meters()]
    assert [len(spans) for spans in watched] == [1] * len(METERS), watched


def test_killed_fifty_times_it_loses_nothing_and_counts_nothing_twice(home: Peer, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"\nmeters and moments of seed {seed}")
    moments = random.Random(seed)
    folder = write_home(tmp_path / "home", home, SENSORS)
    settings = load_settings(folder.folder, {"HA_TOKEN": home.token})
    began = time.time()
    record_until(folder, began)
    ready_s = min(time.time() - began, LONGEST_START_SECONDS)
    mover = Mover(home, AT_FIRST, seed)
    mover.start()
    for kill in range(KILLS):
        process = folder.start("record")
        if kill == KILLS // 2:
            home.restart()
        if kill == KILLS // 3:
            home.set_online(False)
        # Mostly while it starts or fills the hole, now and then while it watches.
        time.sleep(moments.uniform(0.2, ready_s + (7.0 if kill % 5 == 0 else 0.5)))
        if kill == KILLS // 3:
            home.set_online(True)
        assert process.poll() is None, process.communicate()[1]
        process.kill()
        process.communicate()
    mover.halt()
    home.wait_recorded()
    record_until(folder, time.time())

    moved = {meter: (mover.shown[meter] - AT_FIRST[meter]) / 1000 * KWH[meter.unit] for meter in METERS}
    start_utc, end_utc = slot_floor(began) - 3 * 3600, slot_ceil(time.time())
    live = 0
    with LedgerFile(folder.ledger) as ledger:
        for meter in METERS:
            readings = evidence_of(ledger, meter.entity_id, start_utc, end_utc).readings
            reported = ~readings.held
            kept = set(
                zip(readings.time_us[reported].tolist(), readings.state[reported].tolist(), strict=True)
            )
            assert kept == states(home, meter, start_utc * MICROSECONDS), meter
            live += int((readings.source == Source.LIVE).sum())
    totals = settled_totals(folder, tmp_path / "settled", settings, start_utc)
    print(f"{KILLS} kills, {live} readings seen live, moved {sum(moved.values()):.3f} kWh")
    assert live > 50
    for channel, meters in CHANNELS.items():
        assert totals[channel] == pytest.approx(sum(moved[meter] for meter in meters), abs=1e-6), channel
