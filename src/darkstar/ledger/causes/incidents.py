"""What befell a meter: each incident lies between two believed readings, and the rules have named it already.

An incident is blamed only where nothing speaks against it: where Home Assistant's samples are stored, its rule applied
to them must give its number. Behind what the rules call a dip or another meter, a changed unit, a turned sign or a
reading that came late is looked for first, for those name what to mend.
"""

import numpy as np

from darkstar.ledger.causes.case import CERTAIN_KWH, Case, Incident, Witness
from darkstar.ledger.causes.cause import Cause, Finding, found
from darkstar.ledger.resolved import Flag

CAUSE_OF_FLAG = (
    (Flag.IMPLAUSIBLE, Cause.IMPLAUSIBLE),
    (Flag.SPIKE, Cause.SPIKE),
    (Flag.DIP, Cause.DIP),
    (Flag.REPLACED, Cause.REPLACED),
    (Flag.RESET, Cause.RESET),
    (Flag.STEP_BACK, Cause.STEP_BACK),
    (Flag.SUM_APART, Cause.SUM_APART),
)
LEVELS = Flag.IMPLAUSIBLE | Flag.SPIKE | Flag.DIP | Flag.REPLACED | Flag.RESET
LOOKS_BACK = 12
"""Readings among which an older one may turn up again."""
FEW = 3
"""More readings than this in a row do not come late; then the meter itself showed too little."""


def befallen(case: Case) -> Finding | None:
    """The gravest thing that befell a meter in the hour."""
    if case.refuted:
        return None
    for flag, cause in CAUSE_OF_FLAG:
        for witness, incident in case.incidents(flag):
            return found(
                cause,
                _at_the_meter(witness, incident),
                _in_home_assistant(case),
                _proof(case),
                meter=witness.name,
                span_us=(incident.start_us, incident.end_us),
            )
        if case.flags & flag:
            return found(cause, _in_home_assistant(case), _proof(case))
    return None


def unit_changed(case: Case) -> Finding | None:
    """Two neighbouring readings, or rows, stand to each other as Wh to kWh, here or where the hour's trouble began."""
    if case.refuted:
        return None
    for witness in case.stretch.witnesses:
        for start_us, end_us, before, after in witness.thousandfold:
            if _reaches(case, witness, start_us, end_us):
                return found(
                    Cause.UNIT,
                    f"{witness.name} went from {before:.10g} to {after:.10g} kWh as it is read.",
                    _proof(case),
                    meter=witness.name,
                    span_us=(start_us, end_us),
                )
    return None


def _reaches(case: Case, witness: Witness, start_us: int, end_us: int) -> bool:
    """Whether what the meter showed from start to end is of this hour, of one incident with it, or of one unknown run.

    That both befell the meter within the same days is no proof that one has to do with the other.
    """
    if start_us <= case.end_us and end_us >= case.start_us:
        return True
    if any(
        of is witness and incident.start_us <= end_us and incident.end_us >= start_us
        for of, incident in case.incidents(LEVELS)
    ):
        return True
    hour_us = case.end_us - case.start_us
    first, last = sorted((case.i, case.i + (end_us - case.start_us) // hour_us))
    return bool(np.isnan(case.stretch.ledger_kwh[max(first, 0) : last + 1]).all())


def sign_turned(case: Case) -> Finding | None:
    """The meter counts below zero, or Home Assistant's energy is ours with the other sign.

    Where its samples are stored they show it. Where they are not, one hour in which something befell the meter may have
    such a number by chance (it went back by twice what it counted); the hours beside it do not.
    """
    if np.isnan(case.by_rule_kwh) and _turned(case, case.i) and (not case.flags or _turned_beside(case)):
        return found(
            Cause.SIGN, f"Home Assistant has {case.ha_kwh:.3f} kWh, the ledger {case.ledger_kwh:.3f}."
        )
    if case.refuted:
        return None
    for witness in case.stretch.witnesses:
        time_us, value, _ = witness.numbers
        first = max(int(np.searchsorted(time_us, case.start_us)) - 1, 0)
        last = int(np.searchsorted(time_us, case.end_us, side="right"))
        shown = value[first:last]
        if len(shown) > 1 and (shown < -CERTAIN_KWH).any():
            below = first + int(np.argmin(shown))
            return found(
                Cause.SIGN,
                f"{witness.name} showed {value[below]:.10g} kWh.",
                _proof(case),
                meter=witness.name,
                span_us=(int(time_us[max(below - 1, 0)]), int(time_us[below])),
            )
    return None


def _turned(case: Case, i: int) -> bool:
    """Whether Home Assistant's energy of an hour is ours with the other sign."""
    ours = float(case.stretch.ledger_kwh[i])
    return ours > case.stretch.tolerance_kwh and case.same(float(case.stretch.ha_kwh[i]), -ours)


def _turned_beside(case: Case) -> bool:
    n = len(case.stretch.hours)
    return any(_turned(case, i) for i in (case.i - 1, case.i + 1) if 0 <= i < n)


def late_reading(case: Case) -> Finding | None:
    """A number that the meter had shown some readings before turned up again, or two came at one instant."""
    if case.refuted:
        return None
    for witness, incident in case.incidents(Flag.DIP):
        time_us, value, _ = witness.numbers
        first = int(np.searchsorted(time_us, incident.start_us, side="right"))
        last = int(np.searchsorted(time_us, incident.end_us))
        low = value[first:last]
        earlier = value[max(first - 1 - LOOKS_BACK, 0) : max(first - 1, 0)]
        if 0 < len(low) <= FEW and (low != 0).all() and np.isin(low, earlier).all():
            return found(
                Cause.LATE,
                f"{witness.name} showed {low[0]:.10g} kWh again after {value[first - 1]:.10g}.",
                _proof(case),
                meter=witness.name,
                span_us=(incident.start_us, incident.end_us),
            )
    return _two_at_once(case)


def _two_at_once(case: Case) -> Finding | None:
    for witness in case.stretch.witnesses:
        readings = witness.evidence.readings
        first, last = np.searchsorted(readings.time_us, (case.start_us, case.end_us + 1))
        time_us = readings.time_us[first:last]
        again = np.flatnonzero(time_us[1:] == time_us[:-1])
        for i in (again + first).tolist():
            try:
                apart = abs(float(str(readings.state[i + 1])) - float(str(readings.state[i])))
            except ValueError:
                continue
            if apart > CERTAIN_KWH and case.proven:
                at = int(readings.time_us[i])
                return found(
                    Cause.LATE,
                    f"{witness.name} gave {readings.state[i]} and {readings.state[i + 1]} for one instant.",
                    _proof(case),
                    meter=witness.name,
                    span_us=(at, at),
                )
    return None


def negative_hour(case: Case) -> Finding | None:
    """Home Assistant has less than nothing, and nothing that befell the meter accounts for it."""
    if not case.ha_kwh < -CERTAIN_KWH:
        return None
    return found(Cause.NEGATIVE, f"It says {case.ha_kwh:.3f} kWh; the meter counted {_kwh(case.ledger_kwh)}.")


def _shown(witness: Witness, incident: Incident) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What the meter showed from the start of an incident to its end, by readings, else by rows [kWh]."""
    time_us, value, _ = witness.numbers
    first = int(np.searchsorted(time_us, incident.start_us))
    last = int(np.searchsorted(time_us, incident.end_us, side="right"))
    if last - first >= 2:
        return np.abs(value[first:last])
    hourly = witness.evidence.hourly
    ends = (hourly.start_utc + hourly.period_s) * 1_000_000
    return np.abs(hourly.state_kwh[(ends >= incident.start_us) & (ends <= incident.end_us)])


def _at_the_meter(witness: Witness, incident: Incident) -> str:
    shown = _shown(witness, incident)
    if len(shown) < 2:
        return ""
    between = shown[1:-1]
    if not len(between):
        return f"{witness.name} went from {shown[0]:.10g} to {shown[-1]:.10g} kWh."
    extreme = float(between[np.argmax(np.abs(between - shown[0]))])
    return f"{witness.name} showed {extreme:.10g} kWh between {shown[0]:.10g} and {shown[-1]:.10g}."


def _in_home_assistant(case: Case) -> str:
    if not case.ha_kwh < -CERTAIN_KWH:
        return ""
    return f"Home Assistant has negative energy here: {case.ha_kwh:.3f} kWh."


def _proof(case: Case) -> str:
    return "Its rule, applied to the samples, gives its number." if case.proven else ""


def _kwh(energy: float) -> str:
    return "an unknown amount" if np.isnan(energy) else f"{energy:.3f} kWh"
