"""What the books of either side say: rows that changed, sums that are not the samples', other sources, resolution."""

import math

import numpy as np

from darkstar.domain.slots import SLOTS_PER_HOUR
from darkstar.ledger.causes.case import CERTAIN_KWH, Case, Witness
from darkstar.ledger.causes.cause import Cause, Finding, found
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import Flag

OTHERS = frozenset({Source.IMPORT_FINE, Source.IMPORT_HOUR})
HOME_ASSISTANTS = frozenset({Source.LIVE, Source.HA_HISTORY, Source.HA_5MIN, Source.HA_HOUR})
STEPS_APART = 2.0
"""Numbers of one meter may differ by a step at either end of the hour."""


def corrected(case: Case) -> Finding | None:
    """A repair says what the number is, or that it is not known."""
    repair = case.repair
    if repair is None:
        return None
    whose = "The ledger's own repair " if repair.automatic else "Repair "
    return found(Cause.CORRECTED, f"{whose}{repair.repair_id}: {repair.reason}")


def changed_since(case: Case) -> Finding | None:
    """Home Assistant's number is another than when it was stored."""
    if not abs(case.ha_kwh - case.stored_kwh) > CERTAIN_KWH:
        if not (math.isnan(case.ha_kwh) and case.stored_kwh > case.stretch.tolerance_kwh):
            return None
        return found(
            Cause.HA_CHANGED,
            f"It said {case.stored_kwh:.3f} kWh when this hour was stored, and has no row now.",
        )
    return found(
        Cause.HA_CHANGED,
        f"It said {case.stored_kwh:.3f} kWh when this hour was stored, and {case.ha_kwh:.3f} now.",
    )


def not_its_samples(case: Case) -> Finding | None:
    """Home Assistant's rule makes another number of its samples than its statistic says."""
    if math.isnan(case.ha_kwh) or not case.by_rule_kwh >= 0 or case.proven:
        return None
    return found(
        Cause.HA_CHANGED,
        f"Its rule makes {case.by_rule_kwh:.3f} kWh of the samples that are stored; its statistic says "
        f"{case.ha_kwh:.3f}.",
    )


def resolution(case: Case, other_step_kwh: float = 0.0) -> Finding | None:
    """The difference is not more than the meters' smallest steps at the two ends of the hour.

    Args:
        other_step_kwh: the smallest step of a meter on the other side that is not among the witnesses.
    """
    steps = [*(_step_kwh(witness) for witness in case.stretch.witnesses), other_step_kwh]
    room = STEPS_APART * sum(steps)
    if not abs(case.ledger_kwh - case.ha_kwh) <= room + CERTAIN_KWH:
        return None
    return found(Cause.RESOLUTION, f"The meters show steps of {max(steps):.10g} kWh.")


def other_source(case: Case) -> Finding | None:
    """A file stands before Home Assistant."""
    others = OTHERS & {Source(int(source)) for source in _sources(case) if source}
    if not others:
        return None
    names = " and ".join(w.name for w in case.stretch.witnesses if not w.ours) or min(others).name.lower()
    return found(Cause.OTHER_SOURCE, f"Here it is {names}.")


def out_of_date(case: Case) -> Finding | None:
    """The slots come from Home Assistant's meters, and what is stored of those gives another number."""
    sources = set(_sources(case))
    if not sources or not sources <= HOME_ASSISTANTS or case.flags & Flag.SPREAD:
        return None
    if math.isnan(case.trusted_kwh) or case.same(case.trusted_kwh, case.ledger_kwh):
        return None
    return found(Cause.OUT_OF_DATE, f"The evidence gives {case.trusted_kwh:.3f} kWh.")


def not_known(case: Case) -> Finding | None:
    """The ledger has no number."""
    return found(Cause.NOT_KNOWN) if math.isnan(case.ledger_kwh) else None


def _sources(case: Case) -> list[int]:
    quarters = case.stretch.slots.source[case.i * SLOTS_PER_HOUR : (case.i + 1) * SLOTS_PER_HOUR]
    return [int(source) for source in quarters]


def _step_kwh(witness: Witness) -> float:
    """The smallest step between what a meter showed; 0 where it showed next to nothing."""
    shown = np.unique(np.abs(witness.numbers[1]))
    if len(shown) < 3:
        shown = np.unique(
            np.abs(witness.evidence.hourly.state_kwh[np.isfinite(witness.evidence.hourly.state_kwh)])
        )
    steps = np.diff(shown)
    steps = steps[steps > CERTAIN_KWH]
    return float(steps.min()) if len(steps) >= 2 else 0.0
