"""`darkstar backfill prices`: what lacks a price is asked for at the sources in turn; they are compared."""

import asyncio
import time
from typing import Annotated

import typer

from darkstar.bookkeeping.prices import PricePlan, PriceReport, backfill_prices, plan_prices
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, print_json
from darkstar.cli.home import back_up_first, open_ledger, open_settings
from darkstar.cli.imports import say
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.market import known_until
from darkstar.domain.slots import iso_local, iso_utc, parse_instant
from darkstar.evidence.prices import PriceSource, price_sources
from darkstar.store.ledger_file import LedgerFile

INCOMPLETE = 1
"""Exit code: done, and some of the range still has no price, or two sources differ about it."""


def prices_command(
    start: FromOption = None,
    end: ToOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked for; change nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Ask a second source also where the first has prices.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fill gaps in the prices from the configured sources; what none of them has stays unknown."""
    settings = open_settings(home)
    sources = _sources(settings)
    now = time.time()
    with open_ledger(settings) as ledger:
        first, last = _range(ledger, settings, start, end, now)
        plan = plan_prices(ledger, settings, first, last, now)
    if dry_run or not as_json:
        _tell_plan(plan, sources, settings, check=check, as_json=as_json)
    if dry_run:
        return
    back_up_first(settings, "backfill-prices")
    with open_ledger(settings) as ledger, shown_progress() as progress, ledger.run("backfill prices", ""):
        work = backfill_prices(sources, ledger, settings, plan.start, plan.end, now, progress, check=check)
        report = asyncio.run(work)
    if as_json:
        print_json(_report_json(report))
    else:
        _tell_report(report, settings)
    if report.missing or report.disputes:
        raise typer.Exit(INCOMPLETE)


def _sources(settings: Settings) -> list[PriceSource]:
    if settings.prices is None:
        raise ConfigError(
            "darkstar.yaml names no source of prices.",
            remedy="Write `prices: {source: vattenfall, area: SE3}`, or use `darkstar import prices`.",
        )
    return price_sources(settings.prices, settings.home.currency)


def _range(
    ledger: LedgerFile, settings: Settings, start: str | None, end: str | None, now: float
) -> tuple[int, int]:
    """As asked for; else from the ledger's first slot to the last price that the market has published."""
    extent = ledger.slot_extent()
    if start is None and extent is None:
        raise UsageError("The ledger has no slots yet.", remedy="Say from when on: --from 2025-01-01.")
    first = parse_instant(start, settings.home.tz) if start else extent[0] if extent else 0
    return first, parse_instant(end, settings.home.tz) if end else known_until(now)


def _tell_plan(
    plan: PricePlan, sources: list[PriceSource], settings: Settings, *, check: bool, as_json: bool
) -> None:
    names = [source.name for source in sources]
    checks = {name: plan.checks.get(name, ()) for name in names} if check else {}
    if as_json:
        print_json(
            {
                "from": iso_utc(plan.start),
                "to": iso_utc(plan.end),
                "slots": plan.slots,
                "known": plan.known,
                "sources": names,
                "requests": [{"from": iso_utc(a), "to": iso_utc(b)} for a, b in plan.requests],
                "checks": {
                    name: [{"from": iso_utc(a), "to": iso_utc(b)} for a, b in days]
                    for name, days in checks.items()
                },
            }
        )
        return
    tz = settings.home.tz
    say(
        f"{iso_local(plan.start, tz)} to {iso_local(plan.end, tz)}: {plan.known} of {plan.slots} slots have prices"
    )
    for first, last in plan.requests:
        say(f"  to ask for: {iso_local(first, tz)} to {iso_local(last, tz)}")
    for name, days in checks.items():
        for first, last in days:
            say(f"  to check with {name}: {iso_local(first, tz)} to {iso_local(last, tz)}")
    say(f"sources in turn: {', '.join(names) or 'none (imported files only)'}")


def _report_json(report: PriceReport) -> dict[str, object]:
    return {
        "from": iso_utc(report.start),
        "to": iso_utc(report.end),
        "slots": report.slots,
        "known": report.known,
        "added": dict(report.added),
        "failures": dict(report.failures),
        "missing": [{"from": iso_utc(a), "to": iso_utc(b)} for a, b in report.missing],
        "by_the_hour": report.by_the_hour,
        "compared": report.compared,
        "disputes": [
            {
                "from": iso_utc(dispute.start),
                "to": iso_utc(dispute.end),
                "between": dispute.between,
                "apart_per_kwh": dispute.apart_per_kwh,
            }
            for dispute in report.disputes
        ],
    }


def _tell_report(report: PriceReport, settings: Settings) -> None:
    tz = settings.home.tz
    for name, added in report.added.items():
        say(f"{name}: {added} new prices")
    for name, failure in report.failures.items():
        say(f"{name} could not serve: {failure}")
    say(f"{report.known} of {report.slots} slots have an import price")
    for first, last in report.missing:
        say(f"  without a price: {iso_local(first, tz)} to {iso_local(last, tz)}")
    if report.by_the_hour:
        say(f"{report.by_the_hour} of them were traded by the quarter and are known by the hour's mean alone")
    say(f"{report.compared} slots have the market's price from two sources")
    for dispute in report.disputes:
        say(
            f"  {dispute.between} differ by up to {dispute.apart_per_kwh:.3g} {settings.home.currency}/kWh: "
            f"{iso_local(dispute.start, tz)} to {iso_local(dispute.end, tz)}"
        )
