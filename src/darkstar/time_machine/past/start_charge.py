"""Where the battery starts: as it was measured, else where its measurements begin that day, else empty; and which.

All policies start alike and what is left at the end is settled, so a start moves their costs alike, and little. It is
told all the same: nothing is assumed in silence, and nothing in the middle, where it would pass for measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.home import Battery
from darkstar.domain.slots import DAY_SECONDS, day_bounds, iso_local, local_date
from darkstar.ledger.quality import spoils_charge
from darkstar.ledger.resolved import DayQuality
from darkstar.store.slot_table import SlotTable

ROUNDING_PERCENT = 1e-9


class Origin(StrEnum):
    """Where a start comes from."""

    TOLD = "told"
    NEW = "new"
    """Nothing measures this battery: it is a new one, and starts with what it must hold."""
    MEASURED = "measured"
    FIRST_KNOWN = "first_known"
    """The first that was measured within a day of the start."""
    LEAST = "least"
    """Nothing is known of that day, so it starts with what it must hold."""


@dataclass(frozen=True)
class StartCharge:
    """The state of charge at the first replayed slot.

    Attributes:
        at_utc: the replay's start, or the slot at whose start it was measured [UTC s].
        stuck: whether it was measured by a sensor that stood still that day, and is not believed.
        measured_percent: what was measured, where the battery cannot hold that, as it is stated or as aged as it is.
    """

    percent: float
    origin: Origin
    at_utc: int
    stuck: bool = False
    measured_percent: float | None = None

    def in_battery(self, percent: float) -> "StartCharge":
        """The same in a battery that has begun with so much, which is less where it has aged."""
        if self.percent - percent < ROUNDING_PERCENT:
            return self
        known = self.origin in (Origin.MEASURED, Origin.FIRST_KNOWN)
        measured = self.percent if known and self.measured_percent is None else self.measured_percent
        return replace(self, percent=percent, measured_percent=measured)

    def sentence(self, tz: ZoneInfo) -> str:
        """What a person should know of it; empty where it is as was told or measured."""
        at = iso_local(self.at_utc, tz)[:16].replace("T", " ")
        told = ""
        if self.origin is Origin.FIRST_KNOWN:
            told = (
                f"The battery starts at {self.percent:.0f} %, its first state of charge that is known ({at})"
            )
        elif self.origin is Origin.LEAST:
            why = (
                "its sensor stood still that day"
                if self.stuck
                else "no state of charge is known within a day of it"
            )
            told = f"The battery starts at {self.percent:.0f} %, the least that it holds ({at}: {why})"
        elif self.measured_percent is not None:
            told = f"The battery starts at {self.percent:.0f} %"
        if told and self.measured_percent is not None:
            told += f"; measured were {self.measured_percent:.0f} %, which it cannot hold"
        return f"{told}. --soc-start-percent says otherwise." if told else ""


def start_charge(
    table: SlotTable, labels: Sequence[DayQuality], tz: ZoneInfo, at_utc: int, battery: Battery
) -> StartCharge:
    """Where the home's battery starts at a slot.

    Args:
        table: with the day after the slot, as far as it is measured.
        labels: of the days; a state of charge that its day's label calls stuck is as good as none.
    """
    stuck = {label.day for label in labels if spoils_charge(label)}
    percent = table.soc_start_percent.copy()
    for day in stuck:
        first, last = day_bounds(day, tz)
        percent[(table.slots >= first) & (table.slots < last)] = np.nan
    near = (table.slots >= at_utc) & (table.slots < at_utc + DAY_SECONDS)
    known = np.flatnonzero(near & np.isfinite(percent))
    if not len(known):
        still = local_date(at_utc, tz) in stuck
        return StartCharge(battery.soc_min_percent, Origin.LEAST, at_utc, stuck=still)
    row = int(known[0])
    at, measured = int(table.slots[row]), float(percent[row])
    held = min(max(measured, battery.soc_min_percent), battery.soc_max_percent)
    origin = Origin.MEASURED if at == at_utc else Origin.FIRST_KNOWN
    return StartCharge(held, origin, at, measured_percent=None if held == measured else measured)
