"""What another battery, tariff or household would have saved: the past replayed with it and without.

Each thing is held against the home as it is, day by day and policy by policy: the rule with it against the rule
without, perfect foresight with it against perfect foresight without. The days' savings, taken for a year, are what it
saves; their weeks, drawn anew, give the interval that holds 80 % (`bootstrap`). The honest range runs from the lowest
end that a policy has to the highest: below it the battery is run by a simple rule in poor weeks, above it by one that
knows the future in good ones. One past is no promise: prices and tariffs of other years are not in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.domain.tariffs import Tariffs
from darkstar.planner.full.site import MeteredTariff
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.buying.bootstrap import interval_of_sum
from darkstar.time_machine.buying.car_sessions import CarSessions
from darkstar.time_machine.buying.variant import Past, Variant, varied_history
from darkstar.time_machine.calendar import DayCosts, costs_by_day
from darkstar.time_machine.outcome import MPC, NONE, ORACLE, RULE, PolicyOutcome
from darkstar.time_machine.plant.carrying import storage_model
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import Done, Job, replay_all
from darkstar.time_machine.spread.work import IN_PLACE, Work

WAYS = (RULE, MPC, ORACLE)
"""How the battery is run, from the simplest to the bound."""
MOST_YEARS = 100
"""No thing bought for a home lasts longer."""
YEAR_DAYS = 365.25
WHOLE_YEAR_DAYS = 360
"""A range of so many replayed days has all seasons."""


@dataclass(frozen=True)
class Change:
    """A variant with what it needs to be replayed.

    Attributes:
        battery: None for none.
        tariffs: those that hold then.
        power_tariffs: what the months' highest draws cost then; None for as today.
    """

    variant: Variant
    battery: Battery | None
    tariffs: Tariffs
    power_tariffs: tuple[MeteredTariff, ...] | None = None


@dataclass(frozen=True)
class Saving:
    """Money by year under one policy; negative where it costs more.

    Attributes:
        low, high: ends of the interval that holds 80 %; None where the range is too short to tell.
    """

    per_year: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Tried:
    """What one thing comes to.

    Attributes:
        costs: of the range, by `WAYS`.
        savings: against the home as it is, by `WAYS`.
        sessions: of the car, where it was taken out of the load.
    """

    variant: Variant
    costs: Mapping[str, float]
    savings: Mapping[str, Saving]
    sessions: CarSessions | None = None

    @property
    def low(self) -> float | None:
        """The low end of the honest range."""
        ends = [saving.low for saving in self.savings.values() if saving.low is not None]
        return min(ends) if ends else None

    @property
    def high(self) -> float | None:
        """The high end of the honest range."""
        ends = [saving.high for saving in self.savings.values() if saving.high is not None]
        return max(ends) if ends else None

    def payback_years(self, saving: float | None) -> float | None:
        """Years until it has paid for itself; None where it never does, or has no price."""
        price = self.variant.price
        return price / saving if price is not None and saving is not None and saving > 0 else None


def years_told(years: float | None) -> str:
    """When something has paid for itself, in words; None is never."""
    if years is None:
        return "never"
    return f"{years:.1f}" if years <= MOST_YEARS else f"> {MOST_YEARS}"


@dataclass(frozen=True)
class Marginal:
    """What one more kWh of battery saves a year, between two sizes.

    Attributes:
        per_kwh: by `WAYS`.
    """

    from_kwh: float
    to_kwh: float
    per_kwh: Mapping[str, float]


@dataclass(frozen=True)
class WhatIf:
    """All that was tried.

    Attributes:
        days: that were replayed.
        today: cost of the range as the home is, by `WAYS`; all alike where it has no battery.
        marginal: between the sizes of battery that were tried, today's among them, if nothing else differs.
    """

    days: int
    today: Mapping[str, float]
    tried: tuple[Tried, ...]
    marginal: tuple[Marginal, ...]

    @property
    def whole_year(self) -> bool:
        """Whether all seasons are in it."""
        return self.days >= WHOLE_YEAR_DAYS


def read_past(ledger: LedgerFile, scenario: Scenario) -> Past:
    """What varying the scenario's past needs besides it."""
    slots = scenario.known.slots
    start, end = int(slots[0]), int(slots[-1]) + SLOT_SECONDS
    with ledger.snapshot():
        return Past(ledger.spot_prices(start, end), ledger.slots(start, end).energy_kwh[Channel.WATER])


def try_out(
    today: Scenario,
    own: Battery | None,
    changes: Sequence[Change],
    past: Past,
    *,
    work: Work = IN_PLACE,
    seed: int = 0,
    done: Done = lambda *_: None,
) -> WhatIf:
    """Replay the home as it is and with each change.

    Args:
        today: the home as it is.
        own: its battery, if it has one.
        seed: of the drawing of weeks.

    Raises:
        DataError, UsageError: the past cannot be varied so.
    """
    varied = [_vary(today, own, change, past) for change in changes]
    cases = [(today, own is not None)]
    cases += [(given, change.battery is not None) for (given, _), change in zip(varied, changes, strict=True)]
    jobs = [Job(given, way) for given, battery in cases for way in (WAYS if battery else (NONE,))]
    outcomes = iter(replay_all(jobs, work, done))
    by_day = [_by_way(given, battery, outcomes) for given, battery in cases]
    days = len(by_day[0][RULE].days)
    tried = tuple(
        Tried(
            change.variant,
            {way: found[way].total for way in WAYS},
            {way: _saving(by_day[0][way], found[way], seed) for way in WAYS},
            sessions,
        )
        for change, found, (_, sessions) in zip(changes, by_day[1:], varied, strict=True)
    )
    costs = {way: by_day[0][way].total for way in WAYS}
    return WhatIf(days, costs, tried, _marginal(costs, own, tried, days))


def _vary(
    today: Scenario, own: Battery | None, change: Change, past: Past
) -> tuple[Scenario, CarSessions | None]:
    known, sessions = varied_history(today.known, change.variant, past, change.tariffs)
    if np.isnan(known.import_price[today.replayed]).any():
        raise DataError(
            "Of some replayed slots the ledger knows the household's price without the market's.",
            remedy="Choose another range, or get the market's: darkstar backfill prices.",
        )
    power = today.power_tariffs if change.power_tariffs is None else change.power_tariffs
    tariffs = change.tariffs if change.variant.other_tariff else today.tariffs
    found = replace(today, known=known, power_tariffs=power, tariffs=tariffs)
    if change.battery is None or change.battery == own:
        return found, sessions
    storage, nominal = storage_model(change.battery), change.battery.capacity_kwh
    model = today.plant if today.plant.nominal_kwh is None else replace(today.plant, nominal_kwh=nominal)
    start = (
        today.soc_start_kwh if change.battery.capacity_kwh == (own.capacity_kwh if own else None) else None
    )
    return replace(
        found, storage=storage, plant=model, soc_start_kwh=storage.soc_min_kwh if start is None else start
    ), sessions


def _by_way(given: Scenario, battery: bool, outcomes: Iterator[PolicyOutcome]) -> dict[str, DayCosts]:
    """The days of each way; without a battery all ways are one."""
    found = [
        costs_by_day(given.history, next(outcomes), given.settlement_per_kwh, given.tz)
        for _ in (WAYS if battery else (NONE,))
    ]
    return dict(zip(WAYS, found if battery else found * len(WAYS), strict=True))


def _saving(today: DayCosts, then: DayCosts, seed: int) -> Saving:
    by_day = today.cost - then.cost
    of_no_day, times = today.of_no_day - then.of_no_day, YEAR_DAYS / len(by_day)
    ends = interval_of_sum(by_day, seed)
    low, high = (None, None) if ends is None else ((end + of_no_day) * times for end in ends)
    return Saving((float(by_day.sum()) + of_no_day) * times, low, high)


def _marginal(
    today: Mapping[str, float], own: Battery | None, tried: Sequence[Tried], days: int
) -> tuple[Marginal, ...]:
    sizes = {0.0 if own is None else own.capacity_kwh: today}
    plain = Variant("")
    for one in tried:
        size = one.variant.battery_kwh
        if size is not None and replace(one.variant, name="", battery_kwh=None, price=None) == plain:
            sizes[size] = one.costs
    return tuple(
        Marginal(
            small,
            large,
            {
                way: (sizes[small][way] - sizes[large][way]) / (large - small) * YEAR_DAYS / days
                for way in WAYS
            },
        )
        for small, large in pairwise(sorted(sizes))
    )
