"""Episodes as a Parquet file: a row each, series as lists, and beside them what the ledger's slots say today.

The slots are joined by slot time (`slot_...`, empty for other homes' episodes and where the ledger has none).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.errors import StoreError
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.store.episodes.episode import Decision, Episode, Expected, Outcome, Schedule
from darkstar.store.ledger_file import LedgerFile

CHUNK = 2000
"""Episodes of one row group."""
_TEXTS = (
    "system_id",
    "run_id",
    "home",
    "policy",
    "episode_start_local",
    "episode_date",
    "data_quality_status",
)
_SLOT = tuple(f"slot_{channel.column}" for channel in Channel)
_EXPECTED = ("load_kwh", "pv_kwh", "import_price", "export_price")
_SCHEDULE = ("charge_kwh", "discharge_kwh", "import_kwh", "export_kwh", "soc_kwh")
_WHOLE = ("forecast_issued_utc", "prices_known_until_utc")
_WORDS = ("mode", "curtail")
_DECISION = tuple(field.name for field in fields(Decision) if field.name not in _WORDS)
_OUTCOME = tuple(field.name for field in fields(Outcome))

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        ("context", pa.string()),
        ("episode_start_utc", pa.int64()),
        *((name, pa.int64()) for name in _WHOLE),
        ("soc_start_kwh", pa.float64()),
        *((name, pa.string()) for name in _WORDS),
        *((name, pa.float64()) for name in (*_DECISION, *_OUTCOME)),
        *((f"expected_{name}", pa.list_(pa.float32())) for name in _EXPECTED),
        *((f"planned_{name}", pa.list_(pa.float32())) for name in _SCHEDULE),
        ("planned_cost", pa.float64()),
        *((name, pa.float64()) for name in _SLOT),
        ("slot_soc_start_percent", pa.float64()),
        ("slot_quality_flags", pa.int64()),
    ]
)


def write_parquet(path: Path, episodes: Iterable[Episode], ledger: LedgerFile, home: str) -> int:
    """Write the file whole or not at all; returns how many episodes are in it.

    Args:
        ledger, home: whose slots are put beside the episodes of the home of that name.

    Raises:
        StoreError: the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    written = 0
    try:
        with pq.ParquetWriter(partial, SCHEMA, compression="zstd") as writer:
            for chunk in _chunks(episodes):
                writer.write_table(_table(chunk, ledger, home))
                written += len(chunk)
        partial.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}.", remedy="Choose another."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return written


def _chunks(episodes: Iterable[Episode]) -> Iterator[list[Episode]]:
    left = iter(episodes)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _table(chunk: Sequence[Episode], ledger: LedgerFile, home: str) -> pa.Table:
    values: dict[str, object] = {
        name: [getattr(one.run if hasattr(one.run, name) else one, name) for one in chunk] for name in _TEXTS
    }
    values["context"] = [json.dumps(dict(one.run.context), sort_keys=True) for one in chunk]
    values["episode_start_utc"] = [one.episode_start_utc for one in chunk]
    values["soc_start_kwh"] = [one.soc_start_kwh for one in chunk]
    for name in (*_DECISION, *_WORDS):
        values[name] = [getattr(one.decision, name) for one in chunk]
    for name in _OUTCOME:
        values[name] = [getattr(one.outcome, name) for one in chunk]
    for name in _WHOLE:
        values[name] = [getattr(one.expected, name, None) for one in chunk]
    for name in _EXPECTED:
        values[f"expected_{name}"] = [_series(one.expected, name) for one in chunk]
    for name in _SCHEDULE:
        values[f"planned_{name}"] = [_series(one.schedule, name) for one in chunk]
    values["planned_cost"] = [one.schedule.planned_cost if one.schedule else None for one in chunk]
    values |= _slots_beside(chunk, ledger, home)
    # What is not known is null, in a file as in the tables.
    arrays = [
        pa.array(values[field.name], field.type, from_pandas=pa.types.is_floating(field.type))
        for field in SCHEMA
    ]
    return pa.table(arrays, schema=SCHEMA)


def _series(part: Expected | Schedule | None, name: str) -> NDArray[np.float32] | None:
    return None if part is None else np.asarray(getattr(part, name), np.float32)


def _slots_beside(chunk: Sequence[Episode], ledger: LedgerFile, home: str) -> Mapping[str, object]:
    """The ledger's slots of the episodes' own times."""
    starts = np.array([one.episode_start_utc for one in chunk])
    table = ledger.slots(int(starts.min()), int(starts.max()) + SLOT_SECONDS)
    row = np.searchsorted(table.slots, starts)
    other = np.array([one.run.home != home for one in chunk])
    columns = {f"slot_{channel.column}": energy for channel, energy in table.energy_kwh.items()}
    columns["slot_soc_start_percent"] = table.soc_start_percent
    joined: dict[str, object] = {
        name: np.where(other, np.nan, column[row]) for name, column in columns.items()
    }
    joined["slot_quality_flags"] = [
        None if away else flag for away, flag in zip(other.tolist(), table.flags[row].tolist(), strict=True)
    ]
    return joined
