"""The section `heat_pump` of `darkstar.yaml`: a heat pump that may be told to heat ahead of need (SG ready)."""

from typing import Annotated

from pydantic import Field, model_validator

from darkstar.config.clock import Minutes, Window
from darkstar.config.fields import NotNegative, Phase, Positive, Section, Share
from darkstar.config.state_sensors import ValueEntity
from darkstar.domain.devices import HOURS_OF_DAY, HeatPump

OF_ROOMS = ("room_sensor", "room_temperature_c")


class HeatPumpSection(Section):
    """What it draws anyway, what a boost adds, and how much warmer the house may get."""

    boost_kw: Positive
    daily_kwh: Positive | None = None
    kwh_by_hour: Annotated[tuple[NotNegative, ...], Field(max_length=HOURS_OF_DAY)] = ()
    energy_sensor: ValueEntity | None = None
    most_warmer_c: Annotated[Positive, Field(le=5)]
    heat_kwh_per_c: Positive
    heat_per_kwh: Annotated[Positive, Field(le=10)]
    time_constant_hours: Positive
    boost_efficiency: Share = 0.9
    window: Window | None = None
    least_run_minutes: Minutes = 0.0
    least_pause_minutes: Minutes = 0.0
    room_sensor: ValueEntity | None = None
    room_temperature_c: Annotated[Positive, Field(ge=5, le=35)] | None = None
    phase: Phase | None = None

    @model_validator(mode="after")
    def _state_what_it_draws_once(self) -> "HeatPumpSection":
        if self.daily_kwh is not None and self.kwh_by_hour:
            raise ValueError("daily_kwh and kwh_by_hour both say what it draws: write one of them")
        if self.daily_kwh is None and not self.kwh_by_hour:
            raise ValueError(
                "kwh_by_hour is missing: what it draws in each hour of a usual day (or daily_kwh, spread evenly)"
            )
        if self.kwh_by_hour and len(self.kwh_by_hour) != HOURS_OF_DAY:
            raise ValueError(
                f"kwh_by_hour must be 24 numbers, one an hour from 00:00, not {len(self.kwh_by_hour)}"
            )
        return self

    @model_validator(mode="after")
    def _agree(self) -> "HeatPumpSection":
        if (self.room_sensor is None) != (self.room_temperature_c is None):
            there, missing = OF_ROOMS if self.room_sensor is not None else OF_ROOMS[::-1]
            raise ValueError(
                f"{there} without {missing}: together they say how much warmer it is than wanted"
            )
        if self.window is not None and self.least_run_minutes > self.window.minutes:
            raise ValueError(f"least_run_minutes is {self.least_run_minutes:g}, longer than its window")
        if self.boost_kw * self.least_run_minutes / 60 * self.boost_efficiency > self.device.store_kwh:
            raise ValueError(
                f"least_run_minutes of {self.least_run_minutes:g} at boost_kw stores more than most_warmer_c allows "
                f"({self.device.store_kwh:.2g} kWh): no boost is short enough"
            )
        return self

    @property
    def device(self) -> HeatPump:
        """The heat pump as the planner knows it."""
        by_hour = self.kwh_by_hour
        if self.daily_kwh is not None:
            by_hour = (self.daily_kwh / HOURS_OF_DAY,) * HOURS_OF_DAY
        return HeatPump(
            boost_kw=self.boost_kw,
            kwh_by_hour=by_hour,
            most_warmer_c=self.most_warmer_c,
            heat_kwh_per_c=self.heat_kwh_per_c,
            heat_per_kwh=self.heat_per_kwh,
            time_constant_hours=self.time_constant_hours,
            boost_efficiency=self.boost_efficiency,
            window=self.window,
            least_run_minutes=self.least_run_minutes,
            least_pause_minutes=self.least_pause_minutes,
            room_temperature_c=self.room_temperature_c,
            phase=self.phase,
        )
