"""Two other ways of counting the same readings: a naive pipeline, and Home Assistant's own rule."""

import numpy as np

from benchmarks.ledger_faults.homes import Way
from benchmarks.ledger_faults.tape import Series, Tape
from darkstar.domain.slots import SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.ledger.accounting import change_by_sum, ha_hours
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence

NAIVE_LIMIT_KWH = 5.0


def by_naive_differences(tape: Tape, slots: Slots) -> Series:
    """Differences of the numbers in order of time; a negative one counts nothing, one above 5 kWh is dropped.

    The numbers are laid on the slots' edges by interpolation, as such pipelines do.
    """
    number = tape.text == ""
    time_us, kwh = tape.time_us[number], tape.kwh[number]
    order = np.argsort(time_us, kind="stable")
    edges_us = np.append(slots, slots[-1:] + SLOT_SECONDS) * MICROSECONDS
    energy = np.diff(np.interp(edges_us, time_us[order], kwh[order]))
    return np.where(energy > NAIVE_LIMIT_KWH, 0.0, np.maximum(energy, 0.0))


def by_home_assistant(
    way: Way, evidence: MeterEvidence, slots: Slots, *, edge_counts_before: bool = True
) -> Series:
    """Home Assistant's hours, laid evenly on their quarters; NaN for an hour without a row.

    Readings exactly at an hour's end are in its favour counted in that hour, unless its very rule is asked for.
    """
    hours = slots[::SLOTS_PER_HOUR]
    if way is Way.STATISTICS:
        change = change_by_sum(evidence.hourly, hours)
    else:
        change = ha_hours(evidence.readings, hours, edge_counts_before=edge_counts_before)
    return np.repeat(change, SLOTS_PER_HOUR) / SLOTS_PER_HOUR
