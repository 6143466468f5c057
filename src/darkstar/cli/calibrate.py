"""`darkstar calibrate`: how the home's own battery really behaves, from its history."""

import time
from typing import Annotated

import typer
from rich.table import Table

from darkstar.bookkeeping.ranges import checked_range
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.slots import iso_local, parse_instant
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.plant.calibration import Calibration, calibrate
from darkstar.time_machine.plant.observed import observe
from darkstar.time_machine.plant.stored import calibration_json, write_plant

UNITS = {
    "capacity_kwh": "kWh",
    "round_trip_efficiency": "",
    "running_loss_kw": "kW",
    "resistive_loss_per_kw": "kW / kW²",
    "standby_battery_kw": "kW",
    "delay_s": "s, of the shown state of charge",
}


def calibrate_command(
    start: FromOption = None,
    end: ToOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell, and keep nothing.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit losses, capacity and standby use of the battery to its meters and its state of charge.

    What is found is kept in models/plant.json of the home's folder, and `darkstar simulate` runs on it from then on.
    """
    settings = open_settings(home)
    if settings.battery is None:
        raise ConfigError(
            "The home has no battery.", remedy="Write `battery: {capacity_kwh: ...}` into darkstar.yaml."
        )
    with open_ledger(settings) as ledger:
        bounds = _range(ledger, settings, start, end)
        observed = observe(ledger, settings.home.tz, bounds)
    found = calibrate(observed, settings.battery)
    content = calibration_json(found, bounds)
    kept = None if dry_run else write_plant(settings.folder, content)
    if as_json:
        print_json({**content, "written": None if kept is None else str(kept)})
        return
    output.print(_table(found, settings, bounds))
    for name, taper in (("charge", found.model.charge_taper), ("discharge", found.model.discharge_taper)):
        if taper:
            limits = ", ".join(f"{100 * share:.0f} % at {percent:.0f}" for percent, share in taper)
            output.print(f"Most {name} power by percent of the state of charge: {limits}.", highlight=False)
    for name, reason in found.left.items():
        output.print(f"[dim]{name}: {reason}[/]", highlight=False)
    held = found.held_out
    output.print(
        f"On days that it was not fitted to, the state of charge comes out within {held.rmse_percent:.2f} points "
        f"({held.rmse_kwh:.3f} kWh; root mean square; the battery as stated: {held.nominal_rmse_percent:.2f} points), "
        f"bias {held.bias_percent:+.2f} points, drift {held.drift_percent_per_day:+.2f} points a day.",
        highlight=False,
    )
    output.print("Nothing was kept." if kept is None else f"Kept in {kept}.", markup=False, highlight=False)


def _table(found: Calibration, settings: Settings, bounds_utc: tuple[int, int]) -> Table:
    span = " to ".join(iso_local(edge, settings.home.tz)[:10] for edge in bounds_utc)
    table = Table(title=f"{settings.home.name}'s battery, {span}: {found.slots} slots of {found.days} days")
    table.add_column("told by the data")
    for heading in ("figure", "±", ""):
        table.add_column(heading, justify="right" if heading else "left")
    for name, estimate in found.told.items():
        table.add_row(name, f"{estimate.value:.4g}", f"{estimate.error:.2g}", UNITS[name])
    return table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate")(calibrate_command)


def _range(ledger: LedgerFile, settings: Settings, start: str | None, end: str | None) -> tuple[int, int]:
    """The range that is asked for, or all of which the ledger has energies [UTC s].

    Raises:
        UsageError: the ledger has no energies, or the range is none.
    """
    extent = ledger.energy_extent()
    if extent is None:
        raise UsageError(
            "The ledger has no energies yet.",
            remedy="Run `darkstar backfill energy` or `darkstar import energy`.",
        )
    tz = settings.home.tz
    first = parse_instant(start, tz) if start else extent[0]
    return checked_range(first, parse_instant(end, tz) if end else extent[1], time.time())
