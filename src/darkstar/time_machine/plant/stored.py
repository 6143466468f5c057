"""A home's calibrated plant in its folder: `models/plant.json`, written whole or not at all."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.slots import iso_utc
from darkstar.time_machine.plant.calibration import Calibration
from darkstar.time_machine.plant.model import PlantModel

PLANT_NAME = Path("models") / "plant.json"
VERSION = 1
_AGAIN = "Run `darkstar calibrate` again, or choose `--plant nominal`."


@dataclass(frozen=True)
class MeasuredPlant:
    """What a calibration left behind.

    Attributes:
        told: names of the figures that the data told.
    """

    model: PlantModel
    told: frozenset[str]


def calibration_json(found: Calibration, bounds_utc: tuple[int, int]) -> Mapping[str, Any]:
    """The calibration as scripts may rely on it."""
    return {
        "version": VERSION,
        "from": iso_utc(bounds_utc[0]),
        "to": iso_utc(bounds_utc[1]),
        "days": found.days,
        "slots": found.slots,
        "model": asdict(found.model),
        "told": {name: asdict(estimate) for name, estimate in found.told.items()},
        "left": dict(found.left),
        "held_out": asdict(found.held_out),
    }


def write_plant(folder: Path, content: Mapping[str, Any]) -> Path:
    """Put a calibration (`calibration_json`) in the place of an earlier one; where it is now."""
    path = folder / PLANT_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return path


def read_plant(folder: Path, battery: Battery) -> MeasuredPlant | None:
    """The calibrated plant of a home; None where there is none.

    Raises:
        ConfigError: the file cannot be read, or it tells of a battery of another capacity.
    """
    path = folder / PLANT_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", remedy=_AGAIN) from None
    try:
        if content["version"] != VERSION:
            raise ConfigError(f"{path} is of another version of Darkstar.", remedy=_AGAIN)
        found = MeasuredPlant(_model(content["model"]), frozenset(content["told"]))
    except UsageError as error:
        raise ConfigError(f"{path} holds no plant: {error.problem}", remedy=_AGAIN) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(f"{path} holds no plant.", remedy=_AGAIN) from None
    if found.model.nominal_kwh != battery.capacity_kwh:
        raise ConfigError(
            f"{path} tells of a battery of {found.model.nominal_kwh:g} kWh, darkstar.yaml of "
            f"{battery.capacity_kwh:g} kWh.",
            remedy=_AGAIN,
        )
    return found


def _model(given: Mapping[str, Any]) -> PlantModel:
    known = {field.name for field in fields(PlantModel)}
    if set(given) - known:
        raise ValueError("not of this version")
    tapers = {
        name: tuple((float(percent), float(share)) for percent, share in given.get(name, ()))
        for name in ("charge_taper", "discharge_taper")
    }
    return PlantModel(**{**given, **tapers})
