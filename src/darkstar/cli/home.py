"""The home that a command works on: its settings and its ledger."""

import os
import time
from pathlib import Path

from darkstar.config.settings import LEDGER_NAME, Settings, find_home, load_settings
from darkstar.domain.errors import ConfigError
from darkstar.evidence.home_assistant import HomeAssistant
from darkstar.evidence.home_assistant.client import PATIENCE_SECONDS
from darkstar.store.backup import back_up, is_outdated, worth_a_backup
from darkstar.store.database import BACKUPS_NAME
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.migrate import HEAD


def home_folder(home_option: Path | None) -> Path:
    """The home's folder, as `--home`, the environment or the present folder say."""
    return find_home(home_option, os.environ, Path.cwd())


def open_settings(home_option: Path | None) -> Settings:
    """The settings of the home; ConfigError where they are missing or wrong."""
    return load_settings(home_folder(home_option), os.environ)


def open_ledger(settings: Settings) -> LedgerFile:
    """The ledger of the home, made where there is none, backed up where its schema is older; close it after use."""
    if is_outdated(settings.folder / LEDGER_NAME):
        back_up_first(settings, f"before-schema-{HEAD}")
    ledger = LedgerFile(settings.folder / LEDGER_NAME)
    ledger.keep_local_time(settings.home.tz)
    return ledger


def back_up_first(settings: Settings, reason: str) -> Path | None:
    """A backup of the ledger before a command writes to it; None where there is no ledger yet."""
    path = settings.folder / LEDGER_NAME
    if not worth_a_backup(path):
        return None
    return back_up(path, settings.folder / BACKUPS_NAME, reason, time.time())


def home_assistant(settings: Settings, patience_s: float = PATIENCE_SECONDS) -> HomeAssistant:
    """The home's Home Assistant, waited for so long while it restarts; use as `async with`."""
    place = settings.home_assistant
    if place is None:
        raise ConfigError(
            f"{settings.folder} does not say where Home Assistant is.",
            remedy="Write `home_assistant: {url: ..., token: !env HA_TOKEN}` into darkstar.yaml.",
        )
    return HomeAssistant(place.url, place.token, ca_file=place.ca_file, patience_s=patience_s)
