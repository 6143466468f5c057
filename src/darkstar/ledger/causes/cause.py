"""The closed set of causes, with what a person is told of each and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why an hour differs, or why meters do not agree."""

    OUTAGE = "outage"
    CATCH_UP = "catch_up_lump"
    FROZEN = "frozen_meter"
    MISSING = "missing_in_home_assistant"
    DIP = "dip"
    SPIKE = "spike"
    RESET = "reset"
    REPLACED = "replaced_meter"
    STEP_BACK = "step_back"
    IMPLAUSIBLE = "implausible_jump"
    UNIT = "unit_changed"
    SIGN = "sign_turned"
    LATE = "repeated_or_late_reading"
    PENDING = "pending"
    NEGATIVE = "negative_hour"
    SUM_APART = "sum_apart_from_state"
    POLL_TIMING = "poll_timing"
    SHIFTED = "shifted_rows"
    LUMPED = "hour_lumped_rows"
    SWAPPED = "swapped_sensors"
    DOUBLE = "counted_twice"
    BALANCE = "balance_violated"
    HA_CHANGED = "changed_in_home_assistant"
    RESOLUTION = "resolution"
    CORRECTED = "corrected"
    OTHER_SOURCE = "other_source"
    NOT_KNOWN = "not_in_ledger"
    OUT_OF_DATE = "slots_out_of_date"
    UNEXPLAINED = "unexplained"


OPEN = frozenset({Cause.UNEXPLAINED, Cause.NOT_KNOWN, Cause.OUT_OF_DATE})
"""Named or not, these leave the ledger unproven in their hour: `verify` counts them as unexplained."""


@dataclass(frozen=True)
class Story:
    """What a person is told: what happened, and what helps."""

    sentence: str
    remedy: str


NOTHING = "Nothing: the ledger already holds what the meter counted."

STORIES: Mapping[Cause, Story] = {
    Cause.OUTAGE: Story(
        "The meter could not be read; Home Assistant books its energy in the hour of its return.",
        "Nothing: the energy is laid over the time that it belongs to, and marked. If it happens often, look at the "
        "device's connection.",
    ),
    Cause.CATCH_UP: Story(
        "Home Assistant books here, in one lump, what the meter counted while it could not be read.",
        "Nothing: the ledger lays the lump over the time that it belongs to.",
    ),
    Cause.FROZEN: Story(
        "The meter showed the same number while energy went through it, and caught up later.",
        "Nothing for the past. If it happens often, look at the device or its integration.",
    ),
    Cause.MISSING: Story(
        "Home Assistant has no row for this hour; the ledger knows it from other evidence.",
        NOTHING,
    ),
    Cause.DIP: Story(
        "The meter showed too little for a while; Home Assistant took it for a reset or a real fall.",
        "Nothing in the ledger. Home Assistant's own number can be mended under Developer tools, Statistics.",
    ),
    Cause.SPIKE: Story(
        "The meter showed too much for a while; Home Assistant counted it.",
        "Nothing in the ledger. Home Assistant's own number can be mended under Developer tools, Statistics.",
    ),
    Cause.RESET: Story("The meter began again from zero.", NOTHING),
    Cause.REPLACED: Story(
        "The meter stands for another one from here on.",
        "`darkstar repair` proposes what went through in between, as far as the balance allows.",
    ),
    Cause.STEP_BACK: Story(
        "The meter went back a little and stayed there; Home Assistant counted it as negative.",
        NOTHING,
    ),
    Cause.IMPLAUSIBLE: Story(
        "The meter jumped by more than the connection carries; how much of it is true is not known.",
        "Check `main_fuse_a` and `pv_peak_kw` in darkstar.yaml; `darkstar repair` proposes what the balance allows.",
    ),
    Cause.UNIT: Story(
        "The numbers change by a factor of a thousand: the unit changed between Wh, kWh and MWh.",
        "Give the sensor one unit in Home Assistant and run `darkstar backfill energy` again; for a file, import it "
        "with its true unit.",
    ),
    Cause.SIGN: Story(
        "The meter's sign turned round; Home Assistant counts below zero what the ledger counts upwards.",
        "Turn the sign in Home Assistant (a template sensor), or leave it: the ledger counts what flowed.",
    ),
    Cause.LATE: Story(
        "A reading came twice or late: the meter showed an older number again.",
        "Nothing: of several readings the ledger believes those that go on.",
    ),
    Cause.PENDING: Story(
        "What the meter's last move means is not known yet.",
        "Wait for its next readings, then run `darkstar backfill energy` again.",
    ),
    Cause.NEGATIVE: Story(
        "Home Assistant has negative energy in this hour, which no meter counts.",
        "Mend Home Assistant's number under Developer tools, Statistics; the ledger does not take it over.",
    ),
    Cause.SUM_APART: Story(
        "Home Assistant's sum moved by something else than the meter did: it took a bad reading for a reset, or the "
        "sum was edited.",
        "Mend Home Assistant's sum under Developer tools, Statistics; the ledger goes by the meter.",
    ),
    Cause.POLL_TIMING: Story(
        "The same energy stands in the neighbouring hour: a reading came near the edge between them.",
        "Nothing: over both hours the numbers agree.",
    ),
    Cause.SHIFTED: Story(
        "The rows are shifted in time: a time zone or the summer time was read wrongly.",
        "Import the file again with the right `--timezone`.",
    ),
    Cause.LUMPED: Story(
        "Each hour's energy stands in one of its quarters: hourly rows were written as quarters.",
        "Import the rows as hours; the ledger then finds the quarters itself.",
    ),
    Cause.SWAPPED: Story(
        "Two channels have each other's numbers.",
        "Exchange the two in darkstar.yaml, or in `--map` of the import, and fill the ledger again.",
    ),
    Cause.DOUBLE: Story(
        "The same energy is counted twice.",
        "Keep each meter in one channel, once, in darkstar.yaml and among the imports.",
    ),
    Cause.BALANCE: Story(
        "What came into the home is not what went out of it.",
        "Look at the meter named; `darkstar repair` proposes what the balance allows.",
    ),
    Cause.HA_CHANGED: Story(
        "Home Assistant's number is not what it was, or not what its own samples give: it was edited or imported anew.",
        "Run `darkstar backfill energy` over the hour, so that the ledger hears of it.",
    ),
    Cause.RESOLUTION: Story(
        "The difference is smaller than the smallest step that the meter shows.",
        "Nothing: a meter with more decimals would show it.",
    ),
    Cause.CORRECTED: Story(
        "The ledger holds a correction here.",
        "Nothing, if the correction is right; `darkstar repair --undo` takes it back.",
    ),
    Cause.OTHER_SOURCE: Story(
        "The ledger goes by another source here, not by Home Assistant.",
        "Compare the two; what you imported stands first.",
    ),
    Cause.NOT_KNOWN: Story(
        "Home Assistant knows this hour, the ledger has no evidence of it.",
        "Run `darkstar backfill energy` over it.",
    ),
    Cause.OUT_OF_DATE: Story(
        "The stored slots are not what the stored evidence gives: they were changed by other hands.",
        "Run `darkstar backfill energy` over the hour: it resolves the slots anew.",
    ),
    Cause.UNEXPLAINED: Story(
        "Nothing in the evidence tells why.", "Look at the readings in `darkstar explain`."
    ),
}


@dataclass(frozen=True)
class Finding:
    """A cause that a detector has proven.

    Attributes:
        detail: what happened in this hour, in plain sentences with its numbers.
        meter: the meter that it befell, empty where it is a matter of the channel or the home.
        span_us: the time whose evidence proves it [UTC us]; None: the hour's own.
    """

    cause: Cause
    detail: str
    meter: str = ""
    span_us: tuple[int, int] | None = None

    @property
    def remedy(self) -> str:
        """What helps."""
        return STORIES[self.cause].remedy


def found(cause: Cause, *more: str, meter: str = "", span_us: tuple[int, int] | None = None) -> Finding:
    """A finding that begins with its cause's own sentence."""
    return Finding(cause, " ".join([STORIES[cause].sentence, *(m for m in more if m)]), meter, span_us)
