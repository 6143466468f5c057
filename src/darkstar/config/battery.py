"""The home's own battery in `darkstar.yaml`: what it can do, and what its data sheet says of how it really behaves.

    battery: {capacity_kwh: ..., charge_max_kw: ..., discharge_max_kw: ..., data_sheet: {...}}

Plans reckon with the keys of `battery` itself; what is in `data_sheet` happens to them in a replay.
"""

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from darkstar.config.devices import BatterySection
from darkstar.config.fields import NotNegative, Number, Percent, Positive, Section, in_percent
from darkstar.domain.data_sheet import Ageing, DataSheet, Points
from darkstar.domain.home import Battery

WATTS = 1000.0


def _watts(value: float) -> float:
    if 0 < value < 1:
        raise ValueError(f"is in watts: write {value * WATTS:g} if you mean {value:g} kW")
    return value


def _rising_points(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of pairs such as [[80, 100], [100, 20]]")
    points = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("must be a list of pairs such as [[80, 100], [100, 20]]")
        if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in pair):
            raise ValueError("pairs must be numbers")
        points.append(tuple(pair))
    if any(left[0] >= right[0] for left, right in pairwise(points)):
        raise ValueError("the first numbers of the pairs must rise")
    return tuple(points)


Pairs = Annotated[tuple[tuple[Number, Number], ...], BeforeValidator(_rising_points)]
Watts = Annotated[NotNegative, AfterValidator(_watts)]


def _shares(points: Pairs, what: str) -> Points:
    """The second numbers, percents, as shares."""
    if not points:
        return ()
    if any(not 0 <= percent <= 100 for _, percent in points):
        raise ValueError(f"the {what} must lie between 0 and 100 percent")
    if max(percent for _, percent in points) <= 1:
        raise ValueError(f"the {what} are in percent: write 95, not 0.95")
    return tuple((first, percent / 100) for first, percent in points)


class AgeingSection(Section):
    """How long it lasts, by use (`cycles` or `throughput_kwh`) and by time."""

    end_of_life_percent: Annotated[Percent, Field(gt=0, lt=100)]
    cycles: Positive | None = None
    throughput_kwh: Positive | None = None
    years: Positive | None = None
    replacement_per_kwh: NotNegative = 0.0

    _in_percent = field_validator("end_of_life_percent")(in_percent)

    @model_validator(mode="after")
    def _agree(self) -> "AgeingSection":
        if self.cycles is not None and self.throughput_kwh is not None:
            raise ValueError("cycles and throughput_kwh say the same: write one of them")
        if self.cycles is None and self.throughput_kwh is None and self.years is None:
            raise ValueError("nothing says when the end of life comes: write cycles, throughput_kwh or years")
        return self


class DataSheetSection(Section):
    """How the battery and its inverter really behave; all that is left out is ideal."""

    standby_w: Watts = 0.0
    standby_battery_w: Watts = 0.0
    least_power_w: Watts = 0.0
    running_loss_w: Watts | None = None
    charge_efficiency_by_kw: Pairs | None = None
    discharge_efficiency_by_kw: Pairs | None = None
    charge_power_by_percent: Pairs | None = None
    discharge_power_by_percent: Pairs | None = None
    health_percent: Annotated[Percent, Field(gt=0)] = 100.0
    ageing: AgeingSection | None = None

    _in_percent = field_validator("health_percent")(in_percent)

    @model_validator(mode="after")
    def _agree(self) -> "DataSheetSection":
        curves = (self.charge_efficiency_by_kw, self.discharge_efficiency_by_kw)
        if self.running_loss_w is not None and any(curves):
            raise ValueError("running_loss_w is in the efficiencies by power already: write one or the other")
        for curve in filter(None, curves):
            if curve[0][0] <= 0 or min(share for _, share in _shares(curve, "efficiencies")) <= 0:
                raise ValueError("efficiencies by power need powers and efficiencies above 0")
        for taper in filter(None, (self.charge_power_by_percent, self.discharge_power_by_percent)):
            if not 0 <= taper[0][0] <= taper[-1][0] <= 100:
                raise ValueError("the state of charge must lie between 0 and 100 percent")
            _shares(taper, "powers")
        worn = self.ageing is not None and self.health_percent <= self.ageing.end_of_life_percent
        if worn:
            raise ValueError("health_percent is not above end_of_life_percent: this battery is worn out")
        return self


class OwnBatterySection(BatterySection):
    """The home's one battery."""

    data_sheet: DataSheetSection | None = None

    @model_validator(mode="after")
    def _agree_with_the_data_sheet(self) -> "OwnBatterySection":
        sheet = self.data_sheet
        if sheet is None:
            return self
        least_kw = min(self.charge_max_kw, self.discharge_max_kw)
        for name in ("running_loss_w", "least_power_w"):
            if (getattr(sheet, name) or 0.0) >= least_kw * WATTS:
                raise ValueError(f"data_sheet.{name} is not below the battery's power of {least_kw:g} kW")
        for name, most_kw in (("charge", self.charge_max_kw), ("discharge", self.discharge_max_kw)):
            curve = getattr(sheet, f"{name}_efficiency_by_kw") or ()
            if any(power_kw > most_kw for power_kw, _ in curve):
                raise ValueError(
                    f"data_sheet.{name}_efficiency_by_kw has powers above {name}_max_kw, {most_kw:g} kW"
                )
        ageing = sheet.ageing
        if ageing is not None and ageing.replacement_per_kwh and self.wear_per_kwh:
            raise ValueError(
                "wear_per_kwh and data_sheet.ageing.replacement_per_kwh both say what use costs: write one of them"
            )
        return self


def battery_of(section: OwnBatterySection) -> Battery:
    """The battery as plans know it; where a data sheet prices its ageing, wear is what that makes of each kWh."""
    battery = Battery(**section.model_dump(exclude={"data_sheet"}))
    ageing = _ageing_of(section)
    if ageing is None or not ageing.replacement_per_kwh:
        return battery
    wear = ageing.wear_per_kwh(battery.charge_efficiency, battery.discharge_efficiency)
    return Battery(**section.model_dump(exclude={"data_sheet", "wear_per_kwh"}), wear_per_kwh=wear)


def data_sheet_of(section: OwnBatterySection) -> DataSheet | None:
    """What is stated of how it behaves; None where nothing is."""
    sheet = section.data_sheet
    if sheet is None:
        return None
    return DataSheet(
        standby_kw=sheet.standby_w / WATTS,
        standby_battery_kw=sheet.standby_battery_w / WATTS,
        least_kw=sheet.least_power_w / WATTS,
        running_loss_kw=(sheet.running_loss_w or 0.0) / WATTS,
        charge_curve=_shares(sheet.charge_efficiency_by_kw or (), "efficiencies"),
        discharge_curve=_shares(sheet.discharge_efficiency_by_kw or (), "efficiencies"),
        charge_taper=_shares(sheet.charge_power_by_percent or (), "powers"),
        discharge_taper=_shares(sheet.discharge_power_by_percent or (), "powers"),
        health=sheet.health_percent / 100,
        ageing=_ageing_of(section),
    )


def _ageing_of(section: OwnBatterySection) -> Ageing | None:
    ageing = section.data_sheet.ageing if section.data_sheet else None
    if ageing is None:
        return None
    cycles = ageing.cycles
    if ageing.throughput_kwh is not None:
        cycles = ageing.throughput_kwh / section.capacity_kwh
    return Ageing(ageing.end_of_life_percent / 100, cycles, ageing.years, ageing.replacement_per_kwh)
