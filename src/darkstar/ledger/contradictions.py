"""What cannot be in a home, whether its balance holds or not.

Two channels on the same side of the balance may change places and it still holds. Other things do not: a sun that
shines at night, a battery that is charged while its store falls, a home that uses nothing, grid and battery that go
both ways at once. Such energies are added up; with each channel in its place there are hardly any.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.ledger.balance import Flows, Rows
from darkstar.ledger.sun import sin_elevation

Series = NDArray[np.float64]

NIGHT = -0.05
"""Sine of an elevation at which no panel gives anything."""
BLOCK_HOURS = 6
"""A store's state is told in whole percent: it is held against hours added up."""
STORE_SHARE, STORE_KWH = 0.1, 0.3
"""Share of what went in and out, and energy, by which a block may be off."""
EFFICIENCY = 0.95
NOTHING_KWH = 0.005
BEHIND_SHARE, BEHIND_KWH = 0.1, 0.05
BOTH_WAYS = ((Channel.IMPORT, Channel.EXPORT), (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE))


@dataclass(frozen=True)
class Surroundings:
    """What else is known of a home over the same hours, shape (h,); None where it is not.

    Attributes:
        sun: sine of the sun's elevation in the middle of each hour.
        stored_kwh: by how much the battery's store rose in each hour, NaN where not known.
        most_kwh: by channel, what an hour can carry.
    """

    sun: Series | None = None
    stored_kwh: Series | None = None
    most_kwh: Mapping[Channel, float] = field(default_factory=dict)


def surroundings(
    slots: Slots,
    latitude: float,
    longitude: float,
    soc_start_percent: Series | None = None,
    soc_end_percent: Series | None = None,
    capacity_kwh: float | None = None,
) -> Surroundings:
    """What a home's place and its battery's state tell, over whole hours of slots; states of charge are (4 h,)."""
    middle = slots[::SLOTS_PER_HOUR].astype(np.float64) + HOUR_SECONDS / 2
    stored = None
    if soc_start_percent is not None and soc_end_percent is not None and capacity_kwh is not None:
        rise = soc_end_percent[SLOTS_PER_HOUR - 1 :: SLOTS_PER_HOUR] - soc_start_percent[::SLOTS_PER_HOUR]
        stored = rise * capacity_kwh / 100
    return Surroundings(sin_elevation(middle, latitude, longitude), stored)


def contradictions(flows: Flows, rows: Rows, around: Surroundings) -> float:
    """Energy that cannot be, over hours of which all flows are known [kWh]."""
    kwh = {channel: flows[channel][rows] for channel in BALANCE_SIGN}
    behind = kwh[Channel.PV] + kwh[Channel.BATT_DISCHARGE]
    through = float(np.abs(list(kwh.values())).sum()) / 2
    found = -float(np.sum([np.minimum(energy, 0.0) for energy in kwh.values()]))
    for one, other in BOTH_WAYS:
        found += float(np.maximum(np.minimum(kwh[one], kwh[other]), 0.0).sum())
    found += float(np.maximum(kwh[Channel.EXPORT] - (1 + BEHIND_SHARE) * behind - BEHIND_KWH, 0.0).sum())
    found += float((kwh[Channel.LOAD] <= NOTHING_KWH).mean()) * through
    found += sum(
        float(np.maximum(kwh[c] - most, 0.0).sum()) for c, most in around.most_kwh.items() if c in kwh
    )
    if around.sun is not None:
        found += float(kwh[Channel.PV][around.sun[rows] < NIGHT].sum())
    if around.stored_kwh is not None:
        found += _against_the_store(flows, rows, around.stored_kwh)
    return found


def _against_the_store(flows: Flows, rows: Rows, stored_kwh: Series) -> float:
    """What a battery's store should have risen by and did not, or the other way round."""
    charge, discharge = flows[Channel.BATT_CHARGE], flows[Channel.BATT_DISCHARGE]
    usable = np.zeros(len(stored_kwh), dtype=np.bool_)
    usable[rows] = np.isfinite((stored_kwh + charge + discharge)[rows])
    n = len(stored_kwh) // BLOCK_HOURS * BLOCK_HOURS
    apart = np.where(usable, EFFICIENCY * charge - discharge / EFFICIENCY - stored_kwh, 0.0)[:n]
    moved = np.where(usable, charge + discharge, 0.0)[:n]
    off = np.abs(apart.reshape(-1, BLOCK_HOURS).sum(axis=1))
    allowed = STORE_KWH + STORE_SHARE * moved.reshape(-1, BLOCK_HOURS).sum(axis=1)
    return float(np.maximum(off - allowed, 0.0).sum())
