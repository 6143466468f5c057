"""When energy was counted: the same kWh in this hour on one side, in the neighbouring hour on the other."""

import numpy as np

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.causes.case import Case, Witness
from darkstar.ledger.causes.cause import Cause, Finding, found
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.spreading import spread_evenly


def edge_reading(case: Case) -> Finding | None:
    """A reading exactly on the edge of the hour: Home Assistant counts it in the next."""
    by_rule, at_edge = case.by_rule_kwh, float(case.stretch.at_edge_kwh[case.i])
    if not (case.same(by_rule, case.ha_kwh) and case.same(at_edge, case.ledger_kwh)):
        return None
    if case.same(by_rule, at_edge):
        return None
    return found(
        Cause.POLL_TIMING,
        f"A reading exactly on the edge of the hour: Home Assistant counts it in the next, which gives {by_rule:.3f} "
        f"kWh; counted in the hour that it ends, the same samples give {at_edge:.3f} kWh.",
    )


def between_neighbours(case: Case) -> Finding | None:
    """What is missing here is too much beside, and a step between two readings crosses the edge between the two.

    Where the hour beside is not compared, or has another such edge at its other end, the readings themselves tell: what
    of them flowed on the other side of the edges is the difference.
    """
    apart = case.stretch.ledger_kwh - case.stretch.ha_kwh
    here = float(apart[case.i])
    crossed = case.same(
        here, sum(_moved(witness, case) for witness in case.stretch.witnesses if witness.ours)
    )
    for neighbour, edge_us in ((case.i - 1, case.start_us), (case.i + 1, case.end_us)):
        beside = float(apart[neighbour]) if 0 <= neighbour < len(apart) else np.nan
        if not (crossed or case.same(here, -beside)):
            continue
        for witness in case.stretch.witnesses:
            crossing = _crossing(witness, edge_us)
            if crossing and (crossed or abs(here) <= crossing[2] + case.stretch.tolerance_kwh):
                start_us, end_us, energy = crossing
                stand = min(abs(here), energy)
                return found(
                    Cause.POLL_TIMING,
                    f"{witness.name} was read before and after the edge, and counted {energy:.3f} kWh in between; "
                    f"{stand:.3f} of them stand on the other side of it in Home Assistant.",
                    meter=witness.name,
                    span_us=(start_us, end_us),
                )
    return found(Cause.POLL_TIMING) if crossed else None


def _moved(witness: Witness, case: Case) -> float:
    """Energy of a meter's readings that flowed in the hour, less what Home Assistant counts in it when they come."""
    edges_us = np.array([case.start_us, case.end_us], dtype=np.int64)
    brief = witness.steps.end_us - witness.steps.start_us < HOUR_SECONDS * MICROSECONDS
    steps = witness.steps.take((~witness.steps.whole | brief) & np.isfinite(witness.steps.energy_kwh))
    counted = (steps.end_us >= case.start_us) & (steps.end_us < case.end_us)
    return float(spread_evenly(steps, edges_us)[0] - steps.energy_kwh[counted].sum())


def _crossing(witness: Witness, edge_us: int) -> tuple[int, int, float] | None:
    """The readings around an instant and the energy between them [kWh]."""
    time_us, value, _ = witness.numbers
    after = int(np.searchsorted(time_us, edge_us, side="right"))
    before = after - 1
    if before >= 1 and time_us[before] == edge_us:
        before -= 1
    if before < 0 or after >= len(time_us):
        return None
    energy = float(abs(value[after]) - abs(value[before]))
    return (int(time_us[before]), int(time_us[after]), energy) if energy > 0 else None
