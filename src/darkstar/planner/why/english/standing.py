"""What became of the plan before."""

from collections.abc import Mapping

from darkstar.planner.why.texts import Text

STANDING: Mapping[Text, str] = {
    Text.PLAN_KEPT: "Kept the plan of {when}: a new one would gain {gain} {currency} (changes above {threshold}).",
    Text.PLAN_CHANGED: "Changed the plan of {when}: gains {gain} {currency}{why}.",
    Text.PLAN_NOT_KEPT: "Changed the plan of {when}: {why}.",
    Text.PLAN_UNREADABLE: "The plan before cannot be read ({why}): planned anew.",
    Text.PLAN_NOT_STORED: "This plan could not be kept for the next one: {why}",
    Text.NEWS_CHARGE: "the {battery} holds {held} kWh where {planned} were planned",
    Text.NEWS_PRICES: "prices are published until {until}",
    Text.NEWS_PRICES_OTHERS: "published prices are others",
    Text.NEWS_LOAD_MORE: "{kwh} kWh more load is expected",
    Text.NEWS_LOAD_LESS: "{kwh} kWh less load is expected",
    Text.NEWS_SUN_MORE: "{kwh} kWh more sun is expected",
    Text.NEWS_SUN_LESS: "{kwh} kWh less sun is expected",
    Text.BREACH_NEED: "the {device} would not get what it needs",
    Text.BREACH_FUSE: "it would go beyond the main fuse",
    Text.BREACH_PHASE: "it would go beyond the fuse of a phase",
    Text.BREACH_OVER: "it has no modes left",
    Text.BREACH_LATER: "it begins later than now",
    Text.BREACH_SETTINGS: "darkstar.yaml says something else about the home since",
    Text.BREACH_VERSION: "another version of Darkstar made it",
    Text.BREACH_OTHERS: "other batteries or devices are to be planned",
}
