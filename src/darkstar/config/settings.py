"""The settings of one home, as everybody else uses them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import ValidationError

from darkstar.config.battery import battery_of, data_sheet_of
from darkstar.config.devices import devices_of, together
from darkstar.config.document import Value, read_document
from darkstar.config.problems import sentences
from darkstar.config.secret import Secret
from darkstar.config.sections import (
    FETCHED_SOURCES,
    SECRET_PLACES,
    ConfigFile,
    EpisodesSection,
    HomeAssistantSection,
    PricesSection,
    QualitySection,
    SensorsSection,
)
from darkstar.config.state_sensors import StateSensor
from darkstar.config.tariff import power_tariffs_of, tariffs_of
from darkstar.domain.channels import Channel
from darkstar.domain.data_sheet import DataSheet
from darkstar.domain.devices import NO_DEVICES, Devices
from darkstar.domain.errors import ConfigError
from darkstar.domain.home import Battery, Home
from darkstar.domain.market import auction_limits
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.tariffs import Tariffs
from darkstar.ledger.quality import QualityRules

CONFIG_NAME = "darkstar.yaml"
LEDGER_NAME = "planner_learning.db"
FILE_SOURCE = "file"
SOC = "soc"
BATTERY_CHANNELS = frozenset({Channel.BATT_CHARGE, Channel.BATT_DISCHARGE})


@dataclass(frozen=True)
class HomeAssistantSettings:
    """How Home Assistant is reached.

    Attributes:
        ca_file: certificate authorities (PEM) to trust besides the system's.
    """

    url: str
    secret: Secret
    ca_file: Path | None = None

    @property
    def token(self) -> str:
        """The access token.

        Raises:
            ConfigError: the variable that should hold it is not set.
        """
        return self.secret.reveal()


@dataclass(frozen=True)
class EpisodeSettings:
    """Where episodes are kept.

    Attributes:
        url: the database's address, with a password in it; None where the lake is a file in the home's folder.
        system_id: what this installation's own decisions are kept under.
        ca_file: certificate authorities (PEM) to trust besides the system's.
        tls: whether the connection is encrypted and checked; None leaves it to where the database is.
    """

    url: Secret | None = None
    system_id: str = "prod"
    ca_file: Path | None = None
    tls: bool | None = None


@dataclass(frozen=True)
class PlanSettings:
    """What becomes of plans.

    Attributes:
        threshold: gain above which a plan takes the place of the one before; None for the usual one.
        keep_days: for how long plans can be looked up.
    """

    threshold: float | None = None
    keep_days: int = 30


@dataclass(frozen=True)
class PriceSettings:
    """Where spot prices come from: the source, then the fallbacks for what it lacks.

    Attributes:
        area: bidding zone, `SE1` to `SE4`; empty where prices come from files that name none.
    """

    source: str
    area: str
    fallbacks: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """One home.

    Attributes:
        folder: where its files are.
        battery: the home's one battery, or several as one.
        tariffs: by their days; all zero only where the file states it so, or has neither `prices:` nor `tariff:`.
        sensors: the meters of each channel that has any; they add up.
        soc: the sensors of the state of charge.
        absent: channels that the home does not have: their energy is zero, not unknown.
        sensor_list: (channel's value or `soc`, entity id) in the file's order.
        quality: what a day can bear before it is labelled.
        repairs_itself: whether repairs that are certain are made without being asked.
        episodes: where episodes are kept.
        devices: what else can be planned, and each battery where there are several.
        power_tariffs: what the months' highest draws cost, VAT included, with the months that each holds in; empty
            where they cost nothing.
        data_sheet: what is stated of how the home's one battery really behaves; None where nothing is.
        state_sensors: entities that say how devices are at present.
        plans: what becomes of plans.
    """

    folder: Path
    home: Home
    battery: Battery | None
    tariffs: Tariffs
    sensors: Mapping[Channel, tuple[str, ...]]
    soc: tuple[str, ...]
    absent: frozenset[Channel]
    pv_peak_kw: float | None
    prices: PriceSettings | None
    home_assistant: HomeAssistantSettings | None
    sensor_list: tuple[tuple[str, str], ...]
    quality: QualityRules = field(default_factory=QualityRules)
    repairs_itself: bool = True
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)
    devices: Devices = NO_DEVICES
    power_tariffs: tuple[PowerTariff, ...] = ()
    data_sheet: DataSheet | None = None
    state_sensors: tuple[StateSensor, ...] = ()
    plans: PlanSettings = PlanSettings()

    @property
    def price_preference(self) -> tuple[str, ...]:
        """Sources of prices, best first: what a person imported goes before what was fetched."""
        if self.prices is None:
            return (FILE_SOURCE,)
        return tuple(dict.fromkeys((FILE_SOURCE, self.prices.source, *self.prices.fallbacks)))


def find_home(option: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The home's folder: as asked for, $DARKSTAR_HOME, `cwd` if it holds darkstar.yaml, the platform's data folder."""
    if option is not None:
        return option.expanduser()
    if environ.get("DARKSTAR_HOME"):
        return Path(environ["DARKSTAR_HOME"]).expanduser()
    if (cwd / CONFIG_NAME).is_file():
        return cwd
    return platformdirs.user_data_path("darkstar")


def load_settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check `darkstar.yaml` of a home.

    Raises:
        ConfigError: the file is missing or wrong; every problem is told with its place.
    """
    path = folder / CONFIG_NAME
    document = read_document(path, environ)
    try:
        file = ConfigFile.model_validate(_with_plain_values(document))
    except ValidationError as error:
        # The original quotes what stands in the file, which may be a token.
        raise ConfigError(f"{path}: {' '.join(sentences(error, document))}") from None
    mentioned = document.get("sensors")
    order = list(mentioned) if isinstance(mentioned, Mapping) else []
    return _settings(folder, file, order)


def _with_plain_values(value: Value, place: tuple[str, ...] = ()) -> Value:
    if isinstance(value, Mapping):
        return {key: _with_plain_values(inner, (*place, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_plain_values(inner, place) for inner in value]
    return value.reveal() if isinstance(value, Secret) and place not in SECRET_PLACES else value


def _settings(folder: Path, file: ConfigFile, order: list[str]) -> Settings:
    home = file.home.model_dump(exclude={"pv_peak_kw"})
    meters = _meters(file.sensors)
    cars = file.cars or ((file.car,) if file.car else ())
    devices = devices_of(file.water_heater, cars, file.appliances, file.batteries, file.heat_pump)
    battery = battery_of(file.battery) if file.battery else None
    if devices.batteries:
        battery = together(devices.batteries)
    return Settings(
        folder=folder,
        home=Home(**home),
        battery=battery,
        tariffs=tariffs_of(file.tariff, ZoneInfo(file.home.timezone)),
        sensors={channel: meters[channel.value] for channel in Channel if meters.get(channel.value)},
        soc=meters.get(SOC, ()),
        absent=_absent(meters, battery),
        pv_peak_kw=file.home.pv_peak_kw,
        prices=_prices(file.prices),
        home_assistant=_home_assistant(folder, file.home_assistant),
        sensor_list=tuple((key, entity_id) for key in order for entity_id in meters[key]),
        quality=_quality(file.quality, file.home.currency),
        repairs_itself=file.repair.automatic,
        episodes=_episodes(folder, file.episodes),
        devices=devices,
        power_tariffs=power_tariffs_of(file.tariff),
        data_sheet=data_sheet_of(file.battery) if file.battery else None,
        state_sensors=file.state_sensors,
        plans=PlanSettings(**file.plan.model_dump()),
    )


def _meters(section: SensorsSection) -> dict[str, tuple[str, ...]]:
    """The sensors of every key that the file has."""
    return {key: names for key, names in section.model_dump(by_alias=True).items() if names is not None}


def _absent(meters: Mapping[str, tuple[str, ...]], battery: Battery | None) -> frozenset[Channel]:
    absent = {channel for channel in Channel if meters.get(channel.value) == ()}
    if battery is None and not any(meters.get(channel.value) for channel in BATTERY_CHANNELS):
        absent |= BATTERY_CHANNELS
    return frozenset(absent)


def _prices(section: PricesSection | None) -> PriceSettings | None:
    if section is None:
        return None
    fallbacks = section.fallbacks
    if fallbacks is None:
        others = FETCHED_SOURCES if section.source != FILE_SOURCE else ()
        return PriceSettings(section.source, section.area, tuple(s for s in others if s != section.source))
    return PriceSettings(section.source, section.area, fallbacks)


def _quality(section: QualitySection, currency: str) -> QualityRules:
    """The rules; limits that the file leaves out are the auction's, where the currency tells them."""
    stated = section.model_dump(exclude_none=True)
    limits = auction_limits(currency)
    if limits is not None:
        stated = {"price_lowest_per_kwh": limits[0], "price_highest_per_kwh": limits[1]} | stated
    return QualityRules(**stated)


def _home_assistant(folder: Path, section: HomeAssistantSection | None) -> HomeAssistantSettings | None:
    if section is None:
        return None
    ca_file = None if section.ca_file is None else folder / Path(section.ca_file).expanduser()
    return HomeAssistantSettings(section.url, section.token, ca_file)


def _episodes(folder: Path, section: EpisodesSection | None) -> EpisodeSettings:
    if section is None:
        return EpisodeSettings()
    ca_file = None if section.ca_file is None else folder / Path(section.ca_file).expanduser()
    return EpisodeSettings(section.url, section.system_id, ca_file, section.tls)
