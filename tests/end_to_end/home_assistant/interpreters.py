"""Finds the Pythons that Home Assistant needs, and unpacks one from Debian where the machine has none."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LOADER = """#!/bin/sh
exec "{loader}" --argv0 "$0" --library-path "{libraries}" "{program}" "$@"
"""
"""Runs a program on the C library it was unpacked with, so that the machine's own stays as it is."""


class CounterpartMissingError(RuntimeError):
    """What a test talks to cannot be had on this machine."""


def installed_python(at_least: tuple[int, int, int]) -> Path | None:
    """A Python of that minor version, at least that patch: on the path, of pyenv, or the one that runs this."""
    for candidate in _candidates(at_least[0], at_least[1]):
        version = _version(candidate)
        if version is not None and version[:2] == at_least[:2] and version >= at_least:
            return candidate
    return None


def _candidates(major: int, minor: int) -> Iterator[Path]:
    name = f"{major}.{minor}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted((pyenv / "versions").glob(f"{name}*/bin/python3"), reverse=True)
    on_path = shutil.which(f"python{name}")
    if on_path:
        yield Path(on_path)
    yield Path(sys.base_prefix) / "bin" / f"python{name}"


def _version(python: Path) -> tuple[int, ...] | None:
    question = "import json, sys, venv, sqlite3, ssl; print(json.dumps(sys.version_info[:3]))"
    try:
        done = subprocess.run([python, "-c", question], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    return tuple(json.loads(done.stdout)) if done.returncode == 0 else None


def debian_python(version: str, suite: str, folder: Path) -> Path:
    """A Python of a Debian suite, unpacked in `folder` beside the machine's own packages.

    Asks the mirror that the machine's own apt uses; needs apt, but neither root nor a chroot.
    """
    root = folder / "root"
    python = root / "usr" / "bin" / f"python{version}"
    if (folder / "ready").exists():
        return python
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise CounterpartMissingError(f"Home Assistant's newest version needs Python {version}; install it.")
    shutil.rmtree(folder, ignore_errors=True)
    for package in _download(version, suite, folder / "apt"):
        _output(["dpkg-deb", "-x", str(package), str(root)])
    shutil.rmtree(folder / "apt")
    program = python.rename(python.with_suffix(f"{python.suffix}.elf"))
    loader = next((root / "usr").glob("lib*/ld-linux*.so.*"), None) or next(
        root.glob("usr/lib/ld-linux*.so.*")
    )
    libraries = next(root.glob("usr/lib/*-linux-gnu"))
    python.write_text(LOADER.format(loader=loader, libraries=libraries, program=program))
    python.chmod(0o755)
    if _version(python) is None:
        raise CounterpartMissingError(f"Debian's Python {version} does not run on this machine.")
    (folder / "ready").touch()
    return python


def _download(version: str, suite: str, folder: Path) -> list[Path]:
    archives = folder / "cache" / "archives"
    for needed in (folder / "lists" / "partial", archives / "partial"):
        needed.mkdir(parents=True)
    (folder / "status").touch()
    mirrors = _output(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SIGNED_BY)", "Created-By: Packages"]
    ).splitlines()
    mirror = next((line.split()[0] for line in mirrors if "security" not in line), None)
    if mirror is None:
        raise CounterpartMissingError("apt knows no Debian mirror to take a newer Python from.")
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [signed-by={keys}] {mirror} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
    }
    apt = ["apt-get", "-q", *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]
    _output([*apt, "update"])
    _output([*apt, "-y", "--download-only", "install", f"python{version}", "libstdc++6"])
    return sorted(archives.glob("*.deb"))


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CounterpartMissingError(f"'{' '.join(command[:2])}' failed: {done.stderr.strip()[-500:]}")
    return done.stdout
