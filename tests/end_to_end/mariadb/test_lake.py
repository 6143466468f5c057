"""Episodes on their way to a real MariaDB that is killed, restarted, held still, full, or refuses us."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from darkstar.store.episodes import address, courier
from darkstar.store.episodes.address import LakeError, parse_address
from darkstar.store.episodes.courier import Courier, carry
from darkstar.store.episodes.lake import Lake
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.episodes import EpisodeBook
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import PolicyOutcome
from darkstar.time_machine.replay import replay
from darkstar.time_machine.witness import Moment
from tests.end_to_end.mariadb.server import PASSWORD, QUOTED, USER, MariaDb
from tests.store.episodes_examples import DAY, RUN, episode, same, without_a_plan
from tests.store.examples import START
from tests.time_machine.cases import scenario
from tests.time_machine.test_episodes import HOME

pytestmark = pytest.mark.xdist_group("mariadb")


@pytest.fixture
def lake(mariadb: MariaDb) -> Lake:
    return Lake(parse_address(mariadb.url))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait as long as a home may."""
    monkeypatch.setattr(address, "REPLY_S", 1)
    monkeypatch.setattr(courier, "LONGEST_PAUSE_S", 0.5)


def test_the_same_queries_as_a_file(mariadb: MariaDb, lake: Lake, path: Path) -> None:
    prod = replace(RUN, system_id="prod")
    wanted = [episode(n, run=prod) for n in range(30)] + [episode(n) for n in range(100)]
    with LedgerFile(path) as ledger:
        ledger.episodes.put([*wanted, without_a_plan(0)])
        assert carry(ledger, lake, batch=40) == 131
    found = list(lake.episodes())
    assert all(same(one, other) for one, other in zip(found, [*wanted, without_a_plan(0)], strict=True))
    assert lake.plans() == 130
    assert lake.counts() == {
        ("prod", "2025-08-01"): 30,
        ("simulation", "2025-08-01"): 89,
        ("simulation", "2025-08-02"): 12,
    }
    assert len(list(lake.episodes(system_id="prod", start_utc=START + 900, end_utc=START + 2700))) == 2
    assert lake.prune("prod", START + 900 * 10) == 10
    assert lake.prune(None, START + DAY) == 20 + 96 + 1
    assert (sum(lake.counts().values()), lake.plans()) == (4, 4)


def test_pages(mariadb: MariaDb, lake: Lake, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkstar.store.episodes.lake.PAGE", 7)
    runs = [replace(RUN, run_id=name) for name in ("A", "a", "b")]
    with LedgerFile(path) as ledger:
        ledger.episodes.put([episode(n, run=run, horizon=4) for run in runs for n in range(9)])
        carry(ledger, lake)
    found = [(one.run.run_id, one.episode_start_utc) for one in lake.episodes()]
    assert found == [(name, START + 900 * n) for name in ("A", "a", "b") for n in range(9)]


def test_a_batch_carried_twice_is_there_once_and_an_older_one_keeps_back(
    mariadb: MariaDb, lake: Lake, path: Path
) -> None:
    with LedgerFile(path) as ledger:
        ledger.episodes.put([episode(n) for n in range(10)])
        first = [row.values for row in ledger.episodes.waiting(10)]
        lake.take(first)
        ledger.episodes.put([replace(episode(4), soc_start_kwh=9.0)])
        assert carry(ledger, lake) == 10
    before = mariadb.run("CHECKSUM TABLE antares_learning, antares_plan_history")
    lake.take(first)
    assert mariadb.run("CHECKSUM TABLE antares_learning, antares_plan_history") == before
    assert [one.soc_start_kwh for one in lake.episodes()][3:6] == [5.003, 9.0, 5.005]
    assert mariadb.run("SELECT count(*) FROM antares_plan_history") == [(10,)]


DAYS = 12
ALL = DAYS * 96
GIVEN = scenario(days=DAYS)


class Replay:
    """A replay of some days under Kepler that records its episodes, in a thread."""

    def __init__(self, path: Path) -> None:
        self.recorded = 0
        self.outcome: PolicyOutcome | None = None
        self._path = path
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Replay":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        assert self.outcome is not None, "the replay failed"

    @property
    def through(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        book = EpisodeBook(self._path, HOME, GIVEN, Honesty.HONEST)
        with book("mpc").looking(GIVEN) as witness:

            def count(moment: Moment) -> None:
                witness(moment)
                self.recorded = moment.number

            outcome = replay(GIVEN, "mpc", witness=count)
        self.outcome = outcome


def until(holds: Callable[[], bool], patience_s: float = 60) -> None:
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def all_there_once(mariadb: MariaDb, path: Path, outcome: PolicyOutcome | None) -> None:
    """Counts on both sides, and every slot as the replay had it."""
    assert outcome is not None
    for table in ("antares_learning", "antares_plan_history"):
        found = mariadb.run(f"SELECT count(*), count(DISTINCT episode_start_utc) FROM {table}")
        print(f"{table}: {found[0][0]} rows, {found[0][1]} slots of {ALL} that were replayed")
        assert found == [(ALL, ALL)], table
    with LedgerFile(path) as ledger:
        state = ledger.episodes.state()
    assert (state.kept, state.waiting, state.failure) == (ALL, 0, None)
    episodes = list(Lake(parse_address(mariadb.url)).episodes())
    assert [one.episode_start_utc for one in episodes] == GIVEN.history.slots.tolist()
    assert [one.outcome.soc_end_kwh for one in episodes] == outcome.flows.soc_kwh[1:].tolist()
    assert [one.soc_start_kwh for one in episodes] == outcome.flows.soc_kwh[:-1].tolist()


@pytest.mark.slow
def test_killed_and_restarted_while_a_replay_records(mariadb: MariaDb, path: Path, quick: None) -> None:
    """Killed three times, with batches under way, and away while the replay goes on."""
    with Courier(path, parse_address(mariadb.url), batch=10) as carrier:
        with Replay(path) as running:
            for share in (0.1, 0.3, 0.6):
                until(partial(_as_far_as, running, carrier, share))
                mariadb.kill()
                seen = running.recorded
                until(partial(_went_on, running, seen))
                mariadb.start()
        until(lambda: carrier.carried >= ALL)
    all_there_once(mariadb, path, running.outcome)


def _as_far_as(running: Replay, carrier: Courier, share: float) -> bool:
    return carrier.carried > 0 and running.recorded >= share * ALL


def _went_on(running: Replay, seen: int) -> bool:
    return running.recorded > seen + 96 or running.through


@pytest.mark.slow
def test_held_still_while_a_replay_records(mariadb: MariaDb, path: Path, quick: None) -> None:
    """The server keeps its connections and answers nothing, for longer than the courier waits; then it goes on."""
    with Courier(path, parse_address(mariadb.url), batch=10) as carrier:
        with Replay(path) as running:
            until(lambda: carrier.carried > 0)
            mariadb.hold()
            try:
                until(lambda: running.through)
                until(lambda: "does not answer" in carrier.failure)
                with LedgerFile(path) as ledger:
                    assert ledger.episodes.state().waiting > 0
            finally:
                mariadb.go_on()
        until(lambda: carrier.carried >= ALL)
    all_there_once(mariadb, path, running.outcome)


@pytest.mark.slow
def test_restarted_in_good_order(mariadb: MariaDb, path: Path, quick: None) -> None:
    with Courier(path, parse_address(mariadb.url), batch=10) as carrier:
        with Replay(path) as running:
            until(partial(_as_far_as, running, carrier, 0.3))
            mariadb.stop()
            mariadb.start()
        until(lambda: carrier.carried >= ALL)
    all_there_once(mariadb, path, running.outcome)


FULL_AT, ROOMY = (f"--innodb-data-file-path=ibdata1:12M:autoextend:max:{size}M" for size in (20, 400))


@pytest.mark.slow
def test_full(tmp_path_factory: pytest.TempPathFactory, path: Path, mariadb: MariaDb) -> None:
    """InnoDB may not grow beyond a size; then it may."""
    small = MariaDb(tmp_path_factory.mktemp("full"), FULL_AT, "--innodb-file-per-table=OFF")
    small.start()
    try:
        small.make_database()
        wanted = 4000
        with LedgerFile(path) as ledger:
            ledger.episodes.put([episode(n) for n in range(wanted)])
            small_lake = Lake(parse_address(small.url))
            with pytest.raises(LakeError, match="has no room") as caught:
                carry(ledger, small_lake)
            assert "sent again" in caught.value.remedy
            state = ledger.episodes.state()
            assert 0 < state.waiting < wanted
            assert "has no room" in str(state.failure)
            assert small.run("SELECT count(*) FROM antares_learning") == [(wanted - state.waiting,)]
            small.stop()
            small.start(ROOMY, "--innodb-file-per-table=OFF")
            carry(ledger, small_lake)
            assert ledger.episodes.state().waiting == 0
        found = small.run("SELECT count(*), count(DISTINCT episode_start_utc) FROM antares_learning")
        assert found == [(wanted, wanted)]
        assert small_lake.plans() == wanted
    finally:
        small.stop()


def test_refused(mariadb: MariaDb) -> None:
    wrong = Lake(parse_address(mariadb.url.replace(QUOTED, "other-word")))
    with pytest.raises(LakeError, match="refuses us") as caught:
        wrong.counts()
    assert "other-word" not in str(caught.value)
    missing = Lake(parse_address(mariadb.url + "2"))
    with pytest.raises(LakeError, match=r"refuses us|is not there"):
        missing.counts()


def test_the_password_stands_nowhere(
    mariadb: MariaDb, path: Path, caplog: pytest.LogCaptureFixture, quick: None
) -> None:
    caplog.set_level(0)
    place = parse_address(mariadb.url)
    with LedgerFile(path) as ledger:
        ledger.episodes.put([episode(0)])
        mariadb.run("CREATE TABLE lake_schema (version INT PRIMARY KEY, other TEXT)")
        mariadb.run("INSERT INTO lake_schema VALUES (99, '')")
        with Courier(path, place) as carrier:
            pass
        said = [repr(place), place.place, carrier.failure, str(ledger.episodes.state()), caplog.text]
    assert "written by a newer Darkstar" in carrier.failure
    assert not [text for text in said if PASSWORD in text or QUOTED in text]


def test_tls(
    tmp_path_factory: pytest.TempPathFactory, mariadb: MariaDb, certificates: tuple[Path, Path]
) -> None:
    """Asked for, it is used and checked; a server without it is sent no password."""
    certificate, key = certificates
    asked = parse_address(mariadb.url, ca_file=certificate)
    with pytest.raises(LakeError, match="TLS"):
        Lake(asked).counts()
    secure = MariaDb(tmp_path_factory.mktemp("tls"), f"--ssl-cert={certificate}", f"--ssl-key={key}")
    secure.start()
    try:
        secure.make_database()
        secure.run(f"ALTER USER {USER}@'%' REQUIRE SSL", user="root")
        assert Lake(parse_address(secure.url, ca_file=certificate)).counts() == {}
        with pytest.raises(LakeError, match="TLS"):
            Lake(parse_address(secure.url, tls=True)).counts()
        with pytest.raises(LakeError, match="refuses us"):
            Lake(parse_address(secure.url)).counts()
    finally:
        secure.stop()
