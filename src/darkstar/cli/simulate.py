"""`darkstar simulate`: what the past would have cost under each policy."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.table import Table

from darkstar.bookkeeping.ranges import checked_range
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, errors, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.slots import iso_local, iso_utc, parse_instant
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.loader import load_scenario
from darkstar.time_machine.outcome import Comparison, PolicyOutcome
from darkstar.time_machine.replay import POLICIES, compare

PolicyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--policy", help=f"One of {', '.join(POLICIES)}; repeat it, or separate by commas. All by default."
    ),
]
Size = Annotated[
    float | None, typer.Option("--battery-kwh", min=0, help="A battery of this capacity instead.")
]
ChargePower = Annotated[float | None, typer.Option("--charge-kw", min=0, help="Its charging power.")]
DischargePower = Annotated[float | None, typer.Option("--discharge-kw", min=0, help="Its discharging power.")]
Wear = Annotated[float | None, typer.Option("--wear-per-kwh", min=0, help="Its wear per kWh in and out.")]
Start = Annotated[
    float | None,
    typer.Option(
        "--soc-start-percent", min=0, max=100, help="State of charge at the start, for all policies alike."
    ),
]
Worth = Annotated[
    float | None,
    typer.Option(
        "--settlement-per-kwh", help="Worth of energy left in the battery; by default what it sells for."
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; the figures do not depend on it.")
]
Seed = Annotated[
    int, typer.Option("--seed", help="For policies that draw lots; none of the present ones does.")
]


def simulate(
    start: FromOption = None,
    end: ToOption = None,
    policy: PolicyOption = None,
    honesty: Annotated[
        Honesty,
        typer.Option("--information", help="What policies know: published prices and forecasts, or all."),
    ] = Honesty.HONEST,
    battery_kwh: Size = None,
    charge_kw: ChargePower = None,
    discharge_kw: DischargePower = None,
    wear_per_kwh: Wear = None,
    soc_start_percent: Start = None,
    settlement_per_kwh: Worth = None,
    seed: Seed = 0,
    workers: Workers = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a range of the ledger under one or more policies and compare their bills."""
    settings = open_settings(home)
    names = [name.strip() for entry in policy or POLICIES for name in entry.split(",")]
    battery = battery_of(
        settings.battery,
        battery_kwh,
        charge_kw=charge_kw,
        discharge_kw=discharge_kw,
        wear_per_kwh=wear_per_kwh,
    )
    imagined = battery_kwh is not None or not settings.soc
    if soc_start_percent is None and imagined:
        # Nothing measures this battery: it is a new one, and a new one starts with what it must hold.
        soc_start_percent = battery.soc_min_percent
    with open_ledger(settings) as ledger:
        bounds = _range(ledger, settings, start, end)
        scenario = load_scenario(
            ledger,
            settings.home,
            settings.absent,
            battery,
            bounds,
            soc_start_percent=soc_start_percent,
            settlement_per_kwh=settlement_per_kwh,
        )
    processes = workers or min(len(names), os.cpu_count() or 1)
    with shown_progress() as progress:
        finished: list[str] = []

        def done(name: str) -> None:
            finished.append(name)
            progress("policies", len(finished), len(names))

        progress("policies", 0, len(names))
        comparison = compare(scenario, names, bounds, honesty=honesty, workers=processes, done=done)
    for day, reason in comparison.history.omitted:
        errors.print(f"{day} is left out: {reason}.", highlight=False)
    if as_json:
        print_json({**comparison_json(comparison), "information": honesty.value, "seed": seed})
    else:
        output.print(_table(comparison, settings))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def battery_of(
    configured: Battery | None,
    capacity_kwh: float | None,
    *,
    charge_kw: float | None,
    discharge_kw: float | None,
    wear_per_kwh: float | None,
) -> Battery:
    """The home's battery, or the one that is asked for in its place.

    Raises:
        ConfigError: there is neither.
    """
    if configured is None and capacity_kwh is None:
        raise ConfigError(
            "The home has no battery.",
            remedy="Try one: --battery-kwh 10, or write `battery: {capacity_kwh: ...}` into darkstar.yaml.",
        )
    battery = configured or Battery(capacity_kwh or 0.0)
    return replace(
        battery,
        capacity_kwh=battery.capacity_kwh if capacity_kwh is None else capacity_kwh,
        charge_max_kw=battery.charge_max_kw if charge_kw is None else charge_kw,
        discharge_max_kw=battery.discharge_max_kw if discharge_kw is None else discharge_kw,
        wear_per_kwh=battery.wear_per_kwh if wear_per_kwh is None else wear_per_kwh,
    )


def _range(ledger: LedgerFile, settings: Settings, start: str | None, end: str | None) -> tuple[int, int]:
    extent = ledger.slot_extent()
    if extent is None:
        raise UsageError(
            "The ledger has no slots yet.",
            remedy="Run `darkstar backfill energy` or `darkstar import energy`.",
        )
    tz = settings.home.tz
    first = parse_instant(start, tz) if start else extent[0]
    return checked_range(first, parse_instant(end, tz) if end else extent[1], time.time())


def comparison_json(comparison: Comparison) -> Mapping[str, Any]:
    """The comparison as scripts may rely on it."""
    return {
        "from": iso_utc(comparison.start_utc),
        "to": iso_utc(comparison.end_utc),
        "slots": len(comparison.history),
        "policies": {name: _outcome_json(outcome) for name, outcome in comparison.outcomes.items()},
        "gap_closed": comparison.gap_closed,
        "share_of_optimal": comparison.share_of_optimal,
        "settlement_per_kwh": comparison.settlement_per_kwh,
        "net_only": comparison.history.net_only,
        "omitted": [{"date": str(day), "reason": reason} for day, reason in comparison.history.omitted],
        "slots_per_s": comparison.slots_per_s,
    }


def _outcome_json(outcome: PolicyOutcome) -> Mapping[str, Any]:
    bill = outcome.bill
    return {
        "cost": outcome.cost,
        "energy_cost": bill.energy_cost,
        "fees": bill.fees,
        "export_revenue": bill.export_revenue,
        "wear": bill.wear,
        "settlement": bill.settlement,
        "import_kwh": outcome.import_kwh,
        "export_kwh": outcome.export_kwh,
        "charge_kwh": outcome.charge_kwh,
        "discharge_kwh": outcome.discharge_kwh,
        "peak_import_kw": outcome.peak_import_kw,
        "soc_start_kwh": outcome.soc_start_kwh,
        "soc_end_kwh": outcome.soc_end_kwh,
        "plans": outcome.plans,
        "plan_ms_p50": outcome.plan_ms_percentile(50),
        "plan_ms_p95": outcome.plan_ms_percentile(95),
    }


def _table(comparison: Comparison, settings: Settings) -> Table:
    home, history = settings.home, comparison.history
    span = " to ".join(iso_local(edge, home.tz)[:16] for edge in (comparison.start_utc, comparison.end_utc))
    table = Table(
        title=f"{home.name}, {span}: {len(history)} slots",
        caption=f"Costs in {home.currency}; energy left in the battery settled at "
        f"{comparison.settlement_per_kwh:.4f} per kWh for all"
        + (f"; {len(history.omitted)} days left out" if history.omitted else ""),
    )
    table.add_column("policy", no_wrap=True)
    for heading in ("cost", "import", "export", "charged", "peak", "gap\nclosed", "of\nbest", "ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("", home.currency, "kWh", "kWh", "kWh", "kW", "%", "%", "", style="dim", end_section=True)
    for name, outcome in comparison.outcomes.items():
        table.add_row(
            name,
            f"{outcome.cost:.2f}",
            f"{outcome.import_kwh:.0f}",
            f"{outcome.export_kwh:.0f}",
            f"{outcome.charge_kwh:.0f}",
            f"{outcome.peak_import_kw:.2f}",
            _percent(comparison.gap_closed[name]),
            _percent(comparison.share_of_optimal[name]),
            _milliseconds(outcome.plan_ms_percentile(50)),
        )
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}"


def _milliseconds(ms: float | None) -> str:
    return "" if ms is None else f"{ms:.1f}" if ms < 100 else f"{ms:.0f}"
