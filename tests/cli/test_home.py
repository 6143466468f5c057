"""Opening a home's ledger: one of an older schema is copied before it is changed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from darkstar.cli.home import open_ledger, open_settings
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.store import migrate
from darkstar.store.backup import is_outdated
from darkstar.store.database import BACKUPS_NAME, Database
from tests.cli.plan.test_home import HOME


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    return open_settings(tmp_path)


def schema_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as file:
        ((schema,),) = file.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(schema)


def test_an_older_ledger_is_backed_up_before_it_is_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings.folder / LEDGER_NAME
    with monkeypatch.context() as past:
        past.setattr(migrate, "HEAD", "0006")
        Database(path).close()
    assert is_outdated(path)
    open_ledger(settings).close()
    assert schema_of(path) == migrate.HEAD
    assert not is_outdated(path)
    (copy,) = (settings.folder / BACKUPS_NAME).iterdir()
    assert schema_of(copy) == "0006"
    assert f"before-schema-{migrate.HEAD}" in copy.name
    open_ledger(settings).close()
    assert len(list((settings.folder / BACKUPS_NAME).iterdir())) == 1


def test_a_new_ledger_needs_no_backup(settings: Settings) -> None:
    open_ledger(settings).close()
    assert not (settings.folder / BACKUPS_NAME).exists()
