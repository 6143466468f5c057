"""From a home's devices to what a plan of the next slots has to do for them.

What is due is hard to miss and not hard: each missing kWh costs more than any price and less than a broken fuse, so
that an impossible wish has a plan that says what is missing. What is due beyond the horizon is wanted as far as it
could not be made up for after it.

What is not known of a device's present is never guessed silently:

    drawn today unknown        taken as nothing since the last deadline, with a notice
    car's charge unknown       taken as a day's driving below its target; without `daily_kwh` it is left out of the plan
    car plugged in unknown     by the clock: from `home_from` to `ready_by`
    tank's temperature unknown taken as its least, with a notice
    last disinfection unknown  taken as overdue, with a notice
    rooms' temperature unknown taken as the wanted one: no boost is being used up
"""

from zoneinfo import ZoneInfo

from darkstar.domain.devices import Devices, HotWaterTank
from darkstar.domain.slots import Slots
from darkstar.planner.caution import Notice
from darkstar.planner.devices.appliance import appliance_wish
from darkstar.planner.devices.car import car_wish
from darkstar.planner.devices.heat_pump import heat_pump_wish
from darkstar.planner.devices.heater import heater_wish
from darkstar.planner.devices.tank import tank_wish
from darkstar.planner.devices.wish import CarState, DeviceStates, Wish
from darkstar.planner.problem import Series
from darkstar.planner.why.texts import Text


def wishes(
    devices: Devices, states: DeviceStates, slots: Slots, tz: ZoneInfo, import_price: Series
) -> tuple[list[Wish], list[Notice]]:
    """What the devices want of a plan for these slots, shape (n,) as prices, and what had to be assumed."""
    found: list[Wish] = []
    notices: list[Notice] = []
    heater = devices.water_heater
    if isinstance(heater, HotWaterTank):
        found.append(tank_wish(heater, states.tank, import_price, slots, tz, notices))
    elif heater is not None:
        found.append(heater_wish(heater, states, slots, tz, notices))
    if devices.heat_pump is not None:
        pump = heat_pump_wish(devices.heat_pump, states.room_c, slots, tz, notices)
        found += [pump] if pump is not None else []
    for car in devices.cars:
        wish = car_wish(car, states.cars.get(car.name, CarState()), slots, tz, notices)
        found += [wish] if wish is not None else []
    for appliance in devices.appliances:
        wish = appliance_wish(appliance, appliance.name in states.to_run, slots, tz)
        if wish is None and appliance.name in states.to_run:
            notices.append(Notice(Text.RUN_LEFT_OUT, words={"device": appliance.name}))
        found += [wish] if wish is not None else []
    return found, notices
