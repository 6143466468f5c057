"""What became of the plan before, in words."""

import datetime as dt
from zoneinfo import ZoneInfo

from darkstar.planner.standing.verdict import Outcome, Verdict
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.sentences import say
from darkstar.planner.why.texts import Catalogue, Text


def verdict_told(verdict: Verdict, tz: ZoneInfo, currency: str, catalogue: Catalogue = ENGLISH) -> str:
    """One sentence; empty where there was no plan before, or it was not looked at."""
    if verdict.before_utc is None:
        return ""
    local = dt.datetime.fromtimestamp(verdict.before_utc, tz)
    when = f"{catalogue.weekdays[local.weekday()]} {local:%H:%M}"
    gain = catalogue.figure(max(verdict.gain or 0.0, 0.0), 2)
    if verdict.outcome is Outcome.KEPT:
        threshold = catalogue.figure(verdict.threshold or 0.0, 2)
        return catalogue.say(Text.PLAN_KEPT, when=when, gain=gain, currency=currency, threshold=threshold)
    if verdict.breach is not None:
        return catalogue.say(Text.PLAN_NOT_KEPT, when=when, why=why(verdict, catalogue))
    because = why(verdict, catalogue)
    return catalogue.say(
        Text.PLAN_CHANGED, when=when, gain=gain, currency=currency, why=f": {because}" if because else ""
    )


def why(verdict: Verdict, catalogue: Catalogue = ENGLISH) -> str:
    """The reasons of a change; empty where there is none, or nothing is known to have changed."""
    reasons = ([verdict.breach] if verdict.breach is not None else []) + list(verdict.news)
    return ", ".join(say(catalogue, notice) for notice in reasons)
