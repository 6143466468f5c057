"""`darkstar repair`: what the ledger could mend of itself, and the way back."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
import typer
from numpy.typing import NDArray

from darkstar.bookkeeping.repair import Applied, apply, certain, every_repair, propose, undo
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, output, print_json
from darkstar.cli.home import back_up_first, open_ledger, open_settings
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import iso_local, iso_utc, parse_instant
from darkstar.ledger.corrections import Repair
from darkstar.ledger.proposals import Change, Proposal
from darkstar.store.ledger_file import LedgerFile

MICROSECONDS = 1_000_000


def repair_command(
    start: FromOption = None,
    end: ToOption = None,
    apply_certain: Annotated[
        bool, typer.Option("--apply", help="Make the repairs that are certain, after a backup.")
    ] = False,
    apply_all: Annotated[bool, typer.Option("--all", help="With --apply: make the likely ones too.")] = False,
    undo_id: Annotated[
        str | None, typer.Option("--undo", help="Take back the repair of this id.", show_default=False)
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="The repairs that were made.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose repairs, before and after; make them with --apply, take them back with --undo.

    A repair is evidence with a reason and edits nothing, so taking it back leaves exactly what was there without it.
    Without --from and --to it looks at all that the ledger holds.
    """
    if (undo_id is not None) + show_list + (apply_certain or apply_all) > 1:
        raise UsageError("--apply, --undo and --list do not go together.", remedy="Use one at a time.")
    if apply_all and not apply_certain:
        raise UsageError("--all says what --apply should make.", remedy="Use --apply --all.")
    settings = open_settings(home)
    if undo_id is not None:
        _undo(settings, undo_id, as_json=as_json)
    elif show_list:
        _list(settings, as_json=as_json)
    else:
        _repair(settings, start, end, make=apply_certain, likely_too=apply_all, as_json=as_json)


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("repair")(repair_command)


def _repair(
    settings: Settings, start: str | None, end: str | None, *, make: bool, likely_too: bool, as_json: bool
) -> None:
    tz = settings.home.tz
    with open_ledger(settings) as ledger:
        first, last = _range(ledger, start, end, tz)
        proposals = propose(ledger, settings, first, last)
        chosen = (proposals if likely_too else certain(proposals)) if make else []
        backup, done = None, Applied((), 0)
        if chosen:
            backup = back_up_first(settings, "repair")
            with ledger.run("repair", f"{len(chosen)} of {len(proposals)} proposals"):
                done = apply(ledger, settings, chosen)
    made = {id(p): repair for p, repair in zip(chosen, done.repairs, strict=True)}
    if as_json:
        print_json(
            {
                "from": iso_utc(first),
                "to": iso_utc(last),
                "proposals": [_proposal_json(p, made.get(id(p))) for p in proposals],
                "applied": len(done.repairs),
                "slots": done.slots,
                "backup": str(backup) if backup else None,
            }
        )
        return
    if not proposals:
        output.print("There is nothing to repair.")
        return
    _tell(proposals, made, tz)
    _tell_next(proposals, done, backup, make=make)


def _tell_next(proposals: list[Proposal], done: Applied, backup: Path | None, *, make: bool) -> None:
    if done.repairs:
        output.print(f"Repairs made: {len(done.repairs)}; slots resolved: {done.slots}.", highlight=False)
        output.print(f"The ledger as it was: {backup}", markup=False, soft_wrap=True, highlight=False)
        return
    sure = len(certain(proposals))
    hint = "--apply --all makes them." if make else f"--apply makes the {sure} certain, --apply --all all."
    output.print(f"Nothing was changed. {hint}", highlight=False)


def _undo(settings: Settings, repair_id: str, *, as_json: bool) -> None:
    with open_ledger(settings) as ledger, ledger.run("repair undo", repair_id):
        taken = undo(ledger, settings, repair_id)
    if as_json:
        print_json({"undone": _repair_json(taken)})
    else:
        output.print(f"Repair {taken.repair_id} is taken back.", highlight=False)


def _list(settings: Settings, *, as_json: bool) -> None:
    with open_ledger(settings) as ledger:
        repairs = every_repair(ledger)
    if as_json:
        print_json({"repairs": [_repair_json(r) for r in repairs]})
        return
    if not repairs:
        output.print("No repair was ever made.")
        return
    tz = settings.home.tz
    for repair in repairs:
        first, last = (_local(edge, tz) for edge in repair.span)
        output.print(f"[bold]{repair.repair_id}[/] {_state(repair)}: {first} to {last}", highlight=False)
        output.print(f"  {', '.join(_channels(repair))}: {repair.reason}", highlight=False)


def _range(ledger: LedgerFile, start: str | None, end: str | None, tz: ZoneInfo) -> tuple[int, int]:
    extent = ledger.slot_extent()
    if extent is None:
        raise UsageError("The ledger is empty.", remedy="Run `darkstar backfill energy` first.")
    first = parse_instant(start, tz) if start else extent[0]
    last = parse_instant(end, tz) if end else extent[1]
    if first >= last:
        raise UsageError(
            f"The range {iso_utc(first)} to {iso_utc(last)} is empty.", remedy="--to is exclusive."
        )
    return first, last


def _tell(proposals: list[Proposal], made: dict[int, Repair], tz: ZoneInfo) -> None:
    for proposal in proposals:
        first, last = (_local(edge, tz) for edge in proposal.span)
        repair = made.get(id(proposal))
        state = f"made as {repair.repair_id}" if repair else proposal.certainty.value
        output.print(f"[bold]{first} to {last}[/], {state}", highlight=False)
        for change in proposal.changes:
            output.print(
                f"  {change.channel.value}: {_kwh(_total(change.before_kwh))} -> "
                f"{_kwh(_total(change.after_kwh))}, of which {_moved(change):.3f} kWh stand elsewhere than before",
                highlight=False,
            )
        output.print(f"  {proposal.reason}", highlight=False)


def _proposal_json(proposal: Proposal, made: Repair | None) -> dict[str, object]:
    first, last = proposal.span
    return {
        "kind": proposal.kind.value,
        "certainty": proposal.certainty.value,
        "from": iso_utc(first),
        "to": iso_utc(last),
        "reason": proposal.reason,
        "repair_id": made.repair_id if made else None,
        "changes": [
            {
                "channel": change.channel.value,
                "before_kwh": _total(change.before_kwh),
                "after_kwh": _total(change.after_kwh),
                "slots": [
                    {"slot_utc": iso_utc(slot), "before_kwh": _or_none(before), "after_kwh": _or_none(after)}
                    for slot, before, after in zip(
                        change.slots.tolist(),
                        change.before_kwh.tolist(),
                        change.after_kwh.tolist(),
                        strict=True,
                    )
                ],
            }
            for change in proposal.changes
        ],
    }


def _repair_json(repair: Repair) -> dict[str, object]:
    first, last = repair.span
    withdrawn = repair.withdrawn_us
    return {
        "repair_id": repair.repair_id,
        "made": iso_utc(repair.made_us // MICROSECONDS),
        "undone": None if withdrawn is None else iso_utc(withdrawn // MICROSECONDS),
        "automatic": repair.automatic,
        "undone_automatically": repair.withdrawn_automatically,
        "from": iso_utc(first),
        "to": iso_utc(last),
        "channels": _channels(repair),
        "slots": len(repair.corrections),
        "reason": repair.reason,
    }


def _state(repair: Repair) -> str:
    made = "made by the ledger itself" if repair.automatic else "made by you"
    if repair.withdrawn_us is None:
        return f"active, {made}"
    by_whom = "for it no longer follows from the evidence" if repair.withdrawn_automatically else "by you"
    return f"{made}, taken back {by_whom}"


def _channels(repair: Repair) -> list[str]:
    return list(dict.fromkeys(c.channel.value for c in repair.corrections))


def _total(energy_kwh: NDArray[np.float64]) -> float | None:
    """The sum of what is known; None where nothing is."""
    return None if np.isnan(energy_kwh).all() else float(np.nansum(energy_kwh))


def _moved(change: Change) -> float:
    """How much energy stands elsewhere than before."""
    apart = np.nan_to_num(change.after_kwh) - np.nan_to_num(change.before_kwh)
    return float(np.maximum(apart, 0.0).sum())


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _kwh(energy: float | None) -> str:
    return "not known" if energy is None else f"{energy:.3f} kWh"


def _local(instant: int, tz: ZoneInfo) -> str:
    return iso_local(instant, tz)[:16].replace("T", " ")
