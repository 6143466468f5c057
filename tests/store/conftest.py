"""A fresh ledger for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkstar.store.ledger_file import LedgerFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "planner_learning.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[LedgerFile]:
    with LedgerFile(path) as opened:
        yield opened
