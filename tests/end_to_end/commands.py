"""Runs the real command as a person or a script would: in a process of its own, on a home's folder."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.end_to_end.home_assistant.peer import Peer

PROGRAM = Path(sys.executable).parent / "darkstar"
LEDGER = "planner_learning.db"
PLACE = {
    "name": "Test home",
    "timezone": "Europe/Stockholm",
    "latitude": 59.33,
    "longitude": 18.07,
    "currency": "SEK",
    "main_fuse_a": 25,
}


@dataclass(frozen=True)
class EnvName:
    """The name of an environment variable, written into YAML as `!env NAME`."""

    name: str


class _Dumper(yaml.SafeDumper):
    """Knows what secrets look like in the file."""


_Dumper.add_representer(EnvName, lambda dumper, secret: dumper.represent_scalar("!env", secret.name))


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    output: str
    errors: str
    seconds: float

    @property
    def json(self) -> dict:
        """The one object on standard output."""
        assert self.output.count("\n") == 1, f"not one line of JSON: {self.output[:500]}{self.errors[-2000:]}"
        return json.loads(self.output)


@dataclass(frozen=True)
class HomeFolder:
    """A home's folder, and the token that its file names."""

    folder: Path
    token: str

    @property
    def ledger(self) -> Path:
        """Its ledger."""
        return self.folder / LEDGER

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command on this home."""
        environ = os.environ | {"HA_TOKEN": self.token, "COLUMNS": "200"}
        return subprocess.Popen(
            [str(PROGRAM), *arguments, "--home", str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environ,
            cwd=self.folder,
            text=True,
        )

    def run(self, *arguments: str, timeout_s: float = 300) -> Outcome:
        """Run a command on this home to its end."""
        began = time.monotonic()
        process = self.start(*arguments)
        try:
            output, errors = process.communicate(timeout=timeout_s)
        finally:
            process.kill()
        assert self.token not in output + errors
        return Outcome(process.returncode, output, errors, time.monotonic() - began)


def write_home(
    folder: Path,
    peer: Peer,
    sensors: Mapping[str, Sequence[str]],
    sections: Mapping[str, object] | None = None,
    url: str = "",
) -> HomeFolder:
    """Write `darkstar.yaml` for a home that reads this Home Assistant."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "home": PLACE,
        "home_assistant": {"url": url or peer.url, "token": EnvName("HA_TOKEN")},
        "sensors": {channel: list(names) for channel, names in sensors.items()},
        **(sections or {}),
    }
    (folder / "darkstar.yaml").write_text(yaml.dump(content, Dumper=_Dumper, sort_keys=False))
    return HomeFolder(folder, peer.token)
