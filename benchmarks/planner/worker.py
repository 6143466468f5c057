"""A worker process and the conversation with it (see `lines`)."""

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO

from benchmarks.planner.cases import Case

ROOT = Path(__file__).parents[2]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Worker:
    """One engine in a process of its own; a context manager.

    Args:
        command: what starts it, run at the repository's root.
        patience_s: when an answer takes longer, the process is ended and the case counts as not answered.
    """

    def __init__(self, command: list[str], patience_s: float) -> None:
        self._command, self._patience_s = command, patience_s
        self._process: subprocess.Popen[str] | None = None
        self._told: IO[str] | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, case: Case, repeats: int, soc_end_kwh: tuple[float, ...] | None = None) -> dict:
        """Its answer; `error` in it says why there is none, and `lost` that the process ended over it."""
        process = self._running()
        line = json.dumps({"case": case.spoken(soc_end_kwh), "repeats": repeats})
        late = threading.Timer(self._patience_s, process.kill)
        late.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            in_time = late.is_alive()
            late.cancel()
        if answer:
            return dict(json.loads(answer))
        self._told.seek(0)
        said = self._told.read().strip().splitlines()
        self.close()
        if not in_time:
            return {"error": f"no answer within {self._patience_s:g} s", "lost": True}
        return {"error": said[-1][:300] if said else "it ended without a word", "lost": True}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout, self._told):
                pipe.close()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._told = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see close
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._told,
                text=True,
                cwd=ROOT,
                env={**os.environ, **ONE_THREAD},
            )
        return self._process
