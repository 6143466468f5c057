"""When energy was counted: the same kWh in this hour on one side, in the neighbouring hour on the other."""

import numpy as np

from darkstar.ledger.causes.case import Case, Witness
from darkstar.ledger.causes.cause import Cause, Finding, found


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
    """What is missing here is too much beside, and a step between two readings crosses the edge between the two."""
    apart = case.stretch.ledger_kwh - case.stretch.ha_kwh
    here = float(apart[case.i])
    for neighbour, edge_us in ((case.i - 1, case.start_us), (case.i + 1, case.end_us)):
        if (
            not 0 <= neighbour < len(apart)
            or not abs(here + float(apart[neighbour])) <= case.stretch.tolerance_kwh
        ):
            continue
        for witness in case.stretch.witnesses:
            crossing = _crossing(witness, edge_us)
            if crossing and abs(here) <= crossing[2] + case.stretch.tolerance_kwh:
                start_us, end_us, energy = crossing
                return found(
                    Cause.POLL_TIMING,
                    f"{witness.name} was read before and after the edge, and counted {energy:.3f} kWh in between; "
                    f"{abs(here):.3f} of them stand on the other side of it in Home Assistant.",
                    meter=witness.name,
                    span_us=(start_us, end_us),
                )
    return None


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
