"""Which channel a file's column means, by its name or because a person said so.

`CHANNEL_kwh` holds the energy of the interval that starts at each row, `CHANNEL_kwh_cum` the reading of a meter at that
time. Parts of a channel (`import_t1_kwh`, `pv_2_kwh`) add up. Where a file has a channel's total too, the parts would
count twice, and so would energies beside the readings that they are the differences of: one of both is left out.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError, UsageError

CHANNELS = "|".join(channel.value for channel in Channel)
PART = r"(?:(?:t|l|tariff|phase|meter|array|string|inverter)_?)?\d+|low|normal|high|day|night|peak|offpeak"
ENERGY_NAME = re.compile(rf"(?P<channel>{CHANNELS})(?:_(?P<part>{PART}))?_kwh(?P<cumulative>_cum)?")
"""The parts are named one by one, for `import_price_sek_kwh` and `pv_forecast_kwh` are no energies."""
POWER_NAME = re.compile(r".*_k?w", re.IGNORECASE)
OTHER_ENERGY_NAME = re.compile(r".*_[mg]?wh(_cum)?", re.IGNORECASE)
CUMULATIVE = "_kwh_cum"
ENERGY = "_kwh"


@dataclass(frozen=True)
class EnergyColumn:
    """A column that holds energy.

    Attributes:
        cumulative: readings of a meter; otherwise energies of intervals.
        part: what follows the channel in its name, empty for the whole.
    """

    name: str
    channel: Channel
    cumulative: bool
    part: str = ""


@dataclass(frozen=True)
class EnergyColumns:
    """How a file's columns are read; `left_out` says why each of the others is not, by name."""

    columns: tuple[EnergyColumn, ...]
    left_out: Mapping[str, str]


def energy_columns(names: Sequence[str], said: Mapping[str, str]) -> EnergyColumns:
    """The energy columns among a file's columns.

    Args:
        said: column -> channel (or `CHANNEL_kwh`, `CHANNEL_kwh_cum`) as the person gave it; for a channel named here
            the names of other columns do not count.

    Raises:
        UsageError: what was said names a column or channel that is not there. DataError: no column holds energy.
    """
    mapped = [_said(name, target, names) for name, target in said.items()]
    spoken_for = {column.channel for column in mapped}
    left_out: dict[str, str] = {}
    found: list[EnergyColumn] = []
    for name in names:
        column = _by_name(name)
        if name in said:
            continue
        if column is None:
            left_out[name] = _other_unit(name) or "its name says no channel"
        elif column.channel in spoken_for:
            left_out[name] = f"--map says what makes up {column.channel}"
        else:
            found.append(column)
    kept = [column for column in found if not _is_said_twice(column, found, left_out)]
    if not mapped and not kept:
        raise DataError(
            f"No column holds energy in kWh by its name; there are {', '.join(names) or 'none'}.",
            remedy="Name them like import_kwh or import_kwh_cum, or say --map COLUMN=CHANNEL "
            f"({', '.join(Channel)}).",
        )
    return EnergyColumns((*mapped, *kept), left_out)


def _by_name(name: str) -> EnergyColumn | None:
    match = ENERGY_NAME.fullmatch(name)
    if match is None:
        return None
    return EnergyColumn(name, Channel(match["channel"]), match["cumulative"] is not None, match["part"] or "")


def _other_unit(name: str) -> str:
    """What a column holds by its name that is no energy in kWh; empty where the name says nothing of the kind."""
    if POWER_NAME.fullmatch(name):
        return "it holds power by its name, and energy in kWh is needed"
    if OTHER_ENERGY_NAME.fullmatch(name):
        return "it is not in kWh by its name"
    return ""


def _is_said_twice(column: EnergyColumn, all_of: Sequence[EnergyColumn], left_out: dict[str, str]) -> bool:
    for other in all_of:
        if other.channel is column.channel and column.part and not other.part:
            left_out[column.name] = f"{other.name} is the whole of it"
        elif (other.channel, other.part) == (
            column.channel,
            column.part,
        ) and other.cumulative > column.cumulative:
            left_out[column.name] = f"{other.name} says the same"
    return column.name in left_out


def _said(name: str, target: str, names: Sequence[str]) -> EnergyColumn:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise UsageError(
            f"--map names the column '{name}', which the file lacks.",
            remedy=f"Did you mean {near[0]}?" if near else f"Its columns are {', '.join(names)}.",
        )
    if _other_unit(name):
        raise UsageError(
            f"--map {name}={target}: {_other_unit(name)}.", remedy="Convert the column and rename it."
        )
    channel = target.removesuffix(CUMULATIVE).removesuffix(ENERGY)
    if channel not in tuple(Channel):
        near = difflib.get_close_matches(channel, tuple(Channel), n=1)
        raise UsageError(
            f"--map {name}={target}: there is no channel '{channel}'.",
            remedy=f"Did you mean {near[0]}?" if near else f"The channels are {', '.join(Channel)}.",
        )
    telling = target if channel != target else name
    if not telling.endswith((ENERGY, CUMULATIVE)):
        raise UsageError(
            f"Whether '{name}' holds energies or a meter's readings is not to be told.",
            remedy=f"Say --map {name}={channel}{ENERGY} or --map {name}={channel}{CUMULATIVE}.",
        )
    return EnergyColumn(name, Channel(channel), telling.endswith(CUMULATIVE))


def parse_map(texts: Sequence[str]) -> dict[str, str]:
    """`COLUMN=CHANNEL` as given on the command line.

    Raises:
        UsageError: one is not of this form.
    """
    said = {}
    for text in texts:
        name, equals, target = text.rpartition("=")
        if not equals or not name or not target:
            raise UsageError(f"--map {text} is not of the form COLUMN=CHANNEL.")
        said[name.strip()] = target.strip()
    return said
