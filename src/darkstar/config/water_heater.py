"""The section `water_heater` of `darkstar.yaml`: by the day's energy, or with `litres` as a tank that keeps heat."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from darkstar.config.clock import Minutes, TimeOfDay, Window
from darkstar.config.fields import NotNegative, Number, Phase, Positive, Section
from darkstar.config.state_sensors import ValueEntity
from darkstar.domain.devices import Disinfection, HotWaterTank, WaterHeater

TANK_NEEDS = ("hours_of_use", "least_temperature_c", "most_temperature_c", "loss_w")
OF_TANKS = (*TANK_NEEDS, "disinfect", "temperature_sensor")
NOT_OF_TANKS = ("ready_by", "least_run_minutes", "least_pause_minutes", "longest_pause_hours")
Celsius = Annotated[Number, Field(ge=0, le=100)]


def _windows(value: object) -> object:
    return [value] if isinstance(value, str) else value


class DisinfectSection(Section):
    """The rule against legionella."""

    every_days: Annotated[Positive, Field(le=60)]
    temperature_c: Celsius


class WaterHeaterSection(Section):
    """A water heater that can be switched."""

    power_kw: Positive
    daily_kwh: Positive
    ready_by: TimeOfDay | None = None
    window: Window | None = None
    least_run_minutes: Minutes = 0.0
    least_pause_minutes: Minutes = 0.0
    longest_pause_hours: Positive | None = None
    litres: Positive | None = None
    hours_of_use: Annotated[tuple[Window, ...], BeforeValidator(_windows)] = ()
    least_temperature_c: Celsius | None = None
    most_temperature_c: Celsius | None = None
    loss_w: NotNegative | None = None
    surroundings_c: Celsius = 20.0
    heat_per_kwh: Annotated[Positive, Field(le=10)] = 1.0
    disinfect: DisinfectSection | None = None
    phase: Phase | None = None
    temperature_sensor: ValueEntity | None = None

    @model_validator(mode="after")
    def _be_one_of_two(self) -> "WaterHeaterSection":
        stated = self.model_fields_set
        if self.litres is None:
            tank = [key for key in (*OF_TANKS, "surroundings_c", "heat_per_kwh") if key in stated]
            if tank:
                raise ValueError(f"{_listed(tank)} without litres: a tank that keeps heat needs them")
            if self.ready_by is None:
                raise ValueError(
                    "ready_by is missing: by when the day's energy is due (or litres, for a tank that keeps heat)"
                )
            return self
        missing = [key for key in TANK_NEEDS if getattr(self, key) in (None, ())]
        if missing:
            raise ValueError(f"with litres it also needs {_listed(missing)}")
        needless = [key for key in NOT_OF_TANKS if key in stated]
        if needless:
            raise ValueError(f"{_listed(needless)} and litres: a tank is planned by its temperature instead")
        return self

    @model_validator(mode="after")
    def _fit_the_day(self) -> "WaterHeaterSection":
        if self.daily_kwh > 24 * self.power_kw * self.heat_per_kwh:
            raise ValueError(f"daily_kwh is more than {self.power_kw:g} kW come to in a day")
        if self.window is not None:
            minutes = self.window.minutes
            if self.litres is None and self.daily_kwh > minutes / 60 * self.power_kw:
                raise ValueError(f"daily_kwh is more than {self.power_kw:g} kW come to in its window")
            if self.least_run_minutes > minutes:
                raise ValueError(f"least_run_minutes is {self.least_run_minutes:g}, longer than its window")
        return self

    @model_validator(mode="after")
    def _rise(self) -> "WaterHeaterSection":
        least, most = self.least_temperature_c, self.most_temperature_c
        if least is not None and most is not None:
            if least >= most:
                raise ValueError("least_temperature_c must be below most_temperature_c")
            if self.surroundings_c >= most:
                raise ValueError("surroundings_c must be below most_temperature_c")
            if self.disinfect is not None and self.disinfect.temperature_c > most:
                raise ValueError("disinfect.temperature_c must not be above most_temperature_c")
        return self

    @property
    def device(self) -> WaterHeater | HotWaterTank:
        """The heater as the planner knows it."""
        if (
            self.litres is None
            or self.least_temperature_c is None
            or self.most_temperature_c is None
            or self.loss_w is None
        ):
            assert self.ready_by is not None
            return WaterHeater(
                power_kw=self.power_kw,
                daily_kwh=self.daily_kwh,
                ready_by=self.ready_by,
                window=self.window,
                least_run_minutes=self.least_run_minutes,
                least_pause_minutes=self.least_pause_minutes,
                longest_pause_hours=self.longest_pause_hours,
                phase=self.phase,
            )
        rule = self.disinfect
        return HotWaterTank(
            power_kw=self.power_kw,
            litres=self.litres,
            daily_kwh=self.daily_kwh,
            hours_of_use=self.hours_of_use,
            least_c=self.least_temperature_c,
            most_c=self.most_temperature_c,
            loss_w=self.loss_w,
            surroundings_c=self.surroundings_c,
            heat_per_kwh=self.heat_per_kwh,
            window=self.window,
            disinfection=None if rule is None else Disinfection(rule.every_days, rule.temperature_c),
            phase=self.phase,
        )


def _listed(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{', '.join(keys[:-1])} and {keys[-1]}"
