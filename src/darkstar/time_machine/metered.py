"""Power tariffs over a replay or a plan: what the running month has drawn before it, and what its imports cost.

The days before a range are the past for every policy alike: their peaks are what the ledger's import meter says. What
it does not know there does not count.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.power_course import power_cost_by_slot
from darkstar.domain.power_tariff import MonthFee, MonthSoFar, PowerTariff, highest, month_fees, periods
from darkstar.domain.slots import SLOT_SECONDS, Slots, day_bounds, local_date
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.problem import Series
from darkstar.store.ledger_file import LedgerFile


def tariffs_at(
    ledger: LedgerFile, tariffs: Sequence[PowerTariff], tz: ZoneInfo, start_utc: int
) -> tuple[MeteredTariff, ...]:
    """The tariffs with what the ledger has of the month before a slot's start; reads nothing where there are none."""
    if not tariffs:
        return ()
    month = local_date(start_utc, tz).replace(day=1)
    table = ledger.slots(day_bounds(month, tz)[0], start_utc + SLOT_SECONDS)
    import_kwh = np.nan_to_num(table.energy_kwh[Channel.IMPORT])
    return tuple(MeteredTariff(tariff, so_far(tariff, table.slots, import_kwh, tz)) for tariff in tariffs)


def so_far(tariff: PowerTariff, slots: Slots, import_kwh: Series, tz: ZoneInfo) -> MonthSoFar:
    """What a month has drawn before the last of its slots; series of shape (n,), the last import is not looked at."""
    metered = periods(tariff, slots, tz)
    before = np.append(import_kwh[:-1], 0.0)
    running = metered.of_slot == metered.of_slot[-1]
    [peaks] = highest(tariff, metered, np.where(running, 0.0, before)).values()
    return MonthSoFar(peaks, float(before[running].sum()))


def power_bill(
    metered: Sequence[MeteredTariff], slots: Slots, import_kwh: Series, tz: ZoneInfo
) -> tuple[Series, tuple[MonthFee, ...]]:
    """What each slot adds to the months' fees, shape (n,), and the fees, tariff by tariff and month by month."""
    by_slot = power_cost_by_slot(
        [one.tariff for one in metered], slots, import_kwh, tz, [one.so_far for one in metered]
    )
    months = (month_fees(one.tariff, slots, import_kwh, tz, one.so_far) for one in metered)
    return by_slot, tuple(fee for fees in months for fee in fees)
