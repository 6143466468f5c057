"""Books that tests of this folder share."""

import asyncio
from pathlib import Path

import pytest

from tests.bookkeeping.demo_home import Books, open_books


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """The demo home with an empty ledger."""
    return open_books(tmp_path / "home")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The demo home with its ledger filled once; to be read only."""
    books = open_books(tmp_path_factory.mktemp("filled") / "home")
    with books.ledger() as ledger:
        asyncio.run(books.backfill(ledger))
    return books
