"""What has changed since a plan was made, and in which words it is told."""

from collections.abc import Sequence

import pytest

from darkstar.planner.caution import Notice
from darkstar.planner.devices.engines import plan_household
from darkstar.planner.devices.household import Household
from darkstar.planner.standing.news import news
from darkstar.planner.standing.sentences import verdict_told, why
from darkstar.planner.standing.verdict import FIRST, Outcome, Verdict
from darkstar.planner.why.texts import Text
from tests.planner.devices.cases import START, TZ
from tests.planner.standing.cases import household, standing

PUBLISHED = START + 3600
OLD = standing(1, 1, -1, -1)


def texts(home: Household, published_utc: int = PUBLISHED) -> list[Text]:
    return [notice.text for notice in news(OLD, plan_household(home), published_utc)]


def test_nothing_has_changed() -> None:
    assert texts(household()) == []


@pytest.mark.parametrize(
    ("load", "text"), [((1, 1, 3, 1), Text.NEWS_LOAD_MORE), ((0, 0, 1, 1), Text.NEWS_LOAD_LESS)]
)
def test_another_load(load: Sequence[float], text: Text) -> None:
    assert texts(household(load=load)) == [text]
    (notice,) = news(OLD, plan_household(household(load=load)), PUBLISHED)
    assert notice.figures == {"kwh": (2.0, 1)}


def test_another_charge() -> None:
    (notice,) = news(OLD, plan_household(household(soc_kwh=1.5)), PUBLISHED)
    assert notice == Notice(
        Text.NEWS_CHARGE, {"held": (1.5, 1), "planned": (0.0, 1)}, words={"battery": "cellar"}
    )


def test_prices_that_have_become_others() -> None:
    assert texts(household(price=(1, 2, 3, 9))) == [Text.NEWS_PRICES_OTHERS]


def test_prices_that_were_published_since() -> None:
    old = standing(1, 1, -1, -1)
    known_to = START + 1800
    (notice,) = news(
        type(old)(old.start_utc, known_to, old.held_slots, old.expected, old.batteries, old.devices),
        plan_household(household(price=(1, 2, 3, 9))),
        PUBLISHED,
    )
    assert notice == Notice(Text.NEWS_PRICES, words={"until": "2021-03-09 15:00"})


def test_the_two_weightiest_are_told_weightiest_first() -> None:
    home = household(load=(1, 1, 1, 1.2), price=(1, 2, 3, 9), soc_kwh=1.5)
    assert texts(home) == [Text.NEWS_PRICES_OTHERS, Text.NEWS_CHARGE]


def test_what_hardly_moves_any_money_is_left_out() -> None:
    assert texts(household(load=(1, 1, 1, 1.1), price=(1, 2, 3, 9))) == [Text.NEWS_PRICES_OTHERS]


def test_what_became_of_it_in_words() -> None:
    before = START - 7200
    kept = Verdict(Outcome.KEPT, before, gain=0.031, threshold=0.1)
    charge = Notice(Text.NEWS_CHARGE, {"held": (1.5, 1), "planned": (0.0, 1)}, words={"battery": "cellar"})
    changed = Verdict(Outcome.CHANGED, before, gain=0.412, threshold=0.1, news=(charge,))
    refused = Verdict(Outcome.CHANGED, before, breach=Notice(Text.BREACH_FUSE))
    assert verdict_told(FIRST, TZ, "SEK") == ""
    assert (
        verdict_told(kept, TZ, "SEK")
        == "Kept the plan of Tue 12:00: a new one would gain 0.03 SEK (changes above 0.10)."
    )
    assert (
        verdict_told(changed, TZ, "SEK")
        == "Changed the plan of Tue 12:00: gains 0.41 SEK: the cellar holds 1.5 kWh where 0.0 were planned."
    )
    assert (
        verdict_told(refused, TZ, "SEK") == "Changed the plan of Tue 12:00: it would go beyond the main fuse."
    )
    assert why(kept) == ""
