"""The peers' virtual environment, made on demand under .cache/ and kept as long as its list of packages stays."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path(__file__).with_name("requirements.txt")
SECONDS = 900


@dataclass(frozen=True)
class Environment:
    """A Python that has the peers, or why there is none ("" otherwise)."""

    python: Path | None
    absent: str = ""


def peers_environment(cache: Path) -> Environment:
    """The environment in `cache`, made first where it is missing."""
    packages = PACKAGES.read_bytes()
    tag = hashlib.sha256(packages + sys.version.encode()).hexdigest()[:12]
    folder = cache / f"planner-peers-{tag}"
    python, finished = folder / "bin" / "python", folder / ".installed"
    if finished.is_file():
        return Environment(python)
    shutil.rmtree(folder, ignore_errors=True)
    made = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(PACKAGES)],
    ]
    for command in made:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.CalledProcessError as error:
            lines = (error.stderr or error.stdout).strip().splitlines()
            return Environment(None, lines[-1][:200] if lines else f"{command[1:3]} failed")
        except (OSError, subprocess.TimeoutExpired) as error:
            return Environment(None, str(error)[:200])
    finished.touch()
    return Environment(python)
