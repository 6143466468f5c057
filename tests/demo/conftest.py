"""Demo homes for all tests of this folder: making them is what takes time."""

import pytest

from darkstar.demo.home import DemoHome, make_home


@pytest.fixture(scope="session")
def home() -> DemoHome:
    """The smallest demo home."""
    return make_home(seed=3, days=60)


@pytest.fixture(scope="session")
def year() -> DemoHome:
    """The demo home that everybody gets."""
    return make_home()
