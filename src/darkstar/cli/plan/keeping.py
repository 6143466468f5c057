"""A plan made with the one before it in view, and kept for the next one."""

from collections.abc import Callable
from dataclasses import replace

from darkstar.cli.plan.answer import HomePlan
from darkstar.config.settings import Settings
from darkstar.domain.errors import DarkstarError
from darkstar.planner.caution import Notice
from darkstar.planner.standing.sentences import why
from darkstar.planner.why.texts import Text
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.now.remembering import remember, remembered
from darkstar.time_machine.now.standing import Before

TRIES = 10
"""How often a plan is made again because another one was kept meanwhile."""


def plan_and_keep(
    ledger: LedgerFile,
    settings: Settings,
    now_utc: float,
    plan: Callable[[Before | None], HomePlan],
) -> HomePlan:
    """The answer, with what became of the plan before; whatever cannot be read or kept, it is told and planned.

    Args:
        plan: makes the answer, given the plan before.
    """
    for _ in range(TRIES):
        last = remembered(ledger, settings)
        answer = plan(last.before)
        if last.damage:
            answer = _told(answer, Text.PLAN_UNREADABLE, last.damage)
        if answer.planned is None:
            return answer
        settled = answer.planned.settled
        try:
            kept = remember(
                ledger,
                settings,
                settled,
                after=last.plan_id,
                prices_until_utc=answer.present.published_until_utc,
                made_utc=now_utc,
                why=why(settled.verdict),
            )
        except DarkstarError as error:
            return _told(answer, Text.PLAN_NOT_STORED, error.problem)
        if kept:
            return answer
    return _told(answer, Text.PLAN_NOT_STORED, "others plan for this home at the same time.")


def _told(answer: HomePlan, text: Text, reason: str) -> HomePlan:
    return replace(answer, assumed=(*answer.assumed, Notice(text, words={"why": reason})))
