"""What the ledger tells a person of a meter's hours: the causes that `verify` and `explain` would show."""

from collections.abc import Mapping

import numpy as np

from benchmarks.ledger_faults.homes import CONNECTION_KW
from benchmarks.ledger_faults.tape import Series
from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_HOURS, SLOTS_PER_HOUR, Slots
from darkstar.ledger.causes.case import Case, Stretch, Witness
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.household import suspicions
from darkstar.ledger.causes.patterns import find_patterns
from darkstar.ledger.compare import HourComparison, hourly
from darkstar.ledger.evidence import MeterEvidence, Reporting
from darkstar.ledger.explain import explain_hour, remarks
from darkstar.ledger.resolved import ChannelSlots

TOLERANCE_KWH = 0.1
COMPANIONS = frozenset(
    {
        Cause.OUTAGE,
        Cause.CATCH_UP,
        Cause.POLL_TIMING,
        Cause.MISSING,
        Cause.NEGATIVE,
        Cause.SUM_APART,
        Cause.RESOLUTION,
        Cause.OTHER_SOURCE,
    }
)
"""What may rightly be said beside the cause: that the meter was not read meanwhile, what Home Assistant made of it."""


def causes_by_hour(
    evidence: MeterEvidence, slots: Slots, found: ChannelSlots, ha_kwh: Series | None
) -> Mapping[int, Cause]:
    """The cause of each hour that differs from Home Assistant, or in which something befell the meter.

    Args:
        ha_kwh: (n,) Home Assistant's hours on their quarters; None where it does not know the meter.
    Returns:
        By the place of the hour's first slot.
    """
    hours = slots[::SLOTS_PER_HOUR]
    ha = np.full(len(hours), np.nan) if ha_kwh is None else hourly(ha_kwh)
    compared = HourComparison(Channel.IMPORT, hours, ha, hourly(found.energy_kwh))
    witness = Witness(evidence, hours, CONNECTION_KW, ours=evidence.reporting is Reporting.ON_CHANGE)
    stretch = Stretch(
        Channel.IMPORT,
        hours,
        compared.ha_kwh,
        compared.ledger_kwh,
        np.ones(len(hours), dtype=np.bool_),
        found,
        (witness,),
        find_patterns({Channel.IMPORT: compared}, TOLERANCE_KWH)[Channel.IMPORT],
        TOLERANCE_KWH,
    )
    within = compared.within(TOLERANCE_KWH) | (ha_kwh is None)
    told = {
        case.i: remarks(case) if within[case.i] else explain_hour(case)
        for case in stretch.cases()
        if not within[case.i] or Case(stretch, case.i).flags
    }
    return {i * SLOTS_PER_HOUR: finding.cause for i, finding in told.items() if finding}


def causes_by_rows(found: ChannelSlots, place: slice) -> frozenset[Cause]:
    """What a meter's quarters tell of how its rows were written, over whole hours."""
    others = ChannelSlots.unknown(place.stop - place.start)
    mine = ChannelSlots(found.energy_kwh[place], found.source[place], found.method[place], found.flags[place])
    slots = {channel: mine if channel is Channel.IMPORT else others for channel in Channel}
    limits = dict.fromkeys(Channel, CONNECTION_KW * SLOT_HOURS)
    return frozenset(suspicion.cause for suspicion in suspicions(slots, limits))
