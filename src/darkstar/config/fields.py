"""Kinds of values in `darkstar.yaml` that all its sections share."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def plain_number(value: object) -> object:
    """Refuses what YAML takes for a number and nobody means as one."""
    # YAML reads `on` and `yes` as true, and true counts as 1.
    if isinstance(value, bool) or value is None:
        raise ValueError("must be a number")
    return value


def in_percent(value: float) -> float:
    """Refuses a share that was meant as a percentage."""
    if 0 < value < 1:
        raise ValueError(f"is in percent: write {value * 100:g} if you mean {value:g}")
    return value


def listed(value: object) -> object:
    """Takes a single entry for a list of one."""
    return [value] if isinstance(value, Mapping) else value


Number = Annotated[float, BeforeValidator(plain_number), Field(allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Percent = Annotated[Number, Field(ge=0, le=100)]
Share = Annotated[Number, Field(gt=0, le=1)]
Hours = Annotated[Number, Field(ge=0, le=25)]
Phase = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=3)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """What all sections share: no key that is not known, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
