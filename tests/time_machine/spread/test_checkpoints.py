"""Checkpoints: what was planned is used again to the last digit; what is torn, another's or old is not believed."""

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.power_tariff import PowerTariff
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine import stretches as stretches_module
from darkstar.time_machine.outcome import PolicyOutcome
from darkstar.time_machine.replay import make
from darkstar.time_machine.run import Made
from darkstar.time_machine.side_by_side import Job, replay_all
from darkstar.time_machine.spread import checkpoints as module
from darkstar.time_machine.spread.checkpoints import Checkpoint, Checkpoints
from darkstar.time_machine.spread.work import IN_PLACE, InPlace, Work
from tests.time_machine.cases import scenario
from tests.time_machine.spread.test_work import same

GIVEN = replace(scenario(days=2), plan_threshold=0.05)
UNDER_A_TARIFF = replace(GIVEN, power_tariffs=(MeteredTariff(PowerTariff(peaks=3, per_kw=60)),))
JOBS = [Job(GIVEN, "mpc"), Job(GIVEN, "setpoint")]
HELD = [Job(UNDER_A_TARIFF, "mpc"), Job(UNDER_A_TARIFF, "setpoint")]
FILES = 8
"""Four stretches of each."""


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches_module, "STRETCH_SLOTS", 50)


@pytest.fixture(scope="module")
def expected() -> list[PolicyOutcome]:
    return replay_all(JOBS)


class Counting(InPlace):
    """Counts the tasks, and fails after some."""

    def __init__(self, most: int = 1000) -> None:
        self.tasks, self.most = 0, most

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        if self.tasks == self.most:
            raise KeyboardInterrupt
        self.tasks += 1
        return super().submit(fn, *args, **kwargs)


def _replayed(
    folder: Path, most: int = 1000, *, fresh: bool = False, jobs: Sequence[Job] = JOBS
) -> tuple[list[PolicyOutcome], int, list[str]]:
    told: list[str] = []
    counting, kept = Counting(most), Checkpoints(folder, told.append, fresh=fresh)
    outcomes = replay_all(jobs, Work(counting, 1, kept=kept))
    return outcomes, counting.tasks, told


def _all_same(found: list[PolicyOutcome], expected: list[PolicyOutcome]) -> None:
    assert all(same(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("planned", range(FILES))
def test_a_replay_that_was_cut_off_goes_on(
    planned: int, tmp_path: Path, expected: list[PolicyOutcome]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _replayed(tmp_path, planned)
    outcomes, tasks, told = _replayed(tmp_path)
    _all_same(outcomes, expected)
    assert tasks == FILES - planned
    assert len(told) == min(planned, 1)


@pytest.mark.slow
def test_under_a_power_tariff_killed_at_random_places(tmp_path: Path) -> None:
    expected, drawn = replay_all(HELD), random.Random(7)
    for number in range(6):
        folder, done = tmp_path / str(number), 0
        while done < FILES - 1:
            more = drawn.randint(1, FILES - 1 - done)
            with pytest.raises(KeyboardInterrupt):
                _replayed(folder, more, jobs=HELD)
            done += more
        outcomes, tasks, _ = _replayed(folder, jobs=HELD)
        _all_same(outcomes, expected)
        assert tasks == 1


def test_fresh_plans_all_anew(tmp_path: Path, expected: list[PolicyOutcome]) -> None:
    _replayed(tmp_path)
    outcomes, tasks, told = _replayed(tmp_path, fresh=True)
    _all_same(outcomes, expected)
    assert (tasks, told) == (FILES, [])


def test_what_this_replay_planned_itself_was_not_cut_off(
    tmp_path: Path, expected: list[PolicyOutcome]
) -> None:
    for fresh in (False, True):
        told: list[str] = []
        counting, kept = Counting(), Checkpoints(tmp_path, told.append, fresh=fresh)
        outcomes = replay_all([*JOBS, JOBS[0]], Work(counting, 1, kept=kept))
        _all_same(outcomes, [*expected, expected[0]])
        assert (counting.tasks, kept.found, told) == (FILES, 0, [])
        kept.clear()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _rename_another(path: Path) -> None:
    other = next(one for one in path.parent.iterdir() if one != path)
    path.write_bytes(other.read_bytes())


def _pickled(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, name=np.array(path.stem), plans=np.array([object()], dtype=object))


def _other_shape(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, name=np.array(path.stem), plans=np.array(1))


@pytest.mark.parametrize("harm", [_cut, _empty, _flip, _rename_another, _pickled, _other_shape])
def test_a_damaged_file_is_made_again(
    harm: Callable[[Path], None], tmp_path: Path, expected: list[PolicyOutcome]
) -> None:
    _replayed(tmp_path)
    harm(sorted(tmp_path.iterdir())[0])
    outcomes, tasks, told = _replayed(tmp_path)
    _all_same(outcomes, expected)
    assert tasks == 1
    assert any("damaged" in text for text in told)
    assert _replayed(tmp_path)[1] == 0


def test_what_another_code_planned_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _replayed(tmp_path)
    monkeypatch.setattr(module, "code_digest", lambda: "another")
    assert _replayed(tmp_path)[1] == FILES


def test_what_cannot_be_kept_is_told_once_and_the_replay_goes_on(
    tmp_path: Path, expected: list[PolicyOutcome]
) -> None:
    (tmp_path / "file").write_text("no folder")
    outcomes, _, told = _replayed(tmp_path / "file")
    _all_same(outcomes, expected)
    assert len(told) == 1
    assert "nothing is kept" in told[0]


def test_a_replay_that_is_through_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    kept = Checkpoints(folder, print)
    replay_all(JOBS, IN_PLACE.keeping(kept))
    one = sorted(folder.iterdir())[0]
    (folder / f"{one.stem}.123-4.half").write_bytes(b"half")
    kept.clear()
    assert not folder.exists()
    kept.clear()


def test_what_others_keep_stays_until_it_is_old(tmp_path: Path) -> None:
    young, old = tmp_path / "young.npz", tmp_path / "old.npz"
    for path, days in ((young, 13), (old, 15)):
        path.write_bytes(b"another's")
        os.utime(path, (time.time() - days * 86400,) * 2)
    Checkpoints(tmp_path, print).clear()
    assert (young.exists(), old.exists()) == (True, False)


def test_a_number_that_is_there_or_not_is_kept(tmp_path: Path) -> None:
    for over_least in (None, 0.1 + 0.2):
        made = replace(make(GIVEN, "rule"), over_least=over_least)
        checkpoint = Checkpoint(Checkpoints(tmp_path, print), tmp_path / f"{over_least}.npz", Made)
        checkpoint.write(made)
        found = checkpoint.read()
        assert found is not None
        assert found.over_least == over_least


def test_what_could_not_be_given_back_is_refused(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Named:
        name: str

    with pytest.raises(TypeError, match="str cannot be kept"):
        Checkpoint(Checkpoints(tmp_path, print), tmp_path / "named.npz", Named).write(Named("a"))
