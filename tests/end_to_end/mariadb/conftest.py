"""One MariaDB for the tests of this folder; each test has the database for itself."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import missing_counterpart
from tests.end_to_end.home_assistant.interpreters import CounterpartMissingError
from tests.end_to_end.mariadb.server import DATABASE, HOST, MariaDb


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    try:
        server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    except CounterpartMissingError as error:
        missing_counterpart(error)
    server.start()
    try:
        server.make_database()
        yield server
    finally:
        server.stop()


@pytest.fixture
def mariadb(shared_server: MariaDb) -> MariaDb:
    """The server with an empty database."""
    shared_server.run(f"DROP DATABASE {DATABASE}", user="root")
    shared_server.run(f"CREATE DATABASE {DATABASE}", user="root")
    return shared_server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "planner_learning.db"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    if shutil.which("openssl") is None:
        missing_counterpart(CounterpartMissingError("No openssl is here: the test of TLS cannot run."))
    folder = tmp_path_factory.mktemp("certificates")
    certificate, key = folder / "server.pem", folder / "server.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=a test",
    ]
    command += ["-addext", f"subjectAltName=IP:{HOST}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
