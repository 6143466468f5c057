"""The sections of `darkstar.yaml`: which keys there are, what they may be, and what they are when left out.

Whatever decides about money or about what energy is plausible has no default: a guessed fee, fuse or battery power
would be a wrong number that nobody wrote.
"""

import difflib
import re
import zoneinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, field_validator, model_validator

from darkstar.config.battery import OwnBatterySection
from darkstar.config.devices import (
    ApplianceSection,
    CarSection,
    HasName,
    NamedBatterySection,
    each_name_once,
)
from darkstar.config.fields import (
    Hours,
    NotNegative,
    Number,
    Percent,
    Phase,
    Positive,
    Section,
    Text,
)
from darkstar.config.heat_pump import HeatPumpSection
from darkstar.config.secret import Secret
from darkstar.config.state_sensors import StateSensor, check_sensors, sensors_of
from darkstar.config.tariff import TariffSections
from darkstar.config.water_heater import WaterHeaterSection
from darkstar.ledger.quality import QualityRules

ENTITY_ID = re.compile(r"[a-z0-9_]+[.:][a-z0-9_]+")
SHARES_ROUNDING = 1e-6
NONE = "none"
"""Says in the file that the home has no such thing."""
FETCHED_SOURCES = ("vattenfall", "elprisetjustnu")
_RULES = QualityRules()


def _secret(value: object) -> object:
    return Secret("the text in darkstar.yaml", value.strip()) if isinstance(value, str) else value


def _entities(value: object) -> object:
    if value is None:
        raise ValueError("is empty: name a sensor, or write none if the home has no such thing")
    if isinstance(value, str) and value.strip().casefold() == NONE:
        return ()
    names = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not ENTITY_ID.fullmatch(name):
            raise ValueError(f"'{name}' is no entity id of Home Assistant (they look like sensor.total_pv)")
    return tuple(names)


SecretText = Annotated[InstanceOf[Secret], BeforeValidator(_secret)]
Entities = Annotated[tuple[str, ...] | None, BeforeValidator(_entities)]
"""Sensors that add up; empty where the home has no such thing, None where the file is silent."""


class HomeSection(Section):
    """Place and connection."""

    name: Text = "Home"
    timezone: str
    latitude: Annotated[Number, Field(ge=-90, le=90)]
    longitude: Annotated[Number, Field(ge=-180, le=180)]
    currency: str
    main_fuse_a: Annotated[Number, Field(ge=6, le=1000)]
    phases: Phase = 3
    load_shares: Annotated[tuple[NotNegative, ...], Field(max_length=3)] = ()
    pv_phase: Phase | None = None
    battery_phase: Phase | None = None
    pv_peak_kw: Positive | None = None

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
            hint = f"did you mean {near[0]}?" if near else "write one like Europe/Stockholm"
            raise ValueError(f"'{name}' is no time zone: {hint}") from None
        return name

    @field_validator("currency")
    @classmethod
    def _check_currency(cls, code: str) -> str:
        if not re.fullmatch("[A-Z]{3}", code):
            raise ValueError(f"'{code}' is no currency code: write three capital letters, such as SEK or EUR")
        return code

    @model_validator(mode="after")
    def _share_the_load(self) -> "HomeSection":
        if self.load_shares and len(self.load_shares) != self.phases:
            raise ValueError(f"load_shares must be {self.phases}, one for each of the phases")
        if self.load_shares and abs(sum(self.load_shares) - 1) > SHARES_ROUNDING:
            raise ValueError(f"load_shares must add up to 1, not {sum(self.load_shares):g}")
        return self


class HomeAssistantSection(Section):
    """How Home Assistant is reached."""

    url: str
    token: SecretText
    ca_file: Text | None = None

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if not re.match(r"https?://[^/\s@]+(/|$)", url):
            raise ValueError("must be an address like http://homeassistant.local:8123")
        return url


class SensorsSection(Section):
    """Which meters make up which channel."""

    load: Entities = None
    pv: Entities = None
    import_: Entities = Field(default=None, alias="import")
    export: Entities = None
    batt_charge: Entities = None
    batt_discharge: Entities = None
    water: Entities = None
    soc: Entities = None

    @model_validator(mode="after")
    def _count_each_once(self) -> "SensorsSection":
        seen: dict[str, str] = {}
        for key, names in self:
            for name in names or ():
                if name in seen:
                    first, second = seen[name].rstrip("_"), key.rstrip("_")
                    where = f"twice in {first}" if first == second else f"both {first} and {second}"
                    raise ValueError(f"{name} is {where}; a meter may count once only")
                seen[name] = key
        return self


class PricesSection(Section):
    """Where spot prices come from."""

    source: Literal["vattenfall", "elprisetjustnu", "file"]
    area: Text = ""
    fallbacks: tuple[Literal["vattenfall", "elprisetjustnu"], ...] | None = None

    @model_validator(mode="after")
    def _name_the_area(self) -> "PricesSection":
        if self.source in FETCHED_SOURCES and self.area not in ("SE1", "SE2", "SE3", "SE4"):
            raise ValueError(f"area must be SE1, SE2, SE3 or SE4 for {self.source}")
        return self


class QualitySection(Section):
    """What a day can bear before it is labelled."""

    unknown_hours: Hours = _RULES.unknown_hours
    spread_hours: Hours = _RULES.spread_hours
    soc_unknown_hours: Hours = _RULES.soc_unknown_hours
    soc_still_percent: NotNegative = _RULES.soc_still_percent
    price_unsound_hours: Hours = _RULES.price_unsound_hours
    price_still_hours: Hours = _RULES.price_still_hours
    price_lowest_per_kwh: Number | None = None
    price_highest_per_kwh: Number | None = None
    price_tolerance_per_kwh: NotNegative = _RULES.price_tolerance_per_kwh
    price_tolerance_percent: Percent = _RULES.price_tolerance_percent

    @model_validator(mode="after")
    def _leave_room(self) -> "QualitySection":
        lowest, highest = self.price_lowest_per_kwh, self.price_highest_per_kwh
        if lowest is not None and highest is not None and lowest >= highest:
            raise ValueError("price_lowest_per_kwh must be below price_highest_per_kwh")
        return self


class RepairSection(Section):
    """What the ledger may mend without being asked."""

    automatic: Annotated[bool, Field(strict=True)] = True


class PlanSection(Section):
    """What becomes of plans."""

    threshold: NotNegative | None = None
    keep_days: Annotated[int, Field(strict=True, ge=1, le=3650)] = 30


class EpisodesSection(Section):
    """The episode lake; without an address it is a file in the home's folder."""

    url: SecretText | None = None
    system_id: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] = "prod"
    ca_file: Text | None = None
    tls: Annotated[bool, Field(strict=True)] | None = None


class ConfigFile(Section):
    """The whole of `darkstar.yaml`."""

    home: HomeSection
    home_assistant: HomeAssistantSection | None = None
    sensors: SensorsSection = SensorsSection()
    battery: OwnBatterySection | None = None
    batteries: Annotated[tuple[NamedBatterySection, ...], AfterValidator(each_name_once)] = ()
    water_heater: WaterHeaterSection | None = None
    heat_pump: HeatPumpSection | None = None
    car: CarSection | None = None
    cars: Annotated[tuple[CarSection, ...], AfterValidator(each_name_once)] = ()
    appliances: Annotated[tuple[ApplianceSection, ...], AfterValidator(each_name_once)] = ()
    prices: PricesSection | None = None
    tariff: TariffSections = ()
    quality: QualitySection = QualitySection()
    repair: RepairSection = RepairSection()
    plan: PlanSection = PlanSection()
    episodes: EpisodesSection | None = None

    @model_validator(mode="after")
    def _state_the_tariff(self) -> "ConfigFile":
        if self.prices is not None and not self.tariff:
            raise ValueError(
                "tariff is missing: with prices, fees and taxes must be stated (grid_fee_per_kwh, "
                "energy_tax_per_kwh, vat_percent; write 0 where there is none)"
            )
        return self

    @model_validator(mode="after")
    def _say_it_once(self) -> "ConfigFile":
        for one, several in (("battery", "batteries"), ("car", "cars")):
            if getattr(self, one) is not None and getattr(self, several):
                raise ValueError(f"{one} and {several} are both there: write all into {several}")
        named: list[HasName] = [
            *self.cars,
            *([self.car] if self.car else []),
            *self.appliances,
            *self.batteries,
        ]
        each_name_once(named)
        return self

    @property
    def state_sensors(self) -> tuple[StateSensor, ...]:
        """The entities that say how devices are at present."""
        found: list[StateSensor] = []
        if self.water_heater is not None:
            found += sensors_of("water_heater", "water_heater", "water heater", self.water_heater)
        if self.heat_pump is not None:
            found += sensors_of("heat_pump", "heat_pump", "heat pump", self.heat_pump)
        for place, cars in (("cars", self.cars), ("car", [self.car] if self.car else [])):
            for number, car in enumerate(cars):
                found += sensors_of("car", place if place == "car" else f"cars.{number}", car.name, car)
        return tuple(found)

    @model_validator(mode="after")
    def _ask_each_entity_for_one_thing(self) -> "ConfigFile":
        meters = {name: key.rstrip("_") for key, names in self.sensors for name in names or ()}
        check_sensors(self.state_sensors, meters, reached=self.home_assistant is not None)
        return self

    @model_validator(mode="after")
    def _hang_on_phases_that_are_there(self) -> "ConfigFile":
        there = self.home.phases
        hung: list[tuple[str, int | None]] = [
            ("home.pv_phase", self.home.pv_phase),
            ("home.battery_phase", self.home.battery_phase),
            ("water_heater.phase", self.water_heater.phase if self.water_heater else None),
        ]
        hung.append(("heat_pump.phase", self.heat_pump.phase if self.heat_pump else None))
        hung += [(f"phase of {each.name}", each.phase) for each in self.appliances]
        for car in (*self.cars, *([self.car] if self.car else [])):
            hung += [(f"phase of {car.name}", car.phase), (f"phases of {car.name}", car.phases)]
        for place, phase in hung:
            if phase is not None and phase > there:
                raise ValueError(f"{place} is {phase}, and the home has {there} (home.phases)")
        return self


SECRET_PLACES = frozenset({("home_assistant", "token"), ("episodes", "url")})
"""Where a value is kept from all eyes, and missed only when it is needed."""
