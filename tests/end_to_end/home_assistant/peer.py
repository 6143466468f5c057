"""One home's Home Assistant as a child process: create, start, stop, kill, and set its meters."""

import atexit
import http.client
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import time
import uuid
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from tests.end_to_end.home_assistant.configuration import (
    HOST,
    ONLINE,
    Certificate,
    Meter,
    restore,
    write_configuration,
)

PROBE = (
    "import homeassistant, homeassistant.const as c; print(homeassistant.__path__[0]); print(c.__version__)"
)


class PeerError(RuntimeError):
    """Home Assistant could not be started, stopped or spoken to."""


class Peer:
    """A configuration folder and the process that serves it.

    Attributes:
        url, token: how to get in. version: such as `2025.4.4`. database: the recorder's file.
    """

    def __init__(
        self,
        folder: Path,
        python: Path,
        meters: Sequence[Meter],
        time_zone: str = "Europe/Stockholm",
        certificate: Certificate | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.meters = tuple(meters)
        self.database = self.folder / "home-assistant_v2.db"
        self.port = _free_port()
        self.url = f"{'https' if certificate else 'http'}://{HOST}:{self.port}"
        self._tls = certificate and ssl.create_default_context(cafile=str(certificate.certificate))
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        package, self.version = subprocess.check_output([python, "-c", PROBE], text=True, cwd="/").split()
        self.token = write_configuration(
            self.folder, Path(package), self.version, self.meters, self.port, time_zone, certificate
        )

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, wait: bool = True) -> None:
        """Start it, and unless told otherwise wait until it says that it runs."""
        self.must_be_down()
        if self._process is None:
            atexit.register(self.kill)
        environ = os.environ | {"PYTHONPATH": str(self.folder / "stubs")}
        command = [
            str(self._python),
            "-m",
            "homeassistant",
            "-c",
            str(self.folder),
            "--skip-pip",
            "--log-no-color",
        ]
        with (self.folder / "process.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env=environ
            )
        if wait:
            self.wait_running()

    def wait_running(self, timeout_s: float = 120.0) -> None:
        """Wait until it has started up."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self.running:
                raise PeerError(f"Home Assistant exited: {self.log()}")
            with suppress(OSError, http.client.HTTPException, PeerError):
                config = self.ask("GET", "/api/config")
                if config["state"] == "RUNNING":
                    if config.get("recovery_mode"):
                        break
                    return
            time.sleep(0.1)
        raise PeerError(f"Home Assistant did not come up: {self.log()}")

    def stop(self) -> None:
        """Shut it down cleanly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Pull the plug."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Shut it down and start it again on the same port."""
        self.stop()
        self.start()

    def must_be_down(self) -> None:
        """Raise unless it is down: its files are written to by one alone."""
        if self.running:
            raise PeerError("stop Home Assistant first")

    def log(self) -> str:
        """The end of what it said."""
        return (self.folder / "process.log").read_text(errors="replace")[-2000:]

    def ask(self, method: str, path: str, body: object = None) -> dict:
        """The answer to one request."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with closing(self._connection()) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        if response.status not in (200, 201):
            raise PeerError(f"{method} {path}: {response.status} {text[:200]}")
        return json.loads(text)

    def set(self, meter: Meter, value: float) -> None:
        """Move a meter."""
        self.ask("POST", "/api/services/input_number/set_value", {"entity_id": meter.backing, "value": value})

    def set_online(self, online: bool) -> None:
        """Make all meters `unavailable`, or available again."""
        service = "turn_on" if online else "turn_off"
        self.ask("POST", f"/api/services/input_boolean/{service}", {"entity_id": ONLINE})

    def come_up_with(self, values: dict[Meter, float]) -> None:
        """What meters show at the next start; it must be down."""
        self.must_be_down()
        backing = {meter.backing: str(float(value)) for meter, value in values.items()}
        restore(self.folder, backing, forget=[meter.entity_id for meter in values])

    def query(self, sql: str, *values: object) -> list[tuple]:
        """Read its database, whether or not it is up."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def wait_recorded(self, timeout_s: float = 60.0) -> None:
        """Wait until all that was reported before now is in the database."""
        mark = uuid.uuid4().hex
        self.ask("POST", "/api/events/test_barrier", {"mark": mark})
        deadline = time.monotonic() + timeout_s
        while not self.query("SELECT 1 FROM event_data WHERE shared_data LIKE ?", f"%{mark}%"):
            if time.monotonic() > deadline:
                raise PeerError("the recorder is still busy")
            time.sleep(0.05)

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls:
            return http.client.HTTPSConnection(HOST, self.port, timeout=30, context=self._tls)
        return http.client.HTTPConnection(HOST, self.port, timeout=30)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or not self.running:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise PeerError("Home Assistant did not stop within a minute") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
