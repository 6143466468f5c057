"""What a home's own battery showed: its meters and its state of charge, on the days that may be trusted."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, day_bounds, local_date, utc_offsets
from darkstar.ledger.quality import spoils_battery_flows, spoils_charge
from darkstar.ledger.resolved import DayStatus
from darkstar.store.ledger_file import LedgerFile

Series = NDArray[np.float64]
Numbers = NDArray[np.int64]

LEAST_DAYS = 5
LEAST_CYCLES = 2.0
FULL_PERCENT = 98.5
"""From here on a battery balances its cells, and its state of charge says little of what goes in."""
EMPTY_PERCENT = 1.0
"""Up to so much above the least it may hold, it is as good as there."""
MOVES_KWH = 0.005
"""In a slot with less it rests."""
SAME_SHARE = 0.95


@dataclass(frozen=True)
class Observed:
    """A battery's slots in time order, shape (n,); unknown ones may be left out or NaN.

    Attributes:
        day: number of the local day that each slot lies in.
        at: number of each slot in time, so that neighbours differ by one.
        charge_kwh, discharge_kwh: AC side.
        start_percent, end_percent: state of charge at its edges.
        import_kwh, export_kwh: of the home; None where nobody knows.
    """

    day: Numbers
    at: Numbers
    charge_kwh: Series
    discharge_kwh: Series
    start_percent: Series
    end_percent: Series
    import_kwh: Series | None = None
    export_kwh: Series | None = None

    def take(self, rows: NDArray[np.bool_]) -> "Observed":
        """The slots where the mask, shape (n,), holds."""
        return Observed(
            self.day[rows],
            self.at[rows],
            self.charge_kwh[rows],
            self.discharge_kwh[rows],
            self.start_percent[rows],
            self.end_percent[rows],
            None if self.import_kwh is None else self.import_kwh[rows],
            None if self.export_kwh is None else self.export_kwh[rows],
        )


def observe(ledger: LedgerFile, tz: ZoneInfo, bounds_utc: tuple[int, int]) -> Observed:
    """The battery's slots of a range of the ledger; of days whose labels mask the battery nothing is known."""
    start, end = bounds_utc
    with ledger.snapshot():
        table = ledger.slots(start, end)
        labels = ledger.days(local_date(start, tz), local_date(end - 1, tz) + dt.timedelta(days=1))
    sound = np.ones(len(table), dtype=np.bool_)
    for label in labels:
        masked = label.status is DayStatus.MASK_BATTERY or spoils_battery_flows(label) or spoils_charge(label)
        if masked:
            sound[slice(*np.searchsorted(table.slots, day_bounds(label.day, tz)).tolist())] = False
    return Observed(
        day=(table.slots + utc_offsets(table.slots, tz)) // DAY_SECONDS,
        at=table.slots // SLOT_SECONDS,
        charge_kwh=np.where(sound, table.energy_kwh[Channel.BATT_CHARGE], np.nan),
        discharge_kwh=np.where(sound, table.energy_kwh[Channel.BATT_DISCHARGE], np.nan),
        start_percent=table.soc_start_percent,
        end_percent=table.soc_end_percent,
        import_kwh=table.energy_kwh[Channel.IMPORT],
        export_kwh=table.energy_kwh[Channel.EXPORT],
    )


def usable(observed: Observed, battery: Battery) -> Observed:
    """The slots that tell of the battery.

    Raises:
        DataError: the meters or the state of charge are not known, too rarely, or count the same.
    """
    flows = np.isfinite(observed.charge_kwh) & np.isfinite(observed.discharge_kwh)
    if not flows.any():
        raise DataError(
            "The ledger does not know what went into the battery and out of it.",
            remedy="Name its meters under `sensors: {batt_charge: ..., batt_discharge: ...}` and backfill.",
        )
    moves = flows & (np.maximum(observed.charge_kwh, observed.discharge_kwh) > MOVES_KWH)
    same = np.isclose(observed.charge_kwh[moves], observed.discharge_kwh[moves], rtol=1e-3)
    if moves.any() and same.mean() > SAME_SHARE:
        raise DataError(
            "The meters of charge and of discharge show the same in every slot: both count all that goes through.",
            remedy="Use meters that count charge and discharge apart, or the battery's power integrated by its sign.",
        )
    charge_known = np.isfinite(observed.start_percent) & np.isfinite(observed.end_percent)
    if not charge_known.any():
        raise DataError(
            "The ledger does not know the battery's state of charge.",
            remedy="Name its sensor under `sensors: {soc: ...}`; Home Assistant keeps some ten days of it.",
        )
    below = np.maximum(observed.start_percent, observed.end_percent) < FULL_PERCENT
    # Where it may give no more, it is not fed from its store.
    above = np.minimum(observed.start_percent, observed.end_percent) > battery.soc_min_percent + EMPTY_PERCENT
    part = observed.take(flows & charge_known & below & above)
    days = len(np.unique(part.day[np.maximum(part.charge_kwh, part.discharge_kwh) > MOVES_KWH]))
    cycles = float((part.charge_kwh + part.discharge_kwh).sum()) / (2 * battery.capacity_kwh)
    if days < LEAST_DAYS or cycles < LEAST_CYCLES:
        raise DataError(
            f"{days} days with {cycles:.1f} full cycles of the battery are known by its meters and its state of "
            f"charge; {LEAST_DAYS} days and {LEAST_CYCLES:g} cycles are needed.",
            remedy="Record for some days more, or choose a longer range.",
        )
    return part
