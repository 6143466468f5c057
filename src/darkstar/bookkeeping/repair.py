"""Repairs of the ledger: worked out, applied, taken back. Each step is one transaction, and none edits evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from darkstar.bookkeeping.grounds import every_proposal, ground_around
from darkstar.bookkeeping.upkeep import ALL_TIME, after_all_said, keep_repaired, resolve_repaired
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.ledger.corrections import Repair
from darkstar.ledger.proposals import Certainty, Proposal
from darkstar.store.ledger_file import LedgerFile


@dataclass(frozen=True)
class Applied:
    """Repairs that were made, and the slots that were resolved anew."""

    repairs: tuple[Repair, ...]
    slots: int


def propose(ledger: LedgerFile, settings: Settings, start: int, end: int) -> list[Proposal]:
    """What could be repaired in [start, end) as the ledger stands, in time order; changes nothing."""
    with ledger.snapshot():
        ground = ground_around(ledger, settings, start, end)
    if ground is None:
        return []
    return [p for p in every_proposal(ground) if p.span[0] < end and p.span[1] > start]


def apply(ledger: LedgerFile, settings: Settings, proposals: Sequence[Proposal]) -> Applied:
    """Store proposals as repairs and resolve what they touch: all of it, or nothing where it is broken off."""
    with ledger.transaction():
        made_us = after_all_said(ledger)
        repairs = tuple(Repair(p.corrections, p.reason, made_us + i) for i, p in enumerate(proposals))
        for repair in repairs:
            ledger.add_repair(repair)
        slots = resolve_repaired(ledger, settings, repairs)
        _look_around(ledger, settings, repairs)
        return Applied(repairs, slots)


def undo(ledger: LedgerFile, settings: Settings, repair_id: str) -> Repair:
    """Take a repair back, named by its id or the beginning of it, and resolve what it touched.

    Raises:
        UsageError: no repair is called that, several are, or it was taken back before.
    """
    with ledger.transaction():
        named = [r for r in every_repair(ledger) if r.repair_id.startswith(repair_id)]
        if len(named) != 1:
            raise UsageError(
                f"{'No repair is' if not named else f'{len(named)} repairs are'} called {repair_id}.",
                remedy="`darkstar repair --list` names them all.",
            )
        (repair,) = named
        if repair.withdrawn_us is not None:
            raise UsageError(f"Repair {repair.repair_id} was taken back before.")
        withdrawn_us = after_all_said(ledger)
        ledger.withdraw_repair(repair.repair_id, withdrawn_us)
        resolve_repaired(ledger, settings, [repair])
        _look_around(ledger, settings, [repair])
        return replace(repair, withdrawn_us=withdrawn_us)


def every_repair(ledger: LedgerFile) -> list[Repair]:
    """All repairs that were ever made, in order."""
    return ledger.repairs(*ALL_TIME)


def certain(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Those that need nobody's word."""
    return [p for p in proposals if p.certainty is Certainty.CERTAIN]


def _look_around(ledger: LedgerFile, settings: Settings, repairs: Sequence[Repair]) -> None:
    """See to the automatic repairs near those of a person."""
    for repair in repairs:
        keep_repaired(ledger, settings, *repair.span)
