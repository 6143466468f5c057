"""Series as a few bytes: rounded to a stated step, then what changes from slot to slot, then deflated.

Energies are kept to 0.1 Wh and prices to 0.00001 of the currency per kWh: no value is further off than half of that.
Unknown stays unknown. What is packed is read without anything else: each field has its name, its step and its length.
"""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import DataError

Series = NDArray[np.float64]

ENERGY_STEP_KWH = 1e-4
PRICE_STEP = 1e-5
LAYOUT = 1
"""First byte of all that is packed."""
_UNKNOWN = 0xFFFFFFFF
"""Stands for NaN among the differences; none of a value up to `_LARGEST` steps comes near it."""
_LARGEST = 2**29
_FIELD = struct.Struct("<BbH")
"""Length of the name, decimals, length of the series."""


def pack(fields: Mapping[str, tuple[Series, float]]) -> bytes:
    """Named series with the step each is rounded to (a power of ten); NaN is kept.

    Raises:
        DataError: a value is too large for its step, or infinite.
    """
    heads, planes = [], []
    for name, (series, step) in fields.items():
        heads.append(_FIELD.pack(len(name), -round(np.log10(step)), len(series)) + name.encode("ascii"))
        planes.append(_planes(name, series, step))
    head = b"".join(heads)
    return bytes([LAYOUT]) + zlib.compress(bytes([len(heads)]) + head + b"".join(planes), 6)


def unpack(packed: bytes) -> dict[str, Series]:
    """The series by name.

    Raises:
        DataError: it was packed by a newer version, or is damaged.
    """
    if not packed or packed[0] != LAYOUT:
        raise DataError(
            "An episode was written by a newer Darkstar, or is damaged.", remedy="Update Darkstar."
        )
    try:
        content = zlib.decompress(packed[1:])
        return _read(content)
    except (zlib.error, struct.error, ValueError, IndexError) as error:
        raise DataError("An episode is damaged.") from error


def _read(content: bytes) -> dict[str, Series]:
    at, fields = 1, []
    for _ in range(content[0]):
        name_length, decimals, n = _FIELD.unpack_from(content, at)
        at += _FIELD.size
        fields.append((content[at : at + name_length].decode("ascii"), decimals, n))
        at += name_length
    series = {}
    for name, decimals, n in fields:
        series[name] = _series(content[at : at + 4 * n], n, decimals)
        at += 4 * n
    return series


def _planes(name: str, series: Series, step: float) -> bytes:
    """The differences, small ones first in zigzag, as four planes of bytes: lowest bytes of all, then the next."""
    steps = np.round(series / step)
    unknown = np.isnan(steps)
    if not (np.abs(steps[~unknown]) <= _LARGEST).all():
        raise DataError(f"{name} of an episode is too large to be kept.")
    whole = _carried(np.where(unknown, 0, steps).astype(np.int64), unknown)
    change = np.diff(whole, prepend=0)
    zigzag = np.where(unknown, _UNKNOWN, (change << 1) ^ (change >> 63))
    return zigzag.astype("<u4").view(np.uint8).reshape(-1, 4).T.tobytes()


def _series(planes: bytes, n: int, decimals: int) -> Series:
    zigzag = np.frombuffer(planes, np.uint8).reshape(4, n).T.copy().view("<u4").reshape(n).astype(np.int64)
    unknown = zigzag == _UNKNOWN
    zigzag[unknown] = 0
    change = (zigzag >> 1) ^ -(zigzag & 1)
    series = np.cumsum(change) / 10.0**decimals
    series[unknown] = np.nan
    return series


def _carried(whole: NDArray[np.int64], unknown: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each unknown value replaced by the last known one before it, else by zero."""
    last = np.maximum.accumulate(np.where(unknown, -1, np.arange(len(whole))))
    return np.where(last >= 0, whole[np.maximum(last, 0)], 0)
