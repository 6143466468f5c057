"""Planning problems as JSON: a list of objects, for benchmarks and for whoever wants a plan from a script."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from darkstar.domain.errors import DataError
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue

Number = Annotated[float, Field(strict=False, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Battery(_Strict):
    soc_min_kwh: Number
    soc_max_kwh: Number
    charge_max_kw: Number
    discharge_max_kw: Number
    charge_efficiency: Number
    discharge_efficiency: Number
    wear_charge: Number = 0.0
    wear_discharge: Number = 0.0


class _Grid(_Strict):
    import_max_kw: Number
    export_max_kw: Number
    import_breach_cost: Number = 100.0
    curtailment_cost: Number = 0.0


class _Terminal(_Strict):
    value: tuple[Number, ...] = ()
    energy_kwh: tuple[Number, ...] = ()


class Instance(_Strict):
    """One problem with its name; `optimum` and `lp_relaxation` are what others proved, where they did."""

    id: str
    slot_hours: Number = 0.25
    load_kwh: tuple[Number, ...]
    pv_kwh: tuple[Number, ...]
    import_price: tuple[Number, ...]
    export_price: tuple[Number, ...]
    soc_start_kwh: Number
    battery: _Battery
    grid: _Grid
    terminal: _Terminal = _Terminal()
    optimum: Number | None = None
    lp_relaxation: Number | None = None

    @property
    def problem(self) -> Problem:
        """The problem itself, not checked yet."""
        battery, grid, terminal = self.battery, self.grid, self.terminal
        return Problem(
            slot_hours=self.slot_hours,
            load_kwh=_series(self.load_kwh),
            pv_kwh=_series(self.pv_kwh),
            import_price=_series(self.import_price),
            export_price=_series(self.export_price),
            soc_start_kwh=self.soc_start_kwh,
            storage=StorageModel(
                soc_min_kwh=battery.soc_min_kwh,
                soc_max_kwh=battery.soc_max_kwh,
                charge_max_kw=battery.charge_max_kw,
                discharge_max_kw=battery.discharge_max_kw,
                charge_efficiency=battery.charge_efficiency,
                discharge_efficiency=battery.discharge_efficiency,
                wear_charge=battery.wear_charge,
                wear_discharge=battery.wear_discharge,
            ),
            grid=GridModel(
                import_max_kw=grid.import_max_kw,
                export_max_kw=grid.export_max_kw,
                import_breach_cost=grid.import_breach_cost,
                curtailment_cost=grid.curtailment_cost,
            ),
            terminal=TerminalValue(_series(terminal.value), _series(terminal.energy_kwh)),
        )


_INSTANCES = TypeAdapter(list[Instance])


def read_instances(text: str | bytes, name: str | Path) -> list[Instance]:
    """The problems of a JSON document; `name` says in errors where it came from.

    Raises:
        DataError: it is no JSON, a key is missing, unknown or of the wrong kind.
    """
    try:
        return _INSTANCES.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise DataError(
            f"{name}: {place}: {first['msg']}.",
            remedy="A problem file is a list of objects as `darkstar plan --help` describes.",
        ) from None


def _series(values: tuple[float, ...]) -> Series:
    return np.array(values, dtype=np.float64)
