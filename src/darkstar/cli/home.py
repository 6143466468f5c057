"""The home that a command works on: its settings and its ledger."""

import os
from pathlib import Path

from darkstar.config.settings import LEDGER_NAME, Settings, find_home, load_settings
from darkstar.store.ledger_file import LedgerFile


def home_folder(home_option: Path | None) -> Path:
    """The home's folder, as `--home`, the environment or the present folder say."""
    return find_home(home_option, os.environ, Path.cwd())


def open_settings(home_option: Path | None) -> Settings:
    """The settings of the home; ConfigError where they are missing or wrong."""
    return load_settings(home_folder(home_option), os.environ)


def open_ledger(settings: Settings) -> LedgerFile:
    """The ledger of the home, made where there is none; close it after use."""
    ledger = LedgerFile(settings.folder / LEDGER_NAME)
    ledger.keep_local_time(settings.home.tz)
    return ledger
