"""From a replay to episodes: what was known, decided and came of it, as the replay had it."""

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.home import Home
from darkstar.domain.market import known_until
from darkstar.domain.slots import day_bounds
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.episodes.address import file_address
from darkstar.store.episodes.courier import carry
from darkstar.store.episodes.episode import Episode
from darkstar.store.episodes.lake import Lake
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine import episodes, looking_on
from darkstar.time_machine.episodes import EpisodeBook
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import compare
from darkstar.time_machine.spread.checkpoints import Checkpoints
from darkstar.time_machine.spread.work import IN_PLACE, processes
from darkstar.time_machine.witness import Moment
from tests.time_machine.cases import STORAGE, TZ, changed_after, past, scenario

HOME = Home("My home", "Europe/Stockholm", 59.3, 18.1, "SEK", 16, 3)
GIVEN = scenario(days=1)
BOUNDS = (int(GIVEN.history.slots[0]), int(GIVEN.known.slots[-1]) + 900)
NAMES = ("rule", "mpc", "oracle")


def recorded(
    folder: Path,
    given: Scenario = GIVEN,
    *,
    honesty: Honesty = Honesty.HONEST,
    names: tuple[str, ...] = NAMES,
) -> tuple[Comparison, list[Episode]]:
    """The replay, and its episodes as the lake gives them back."""
    ledger = folder / "planner_learning.db"
    compared = compare(
        given, names, BOUNDS, honesty=honesty, onlooker_of=EpisodeBook(ledger, HOME, given, honesty)
    )
    with LedgerFile(ledger) as opened:
        lake = Lake(file_address(folder))
        carry(opened, lake)
    return compared, list(lake.episodes())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, dict[str, list[Episode]]]:
    folder = tmp_path_factory.mktemp("home")
    day = GIVEN.history.slots[0]
    with LedgerFile(folder / "planner_learning.db") as ledger:
        date = np.datetime64(int(day) + 3600, "s").astype("datetime64[D]").item()
        ledger.write_days([DayQuality(date, DayStatus.MASK_BATTERY, ("a reason",))])
    compared, found = recorded(folder)
    return compared, {name: [one for one in found if one.run.policy == name] for name in NAMES}


def test_the_episodes_are_the_replay_slot_by_slot(kept: tuple[Comparison, dict[str, list[Episode]]]) -> None:
    compared, episodes = kept
    for name, found in episodes.items():
        outcome, history = compared.outcomes[name], compared.history
        assert [one.episode_start_utc for one in found] == history.slots.tolist()
        assert [one.soc_start_kwh for one in found] == outcome.flows.soc_kwh[:-1].tolist()
        assert [one.outcome.soc_end_kwh for one in found] == outcome.flows.soc_kwh[1:].tolist()
        assert [one.outcome.import_kwh for one in found] == outcome.flows.import_kwh.tolist()
        assert [one.outcome.load_kwh for one in found] == history.load_kwh.tolist()
        assert [one.outcome.cost for one in found] == pytest.approx(outcome.cost_per_slot.tolist())
        assert {one.run.system_id for one in found} == {"simulation"}
        assert {one.data_quality_status for one in found} == {"mask_battery"}
        assert found[0].episode_start_local == "2021-03-09T00:00:00+01:00"
        assert {one.episode_date for one in found} == {"2021-03-09"}


def test_what_was_known_and_planned_at_the_decision(
    kept: tuple[Comparison, dict[str, list[Episode]]],
) -> None:
    moments: list[Moment] = []
    replay(GIVEN, "mpc", witness=moments.append)
    for one, moment in zip(kept[1]["mpc"], moments, strict=True):
        assert moment.outlook is not None
        assert one.expected is not None
        assert one.schedule is not None
        assert one.expected.load_kwh == pytest.approx(moment.outlook.load_kwh, abs=5.1e-5)
        assert one.expected.export_price == pytest.approx(moment.outlook.export_price, abs=5.1e-6)
        assert one.expected.forecast_issued_utc == one.episode_start_utc
        assert one.expected.prices_known_until_utc == known_until(one.episode_start_utc)
        assert one.schedule.soc_kwh[0] == pytest.approx(moment.soc_kwh, abs=5.1e-5)
        assert len(one.schedule.charge_kwh) == len(one.expected.load_kwh) == 192
        assert one.decision.buy_to_kwh == moment.mode.buy_to_kwh
        assert one.decision.worth_per_kwh == moment.mode.worth


def test_a_day_that_ends_where_clocks_go_back_has_its_label(tmp_path: Path) -> None:
    """Replayed is the first hour of a day of 25."""
    day = dt.date(2021, 10, 31)
    first = day_bounds(day, TZ)[0]
    known = past(1, start=first)
    given = replace(GIVEN, known=known, replayed=known.slots < first + 3600)
    ledger = tmp_path / "planner_learning.db"
    with LedgerFile(ledger) as opened:
        opened.write_days([DayQuality(day, DayStatus.MASK_BATTERY, ("soc unknown",))])
    assert EpisodeBook(ledger, HOME, given, Honesty.HONEST)("rule").labels == {"2021-10-31": "mask_battery"}


def test_who_looks_at_nothing_expects_nothing(kept: tuple[Comparison, dict[str, list[Episode]]]) -> None:
    for name in ("rule", "oracle"):
        assert all(one.expected is None and one.schedule is None for one in kept[1][name])
    assert {one.run.context["information"] for one in kept[1]["oracle"]} == {"perfect"}
    assert {one.run.context["information"] for one in kept[1]["mpc"]} == {"honest"}


@pytest.mark.slow
def test_an_episode_knows_nothing_of_what_came_after_it(tmp_path: Path) -> None:
    """Everything after the first decision is scrambled; what the first episode knew and decided stays."""
    now = int(GIVEN.history.slots[0])
    other = changed_after(GIVEN, now, known_until(now))
    firsts = []
    for given, name in ((GIVEN, "one"), (other, "other")):
        _, found = recorded(tmp_path / name, given, names=("mpc",))
        firsts.append(found[0])
    one, changed = firsts
    assert one.outcome != changed.outcome
    assert one.decision == changed.decision
    assert repr(one.expected) == repr(changed.expected)
    assert one.run.run_id == changed.run.run_id


def test_watching_changes_nothing(kept: tuple[Comparison, dict[str, list[Episode]]]) -> None:
    for name in NAMES:
        assert replay(GIVEN, name).cost == kept[0].outcomes[name].cost


@pytest.mark.slow
def test_replayed_again_in_other_processes_it_is_there_once(tmp_path: Path) -> None:
    _, before = recorded(tmp_path, names=("rule", "oracle"))
    ledger = tmp_path / "planner_learning.db"
    book = EpisodeBook(ledger, HOME, GIVEN, Honesty.HONEST)
    with processes(2) as work:
        compare(GIVEN, ("rule", "oracle"), BOUNDS, work=work, onlooker_of=book)
    with LedgerFile(ledger) as opened:
        assert opened.episodes.state().waiting == 0
        assert opened.episodes.state().kept == len(before) == 2 * 96


def test_a_replay_that_is_killed_keeps_whole_days_and_is_recorded_again(tmp_path: Path) -> None:
    given = scenario(days=3)
    ledger = tmp_path / "planner_learning.db"
    book = EpisodeBook(ledger, HOME, given, Honesty.HONEST)

    def killed() -> None:
        with book("rule").looking(given) as witness:

            def until_the_third_day(moment: Moment) -> None:
                witness(moment)
                if moment.number == 200:
                    raise KeyboardInterrupt

            replay(given, "rule", witness=until_the_third_day)

    with pytest.raises(KeyboardInterrupt):
        killed()
    with LedgerFile(ledger) as opened:
        assert opened.episodes.state().kept == 192
    bounds = (int(given.history.slots[0]), int(given.known.slots[-1]) + 900)
    compare(given, ("rule",), bounds, onlooker_of=book)
    with closing(sqlite3.connect(ledger)) as file:
        found = file.execute(
            "SELECT count(*), count(DISTINCT episode_start_utc) FROM training_episodes"
        ).fetchone()
    assert found == (288, 288)


def test_what_a_decision_depends_on_makes_another_run(tmp_path: Path) -> None:
    def run_id(
        given: Scenario, policy: str = "mpc", honesty: Honesty = Honesty.HONEST, home: Home = HOME
    ) -> str:
        return EpisodeBook(tmp_path / "x.db", home, given, honesty).run_of(policy).run_id

    base = run_id(GIVEN)
    assert base == run_id(scenario(days=1))
    assert base == run_id(replace(GIVEN, settlement_per_kwh=0.9))
    others = [
        run_id(GIVEN, "rule"),
        run_id(GIVEN, honesty=Honesty.PERFECT),
        run_id(replace(GIVEN, soc_start_kwh=1.0)),
        run_id(replace(GIVEN, storage=replace(STORAGE, soc_max_kwh=6.0))),
        run_id(GIVEN, home=replace(HOME, name="Another")),
        run_id(scenario(days=1, warm_up=9)),
        run_id(replace(GIVEN, timer=replace(GIVEN.timer, target_percent=77)), "timer"),
        run_id(GIVEN, "timer"),
        run_id(GIVEN, "oracle"),
        run_id(replace(GIVEN, settlement_per_kwh=0.9), "oracle"),
    ]
    assert len({base, *others}) == 1 + len(others)


def test_what_is_recorded_is_recorded_no_more_unless_the_ledger_lacks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in the second of four passages; then two of the recorded days are pruned."""
    monkeypatch.setattr(looking_on, "STRETCH_SLOTS", 96)
    given = scenario(days=4)
    ledger = tmp_path / "planner_learning.db"
    told: list[int] = []
    cut = True
    book = EpisodeBook(ledger, HOME, given, Honesty.HONEST)
    bounds = (int(given.history.slots[0]), int(given.known.slots[-1]) + 900)
    saw = episodes._Pages.saw

    def noted(pages: episodes._Pages, moment: Moment) -> None:
        told.append(moment.number)
        if cut and moment.number == 100:
            raise KeyboardInterrupt
        saw(pages, moment)

    def replayed() -> list[int]:
        told.clear()
        work = IN_PLACE.keeping(Checkpoints(tmp_path / "kept", lambda _: None))
        compare(given, ("rule",), bounds, work=work, onlooker_of=book)
        return list(told)

    monkeypatch.setattr(episodes._Pages, "saw", noted)
    with pytest.raises(KeyboardInterrupt):
        replayed()
    cut = False
    assert replayed() == list(range(96, 384))
    assert replayed() == []
    with LedgerFile(ledger) as opened:
        assert opened.episodes.prune(None, int(given.history.slots[100])) == 100
    assert replayed() == list(range(192))
    with LedgerFile(ledger) as opened:
        assert opened.episodes.state().kept == 384
