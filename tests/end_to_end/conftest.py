"""Real counterparts, started once for all tests that share them.

Tests of one kind of server carry its `xdist_group`, so that they run in one worker and share the server.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.end_to_end.home_assistant.environment import main_home_assistant, newest_home_assistant
from tests.end_to_end.home_assistant.interpreters import CounterpartMissingError

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder talks to a real counterpart."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


def counterpart(build: Callable[[], Path]) -> Path:
    """What `build` gives; without it the test is skipped, or fails where CI promises that it is there."""
    try:
        return build()
    except CounterpartMissingError as error:
        missing_counterpart(error)


def missing_counterpart(error: CounterpartMissingError) -> NoReturn:
    """Skip the test, or fail it where CI promises that its counterpart is there."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(error))
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def main_python() -> Path:
    """An interpreter with the Home Assistant that most tests run against."""
    return counterpart(main_home_assistant)


@pytest.fixture(scope="session")
def newest_python() -> Path:
    """An interpreter with the newest Home Assistant."""
    return counterpart(newest_home_assistant)
