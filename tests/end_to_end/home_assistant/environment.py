"""Interpreters with Home Assistant in them: built once, kept in the checkout's `.cache`, shared by all workers."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.home_assistant.interpreters import (
    CounterpartMissingError,
    debian_python,
    installed_python,
)

REQUIREMENTS = Path(__file__).parent / "requirements"
CHECKOUT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Series:
    """A series of Home Assistant versions, and the oldest Python that runs it."""

    name: str
    python: tuple[int, int, int]


MAIN = (Series("2025.4", (3, 13, 0)), Series("2024.3", (3, 11, 0)))
"""The first whose Python is at hand carries the main part of the tests."""
NEWEST = Series("2026.11", (3, 14, 2))


def main_home_assistant() -> Path:
    """An interpreter with the Home Assistant that most tests run against."""
    for series in MAIN:
        python = installed_python(series.python)
        if python is not None:
            return _environment(series, python)
    raise CounterpartMissingError("Home Assistant needs a Python 3.13 or 3.11 (apt, pyenv or uv give one).")


def newest_home_assistant() -> Path:
    """An interpreter with the newest Home Assistant."""
    python = installed_python(NEWEST.python)
    if python is None:
        with _alone("python-3.14"):
            python = debian_python("3.14", "testing", _cache() / "python-3.14")
    return _environment(NEWEST, python)


def _environment(series: Series, python: Path) -> Path:
    """The interpreter of a virtual environment that holds exactly what the series' list names."""
    wanted = REQUIREMENTS / f"{series.name}.txt"
    digest = hashlib.sha256(wanted.read_bytes() + str(python).encode()).hexdigest()[:12]
    folder = _cache() / f"home-assistant-{series.name}-{digest}"
    ready = folder / "ready"
    with _alone(folder.name):
        if not ready.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(
                [str(python), "-m", "venv", "--without-pip", str(folder)],
                f"make an environment with {python}",
            )
            # The list is complete (what a running Home Assistant imports), hence no dependencies.
            pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
            quietly = ["--quiet", "--disable-pip-version-check"]
            _run([*pip, *quietly, "--no-deps", "-r", str(wanted)], f"install Home Assistant {series.name}")
            ready.touch()
    return folder / "bin" / "python"


def _cache() -> Path:
    folder = Path(os.environ.get("DARKSTAR_TEST_CACHE") or CHECKOUT / ".cache")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Only one process of this machine at a time is inside."""
    with (_cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CounterpartMissingError(f"Could not {what}: {done.stderr.strip()[-800:]}")
