"""Brings a ledger file to the schema of this version, in one transaction: whole, or as it was."""

from pathlib import Path

from sqlalchemy import Connection

from darkstar.domain.errors import StoreError

HEAD = "0007"
"""The newest script of `migrations/versions`."""
SCRIPTS = Path(__file__).parent / "migrations"
APPLICATION_ID = 0x4441524B
"""Marks a SQLite file as Darkstar's (`PRAGMA application_id`; reads `DARK`)."""


def is_empty(connection: Connection) -> bool:
    """True where nothing was ever made in the file."""
    return int(connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()) == 0


def is_ledger(connection: Connection) -> bool:
    """True where the file was made by Darkstar."""
    return int(connection.exec_driver_sql("PRAGMA application_id").scalar_one()) == APPLICATION_ID


def schema_of(connection: Connection) -> str:
    """The schema that the file has."""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def check(connection: Connection, path: Path) -> None:
    """Refuse a file that is not ours or that a newer Darkstar wrote.

    Raises:
        StoreError: it is.
    """
    if is_empty(connection):
        return
    if not is_ledger(connection):
        raise StoreError(
            f"{path} is a database of another program or of an earlier system, not a ledger of Darkstar.",
            remedy="Move it out of the home's folder; `darkstar import` can bring in what it holds.",
        )
    schema = schema_of(connection)
    if schema > HEAD:
        raise StoreError(
            f"{path} was written by a newer Darkstar (schema {schema}, this one knows up to {HEAD}).",
            remedy="Update Darkstar, or restore a backup from before the update with `darkstar restore`.",
        )


def upgrade(connection: Connection) -> None:
    """Run the scripts that the file lacks; the caller holds the transaction."""
    # Alembic takes a third of a second to import and is needed once in a file's life with each version.
    from alembic import command
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(SCRIPTS))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    command.upgrade(settings, HEAD)
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
