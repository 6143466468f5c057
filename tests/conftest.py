"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault of the code, and a commit's proof must not depend on the day's luck.
settings.register_profile("darkstar", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("darkstar")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real homes, prices and weather; tests that need it are skipped where it is absent."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("DARKSTAR_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder} (set DARKSTAR_DATA)")
    return folder
