"""What Home Assistant says of the home's devices as a plan is made."""

import datetime as dt
from dataclasses import dataclass, replace

from darkstar.config.state_sensors import Quantity
from darkstar.domain.devices import Devices
from darkstar.evidence.device_states import Seen
from darkstar.planner.caution import Notice


@dataclass(frozen=True)
class Sensed:
    """What was found.

    Attributes:
        seen: what each entity says that was asked.
        kwh_by_hour: what the heat pump draws in each hour of a usual day by its meter; empty where nobody says.
        hot_utc: when the tank last was hot enough against legionella by its thermometer's past [UTC s].
        notices: what could not be used, and why.
    """

    seen: tuple[Seen, ...] = ()
    kwh_by_hour: tuple[float, ...] = ()
    hot_utc: int | None = None
    notices: tuple[Notice, ...] = ()

    def of(self, device: str, quantity: Quantity) -> Seen | None:
        """What can be used of one entity."""
        usable = (seen for seen in self.seen if seen.value is not None)
        return next(
            (seen for seen in usable if (seen.sensor.device, seen.sensor.quantity) == (device, quantity)),
            None,
        )

    def number(self, device: str, quantity: Quantity) -> float | None:
        """A number that an entity says."""
        seen = self.of(device, quantity)
        return seen.value if seen is not None and isinstance(seen.value, float) else None

    def plugged_in(self, car: str) -> bool | None:
        """Whether a car is plugged in."""
        seen = self.of(car, Quantity.PLUGGED_IN)
        return seen.value if seen is not None and isinstance(seen.value, bool) else None

    def time(self, device: str, quantity: Quantity) -> dt.time | None:
        """A time of day that an entity says."""
        seen = self.of(device, quantity)
        return seen.value if seen is not None and isinstance(seen.value, dt.time) else None

    def on(self, devices: Devices) -> Devices:
        """The devices with the wishes and habits that their entities say."""
        pump = devices.heat_pump
        if pump is not None and self.kwh_by_hour:
            pump = replace(pump, kwh_by_hour=self.kwh_by_hour)
        cars = []
        for car in devices.cars:
            target, ready_by = self.number(car.name, Quantity.TARGET), self.time(car.name, Quantity.READY_BY)
            cars.append(
                replace(
                    car,
                    target_percent=car.target_percent if target is None else target,
                    ready_by=car.ready_by if ready_by is None else ready_by,
                )
            )
        return replace(devices, cars=tuple(cars), heat_pump=pump)


NOTHING_SENSED = Sensed()
