"""All pieces of a site in one programme, and where their columns are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.full.battery import BatteryColumns, add_battery, tempting
from darkstar.planner.full.boost import BoostColumns, add_boost
from darkstar.planner.full.car import CarColumns, add_car
from darkstar.planner.full.connection import Bus, add_connection, add_strings
from darkstar.planner.full.draw import Draw, InStretches
from darkstar.planner.full.loads import LoadColumns, add_load
from darkstar.planner.full.programme import Arrays, Indices, Programme
from darkstar.planner.full.site import Site
from darkstar.planner.full.tank import TankColumns, add_tank
from darkstar.planner.full.tariff import add_power_tariffs

Switched = Mapping[int, NDArray[np.int64]]
"""By number of battery, the slots that have a switch between charging and discharging."""


@dataclass(frozen=True)
class Built:
    """A site's programme and the columns of each device, in the site's order."""

    arrays: Arrays
    bus: Bus
    batteries: tuple[BatteryColumns, ...]
    curtail: tuple[Indices, ...]
    cars: tuple[CarColumns, ...]
    tanks: tuple[TankColumns, ...]
    boosts: tuple[BoostColumns, ...]
    loads: tuple[LoadColumns, ...]
    steps: tuple[Indices, ...]

    @property
    def draws(self) -> tuple[Draw, ...]:
        """What cars, tanks and boosts draw."""
        return (
            *(car.draw for car in self.cars),
            *(tank.draw for tank in self.tanks),
            *(boost.draw for boost in self.boosts),
        )

    @property
    def uses(self) -> Indices:
        """Columns of the stretches of slots that cost a start where they are used at all."""
        found = [draw.decisions for draw in self.draws if isinstance(draw, InStretches)]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    @property
    def on(self) -> Indices:
        """All columns that say what is on."""
        found = [draw.decisions for draw in self.draws] + [at.states.ravel() for at in self.loads]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def tempted(site: Site) -> dict[int, NDArray[np.int64]]:
    """The slots in which each battery may want to burn energy."""
    return {number: tempting(site, battery) for number, battery in enumerate(site.batteries)}


def build(site: Site, switched: Switched) -> Built:
    """The programme of a checked site."""
    programme = Programme()
    bus = add_connection(programme, site)
    curtail = add_strings(programme, site, bus)
    batteries = tuple(
        add_battery(programme, site, bus, battery, switched[number])
        for number, battery in enumerate(site.batteries)
    )
    cars = tuple(add_car(programme, site, bus, car) for car in site.cars)
    tanks = tuple(add_tank(programme, site, bus, tank) for tank in site.tanks)
    boosts = tuple(add_boost(programme, site, bus, boost) for boost in site.boosts)
    loads = tuple(add_load(programme, site, bus, load) for load in site.loads)
    steps = add_power_tariffs(programme, site, bus)
    return Built(programme.arrays(), bus, batteries, curtail, cars, tanks, boosts, loads, steps)
