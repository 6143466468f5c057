"""The sections of `darkstar.yaml` for what a home can shift: batteries, heaters, cars, appliances.

What a device draws and needs has no default: the plan's money hangs on it.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

from pydantic import Field, field_validator, model_validator

from darkstar.config.clock import TimeOfDay, Window
from darkstar.config.fields import (
    NotNegative,
    Percent,
    Phase,
    Positive,
    Section,
    Share,
    Text,
    in_percent,
)
from darkstar.config.heat_pump import HeatPumpSection
from darkstar.config.state_sensors import QUANTITIES, StateEntity, ValueEntity
from darkstar.config.water_heater import WaterHeaterSection
from darkstar.domain.devices import (
    MINUTES_OF_DAY,
    Appliance,
    Devices,
    ElectricCar,
    NamedBattery,
)
from darkstar.domain.home import Battery

OWN_NAMES = frozenset({"battery", "sun", "water heater", "heat pump"})


class BatterySection(Section):
    """What the battery can do, seen from its AC side."""

    capacity_kwh: Positive
    soc_min_percent: Percent = 0.0
    soc_max_percent: Percent = 100.0
    charge_max_kw: Positive
    discharge_max_kw: Positive
    charge_efficiency: Share = 0.95
    discharge_efficiency: Share = 0.95
    wear_per_kwh: NotNegative = 0.0

    _in_percent = field_validator("soc_min_percent", "soc_max_percent")(in_percent)

    @model_validator(mode="after")
    def _leave_room(self) -> "BatterySection":
        if self.soc_min_percent >= self.soc_max_percent:
            raise ValueError("soc_min_percent must be below soc_max_percent")
        return self


class NamedBatterySection(BatterySection):
    """One battery of several."""

    name: Text


class CarSection(Section):
    """A car at the home's charger."""

    name: Text = "car"
    capacity_kwh: Positive
    target_percent: Percent
    ready_by: TimeOfDay
    home_from: TimeOfDay | None = None
    phases: Phase
    phase: Phase | None = None
    max_current_a: Annotated[Positive, Field(le=125)]
    min_current_a: Annotated[NotNegative, Field(le=125)] = 6.0
    daily_kwh: NotNegative | None = None
    charge_efficiency: Share = 0.9
    soc_sensor: ValueEntity | None = None
    plugged_in_sensor: StateEntity | None = None
    target_sensor: ValueEntity | None = None
    ready_by_sensor: ValueEntity | None = None

    _in_percent = field_validator("target_percent")(in_percent)

    @model_validator(mode="after")
    def _agree(self) -> "CarSection":
        if self.min_current_a > self.max_current_a:
            raise ValueError("min_current_a must not be above max_current_a")
        if self.phase is not None and self.phases > 1:
            raise ValueError("phase is for a car that charges on one: leave it out, or write phases: 1")
        if self.home_from == self.ready_by:
            raise ValueError("home_from must differ from ready_by")
        return self


class ApplianceSection(Section):
    """A machine that runs one programme."""

    name: Text
    power_kw: Positive
    minutes: Annotated[Positive, Field(le=MINUTES_OF_DAY)]
    ready_by: TimeOfDay
    window: Window | None = None
    every_day: Annotated[bool, Field(strict=True)] = False
    phase: Phase | None = None

    @model_validator(mode="after")
    def _fit_the_window(self) -> "ApplianceSection":
        if self.window is not None and self.minutes > self.window.minutes:
            raise ValueError(f"{self.name} runs for {self.minutes:g} minutes, longer than its window")
        return self


class HasName(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...


Named = TypeVar("Named", bound=HasName)


def each_name_once(sections: Sequence[Named]) -> Sequence[Named]:
    """Refuses two devices of one name, and names that plans use themselves."""
    names = [section.name for section in sections]
    taken = sorted(OWN_NAMES.intersection(names))
    if taken:
        raise ValueError(f"{taken[0]} is a name that plans use themselves; choose another")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice[0]} stands there twice; give each a name of its own")
    return sections


def devices_of(
    heater: WaterHeaterSection | None,
    cars: Sequence[CarSection],
    appliances: Sequence[ApplianceSection],
    batteries: Sequence[NamedBatterySection],
    heat_pump: HeatPumpSection | None = None,
) -> Devices:
    """The sections as the planner knows them."""
    return Devices(
        water_heater=None if heater is None else heater.device,
        cars=tuple(ElectricCar(**car.model_dump(exclude=set(QUANTITIES["car"]))) for car in cars),
        heat_pump=None if heat_pump is None else heat_pump.device,
        appliances=tuple(Appliance(**dict(appliance)) for appliance in appliances),
        batteries=tuple(
            NamedBattery(each.name, Battery(**each.model_dump(exclude={"name"}))) for each in batteries
        ),
    )


def together(batteries: Sequence[NamedBattery]) -> Battery:
    """Several batteries as one, for what knows one only: limits and wear by capacity, losses by power."""
    each = [named.battery for named in batteries]
    capacity = sum(one.capacity_kwh for one in each)
    charge, discharge = sum(one.charge_max_kw for one in each), sum(one.discharge_max_kw for one in each)
    return Battery(
        capacity_kwh=capacity,
        soc_min_percent=100 * sum(one.soc_min_kwh for one in each) / capacity,
        soc_max_percent=100 * sum(one.soc_max_kwh for one in each) / capacity,
        charge_max_kw=charge,
        discharge_max_kw=discharge,
        charge_efficiency=sum(one.charge_max_kw * one.charge_efficiency for one in each) / charge,
        discharge_efficiency=sum(one.discharge_max_kw * one.discharge_efficiency for one in each) / discharge,
        wear_per_kwh=sum(one.capacity_kwh * one.wear_per_kwh for one in each) / capacity,
    )
