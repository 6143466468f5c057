"""Episodes: packed, recorded in the ledger, carried to a lake in a file."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlalchemy import text

from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError, DataError
from darkstar.store.episodes.address import LakeError, file_address, lake_failures, parse_address
from darkstar.store.episodes.courier import Courier, carry
from darkstar.store.episodes.lake import Lake
from darkstar.store.episodes.packing import ENERGY_STEP_KWH, pack, unpack
from darkstar.store.episodes.rows import Value, episode_of, row_of
from darkstar.store.ledger_file import LedgerFile
from tests.store.episodes_examples import DAY, RUN, episode, same, without_a_plan
from tests.store.examples import NAN, START, resolved

numbers = st.floats(-5e4, 5e4) | st.just(NAN)


@given(hnp.arrays(np.float64, st.integers(0, 300), elements=numbers))
def test_what_is_packed_is_there_again_to_half_a_step(series: np.ndarray) -> None:
    again = unpack(pack({"a": (series, ENERGY_STEP_KWH), "b": (series[::-1], 0.01)}))
    assert np.array_equal(np.isnan(series), np.isnan(again["a"]))
    assert np.nanmax(np.abs(series - again["a"]), initial=0.0) <= 5.001e-5
    assert np.nanmax(np.abs(series[::-1] - again["b"]), initial=0.0) <= 5.001e-3


@pytest.mark.parametrize("value", [6e4, -6e4, float("inf")])
def test_what_is_too_large_is_refused(value: float) -> None:
    with pytest.raises(DataError, match="load_kwh of an episode is too large"):
        pack({"load_kwh": (np.array([0.0, value]), ENERGY_STEP_KWH)})


def test_what_is_damaged_or_newer_is_said_so() -> None:
    packed = pack({"a": (np.ones(4), ENERGY_STEP_KWH)})
    for broken in (b"", b"\x02" + packed[1:]):
        with pytest.raises(DataError, match="newer Darkstar, or is damaged"):
            unpack(broken)
    with pytest.raises(DataError, match="is damaged"):
        unpack(packed[:-5])


def test_an_episode_as_a_row_and_back() -> None:
    for one in (episode(3), without_a_plan(4)):
        assert same(episode_of(row_of(one)), one)


def test_an_episode_with_unknown_hours() -> None:
    one = episode(1)
    assert one.expected is not None
    one.expected.load_kwh[:5] = NAN
    one.expected.export_price[-4:] = NAN
    assert same(episode_of(row_of(one)), one)


def test_an_episode_weighs_little() -> None:
    weights = [sum(len(v) for v in row_of(episode(n)) if isinstance(v, bytes | str)) for n in range(20)]
    assert np.mean(weights) < 2500


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(file_address(tmp_path))


def test_recorded_carried_and_read_again(ledger: LedgerFile, lake: Lake) -> None:
    wanted = [episode(n) for n in range(30)] + [without_a_plan(n) for n in range(5)]
    ledger.episodes.put(wanted)
    state = ledger.episodes.state()
    assert (state.kept, state.waiting, state.delivered_us) == (35, 35, None)
    assert state.waiting_bytes > 30 * 1000
    told: list[int] = []
    assert carry(ledger, lake, batch=20, told=told.append) == 35
    assert told == [20, 15]
    found = list(lake.episodes())
    assert len(found) == 35
    assert lake.plans() == 30
    assert all(same(one, other) for one, other in zip(found, wanted, strict=True))
    state = ledger.episodes.state()
    assert (state.kept, state.waiting, state.waiting_bytes, state.failure) == (35, 0, 0, None)
    assert state.delivered_us is not None


def test_the_same_again_is_not_carried_again_and_another_takes_its_place(
    ledger: LedgerFile, lake: Lake
) -> None:
    ledger.episodes.put([episode(n) for n in range(4)])
    carry(ledger, lake)
    ledger.episodes.put([episode(n) for n in range(4)])
    assert ledger.episodes.state().waiting == 0
    changed = replace(episode(2), soc_start_kwh=9.0)
    ledger.episodes.put([changed])
    assert carry(ledger, lake) == 1
    assert [one.soc_start_kwh for one in lake.episodes()] == [5.0, 5.001, 9.0, 5.003]
    assert ledger.episodes.state().kept == 4


def test_a_batch_that_is_carried_twice_is_there_once(ledger: LedgerFile, lake: Lake) -> None:
    """The lake had it, and the word of it never came back."""
    ledger.episodes.put([episode(n) for n in range(10)])
    lake.take([row.values for row in ledger.episodes.waiting(6)])
    assert carry(ledger, lake, batch=3) == 10
    assert len(list(lake.episodes())) == 10
    assert lake.plans() == 10


def test_an_older_row_that_comes_late_does_not_take_the_newer_ones_place(
    ledger: LedgerFile, lake: Lake
) -> None:
    ledger.episodes.put([episode(0)])
    (late,) = ledger.episodes.waiting(1)
    ledger.episodes.put([replace(episode(0), soc_start_kwh=9.0)])
    carry(ledger, lake)
    lake.take([late.values])
    assert [one.soc_start_kwh for one in lake.episodes()] == [9.0]


def test_a_clock_that_was_set_back_does_not_keep_the_newer_row_away(path: Path, lake: Lake) -> None:
    now = [2e9]
    with LedgerFile(path, clock=lambda: now[0]) as ledger:
        for charge in (1.0, 2.0):
            ledger.episodes.put([replace(episode(0), soc_start_kwh=charge)])
            carry(ledger, lake)
            now[0] -= 3600
    assert [one.soc_start_kwh for one in lake.episodes()] == [2.0]


def test_what_is_recorded_anew_while_it_is_carried_waits_on(ledger: LedgerFile, lake: Lake) -> None:
    ledger.episodes.put([episode(0)])
    carried = ledger.episodes.waiting(1)
    ledger.episodes.put([replace(episode(0), soc_start_kwh=9.0)])
    ledger.episodes.confirm(carried)
    assert ledger.episodes.state().waiting == 1


def test_episodes_are_there_with_the_rest_of_their_transaction_or_not_at_all(ledger: LedgerFile) -> None:
    with suppress(ZeroDivisionError), ledger.transaction():
        ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
        ledger.episodes.put([episode(0)])
        raise ZeroDivisionError
    assert ledger.episodes.state().kept == 0
    assert ledger.slot_extent() is None


def test_episodes_join_their_slots_by_slot_time(ledger: LedgerFile, path: Path) -> None:
    """The last slot's episode is made first, and all of them long after their slots."""
    ledger.write_slots(resolved({Channel.LOAD: [0.1, 0.2, 0.3]}))
    for number in (2, 0, 1):
        ledger.episodes.put([episode(number)])
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute(
            "SELECT e.soc_start_kwh, s.load_kwh, e.created_us / 1000000 - s.slot_start FROM training_episodes e "
            "JOIN slot_observations s ON s.slot_start = e.episode_start_utc ORDER BY e.episode_start_utc"
        ).fetchall()
    assert [row[:2] for row in rows] == [(5.0, 0.1), (5.001, 0.2), (5.002, 0.3)]
    assert all(made_after > DAY for *_, made_after in rows)


def test_pruned_by_system_and_age(ledger: LedgerFile, lake: Lake) -> None:
    prod = replace(RUN, system_id="prod")
    ledger.episodes.put([episode(n * 96) for n in range(4)] + [episode(n * 96, run=prod) for n in range(4)])
    carry(ledger, lake)
    assert lake.counts()["prod", "2025-08-01"] == 1
    assert ledger.episodes.prune("prod", START + 2 * DAY, dry=True) == 2
    assert ledger.episodes.state().kept == 8
    assert (ledger.episodes.prune("prod", START + 2 * DAY), lake.prune("prod", START + 2 * DAY)) == (2, 2)
    assert {system: n for (system, _), n in lake.counts().items()} == {"prod": 1, "simulation": 1}
    assert sum(lake.counts().values()) == lake.plans() == ledger.episodes.state().kept == 6
    assert (ledger.episodes.prune(None, None), lake.prune(None, None)) == (6, 6)
    assert lake.counts() == {}
    assert lake.plans() == 0


def test_pages_hold_every_episode_once(
    ledger: LedgerFile, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darkstar.store.episodes.lake.PAGE", 7)
    runs = [replace(RUN, run_id=name) for name in ("a", "b", "c")]
    ledger.episodes.put([episode(n, run=run, horizon=4) for run in runs for n in range(9)])
    carry(ledger, lake)
    found = [(one.run.run_id, one.episode_start_utc) for one in lake.episodes(start_utc=START + 900)]
    assert found == [(name, START + 900 * n) for name in ("a", "b", "c") for n in range(1, 9)]
    assert lake.prune("simulation", START + 900) == 3
    assert sum(lake.counts().values()) == 24


def test_a_lake_that_fails_is_noted_and_nothing_is_lost(
    ledger: LedgerFile, lake: Lake, tmp_path: Path
) -> None:
    (tmp_path / "episodes.db").write_bytes(b"no database at all" * 100)
    ledger.episodes.put([episode(n) for n in range(3)])
    with pytest.raises(LakeError, match=r"episodes\.db\) failed: .*not a database"):
        carry(ledger, lake)
    state = ledger.episodes.state()
    assert (state.waiting, state.delivered_us) == (3, None)
    assert "not a database" in str(state.failure)
    (tmp_path / "episodes.db").unlink()
    assert carry(ledger, lake) == 3
    assert ledger.episodes.state().failure is None


def test_a_courier_carries_while_others_record(path: Path, tmp_path: Path) -> None:
    with LedgerFile(path) as ledger, Courier(path, file_address(tmp_path), batch=10) as courier:
        for day in range(5):
            with ledger.transaction():
                ledger.episodes.put([episode(day * 96 + n, horizon=8) for n in range(12)])
    assert courier.carried == 60
    assert courier.failure == ""
    assert sum(Lake(file_address(tmp_path)).counts().values()) == 60


@pytest.mark.slow
def test_a_lake_too_slow_for_a_batch_is_given_smaller_ones(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def take_a_few(self: Lake, rows: Sequence[Sequence[Value]]) -> None:
        sizes.append(len(rows))
        if len(rows) > 10:
            raise LakeError("too slow")
        take(self, rows)

    take = Lake.take
    monkeypatch.setattr(Lake, "take", take_a_few)
    with LedgerFile(path) as ledger:
        ledger.episodes.put([episode(n, horizon=8) for n in range(40)])
    with Courier(path, file_address(tmp_path), batch=32) as courier:
        end = time.monotonic() + 30
        while courier.carried < 40 and time.monotonic() < end:
            time.sleep(0.02)
    assert sizes == [32, 16, 8, 8, 8, 8, 8]
    assert courier.failure == ""


def test_a_courier_whose_lake_is_away_leaves_it_all_waiting(path: Path) -> None:
    nobody = parse_address("mysql+pymysql://user:word@127.0.0.1:1/lake")
    with LedgerFile(path) as ledger:
        ledger.episodes.put([episode(n, horizon=8) for n in range(5)])
        with Courier(path, nobody) as courier:
            pass
        assert courier.carried == 0
        assert "does not answer" in courier.failure
        assert ledger.episodes.state().waiting == 5


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("mysql+pymysql://u:word@127.0.0.1/lake", False),
        ("mysql://u:word@localhost:3307/lake", False),
        ("mariadb+pymysql://u:word@[::1]/lake", False),
        ("mysql+pymysql://u:word@/lake?unix_socket=/run/db.sock", False),
        ("mysql+pymysql://u:word@127.0.0.1/lake?ssl_ca=/tmp/ca.pem", True),
        ("mysql+pymysql://u:word@192.168.1.5/lake", True),
        ("mysql+pymysql://u:word@nas.local/lake", True),
    ],
)
def test_another_machine_is_reached_by_tls_alone(url: str, tls: bool) -> None:
    address = parse_address(url)
    assert address.tls is tls
    assert "word" not in repr(address) + address.place
    assert not parse_address(url, tls=False).tls


@pytest.mark.parametrize(
    "url",
    [
        "word",
        "mysql+pymysql://u:word@host:word/lake",
        "postgresql://u:word@host/lake",
        "mysql+pymysql://u:word@host",
        "mysql+pymysql://host/lake",
        "mysql+mysqldb://u:word@host/lake",
        "sqlite://",
    ],
)
def test_an_address_that_is_none_is_told_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigError, match=r"episodes\.url is no address") as caught:
        parse_address(url)
    assert "word" not in str(caught.value).replace("password", "")
    assert caught.value.__cause__ is None


def test_what_a_server_says_is_passed_on_without_the_password() -> None:
    address = parse_address("mysql+pymysql://user:p%40ss-word@127.0.0.1/lake")
    told = "no one@host with p@ss-word by mysql+pymysql://user:p%40ss-word@127.0.0.1/lake"
    with pytest.raises(LakeError, match="no one@host") as caught, lake_failures(address):
        raise OSError(told)
    assert "ss-word" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.slow
def test_the_ledger_uses_the_room_of_what_was_carried_again(path: Path, tmp_path: Path) -> None:
    lake = Lake(file_address(tmp_path))
    with LedgerFile(path) as ledger:
        used = []
        for day in range(6):
            ledger.episodes.put([episode(day * 96 + n) for n in range(96)])
            carry(ledger, lake)
            ((pages,),) = ledger._db.read(
                text("SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count")
            )
            used.append(pages * 4096)
        whole = ledger._db.read(text("SELECT page_count FROM pragma_page_count"))[0][0] * 4096
    assert used[-1] - used[0] < 5 * 96 * 1200
    assert whole < used[-1] + 2 * 96 * 2500
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM episode_payloads").fetchone() == (0,)
