"""Why the ledger and Home Assistant differ in an hour, as far as the evidence can prove it.

Each difference is taken through the same questions (`causes/`), those first whose answer names what to mend:

    does a pattern run through the hours around?      exchanged channels, shifted rows, another unit, counted twice
    what befell the meter?                            unit, sign, late readings, dip, spike, reset, outage, ...
    was there a reading at the edge of the hour?      the neighbouring hour has what this one lacks
    has either side's book changed?                   rows edited or imported anew, sums apart from states
    did another source win?                           a correction or a file stands before Home Assistant

Where Home Assistant's samples are stored, an incident is blamed only if its rule, applied to them, gives its number.
What none of the questions answers is unexplained, and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.ledger.causes import accounts, incidents, patterns, silence, timing
from darkstar.ledger.causes.case import Case, Stretch
from darkstar.ledger.causes.cause import Cause, Finding, found

__all__ = ["DETECTORS", "Cause", "Difference", "explain", "explain_hour"]

Detector = Callable[[Case], Finding | None]

DETECTORS: tuple[Detector, ...] = (
    patterns.exchanged,
    patterns.shifted,
    patterns.multiplied,
    incidents.unit_changed,
    incidents.sign_turned,
    incidents.late_reading,
    incidents.befallen,
    silence.silence,
    timing.edge_reading,
    silence.pending,
    accounts.corrected,
    accounts.changed_since,
    timing.between_neighbours,
    silence.missing_row,
    incidents.negative_hour,
    accounts.not_its_samples,
    accounts.out_of_date,
    accounts.other_source,
    accounts.resolution,
    accounts.not_known,
)
"""In the order in which they are asked; the first that can prove its cause is believed."""
BEFALLEN: tuple[Detector, ...] = (
    incidents.unit_changed,
    incidents.sign_turned,
    incidents.late_reading,
    incidents.befallen,
    silence.silence,
    silence.pending,
)
"""What is asked of an hour on which both sides agree, though something happened in it."""


@dataclass(frozen=True)
class Difference:
    """One hour that differs; energies are None where that side has none.

    Attributes:
        detail: what happened, for a person.
        finding: the cause with its proof; None where nothing was found.
    """

    hour_utc: int
    channel: Channel
    ha_kwh: float | None
    ledger_kwh: float | None
    cause: Cause
    detail: str
    finding: Finding | None = None

    @property
    def difference_kwh(self) -> float:
        """Ledger less Home Assistant; a side that has no number counts as nothing."""
        return (self.ledger_kwh or 0.0) - (self.ha_kwh or 0.0)


def explain(stretch: Stretch, detectors: Sequence[Detector] = DETECTORS) -> list[Difference]:
    """A cause for each hour that is asked about."""
    return [_difference(case, explain_hour(case, detectors)) for case in stretch.cases()]


def explain_hour(case: Case, detectors: Sequence[Detector] = DETECTORS) -> Finding:
    """The first cause that the evidence proves."""
    answers = (detector(case) for detector in detectors)
    finding = next((answer for answer in answers if answer), found(Cause.UNEXPLAINED))
    repair = accounts.corrected(case)
    if repair is None or finding.cause is Cause.CORRECTED:
        return finding
    return replace(finding, detail=f"{finding.detail} {repair.detail}")


def remarks(case: Case) -> Finding | None:
    """What befell the meters in an hour whose numbers agree; None where nothing did.

    Asked without Home Assistant's number: that it is right refutes nothing of what befell the meter.
    """
    alone = Case(replace(case.stretch, ha_kwh=np.full(len(case.stretch.hours), np.nan)), case.i)
    answers = (detector(alone) for detector in BEFALLEN) if case.flags else iter(())
    return next((answer for answer in answers if answer), None)


def _difference(case: Case, finding: Finding) -> Difference:
    return Difference(
        int(case.stretch.hours[case.i]),
        case.stretch.channel,
        _or_none(case.ha_kwh),
        _or_none(case.ledger_kwh),
        finding.cause,
        finding.detail,
        finding,
    )


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
