"""The water heater of a past, where it could have been planned."""

from dataclasses import dataclass

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.devices import WaterHeater
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.problem import Series
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.past.history import History


@dataclass(frozen=True)
class HeaterPast:
    """A heater and what it did.

    Attributes:
        drawn_kwh: what it really drew in each known slot, a part of the load; NaN where that is not known.
    """

    device: WaterHeater
    drawn_kwh: Series

    @property
    def slot_kwh(self) -> float:
        """What it draws in a slot while it heats."""
        return self.device.power_kw * SLOT_HOURS


def heater_past(device: WaterHeater, table: SlotTable, history: History) -> HeaterPast | None:
    """The heater over the slots of a history made from this table; None where its draw is no part of a known load."""
    drawn = table.energy_kwh[Channel.WATER]
    # A heater's meter that shows more than the load that it is a part of cannot be right; nor is unsound load's part.
    own = np.minimum(drawn, history.load_kwh)
    return None if history.net_only or np.isnan(own).all() else HeaterPast(device, own)
