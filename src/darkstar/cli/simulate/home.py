"""One home's replay: from what was asked for to all that came of it."""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from darkstar.bookkeeping.progress import Progress
from darkstar.cli.home import open_ledger
from darkstar.cli.lake import lake_address
from darkstar.cli.simulate.answer import Answer
from darkstar.cli.simulate.heater import HeaterChoice, with_heater
from darkstar.cli.simulate.options import battery_of, policies_of
from darkstar.cli.simulate.plant import PlantChoice, plant_of
from darkstar.cli.simulate.report import REPORTS, write_reports
from darkstar.cli.simulate.span import Span, span_of
from darkstar.cli.simulate.start import Starts
from darkstar.cli.simulate.what_if import changes_of
from darkstar.cli.simulate.work import say
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.home import Battery
from darkstar.ledger.resolved import DayQuality
from darkstar.planner.baselines import Timer
from darkstar.store.episodes.courier import Courier
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.actual import ACTUAL, Beside, add_actual, read_measured, stand_beside
from darkstar.time_machine.buying.variant import Past, Variant
from darkstar.time_machine.buying.what_if import Change, read_past, try_out
from darkstar.time_machine.devices.share import heater_share
from darkstar.time_machine.episodes import EpisodeBook
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import MPC, ORACLE, Comparison
from darkstar.time_machine.past.loader import labels_of, load_scenario
from darkstar.time_machine.past.start_charge import StartCharge
from darkstar.time_machine.regret import regret as regret_of
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import compare
from darkstar.time_machine.spread.work import Work

NO_BATTERY = Battery(1.0)
"""Stands in where there is none, and is left alone."""


@dataclass(frozen=True)
class Wanted:
    """What `simulate` is asked for, of whatever home; see its options.

    Attributes:
        report_to: the folder of the report; None for the home's own.
        reports: whether one is written.
    """

    start: str | None
    end: str | None
    policy: Sequence[str] | None
    honesty: Honesty
    battery_kwh: float | None
    charge_kw: float | None
    discharge_kw: float | None
    wear_per_kwh: float | None
    soc_start_percent: float | None
    settlement_per_kwh: float | None
    timer: Timer
    plan_threshold: float
    replan_slots: int
    courses: int
    plant: PlantChoice | None
    variants: Sequence[Variant]
    regret: bool
    reports: bool
    report_to: Path | None
    report_day: dt.date | None
    heater: bool | None
    seed: int
    episodes: bool

    @property
    def heater_choice(self) -> HeaterChoice:
        """Whether the water heater is planned as well."""
        return HeaterChoice(self.heater, chosen=self.policy is not None, recorded=self.episodes)

    @property
    def own_battery(self) -> bool:
        """Whether the home's own battery is replayed, where it has one."""
        return (self.battery_kwh, self.charge_kw, self.discharge_kw) == (None, None, None)


@dataclass(frozen=True)
class _Case:
    """What is replayed.

    Attributes:
        battery: None where there is none.
        table: the ledger over the range.
        past: what varying it needs; None where nothing is varied.
    """

    names: Sequence[str]
    battery: Battery | None
    span: Span
    start: StartCharge
    labels: Sequence[DayQuality]
    beside: Beside
    changes: Sequence[Change]
    past: Past | None
    table: SlotTable
    plant: PlantChoice

    @property
    def scenario(self) -> Scenario:
        return self.beside.scenario


def replay_home(settings: Settings, wanted: Wanted, work: Work, progress: Progress) -> Answer:
    """All that is asked for, the report written."""
    case = _case(settings, wanted)
    scenario, kept = case.scenario, None
    names = [name for name in case.names if name != ACTUAL]
    replayed = partial(
        compare,
        scenario,
        names,
        case.span.bounds,
        honesty=wanted.honesty,
        work=work,
        done=partial(progress, "policies"),
    )
    if wanted.episodes:
        comparison, kept = _with_episodes(replayed, settings, scenario, wanted.honesty, progress)
    else:
        comparison = replayed()
    lost = tried = None
    if wanted.regret:
        mpc, oracle = (comparison.outcomes[name] for name in (MPC, ORACLE))
        lost = regret_of(scenario, mpc, oracle, work=work, done=partial(progress, "regret"))
    if case.past is not None:
        tried = try_out(
            scenario,
            case.battery,
            case.changes,
            case.past,
            work=work,
            seed=wanted.seed,
            done=partial(progress, "what if"),
        )
    answer = Answer(
        settings.home,
        add_actual(comparison, case.beside, case.names),
        wanted.honesty,
        wanted.seed,
        case.span,
        case.start,
        case.labels,
        case.beside if case.battery is not None and wanted.own_battery else None,
        lost,
        tried,
        kept,
        case.plant,
        heater_share(scenario, comparison, wanted.honesty),
    )
    if wanted.reports:
        folder = wanted.report_to or settings.folder / REPORTS
        for path in write_reports(answer, scenario, case.table, folder, time.time(), wanted.report_day):
            say(str(path.resolve()))
    return answer


def _case(settings: Settings, wanted: Wanted) -> _Case:
    battery = battery_of(
        settings.battery,
        wanted.battery_kwh,
        charge_kw=wanted.charge_kw,
        discharge_kw=wanted.discharge_kw,
        wear_per_kwh=wanted.wear_per_kwh,
        required=not wanted.variants,
    )
    names = policies_of(wanted.policy, regret=wanted.regret, battery=battery is not None)
    own = battery is not None and wanted.own_battery
    held = battery or NO_BATTERY
    with open_ledger(settings) as ledger:
        span = span_of(ledger, settings, wanted.start, wanted.end)
        bounds, new = span.bounds, wanted.battery_kwh is not None
        starts = Starts(ledger, settings, held, wanted.soc_start_percent, new)
        scenario = load_scenario(
            ledger,
            settings.home,
            settings.absent,
            held,
            bounds,
            soc_start_percent=None,
            settlement_per_kwh=wanted.settlement_per_kwh,
            power_tariffs=settings.power_tariffs,
            tariffs=settings.tariffs,
        )
        plant, model = plant_of(wanted.plant, settings, own=own)
        scenario = replace(
            scenario,
            plant=model,
            timer=wanted.timer,
            plan_threshold=wanted.plan_threshold,
            replan_slots=wanted.replan_slots,
            courses=wanted.courses,
        )
        measured = read_measured(ledger, scenario, settings.absent, held.capacity_kwh) if own else None
        beside = stand_beside(measured, starts.begun(scenario), asked=ACTUAL in names, begun=starts.begun)
        start = starts.charge(beside.scenario)
        changes = changes_of(wanted.variants, settings, battery, ledger, beside.scenario)
        past = read_past(ledger, beside.scenario) if changes else None
        if battery is not None:
            names, heated = with_heater(names, beside.scenario, ledger, settings, wanted.heater_choice)
            beside = replace(beside, scenario=heated)
        elif wanted.heater:
            raise UsageError(
                "The water heater cannot be planned: there is no battery beside it.",
                remedy="Leave it out: --no-heater.",
            )
        table, labels = ledger.slots(*bounds), labels_of(ledger, *bounds, settings.home.tz)
    return _Case(names, battery, span, start, labels, beside, changes, past, table, plant)


def _with_episodes(
    replayed: Callable[..., Comparison],
    settings: Settings,
    scenario: Scenario,
    honesty: Honesty,
    progress: Progress,
) -> tuple[Comparison, Mapping[str, int]]:
    """Replay with every decision recorded, while a courier carries what is recorded to the lake."""
    ledger = settings.folder / LEDGER_NAME
    book = EpisodeBook(ledger, settings.home, scenario, honesty)
    with Courier(ledger, lake_address(settings)) as courier:
        comparison = replayed(onlooker_of=book)
        progress("sending episodes", 0, 1)
        courier.finish()
        progress("sending episodes", 1, 1)
    with LedgerFile(ledger) as opened:
        waiting = opened.episodes.state().waiting
    if courier.failure:
        say(courier.failure)
    recorded = len(comparison.outcomes) * len(comparison.history)
    return comparison, {"recorded": recorded, "delivered": courier.carried, "waiting": waiting}
