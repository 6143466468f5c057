"""`darkstar plan` for a home: what is known, the plan, its reasons, what has to be said of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from darkstar.cli.plan.answer import HomePlan, Planned, PlannedBattery, PlannedDevice
from darkstar.cli.plan.origins import origins
from darkstar.cli.plan.sensed import NOTHING_SENSED, Sensed
from darkstar.cli.plan.states import Told, battery_charges, device_states
from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError
from darkstar.domain.home import PHASE_VOLTS
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, iso_local
from darkstar.planner.caution import Notice
from darkstar.planner.devices.engines import FULL_SECONDS, plan_household
from darkstar.planner.devices.household import BatteryPart, Household, HouseholdPlan
from darkstar.planner.devices.reasons import device_blocks
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.devices.wish import DeviceKind, Wish
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.phases import hung, limits, on_phase, overloads
from darkstar.planner.standing.verdict import Outcome
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.reasons import Explanation, explain
from darkstar.planner.why.sentences import say
from darkstar.planner.why.texts import Text
from darkstar.planner.why.ways import Way, ways
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.now.present import Present, read_present
from darkstar.time_machine.now.standing import Before, Settled, settle
from darkstar.time_machine.now.tariffs_ahead import tariffs_ahead
from darkstar.time_machine.stores import Stores, stores_of

LEAST_KWH = 1e-6
LEAST_MONEY = 0.005
HEATERS = frozenset({DeviceKind.WATER_HEATER, DeviceKind.TANK})


def plan_home(
    ledger: LedgerFile,
    settings: Settings,
    at_utc: float,
    *,
    slots: int,
    told: Told,
    sensed: Sensed = NOTHING_SENSED,
    seconds: float = FULL_SECONDS,
    before: Before | None = None,
    fresh: bool = True,
) -> HomePlan:
    """Plan a home as of an instant.

    Args:
        slots: how far to plan.
        told: what a person says of the present; sensed: what Home Assistant says of the devices.
        seconds: time limit where the full engine plans.
        before: the plan made before, which is followed unless another one gains enough; `fresh`: it is not looked at.

    Raises:
        ConfigError: it has nothing to plan.
        UsageError: what is told does not fit the home.
    """
    devices = sensed.on(settings.devices)
    if settings.battery is None and not devices:
        raise ConfigError(
            "The home has no battery and no device to plan for.",
            remedy="Write `battery: {capacity_kwh: ...}`, `water_heater:` or `car:` into darkstar.yaml.",
        )
    present = read_present(
        ledger,
        settings.home,
        settings.absent,
        settings.battery,
        at_utc,
        slots=slots,
        soc_percent=told.soc_percent,
        heater_apart=devices.water_heater is not None,
        tariffs=settings.tariffs,
    )
    states = device_states(told, devices, present.drawn, int(present.slots[0]), sensed)
    stores = stores_of(present, settings.battery, devices.batteries, battery_charges(told, devices))
    notices, rest = [*sensed.notices, *stores.notices], stores.rest
    planned = None
    if rest is not None and (stores.batteries or devices):
        ahead = present.slots[: len(rest)]
        wanted, assumed = wishes(devices, states, ahead, settings.home.tz, rest.import_price)
        notices += [*assumed, *_in_load_too(settings, present, wanted)]
        if stores.batteries or wanted or stores.safe_mode is None:
            storages = [battery.storage for battery in stores.batteries]
            tariffs = tariffs_ahead(
                ledger, settings.home, settings.absent, settings.power_tariffs, rest, storages, ahead
            )
            batteries, wanted = (
                on_phase(settings.home, stores.batteries),
                hung(settings.home, devices, wanted),
            )
            household = Household(
                ahead,
                settings.home.tz,
                rest,
                batteries,
                tuple(wanted),
                tariffs,
                limits(settings.home, batteries, wanted),
            )
            settled = settle(
                plan_household(household, seconds=seconds),
                before,
                prices_until_utc=present.published_until_utc,
                threshold=settings.plans.threshold,
                seconds=seconds,
                fresh=fresh,
            )
            planned = _planned(settings, settled)
    if planned is not None and stores.safe_mode is not None:
        notices.append(Notice(Text.BATTERY_UNKNOWN))
    hints = _hints(present, stores, settings)
    known = origins(settings, devices, told, sensed, present, states)
    return HomePlan(settings, present, stores.safe_mode, planned, tuple(notices), tuple(hints), known)


def _planned(settings: Settings, settled: Settled) -> Planned:
    """What there is to tell of a plan."""
    whole = settled.whole
    capacities = [named.battery.capacity_kwh for named in settings.devices.batteries]
    if not capacities and settings.battery is not None:
        capacities = [settings.battery.capacity_kwh]
    engine = FastEngine()
    return Planned(
        settled,
        tuple(
            PlannedBattery(part, capacity, _explained(settled, part, engine), modes)
            for part, capacity, modes in zip(whole.batteries, capacities, settled.modes, strict=False)
        ),
        tuple(PlannedDevice(run, device_blocks(whole, run)) for run in whole.devices),
        ways(whole),
    )


def _explained(settled: Settled, part: BatteryPart, engine: FastEngine) -> Explanation:
    """A battery's reasons; what one more kWh of it would save is not known where phases hold its plan back, nor where
    the plan before is followed."""
    whole = settled.whole
    explanation = explain(part.problem, part.plan, engine, peak_held=_peak_held(whole, part))
    best = whole.phaseless is None and settled.verdict.outcome is not Outcome.KEPT
    return explanation if best else replace(explanation, more=())


def _peak_held(whole: HouseholdPlan, part: BatteryPart) -> bool:
    """Whether the month's peak, not the main fuse, is what limits a battery's problem."""
    return part.problem.grid.import_max_kw < whole.household.rest.grid.import_max_kw


def _in_load_too(settings: Settings, present: Present, wanted: Sequence[Wish]) -> list[Notice]:
    """Devices of whose past the forecast of the load knows no better than to expect it again."""
    kinds = [
        wish.name
        for wish in wanted
        if wish.kind is not DeviceKind.HEAT_PUMP and (wish.kind not in HEATERS or present.drawn is None)
    ]
    return [Notice(Text.IN_LOAD_TOO, words={"devices": " and ".join(kinds)})] if kinds else []


def _hints(present: Present, stores: Stores, settings: Settings) -> list[str]:
    """What to do about what is missing."""
    if stores.safe_mode is None and stores.rest is not None:
        return []
    hints, end, start = [], present.ledger_end_utc, int(present.slots[0])
    missing = {notice.text for notice in stores.notices}
    if present.charge_is_stuck:
        hints.append(ENGLISH.say(Text.HINT_STUCK))
    if end is None:
        hints.append(ENGLISH.say(Text.HINT_EMPTY_LEDGER))
    elif start - end > SLOT_SECONDS:
        hints.append(ENGLISH.say(Text.HINT_LEDGER_ENDS, end=iso_local(end, settings.home.tz)[:16]))
    elif Text.NO_SOC in missing:
        hints.append(ENGLISH.say(Text.HINT_SOC))
    elif Text.NOTHING_KNOWN in missing:
        hints.append(ENGLISH.say(Text.HINT_TOO_LITTLE))
    return hints


def _fuse_notice(home: HomePlan) -> str | None:
    """What goes beyond the fuse whatever is done, if anything does."""
    if home.planned is None:
        return None
    flows, grid = home.planned.whole.flows, home.planned.whole.household.rest.grid
    over_kwh = np.maximum(flows.import_kwh + flows.breach_kwh - grid.import_max_kw * SLOT_HOURS, 0.0)
    beyond = np.flatnonzero(over_kwh > LEAST_KWH)
    if not len(beyond):
        return None
    return ENGLISH.say(
        Text.FUSE_EXCEEDED,
        kwh=ENGLISH.figure(float(over_kwh.sum()), 1),
        span=home.span(int(beyond[0]), int(beyond[-1]) + 1),
    )


def _phase_notices(home: HomePlan) -> list[str]:
    """Which phases hold the plan back, what that costs, and what goes beyond a phase's fuse nevertheless."""
    if home.planned is None or home.planned.whole.household.phases is None:
        return []
    whole, fuse_a = home.planned.whole, home.settings.home.main_fuse_a
    told, broken = [], overloads(whole)
    for over in overloads(whole.phaseless) if whole.phaseless is not None else ():
        if over.phase not in {each.phase for each in broken}:
            amperes = ENGLISH.figure(over.most_kw * 1000 / PHASE_VOLTS, 0)
            figures = {"phase": str(over.phase), "amperes": amperes, "fuse": ENGLISH.figure(fuse_a, 0)}
            told.append(ENGLISH.say(Text.PHASE_HOLDS, **figures, span=home.span(over.first, over.last)))
    for over in broken:
        figures = {"phase": str(over.phase), "kwh": ENGLISH.figure(over.kwh, 1)}
        told.append(ENGLISH.say(Text.PHASE_EXCEEDED, **figures, span=home.span(over.first, over.last)))
    if whole.phaseless is not None and not broken:
        money = home.planned.ways[Way.PLAN].cost - ways(whole.phaseless)[Way.PLAN].cost
        if money >= LEAST_MONEY:
            figures = {"money": ENGLISH.figure(money, 2), "currency": home.settings.home.currency}
            told.append(ENGLISH.say(Text.PHASES_COST, **figures))
    return told


def _gap_notice(home: HomePlan) -> str | None:
    """How far the plan may be from the cheapest, where that is worth telling."""
    planned = home.planned
    if planned is None:
        return None
    money = planned.whole.gap * max(1.0, abs(planned.whole.cost))
    if not np.isfinite(money):
        return ENGLISH.say(Text.GAP_UNKNOWN)
    if money < LEAST_MONEY:
        return None
    kept = planned.settled.verdict.outcome is Outcome.KEPT
    text = Text.GAP_KEPT if kept else Text.GAP
    return ENGLISH.say(text, money=ENGLISH.figure(money, 2), currency=home.settings.home.currency)


def _fee_notice(home: HomePlan) -> str | None:
    """What the power tariff comes to, where there is one."""
    planned = home.planned
    if planned is None or not planned.whole.household.power_tariffs:
        return None
    if abs(planned.whole.power_cost) < LEAST_MONEY:
        return ENGLISH.say(Text.POWER_FEE_STAYS)
    money = ENGLISH.figure(planned.whole.power_cost, 2)
    return ENGLISH.say(Text.POWER_FEE, money=money, currency=home.settings.home.currency)


def notices(home: HomePlan) -> list[str]:
    """All that has to be said of a plan, or of there being none."""
    told = [say(ENGLISH, notice) for notice in home.assumed]
    if home.planned is not None:
        teller = DeviceTeller(home.settings.home.tz, home.present.slots)
        told += [sentence for device in home.planned.devices for sentence in teller.missing(device.run)]
    proven = [_fuse_notice(home), _fee_notice(home), _gap_notice(home)]
    return [*told, *_phase_notices(home), *(sentence for sentence in proven if sentence), *home.hints]
