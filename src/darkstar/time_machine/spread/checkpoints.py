"""What a replay's tasks came to, kept in files until the replay is through: a killed one goes on where it was.

A file is named by all that its result depends on: the task's function and argument, to the last digit, and the code
that does it. So it never has to be asked whether it still holds: what has changed since has another name. It holds
arrays and nothing that could be run, and it is there whole or not at all; one that is torn is made again.
"""

import os
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from threading import get_ident
from types import NoneType
from typing import Generic, TypeVar, cast, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import DAY_SECONDS
from darkstar.time_machine.spread.digest import code_digest, digest

T = TypeVar("T")
R = TypeVar("R")
Array = NDArray[np.generic]
Tell = Callable[[str], None]

ENDING = ".npz"
_STAMP = "name"
_FORGOTTEN_DAYS = 14
"""After so many nobody takes a replay up again."""
_TORN = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


class Checkpoints:
    """The kept results of one home; may be used by many threads.

    Attributes:
        found: how many results of another run did not have to be made.
    """

    def __init__(self, folder: Path, tell: Tell, *, fresh: bool = False) -> None:
        """Kept in a folder, which need not be there.

        Args:
            tell: is told what a person should know, each thing once.
            fresh: believe nothing that is there.
        """
        self.found = 0
        self._folder, self._tell, self._fresh = folder, tell, fresh
        self._mine: set[str] = set()
        self._written: set[str] = set()
        self._told: set[str] = set()

    def of(self, function: Callable[[T], R], task: T) -> "Checkpoint[R]":
        """Where the result of a task is kept, there or not; the function says by its annotation what it answers."""
        name = digest(code_digest(), function.__module__, function.__qualname__, task)
        kind = cast("type[R]", get_type_hints(function)["return"])
        path = self._folder / f"{name}{ENDING}"
        self._mine.add(name)
        return Checkpoint(self, path, kind, believed=not self._fresh or name in self._written)

    def was_found(self, name: str) -> None:
        """A result was there."""
        if name not in self._written:
            self.found += 1
            self.say("A replay like this was cut off: what it had planned is used.")

    def was_written(self, name: str) -> None:
        """A result is there now."""
        self._written.add(name)

    def say(self, text: str) -> None:
        """Tell it, unless that was told before."""
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    def clear(self) -> None:
        """The replay is through: remove what it kept, and what others left lying for weeks."""
        long_ago = time.time() - _FORGOTTEN_DAYS * DAY_SECONDS
        try:
            for path in self._folder.iterdir():
                if path.name.partition(".")[0] in self._mine or path.stat().st_mtime < long_ago:
                    path.unlink(missing_ok=True)
            self._folder.rmdir()
        except OSError:
            # Another replay keeps something there, or there never was anything.
            return


@dataclass(frozen=True)
class Checkpoint(Generic[R]):
    """Where one result is kept."""

    home: Checkpoints
    path: Path
    kind: type[R]
    believed: bool = True

    def read(self) -> R | None:
        """The result; None where it has to be made."""
        if not self.believed or not self.path.exists():
            return None
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays: dict[str, Array] = {name: file[name] for name in file.files}
            if str(arrays[_STAMP]) != self.path.stem:
                raise ValueError("the file has another's name")
            found = _built(self.kind, arrays, "")
        except _TORN as error:
            self.home.say(f"{self.path} is damaged ({error}): planned again.")
            return None
        self.home.was_found(self.path.stem)
        return found

    def write(self, result: R) -> R:
        """Keep it; where that is not possible the replay goes on without."""
        half = self.path.with_suffix(f".{os.getpid()}-{get_ident()}.half")
        arrays: dict[str, Array] = {_STAMP: np.array(self.path.stem)}
        _lay_out(result, "", arrays)
        try:
            self.path.parent.mkdir(exist_ok=True)
            with half.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            half.replace(self.path)
            self.home.was_written(self.path.stem)
        except OSError as error:
            self.home.say(
                f"{self.path.parent} cannot be written ({error.strerror}): nothing is kept of this replay."
            )
            with suppress(OSError):
                half.unlink()
        return result


def _lay_out(value: object, place: str, arrays: dict[str, Array]) -> None:
    """A dataclass of arrays, numbers and such dataclasses, as arrays by their places.

    Raises:
        TypeError: it holds anything else.
    """
    if not is_dataclass(value):
        raise TypeError(f"A {type(value).__qualname__} cannot be kept.")
    for name in get_type_hints(type(value)):
        inner = getattr(value, name)
        if isinstance(inner, np.ndarray | int | float):
            arrays[place + name] = np.asarray(inner)
        elif inner is not None:
            _lay_out(inner, f"{place}{name}.", arrays)


def _stated(hint: type[R]) -> type[R]:
    """The dataclass where None would do as well."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return kinds[0] if kinds else hint


def _built(kind: type[R], arrays: dict[str, Array], place: str) -> R:
    """The dataclass again."""
    values: dict[str, object] = {}
    for name, hint in get_type_hints(kind).items():
        here = place + name
        may_lack = NoneType in get_args(hint)
        if here in arrays:
            array = arrays[here]
            values[name] = array if array.ndim else array.item()
        elif any(key.startswith(f"{here}.") for key in arrays):
            values[name] = _built(_stated(hint), arrays, f"{here}.")
        elif may_lack:
            values[name] = None
        else:
            raise KeyError(here)
    return kind(**values)
