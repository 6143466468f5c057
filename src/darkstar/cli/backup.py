"""`darkstar backup` and `darkstar restore`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from darkstar.cli.common import HomeOption, JsonOption, output, print_json
from darkstar.cli.home import home_folder
from darkstar.config.settings import LEDGER_NAME
from darkstar.store import backup as backups
from darkstar.store.database import BACKUPS_NAME


def backup(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Copy the ledger into the home's backups, checked, while others may go on writing."""
    folder = home_folder(home)
    made = backups.back_up(folder / LEDGER_NAME, folder / BACKUPS_NAME, "by-hand", time.time())
    size = made.stat().st_size
    if as_json:
        print_json({"backup": str(made), "bytes": size})
    else:
        output.print(f"Backed up to {made} ({size / 1e6:.1f} MB).", markup=False, soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", show_default=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the ledger's place; the present ledger is kept among the backups."""
    ledger = home_folder(home) / LEDGER_NAME
    kept = backups.restore(file, ledger, time.time())
    if as_json:
        print_json({"restored": str(ledger), "from": str(file), "kept": None if kept is None else str(kept)})
        return
    output.print(f"Restored {ledger} from {file}.", markup=False, soft_wrap=True)
    if kept is not None:
        output.print(f"The ledger that was there is kept as {kept}.", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)
