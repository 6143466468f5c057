"""What a replay shows, in words: the verdict, and what it rests on."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from darkstar.domain.home import Home
from darkstar.time_machine.calendar import days_of
from darkstar.time_machine.outcome import MPC, NONE, ORACLE, RULE, Comparison
from darkstar.time_machine.past.left_out import Coverage
from darkstar.time_machine.report.charts import policy_name
from darkstar.time_machine.report.figures import number


def verdict(comparison: Comparison, home: Home) -> str:
    """What the replay shows of Kepler, in one or two sentences that claim no more than that."""
    outcomes, currency = comparison.outcomes, home.currency
    if MPC not in outcomes or RULE not in outcomes:
        return ""
    saved = outcomes[RULE].cost - outcomes[MPC].cost
    days = whole_days(comparison, home.tz)
    sense = "less" if saved >= 0 else "more"
    text = (
        f"Replayed over {days} days, Kepler would have cost {number(abs(saved), 2)} {currency} {sense} than "
        f"self-consumption"
    )
    share = comparison.gap_closed.get(MPC)
    if share is None:
        return text + "."
    possible = outcomes[RULE].cost - outcomes[ORACLE].cost
    if saved < 0:
        return f"{text}. Perfect foresight would have saved {number(possible, 2)} {currency}."
    bound = f"the {number(possible, 2)} {currency} that perfect foresight would have saved"
    return f"{text}: {number(100 * share)} % of {bound}."


def whole_days(comparison: Comparison, tz: ZoneInfo) -> int:
    """How many local days were replayed; those left out do not count."""
    return len(days_of(comparison.history.slots, tz)[0])


def caveats(
    comparison: Comparison, home: Home, coverage: Coverage | None = None, notes: Sequence[str] = ()
) -> tuple[str, ...]:
    """What the figures rest on.

    Args:
        coverage: what of the range was replayed; None tells the days that were left out, and no more.
        notes: what a person should know of the range and the start.
    """
    said = [
        *notes,
        "A replay of what was measured, not a promise: other months give other figures.",
        "Plans knew prices only once published and forecasts only as they could have been made; perfect foresight "
        "is the bound that nobody reaches.",
        "Every policy began with the same energy in the battery; what was left or lacking at the end is settled at "
        f"{number(comparison.settlement_per_kwh, 3)} {home.currency}/kWh for all alike.",
    ]
    fees = {
        name: outcome.bill.power_fee for name, outcome in comparison.outcomes.items() if outcome.power_months
    }
    if fees:
        told = ", ".join(f"{policy_name(name)} {number(fee, 2)}" for name, fee in fees.items())
        said.append(
            f"The costs hold the power fee on the months' highest draws ({told} {home.currency}), each month that the "
            f"range touches charged whole.{_over_least(comparison, home)}"
        )
    if NONE in comparison.outcomes:
        said.append("The battery's own price is not in the figures; its wear is.")
    omitted = comparison.history.omitted
    if coverage is not None:
        said += coverage.sentences()
    elif omitted:
        days = "; ".join(f"{day} ({reason})" for day, reason in omitted[:5])
        more = f" and {len(omitted) - 5} more" if len(omitted) > 5 else ""
        said.append(f"Left out, for lack of sound numbers: {days}{more}.")
    return tuple(said)


def _over_least(comparison: Comparison, home: Home) -> str:
    """How near the least perfect foresight's plan is known to be; it is the least itself without power tariffs."""
    over = comparison.outcomes[ORACLE].over_least if ORACLE in comparison.outcomes else None
    if not over:
        return ""
    return f" Perfect foresight's plan costs at most {number(over, 2)} {home.currency} more than the least possible."
