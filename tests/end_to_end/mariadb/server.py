"""A MariaDB server of a test's own: a free port of this machine, a folder of its own, gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pymysql

from tests.end_to_end.home_assistant.interpreters import CounterpartMissingError

HOST = "127.0.0.1"
USER, PASSWORD, DATABASE = "darkstar", "correct-horse:battery@staple", "lake"
QUOTED = "correct-horse%3Abattery%40staple"
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
START_S = 60


class MariaDb:
    """The server: it can be started, stopped, killed, held still and let go on."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None
        _install(folder / "data", options)

    @property
    def url(self) -> str:
        """The address of the test's database with the password in it."""
        return f"mysql+pymysql://{USER}:{QUOTED}@{HOST}:{self.port}/{DATABASE}"

    def start(self, *options: str) -> None:
        """Start it and wait until it answers."""
        command = [_program("mariadbd"), *_settings(self.folder / "data"), f"--bind-address={HOST}"]
        command += [
            f"--port={self.port}",
            f"--socket={self.folder / 's'}",
            f"--log-error={self.folder / 'log'}",
        ]
        command += [f"--pid-file={self.folder / 'pid'}", *(options or self.options)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            if self._listens():
                self.run("SELECT 1", user="root")
                return
            time.sleep(0.05)
        raise RuntimeError(f"MariaDB did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.folder / "s")) == 0

    def make_database(self) -> None:
        """The user and the database of the tests."""
        self.run(f"CREATE DATABASE {DATABASE}", user="root")
        self.run(f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'", user="root")
        self.run(f"GRANT ALL ON {DATABASE}.* TO {USER}@'%'", user="root")

    def run(self, statement: str, *, user: str = USER) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        name, password, database = (USER, PASSWORD, DATABASE) if user == USER else (user, "", None)
        connection = pymysql.connect(
            unix_socket=str(self.folder / "s"),
            user=name,
            password=password,
            database=database,
            ssl_disabled=True,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                found = list(cursor.fetchall())
            connection.commit()
        finally:
            connection.close()
        return found

    def kill(self) -> None:
        """SIGKILL: no time to put anything in order."""
        self._signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """An orderly end."""
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            self._wait()

    def hold(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _install(data: Path, options: tuple[str, ...]) -> None:
    """The system tables, as Debian's own script makes them."""
    defaults = [option for option in options if option.startswith("--innodb-data-file-path")]
    command = [_program("mariadb-install-db"), *_settings(data), "--auth-root-authentication-method=normal"]
    command += ["--skip-test-db", *defaults]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    if done.returncode:
        raise RuntimeError(f"MariaDB's tables cannot be made: {done.stderr[-1000:]}{done.stdout[-1000:]}")


def _settings(data: Path) -> list[str]:
    """Nothing of the machine's own configuration, and small."""
    settings = ["--no-defaults", f"--datadir={data}", "--skip-log-bin", "--innodb-log-file-size=8M"]
    return settings + (["--user=root"] if os.geteuid() == 0 else [])


def _program(name: str) -> str:
    found = shutil.which(name, path=_PLACES)
    if found is None:
        raise CounterpartMissingError(
            "No MariaDB is here (Debian: mariadb-server): the tests of the episode lake cannot run."
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
