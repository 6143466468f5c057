"""What was not heard: the meter was silent, or showed the same number, or Home Assistant kept no row."""

import math

import numpy as np

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.causes.case import Case, Incident, Witness
from darkstar.ledger.causes.cause import Cause, Finding, found
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.resolved import Flag


def silence(case: Case) -> Finding | None:
    """An outage, the lump at its end, or a frozen meter."""
    if case.refuted:
        return None
    spread = case.incidents(Flag.SPREAD)
    if not spread:
        return found(Cause.OUTAGE) if case.flags & Flag.SPREAD else None
    witness, incident = max(spread, key=lambda pair: _overlap_us(case, pair[1]))
    frozen = is_frozen(witness, incident)
    hours = (incident.end_us - incident.start_us) / MICROSECONDS / HOUR_SECONDS
    span = (incident.start_us, incident.end_us)
    amount = f"{incident.energy_kwh:.3f} kWh in {hours:.1f} h"
    more_here = case.ha_kwh - (0.0 if math.isnan(case.ledger_kwh) else case.ledger_kwh)
    returned = case.start_us <= incident.end_us <= case.end_us
    if returned and more_here > case.stretch.tolerance_kwh:
        how = "stood still at one number" if frozen else "could not be read"
        return found(
            Cause.CATCH_UP,
            f"{witness.name} {how} and then came with {amount}; {more_here:.3f} kWh of what Home Assistant has here "
            "belong to the time before.",
            meter=witness.name,
            span_us=span,
        )
    return found(
        Cause.FROZEN if frozen else Cause.OUTAGE,
        f"{witness.name} counted {amount}; {_kwh(case.ledger_kwh)} of it lie in this hour.",
        meter=witness.name,
        span_us=span,
    )


def pending(case: Case) -> Finding | None:
    """The evidence ends with a move that later readings will explain."""
    for witness in case.stretch.witnesses:
        since = witness.doubtful_since_us
        if math.isnan(case.ledger_kwh) and since is not None and since <= case.end_us:
            last = f"{witness.name} showed {witness.numbers[1][-1]:.10g} kWh last."
            return found(Cause.PENDING, last, meter=witness.name, span_us=(since, case.end_us))
    return None


def missing_row(case: Case) -> Finding | None:
    """Home Assistant has no number where the ledger has one."""
    if not math.isnan(case.ha_kwh) or math.isnan(case.ledger_kwh):
        return None
    return found(Cause.MISSING, f"The ledger has {case.ledger_kwh:.3f} kWh.")


def is_frozen(witness: Witness, incident: Incident) -> bool:
    """Whether the meter could be read all the time, and told nothing new."""
    if witness.ours:
        return not witness.mute(incident.start_us, incident.end_us)
    first, last = np.searchsorted(witness.numbers[0], (incident.start_us, incident.end_us))
    return bool(last - first > 1)


def _overlap_us(case: Case, incident: Incident) -> int:
    return min(case.end_us, incident.end_us) - max(case.start_us, incident.start_us)


def _kwh(energy: float) -> str:
    return "an unknown part" if math.isnan(energy) else f"{energy:.3f} kWh"
