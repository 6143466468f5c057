"""What befalls meters: each family does its fault to a tape at a place, and says what there is to find.

A family returns None where the place does not suit it (an outage in which nothing was counted leaves nothing to find).
What a fault makes unknowable is said with it: the energy between the last reading of an old meter and the first of a
new one is known to nobody, and is not held against anybody.

    fault.py      what a fault is
    readings.py   false numbers for a while, units, signs, texts, twice, out of order
    counters.py   resets, steps back, leaps, other meters
    silences.py   outages, restarts, frozen meters
    rows.py       Home Assistant's sums, lumped hours, shifted times
"""

from collections.abc import Mapping

from benchmarks.ledger_faults.faults import counters, readings, rows, silences
from benchmarks.ledger_faults.faults.fault import Fault, Named
from benchmarks.ledger_faults.homes import Way

__all__ = ["FAMILIES", "Fault"]

EVERYWHERE = frozenset(Way)
RECORDED = frozenset({Way.STATES, Way.FILE})
STATES = frozenset({Way.STATES})
FILE = frozenset({Way.FILE})
STATISTICS = frozenset({Way.STATISTICS})

FAMILIES: Mapping[str, Named] = {
    "stray zero": Named(EVERYWHERE, readings.stray_zero),
    "run of zeros": Named(EVERYWHERE, readings.zeros),
    "glitch of +500": Named(EVERYWHERE, readings.glitch),
    "glitch, several readings": Named(EVERYWHERE, readings.glitches),
    "small dip that returns": Named(EVERYWHERE, readings.small_dip),
    "large dip that returns": Named(EVERYWHERE, readings.large_dip),
    "small step back": Named(EVERYWHERE, counters.step_back),
    "back to a saved value": Named(EVERYWHERE, counters.saved_value),
    "reset to 0": Named(EVERYWHERE, counters.reset),
    "reset seen at 0": Named(STATES, counters.reset_seen_at_zero),
    "reset mid-climb": Named(EVERYWHERE, counters.reset_mid_climb),
    "daily reset": Named(EVERYWHERE, counters.daily_reset),
    "meter replaced, lower": Named(EVERYWHERE, counters.replaced_down),
    "meter replaced, higher": Named(EVERYWHERE, counters.replaced_up),
    "jump that stays": Named(EVERYWHERE, counters.jump),
    "6 h outage, silent": Named(FILE, silences.outage),
    "6 h outage, unavailable": Named(STATES, silences.outage_unknown),
    "short outage": Named(STATES, silences.short_outage),
    "restart, old value, lump": Named(STATES, silences.restart),
    "frozen, then lump": Named(RECORDED, silences.frozen),
    "frozen for ever": Named(EVERYWHERE, silences.frozen_for_ever),
    "readings twice": Named(RECORDED, readings.twice),
    "readings out of order": Named(RECORDED, readings.out_of_order),
    "Wh for a while, said": Named(RECORDED, readings.unit_said),
    "Wh for a while, unsaid": Named(EVERYWHERE, readings.unit_unsaid),
    "sign turned for a while": Named(RECORDED, readings.sign_turned),
    "text states": Named(STATES, readings.texts),
    "hours without statistics": Named(STATISTICS, silences.missing_hours),
    "sum took a zero for a reset": Named(STATISTICS, rows.false_reset_sum),
    "sum edited": Named(STATISTICS, rows.edited_sum),
    "hour-lumped readings": Named(FILE, rows.hour_lumped),
    "shifted by an hour": Named(FILE, rows.shifted),
}
