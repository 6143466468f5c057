"""`darkstar import`: energy and prices from files, and older ledgers."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from darkstar.bookkeeping.imports import EnergyImport, PriceImport, import_energy, import_prices
from darkstar.bookkeeping.old_ledgers import OldImport, import_old_ledger, preview_old_ledger
from darkstar.cli.common import HomeOption, JsonOption, output, print_json
from darkstar.cli.home import back_up_first, open_ledger, open_settings
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import iso_local, iso_utc
from darkstar.evidence.files.columns import parse_map
from darkstar.evidence.files.instants import parse_zone
from darkstar.evidence.files.old_ledger import read_old_ledger
from darkstar.evidence.files.tables import Table, read_table
from darkstar.ledger.old_rows.reasons import Verdict
from darkstar.ledger.old_rows.rows import Finding
from darkstar.ledger.quotes import PriceKind

FileArgument = Annotated[Path, typer.Argument(help="CSV or Parquet with an index or column ts_utc.")]
TimezoneOption = Annotated[
    str | None,
    typer.Option(
        "--timezone", help="Zone of times without an offset, as Europe/Stockholm.", show_default=False
    ),
]

app = typer.Typer(
    no_args_is_help=True, help="Bring energy, prices or an older ledger from a file into the ledger."
)


def register(parent: typer.Typer) -> None:
    """Add the group to the command."""
    parent.add_typer(app, name="import")


@app.command("energy")
def energy_command(
    file: FileArgument,
    said: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=CHANNEL",
            help="What a column is; several columns of one channel add up. CHANNEL_kwh_cum says a meter's readings.",
        ),
    ] = None,
    timezone: TimezoneOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import columns CHANNEL_kwh (energy of the interval that starts there) or CHANNEL_kwh_cum (meter readings)."""
    settings = open_settings(home)
    mapping = parse_map(said or [])
    table = _read(file, timezone, settings)
    backup = back_up_first(settings, "import-energy")
    with open_ledger(settings) as ledger, shown_progress() as progress:
        done = import_energy(ledger, settings, table, mapping, progress)
    if as_json:
        print_json(_energy_json(done, backup))
    else:
        _tell_energy(done, settings.home.tz)


@app.command("prices")
def prices_command(
    file: FileArgument,
    column: Annotated[str, typer.Option("--column", help="The column of prices.")],
    unit: Annotated[str, typer.Option("--unit", help="EUR/MWh, SEK/kWh, ore/kWh, ...")],
    fx: Annotated[
        float | None,
        typer.Option("--fx", help="Home's currency for one of the file's, as 11.2.", show_default=False),
    ] = None,
    all_in: Annotated[
        bool, typer.Option("--all-in", help="Taxes and fees are in it already: what the household pays.")
    ] = False,
    export: Annotated[
        bool, typer.Option("--export", help="With --all-in: what the household is paid, not what it pays.")
    ] = False,
    timezone: TimezoneOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import prices: the market's, to which the tariff is applied, or all in."""
    kind = _kind(all_in, export)
    settings = open_settings(home)
    table = _read(file, timezone, settings)
    backup = back_up_first(settings, "import-prices")
    with open_ledger(settings) as ledger:
        done = import_prices(ledger, settings, table, column=column, unit=unit, fx=fx, kind=kind)
    if as_json:
        print_json(_prices_json(done, backup))
    else:
        _tell_prices(done, settings.home.tz, settings.home.currency)


@app.command("ledger")
def ledger_command(
    file: Annotated[Path, typer.Argument(help="The older system's planner_learning.db; it is not changed.")],
    timezone: TimezoneOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and report only; store nothing.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import an older system's ledger: its faults are mended where that is certain, and refused where it is not."""
    settings = open_settings(home)
    zone = parse_zone(timezone) if timezone is not None else settings.home.tz
    old = read_old_ledger(file, naive_tz=zone, currency=settings.home.currency)
    backup = None
    if dry_run:
        done = preview_old_ledger(old, settings)
    else:
        backup = back_up_first(settings, "import-ledger")
        with open_ledger(settings) as ledger, shown_progress() as progress:
            done = import_old_ledger(ledger, settings, old, progress)
    if as_json:
        print_json(_ledger_json(done, dry_run, backup))
    else:
        _tell_ledger(done, dry_run, settings.home.tz)


def say(text: str) -> None:
    """One line for a person, as it is: names of columns and files may hold brackets."""
    output.print(text, markup=False, highlight=False, soft_wrap=True)


def _read(file: Path, timezone: str | None, settings: Settings) -> Table:
    zone = parse_zone(timezone) if timezone is not None else None
    return read_table(file, timezone=zone, home_tz=settings.home.tz)


def _kind(all_in: bool, export: bool) -> PriceKind:
    if not all_in:
        if export:
            raise UsageError(
                "--export goes with --all-in.",
                remedy="The export price follows from the market's price and the tariff.",
            )
        return PriceKind.SPOT
    return PriceKind.EXPORT if export else PriceKind.IMPORT


def _energy_json(done: EnergyImport, backup: Path | None) -> dict[str, object]:
    return {
        "from": iso_utc(done.start),
        "to": iso_utc(done.end),
        "columns": [
            {
                "name": column.name,
                "channel": column.channel.value,
                "cumulative": column.cumulative,
                "rows": column.rows,
                "negative_left_out": column.negative,
                "step_s": column.step_s,
                "added": column.added,
            }
            for column in done.columns
        ],
        "left_out": dict(done.left_out),
        "slots": done.slots,
        "backup": str(backup) if backup else None,
    }


def _prices_json(done: PriceImport, backup: Path | None) -> dict[str, object]:
    return {
        "from": iso_utc(done.start),
        "to": iso_utc(done.end),
        "kind": done.kind.value,
        "rows": done.rows,
        "added": done.added,
        "lowest_per_kwh": done.lowest,
        "median_per_kwh": done.median,
        "highest_per_kwh": done.highest,
        "slots": done.slots,
        "backup": str(backup) if backup else None,
    }


def _tell_energy(done: EnergyImport, tz: ZoneInfo) -> None:
    for column in done.columns:
        what = "readings" if column.cumulative else "energies"
        say(f"{column.name} -> {column.channel}: {column.rows} {what}, {column.added} of them new")
        if column.negative:
            say(f"  {column.negative} of them are negative and were left out")
    for name, reason in done.left_out.items():
        say(f"{name}: left out, {reason}")
    say(f"{iso_local(done.start, tz)} to {iso_local(done.end, tz)}: {done.slots} slots resolved")


def _tell_prices(done: PriceImport, tz: ZoneInfo, currency: str) -> None:
    what = {
        PriceKind.SPOT: "market prices",
        PriceKind.IMPORT: "import prices, all in",
        PriceKind.EXPORT: "export prices, all in",
    }[done.kind]
    say(f"{done.rows} {what}, {done.added} of them new, for {done.slots} slots")
    say(f"{iso_local(done.start, tz)} to {iso_local(done.end, tz)}")
    say(f"lowest {done.lowest:.4f}, median {done.median:.4f}, highest {done.highest:.4f} {currency} a kWh")


def _ledger_json(done: OldImport, dry_run: bool, backup: Path | None) -> dict[str, object]:
    return {
        "from": iso_utc(done.start),
        "to": iso_utc(done.end),
        "dry_run": dry_run,
        "table": done.table,
        "rows": done.rows,
        "columns": dict(done.columns),
        "left_out": dict(done.left_out),
        "values": {
            subject: {"taken": tally.taken, "mended": tally.mended, "refused": tally.refused}
            for subject, tally in done.tallies.items()
        },
        "findings": [_finding_json(finding) for finding in done.findings],
        "added": done.added,
        "slots": done.slots,
        "backup": str(backup) if backup else None,
    }


def _finding_json(finding: Finding) -> dict[str, object]:
    return {
        "verdict": finding.reason.verdict.name.lower(),
        "reason": finding.reason.value,
        "sentence": finding.reason.sentence,
        "values": dict(finding.counts),
        "examples": [
            {"slot_start": example.written, "of": example.subject, "value": example.value}
            for example in finding.examples
        ],
    }


def _tell_ledger(done: OldImport, dry_run: bool, tz: ZoneInfo) -> None:
    say(f"{done.rows} rows of {done.table}, {iso_local(done.start, tz)} to {iso_local(done.end, tz)}")
    for subject, tally in done.tallies.items():
        say(f"{subject}: {tally.taken} taken, {tally.mended} mended, {tally.refused} refused")
    for verdict in (Verdict.MENDED, Verdict.REFUSED):
        for finding in done.findings:
            if finding.reason.verdict is verdict:
                _tell_finding(finding)
    for name, why in done.left_out.items():
        say(f"{name}: left out, {why}")
    if dry_run:
        say("Nothing was stored: --dry-run.")
    else:
        say(f"{done.added} pieces of evidence were new; {done.slots} slots resolved")


def _tell_finding(finding: Finding) -> None:
    where = ", ".join(f"{subject} {count}" for subject, count in finding.counts.items())
    say(f"{finding.reason.verdict.name.lower()}: {finding.reason.sentence} ({where})")
    for example in finding.examples:
        say(f"  {example.written}: {example.subject} {example.value:.6g}")
