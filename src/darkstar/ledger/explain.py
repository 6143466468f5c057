"""Why the ledger and Home Assistant differ in an hour, as far as the evidence can prove it.

Each difference is taken through the same questions, the certain answers first:

    what befell the meter in the hour?        the flags of its slots: outage, dip, spike, reset, ...
    or in the hour beside it?                 Home Assistant books the fall into a dip and the return one by one
    was there a reading exactly on the edge?  Home Assistant's rule, applied to the samples that it had, gives its
                                              number, and gives ours when that reading counts in the hour that it ends
    has Home Assistant changed its mind?      its answer is not what it was when it was stored
    did another source win?                   a file or a correction stands before Home Assistant

What none of them answers is unexplained, and says so.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOTS_PER_HOUR
from darkstar.ledger.compare import HourComparison
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]


class Cause(StrEnum):
    """Why an hour differs."""

    OUTAGE = "outage"
    DIP = "dip"
    SPIKE = "spike"
    RESET = "reset"
    REPLACED = "replaced_meter"
    STEP_BACK = "step_back"
    IMPLAUSIBLE = "implausible_jump"
    PENDING = "pending"
    SUM_APART = "sum_apart_from_state"
    POLL_TIMING = "poll_timing"
    HA_CHANGED = "changed_in_home_assistant"
    OTHER_SOURCE = "other_source"
    UNEXPLAINED = "unexplained"


CAUSE_OF_FLAG = (
    (Flag.IMPLAUSIBLE, Cause.IMPLAUSIBLE, "The meter jumped by more than the connection carries."),
    (Flag.SPIKE, Cause.SPIKE, "The meter showed too much for a while; Home Assistant counted it."),
    (
        Flag.DIP,
        Cause.DIP,
        "The meter showed too little for a while; Home Assistant took it for a reset or a real fall.",
    ),
    (Flag.REPLACED, Cause.REPLACED, "The meter stands for another one from here on."),
    (Flag.RESET, Cause.RESET, "The meter began again from zero."),
    (
        Flag.STEP_BACK,
        Cause.STEP_BACK,
        "The meter went back a little and stayed there; Home Assistant counted it as negative.",
    ),
    (
        Flag.SUM_APART,
        Cause.SUM_APART,
        "Home Assistant's sum moved by something else than the meter did: it took a bad reading for a reset, or the "
        "sum was edited.",
    ),
    (
        Flag.SPREAD,
        Cause.OUTAGE,
        "The meter was silent; Home Assistant books its energy in the hour of its return.",
    ),
    (Flag.PENDING, Cause.PENDING, "What the meter's last move means is not known yet."),
)


@dataclass(frozen=True)
class Difference:
    """One hour that differs; energies are None where that side has none.

    Attributes:
        detail: one sentence for a person.
    """

    hour_utc: int
    channel: Channel
    ha_kwh: float | None
    ledger_kwh: float | None
    cause: Cause
    detail: str

    @property
    def difference_kwh(self) -> float:
        """Ledger less Home Assistant; a side that has no number counts as nothing."""
        return (self.ledger_kwh or 0.0) - (self.ha_kwh or 0.0)


@dataclass(frozen=True)
class Background:
    """What is known besides the two numbers of each hour; arrays have shape (n,), NaN where not known.

    Attributes:
        slots: (4 n,) the channel's slots with their flags and sources.
        by_rule_kwh: Home Assistant's rule applied to the stored samples; at_edge_kwh: the same, with a reading exactly
            at an hour's end counted in that hour.
        stored_kwh: Home Assistant's number of the hour as it was when it was stored.
    """

    slots: ChannelSlots
    by_rule_kwh: Series
    at_edge_kwh: Series
    stored_kwh: Series


def explain(comparison: HourComparison, background: Background, tolerance_kwh: float) -> list[Difference]:
    """A cause for each hour that is not within the tolerance."""
    flags = np.bitwise_or.reduce(background.slots.flags.reshape(-1, SLOTS_PER_HOUR), axis=1)
    sources = background.slots.source.reshape(-1, SLOTS_PER_HOUR)
    differences = []
    for i in np.flatnonzero(~comparison.within(tolerance_kwh)).tolist():
        ha, ledger = float(comparison.ha_kwh[i]), float(comparison.ledger_kwh[i])
        around = next((int(f) for f in (flags[i], *flags[max(i - 1, 0) : i], *flags[i + 1 : i + 2]) if f), 0)
        cause, detail = (
            _befallen(around, proven=abs(float(background.by_rule_kwh[i]) - ha) <= tolerance_kwh)
            or _poll_timing(ha, ledger, background, i, tolerance_kwh)
            or _changed(ha, float(background.stored_kwh[i]))
            or _other_source(sources[i])
            or _unexplained(ledger)
        )
        differences.append(
            Difference(
                int(comparison.hours[i]), comparison.channel, _or_none(ha), _or_none(ledger), cause, detail
            )
        )
    return differences


def _befallen(flags: int, *, proven: bool) -> tuple[Cause, str] | None:
    proof = " Its rule, applied to the samples, gives its number." if proven else ""
    for flag, cause, detail in CAUSE_OF_FLAG:
        if flags & flag:
            return cause, detail + proof
    return None


def _poll_timing(
    ha: float, ledger: float, background: Background, i: int, tolerance_kwh: float
) -> tuple[Cause, str] | None:
    by_rule, at_edge = float(background.by_rule_kwh[i]), float(background.at_edge_kwh[i])
    if not (abs(by_rule - ha) <= tolerance_kwh and abs(at_edge - ledger) <= tolerance_kwh):
        return None
    return (
        Cause.POLL_TIMING,
        "A reading exactly on the edge of the hour: Home Assistant counts it in the next, which gives "
        f"{by_rule:.3f} kWh; counted in the hour that it ends, the same samples give {at_edge:.3f} kWh.",
    )


def _changed(ha: float, stored: float) -> tuple[Cause, str] | None:
    if np.isnan(stored) or abs(ha - stored) < 1e-6:
        return None
    return (
        Cause.HA_CHANGED,
        f"Home Assistant said {stored:.3f} kWh when this hour was stored; run `darkstar backfill energy` again.",
    )


def _other_source(sources: NDArray[np.int8]) -> tuple[Cause, str] | None:
    others = {Source.CORRECTION, Source.IMPORT_FINE, Source.IMPORT_HOUR} & {
        Source(int(s)) for s in sources if s
    }
    if not others:
        return None
    return Cause.OTHER_SOURCE, f"The ledger goes by {min(others).name.lower()} here, not by Home Assistant."


def _unexplained(ledger: float) -> tuple[Cause, str]:
    if np.isnan(ledger):
        return (
            Cause.UNEXPLAINED,
            "The ledger does not know this hour; run `darkstar backfill energy` over it.",
        )
    return Cause.UNEXPLAINED, "Nothing in the evidence tells why."


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
