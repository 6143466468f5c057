"""The demo: a home that does not exist goes through everything that a real one would, with the very same code."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from darkstar.bookkeeping.backfill import BackfillReport, plan_backfill, run_backfill
from darkstar.bookkeeping.prices import PriceReport, backfill_prices
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import checked_range
from darkstar.bookkeeping.survey import survey
from darkstar.bookkeeping.verify import Verification, verify
from darkstar.config.settings import LEDGER_NAME, Settings, load_settings
from darkstar.demo.home import BATTERY, DAYS, PRESENT, DemoHome, make_home
from darkstar.demo.settings import claim
from darkstar.demo.source import DemoPrices, DemoSource
from darkstar.domain.slots import day_bounds, local_date
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.outcome import MPC, Comparison
from darkstar.time_machine.past.loader import load_scenario
from darkstar.time_machine.replay import POLICIES
from darkstar.time_machine.report.page import Report, render_report, write_report
from darkstar.time_machine.report.sample_plan import sample_plan
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import compare
from darkstar.time_machine.spread.work import processes

REPLAYED_DAYS = 30
REPORT_NAME = "demo.html"
NOTICE = "This home does not exist. Its sun, load, prices and meters are the demo's own, from seed {seed}."


@dataclass(frozen=True)
class DemoResult:
    """What the demo came to.

    Attributes:
        report: the page that shows it.
    """

    settings: Settings
    seed: int
    backfill: BackfillReport
    prices: PriceReport
    verification: Verification
    comparison: Comparison
    report: Path


def run_demo(
    folder: Path,
    seed: int = 1,
    days: int = DAYS,
    end: int = PRESENT,
    workers: int = 1,
    progress: Progress = silent,
) -> DemoResult:
    """Make the home in a folder, keep its books, prove them, replay its last month, write the report.

    Args:
        workers: processes that replay; the figures do not depend on it.

    Raises:
        UsageError: the folder holds a home that the demo did not make, or the days are too few.
    """
    home = make_home(seed, days, end)
    claim(folder)
    settings = load_settings(folder, {})
    with (
        LedgerFile(folder / LEDGER_NAME, clock=lambda: float(home.end)) as ledger,
        ledger.run("demo", f"seed {seed}, {days} days"),
    ):
        ledger.keep_local_time(settings.home.tz)
        backfill, prices, verification = asyncio.run(_keep_books(home, ledger, settings, progress))
        bounds = _last_month(home, settings)
        # Home Assistant has forgotten the state of charge of a month ago, so all begin with what must be left.
        scenario = load_scenario(
            ledger,
            settings.home,
            settings.absent,
            settings.battery or BATTERY,
            bounds,
            soc_start_percent=BATTERY.soc_min_percent,
            power_tariffs=settings.power_tariffs,
            tariffs=settings.tariffs,
        )
        table = ledger.slots(backfill.plan.start, backfill.plan.end)
    comparison = _replay(scenario, bounds, workers, progress)
    page = Report(
        home=settings.home,
        made_utc=home.end,
        notice=NOTICE.format(seed=seed),
        table=table,
        verification=verification,
        day_plan=sample_plan(scenario, comparison.outcomes[MPC]),
        comparison=comparison,
    )
    report = folder / "reports" / REPORT_NAME
    write_report(report, render_report(page))
    return DemoResult(settings, seed, backfill, prices, verification, comparison, report)


async def _keep_books(
    home: DemoHome, ledger: LedgerFile, settings: Settings, progress: Progress
) -> tuple[BackfillReport, PriceReport, Verification]:
    source = DemoSource(home)
    start, end = checked_range(home.start, home.end, home.end)
    sensors = await survey(source, settings.sensor_list)
    plan = plan_backfill(sensors, start, end, home.end)
    backfill = await run_backfill(source, ledger, settings, plan, progress)
    prices = await backfill_prices([DemoPrices(home)], ledger, settings, start, end, home.end, progress)
    return backfill, prices, await verify(source, ledger, settings, start, end, home.end, progress)


def _last_month(home: DemoHome, settings: Settings) -> tuple[int, int]:
    """The last whole local days [UTC s]."""
    tz = settings.home.tz
    today = local_date(home.end, tz)
    return day_bounds(today - dt.timedelta(days=REPLAYED_DAYS), tz)[0], day_bounds(today, tz)[0]


def _replay(scenario: Scenario, bounds: tuple[int, int], workers: int, progress: Progress) -> Comparison:
    with processes(workers) as work:
        return compare(scenario, POLICIES, bounds, work=work, done=partial(progress, "replaying"))
