"""`darkstar simulate`: what the past would have cost under each policy."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import typer
from rich.table import Table

from darkstar.bookkeeping.ranges import checked_range
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, errors, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.lake import lake_address
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.slots import iso_local, iso_utc, parse_instant
from darkstar.planner.baselines import USUAL_TIMER, Timer
from darkstar.store.episodes.courier import Courier
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.episodes import EpisodeBook
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.loader import load_scenario
from darkstar.time_machine.outcome import Comparison, PolicyOutcome
from darkstar.time_machine.replay import POLICIES, compare
from darkstar.time_machine.scenario import Scenario

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
TimerHours = Annotated[
    str | None,
    typer.Option(
        "--timer-hours", help="Local hours in which `timer` charges, such as 1,2,3,4 (the default)."
    ),
]
TimerTarget = Annotated[
    float | None,
    typer.Option(
        "--timer-target-percent",
        min=0,
        max=100,
        help="How full `timer` charges; 50 of what is usable by default.",
    ),
]
Threshold = Annotated[
    float,
    typer.Option(
        "--plan-threshold", min=0, help="Gain above which `setpoint` changes the plan that it made before."
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
    timer_hours: TimerHours = None,
    timer_target_percent: TimerTarget = None,
    plan_threshold: Threshold = 0.0,
    seed: Seed = 0,
    workers: Workers = None,
    episodes: Annotated[
        bool,
        typer.Option("--episodes", help="Keep every decision, with what was known, planned and came of it."),
    ] = False,
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
    scenario = replace(
        scenario, timer=timer_of(timer_hours, timer_target_percent), plan_threshold=plan_threshold
    )
    processes = workers or min(len(names), os.cpu_count() or 1)
    with shown_progress() as progress:
        finished: list[str] = []

        def done(name: str) -> None:
            finished.append(name)
            progress("policies", len(finished), len(names))

        progress("policies", 0, len(names))
        replayed = partial(compare, scenario, names, bounds, honesty=honesty, workers=processes, done=done)
        kept: Mapping[str, int] | None = None
        if episodes:
            comparison, kept = _with_episodes(replayed, settings, scenario, honesty)
        else:
            comparison = replayed()
    for day, reason in comparison.history.omitted:
        errors.print(f"{day} is left out: {reason}.", highlight=False)
    if as_json:
        found = {**comparison_json(comparison), "information": honesty.value, "seed": seed}
        print_json(found if kept is None else {**found, "episodes": kept})
        return
    output.print(_table(comparison, settings))
    if kept is not None:
        output.print(_kept(kept), highlight=False)


def _with_episodes(
    replayed: Callable[..., Comparison], settings: Settings, scenario: Scenario, honesty: Honesty
) -> tuple[Comparison, Mapping[str, int]]:
    """Replay with every decision recorded, while a courier carries what is recorded to the lake."""
    ledger = settings.folder / LEDGER_NAME
    book = EpisodeBook(ledger, settings.home, scenario, honesty)
    with Courier(ledger, lake_address(settings)) as courier:
        comparison = replayed(witness_of=book)
        with errors.status("sending episodes"):
            courier.finish()
    with LedgerFile(ledger) as opened:
        waiting = opened.episodes.state().waiting
    if courier.failure:
        errors.print(courier.failure, markup=False, highlight=False)
    recorded = len(comparison.outcomes) * len(comparison.history)
    return comparison, {"recorded": recorded, "delivered": courier.carried, "waiting": waiting}


def _kept(episodes: Mapping[str, int]) -> str:
    waiting = (
        f"; {episodes['waiting']} wait for the lake (darkstar episodes status)" if episodes["waiting"] else ""
    )
    return f"{episodes['recorded']} episodes kept, {episodes['delivered']} sent to the lake{waiting}."


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


def timer_of(hours: str | None, target_percent: float | None) -> Timer:
    """The usual timer, or the one that is asked for.

    Raises:
        UsageError: the hours are not numbers from 0 to 23, separated by commas.
    """
    timer = USUAL_TIMER if target_percent is None else replace(USUAL_TIMER, target_percent=target_percent)
    if hours is None:
        return timer
    named = [hour.strip() for hour in hours.split(",")]
    if not all(hour.isdecimal() and int(hour) < 24 for hour in named):
        raise UsageError(f"'{hours}' names no hours of the day.", remedy="Write --timer-hours 1,2,3,4.")
    return replace(timer, hours=tuple(int(hour) for hour in named))


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
        "flips_per_day": outcome.flips_per_day,
        "switches_per_day": outcome.switches_per_day,
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
