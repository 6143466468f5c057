"""`darkstar record`: the recorder alone."""

import asyncio
import contextlib
import signal

import typer

from darkstar.bookkeeping.recorder import Recorder
from darkstar.cli.common import HomeOption, errors
from darkstar.cli.home import home_assistant, open_ledger, open_settings
from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError


def record(home: HomeOption = None) -> None:
    """Store meter readings as they come and close each slot at its end, until stopped.

    After any absence the hole is filled from Home Assistant's history first.
    """
    settings = open_settings(home)
    if not settings.sensor_list:
        raise ConfigError(
            f"{settings.folder} names no sensors.", remedy="List them under `sensors:` in darkstar.yaml."
        )
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_record(settings))
    errors.print("The recorder has stopped.")


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("record")(record)


async def _record(settings: Settings) -> None:
    task = asyncio.current_task()
    assert task is not None
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, task.cancel)
    with open_ledger(settings) as ledger, ledger.run("record", ""):
        async with home_assistant(settings) as source:
            await Recorder(source, ledger, settings).run()
