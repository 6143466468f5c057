"""Why a value of an older ledger was mended or refused: a closed set, each with its sentence for people."""

from enum import IntEnum, StrEnum


class Verdict(IntEnum):
    """What became of a value; the graver one stands."""

    TAKEN = 0
    MENDED = 1
    REFUSED = 2


class Reason(StrEnum):
    """Why a value was mended or refused; the sentence is for people."""

    sentence: str
    verdict: Verdict

    def __new__(cls, value: str, verdict: Verdict, sentence: str) -> "Reason":
        """A reason with its verdict and its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.verdict = verdict
        member.sentence = sentence
        return member

    NAIVE_TIME = ("naive_time", Verdict.MENDED, "the time has no offset and was read as local time")
    EPOCH_TIME = ("epoch_milliseconds", Verdict.MENDED, "the time is a number of milliseconds since 1970")
    SHIFTED = (
        "shifted_clock",
        Verdict.MENDED,
        "UTC and local time were mixed up, as the sun proves; moved back",
    )
    OTHER_END = (
        "end_on_other_clock",
        Verdict.MENDED,
        "the row ends on another clock than it starts; it is a quarter",
    )
    STALE_END = ("stale_end", Verdict.MENDED, "the row holds a quarter, and its end says an hour")
    WHOLE_HOUR = (
        "whole_hour",
        Verdict.MENDED,
        "the row at :00 holds the whole hour, and the quarters were in it too",
    )
    LUMPED = (
        "lumped_at_hour",
        Verdict.MENDED,
        "everything of the hour was booked at :00; taken as the hour's energy",
    )
    EXPLODED = (
        "exploded",
        Verdict.MENDED,
        "an hour cut into four equal quarters; taken as the hour that it was",
    )
    DIVIDED_TWICE = (
        "divided_twice",
        Verdict.MENDED,
        "divided by four once too often, as the balance proves; undone",
    )
    LUMP = ("lump", Verdict.MENDED, "energy of a silence before it, booked in one row; laid over the silence")
    ZERO_WAS_REPLACED = (
        "zero_price_replaced",
        Verdict.MENDED,
        "a zero price that had been replaced by the import price",
    )
    NO_TIME = ("no_time", Verdict.REFUSED, "the row's start is no time")
    OFF_GRID = ("off_grid", Verdict.REFUSED, "the row does not start on a quarter of an hour")
    ODD_LENGTH = ("odd_length", Verdict.REFUSED, "the row covers neither a quarter nor an hour")
    DUPLICATE = ("duplicate", Verdict.REFUSED, "another row says the same")
    CONTRADICTED = (
        "contradicted",
        Verdict.REFUSED,
        "another row of the same time says otherwise, and is the better one",
    )
    NEGATIVE = ("negative", Verdict.REFUSED, "energies are never below zero")
    FIRST_COUNTER = ("first_counter", Verdict.REFUSED, "the first row holds the meter's whole counter")
    IMPLAUSIBLE = ("implausible", Verdict.REFUSED, "more than the home's connection carries")
    DIVIDED_UNSURE = (
        "divided_unsure",
        Verdict.REFUSED,
        "equal quarters far below what the home ever draws: divided twice",
    )
    ALL_ZERO = ("all_zero", Verdict.REFUSED, "every channel is 0 for an hour or more: nothing was measured")
    ZERO_DAY = ("zero_for_unknown", Verdict.REFUSED, "0 all day while the others flow: not known")
    SOC_IMPOSSIBLE = ("soc_impossible", Verdict.REFUSED, "no state of charge lies outside 0 to 100 percent")
    SOC_ASSUMED = (
        "soc_assumed",
        Verdict.REFUSED,
        "the state of charge stands still all day while the battery works",
    )
    PRICE_CLOCK = (
        "price_clock",
        Verdict.REFUSED,
        "the price of a row on a wrong clock may be another hour's",
    )
    PRICE_ZERO = ("price_zero", Verdict.REFUSED, "a price of 0 that the other price contradicts: not known")
    PRICE_COPIED = ("price_copied", Verdict.REFUSED, "the export price is the import price's copy")
    PRICE_IMPOSSIBLE = ("price_impossible", Verdict.REFUSED, "far beyond all other prices of the ledger")
