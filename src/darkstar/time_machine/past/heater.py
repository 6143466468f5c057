"""The water heater of a past, where it could have been planned."""

from dataclasses import dataclass

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.devices import WaterHeater
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS
from darkstar.planner.problem import Series
from darkstar.store.ledger_file import LedgerFile
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


def read_heater(ledger: LedgerFile, known: History, device: WaterHeater) -> HeaterPast | None:
    """What the ledger has of the heater over a home's past; None where its part of the load is not known."""
    if known.net_only:
        return None
    with ledger.snapshot():
        table = ledger.slots(int(known.slots[0]), int(known.slots[-1]) + SLOT_SECONDS)
    # More than the load that it is a part of cannot be right; what is unsound in the load is so here.
    own = np.minimum(table.energy_kwh[Channel.WATER], known.load_kwh)
    return None if np.isnan(own).all() else HeaterPast(device, own)
