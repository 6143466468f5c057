"""How the battery of `darkstar simulate` behaves: measured, stated or as plans believe."""

from enum import StrEnum
from typing import Annotated

import typer

from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.time_machine.plant.model import IDEAL, PlantModel
from darkstar.time_machine.plant.stated import stated_plant, with_measured
from darkstar.time_machine.plant.stored import read_plant


class PlantChoice(StrEnum):
    """What the plans meet."""

    CALIBRATED = "calibrated"
    STATED = "stated"
    NOMINAL = "nominal"


Plants = Annotated[
    PlantChoice | None,
    typer.Option(
        "--plant",
        help="How the home's own battery behaves: as `darkstar calibrate` found it, in the rest as its data sheet in "
        "darkstar.yaml states it (the default, where there are such); by its data sheet alone; or as plans believe.",
        show_default=False,
    ),
]


def plant_of(choice: PlantChoice | None, settings: Settings, *, own: bool) -> tuple[PlantChoice, PlantModel]:
    """What is simulated of how the battery behaves, and that.

    Args:
        own: whether it is the home's own; of any other nobody knows more than is stated of its capacity and power.

    Raises:
        UsageError: a calibration or a data sheet is asked for that there is not.
        ConfigError: the calibration cannot be read, or no battery is as the data sheet says.
    """
    battery, sheet = settings.battery if own else None, settings.data_sheet if own else None
    if choice is PlantChoice.NOMINAL or (choice is None and battery is None):
        return PlantChoice.NOMINAL, IDEAL
    stated = stated_plant(sheet, battery) if sheet and battery else None
    if choice is PlantChoice.STATED:
        if stated is None:
            raise UsageError(
                "Nothing is stated of how this battery behaves.",
                remedy="Write `data_sheet:` into its section of darkstar.yaml, for the home's own battery.",
            )
        return PlantChoice.STATED, stated
    found = read_plant(settings.folder, battery) if battery else None
    if found is None:
        if choice is PlantChoice.CALIBRATED:
            raise UsageError(
                "This battery has not been calibrated.",
                remedy="Run `darkstar calibrate`, for the home's own battery.",
            )
        return (PlantChoice.NOMINAL, IDEAL) if stated is None else (PlantChoice.STATED, stated)
    model = found.model if stated is None else with_measured(stated, found.model, found.told)
    return PlantChoice.CALIBRATED, model
