"""The set of causes is closed, and a person is told something sensible of each."""

import pytest

from darkstar.ledger.causes.cause import OPEN, STORIES, Cause, found


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_sentence_and_a_remedy(cause: Cause) -> None:
    story = STORIES[cause]

    assert story.sentence.endswith(".")
    assert story.remedy.endswith(".")
    assert found(cause).detail == story.sentence
    assert found(cause, "", "Two kWh.").detail == f"{story.sentence} Two kWh."
    assert found(cause).remedy == story.remedy


def test_what_leaves_the_ledger_unproven_counts_as_unexplained() -> None:
    assert {cause.value for cause in OPEN} == {"unexplained", "not_in_ledger", "slots_out_of_date"}
