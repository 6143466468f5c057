"""A short name for all that a result depends on: values alike have it alike, in every process and on every day."""

import datetime as dt
import hashlib
import platform
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

Key = TypeVar("Key")

PACKAGE = "darkstar"
_ROOMS = ("domain", "planner", "aurora", "time_machine")
"""What a replay's result is made by."""
_LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "highspy")


def digest(*values: object) -> str:
    """The name, 32 hexadecimal digits.

    Raises:
        TypeError: a value is neither a number, a text, a path, an array, a collection of such nor an object of this
            package.
    """
    found = hashlib.blake2b(digest_size=16)
    _feed(found, values)
    return found.hexdigest()


@cache
def code_digest() -> str:
    """The name of the code that replays, its libraries and the kind of machine."""
    package = Path(__file__).parents[2]
    sources = {
        str(path.relative_to(package)): path.read_bytes().decode()
        for room in _ROOMS
        for path in sorted((package / room).rglob("*.py"))
    }
    return digest(
        sources,
        [version(name) for name in _LIBRARIES],
        platform.machine(),
        platform.python_version_tuple()[:2],
    )


def _feed(found: "hashlib.blake2b", value: object) -> None:
    """Each value with its type and length before it, so that no two run into one another."""
    if isinstance(value, np.ndarray):
        _head(found, "array", f"{value.dtype.str}{value.shape}")
        found.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Enum):
        _head(found, type(value).__qualname__, value.name)
    elif isinstance(value, bool | int | float | np.generic | dt.date | dt.time | ZoneInfo | PurePath | None):
        _head(found, type(value).__name__, repr(value))
    elif isinstance(value, str):
        _head(found, "str", value)
    elif isinstance(value, list | tuple):
        _head(found, type(value).__name__, str(len(value)))
        for one in value:
            _feed(found, one)
    elif isinstance(value, Mapping | set | frozenset):
        _feed_unordered(found, value)
    elif is_dataclass(value) and not isinstance(value, type):
        _head(found, type(value).__qualname__, str(len(fields(value))))
        for field in fields(value):
            _feed(found, field.name)
            _feed(found, getattr(value, field.name))
    elif type(value).__module__.partition(".")[0] == PACKAGE and hasattr(value, "__dict__"):
        _head(found, type(value).__qualname__, "object")
        _feed_unordered(found, vars(value))
    else:
        raise TypeError(f"Nothing is named by a {type(value).__qualname__}.")


def _feed_unordered(found: "hashlib.blake2b", value: Mapping[Key, object] | AbstractSet[Key]) -> None:
    pairs = value.items() if isinstance(value, Mapping) else ((one, None) for one in value)
    named = sorted((digest(key), digest(inner)) for key, inner in pairs)
    _head(found, "unordered", repr(named))


def _head(found: "hashlib.blake2b", kind: str, text: str) -> None:
    found.update(f"{kind}:{len(text)}:{text};".encode())
