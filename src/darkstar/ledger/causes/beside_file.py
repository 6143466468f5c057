"""Why the ledger and a file differ in an hour: the same causes as beside Home Assistant, where they apply.

A file has no rule of its own to be wrong by. What befell the ledger's meter accounts for a difference where the ledger
says itself that its number is an estimate or a part (an outage laid out, a reset, a jump left out), or where the file
repeats what Home Assistant made of the same incident. That another source stands in the ledger than this file is no
cause: to be told so is why one compares.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.causes import accounts, incidents, patterns, silence, timing
from darkstar.ledger.causes.case import CERTAIN_KWH, Case, Incident
from darkstar.ledger.causes.cause import Cause, Finding
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.resolved import Flag

Detector = Callable[[Case], Finding | None]

HOME_ASSISTANT = re.compile(r"((?:^|(?<=\. )))?Home Assistant")
SAME_TOTAL = 0.02
"""By how much the totals of an outage may differ, beside the tolerance: two meters are never quite one."""
LOST = (
    (
        Flag.IMPLAUSIBLE,
        Cause.IMPLAUSIBLE,
        "The meter leapt by more than the connection carries; nobody knows what is true of it.",
    ),
    (Flag.REPLACED, Cause.REPLACED, "The meter was exchanged; what flowed meanwhile it did not count."),
    (
        Flag.RESET,
        Cause.RESET,
        "The meter began again from zero; what it had counted since its last reading is lost.",
    ),
    (Flag.STEP_BACK, Cause.STEP_BACK, "The meter went back a little; what it takes back is not counted."),
)


def detectors(file_step_kwh: float) -> tuple[Detector, ...]:
    """In the order in which they are asked of an hour beside a file whose readings show steps of this size."""

    def resolution(case: Case) -> Finding | None:
        return accounts.resolution(case, file_step_kwh)

    return (
        _of_file(patterns.exchanged),
        _of_file(patterns.shifted),
        _of_file(patterns.multiplied),
        repeated,
        laid_out,
        silence.pending,
        lost,
        accounts.corrected,
        _of_file(timing.between_neighbours),
        accounts.out_of_date,
        resolution,
        _of_file(accounts.not_known),
    )


def repeated(case: Case) -> Finding | None:
    """The file has the number that Home Assistant made of what befell the meter."""
    if not (case.proven or case.same(case.stored_kwh, case.ha_kwh)):
        return None
    for detector in (
        incidents.unit_changed,
        incidents.sign_turned,
        incidents.late_reading,
        incidents.befallen,
        silence.silence,
        timing.edge_reading,
    ):
        finding = detector(case)
        if finding:
            return replace(finding, detail=f"{finding.detail} The file has Home Assistant's number.")
    return None


def laid_out(case: Case) -> Finding | None:
    """The ledger's number is its share of an energy known in total only, or was cut off as the silence began.

    The totals must agree wherever both are there; of an hour beside the silence they must be there.
    """
    marked = bool(case.flags & Flag.SPREAD)
    found = case.incidents(Flag.SPREAD)
    if not found:
        return Finding(Cause.OUTAGE, _laid("could not be read")) if marked else None
    witness, incident = max(found, key=lambda pair: pair[1].end_us - pair[1].start_us)
    agree = _same_total(case, incident)
    if agree is False or (agree is None and not marked):
        return None
    still = silence.is_frozen(witness, incident)
    hours = (incident.end_us - incident.start_us) / MICROSECONDS / HOUR_SECONDS
    return Finding(
        Cause.FROZEN if still else Cause.OUTAGE,
        f"{_laid('stood still' if still else 'could not be read')} {witness.name} counted "
        f"{incident.energy_kwh:.3f} kWh in {hours:.1f} h.",
        witness.name,
        (incident.start_us, incident.end_us),
    )


def lost(case: Case) -> Finding | None:
    """The ledger knows nothing, or only a part, of what flowed around an incident."""
    part = np.isnan(case.ledger_kwh) or case.ledger_kwh < case.ha_kwh
    for flag, cause, sentence in LOST:
        if part and case.flags & flag:
            witness, incident = next(iter(case.incidents(flag)), (None, None))
            return Finding(
                cause,
                f"{sentence} The file has {case.ha_kwh:.3f} kWh.",
                witness.name if witness else "",
                (incident.start_us, incident.end_us) if incident else None,
            )
    return None


def _laid(how: str) -> str:
    return f"The ledger's meter {how}: its energy is laid over that time by estimate."


def _same_total(case: Case, incident: Incident) -> bool | None:
    """Whether both sides have the same energy over an outage and this hour; None where that is not to be told."""
    hours = case.stretch.hours
    first = int(np.searchsorted(hours, incident.start_us // MICROSECONDS, side="right")) - 1
    last = int(np.searchsorted(hours, -(-incident.end_us // MICROSECONDS)))
    if first < 0 or last >= len(hours) or incident.flags & Flag.RESET:
        return None
    over = slice(min(first, case.i), max(last, case.i + 1))
    theirs, ours = float(case.stretch.ha_kwh[over].sum()), float(case.stretch.ledger_kwh[over].sum())
    if np.isnan(theirs) or np.isnan(ours):
        return None
    return abs(theirs - ours) <= case.stretch.tolerance_kwh + SAME_TOTAL * max(theirs, ours) + CERTAIN_KWH


def _of_file(detector: Detector) -> Detector:
    """A detector whose sentences speak of Home Assistant as the other side."""

    def ask(case: Case) -> Finding | None:
        finding = detector(case)
        return finding and replace(finding, detail=HOME_ASSISTANT.sub(_the_file, finding.detail))

    return ask


def _the_file(found: re.Match[str]) -> str:
    return "The file" if found.group(1) is not None else "the file"
