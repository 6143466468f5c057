"""What the home's own inverter did, beside the policies: the measured flows under the same prices and the same bill.

It can stand there only for days whose grid and battery flows are all measured and sound, so days that lack them are
left out of every policy alike. What the ledger measured is taken as it is: import and export of one quarter are both
paid for, where a replayed policy has their difference, and where the home's meters disagree, nothing is evened out
(`Measured.residual_kwh` says by how much). Stored energy counts by the state of charge, over each unbroken stretch of
replayed days; where that is not known, by what went in and out after the battery's losses.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.home import Home
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, day_bounds, local_date
from darkstar.ledger.quality import spoils_battery_flows, spoils_charge, spoils_energy
from darkstar.ledger.resolved import DayQuality
from darkstar.planner.problem import Series, StorageModel
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.calendar import days_of
from darkstar.time_machine.outcome import NONE, Comparison, Flows, PolicyOutcome
from darkstar.time_machine.plant.carrying import Plant
from darkstar.time_machine.replay import outcome_of
from darkstar.time_machine.scenario import Scenario

ACTUAL = "actual"
LOST_SHARE = 0.1
"""Share of the days that others may lose for `actual` unasked."""
LEAST_APART_SHARE = 0.005
"""Of the import, by which meters may disagree without a word."""
FLOWS = (Channel.IMPORT, Channel.EXPORT, Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)


@dataclass(frozen=True)
class Measured:
    """What a home's meters say of its grid and its battery; all series of shape (n,), NaN where not known or unsound.

    Attributes:
        capacity_kwh: of the battery that is there.
    """

    capacity_kwh: float
    energy_kwh: Mapping[Channel, Series]
    soc_start_percent: Series
    soc_end_percent: Series


def read_measured(
    ledger: LedgerFile, scenario: Scenario, absent: Collection[Channel], capacity_kwh: float
) -> Measured | None:
    """What the ledger has over the scenario's known slots (see `measured`)."""
    slots, tz = scenario.known.slots, scenario.tz
    start, end = int(slots[0]), int(slots[-1]) + SLOT_SECONDS
    with ledger.snapshot():
        table = ledger.slots(start, end)
        labels = ledger.days(local_date(start, tz), local_date(end, tz) + dt.timedelta(days=1))
    return measured(table, labels, tz, absent, capacity_kwh)


def measured(
    table: SlotTable,
    labels: Sequence[DayQuality],
    tz: ZoneInfo,
    absent: Collection[Channel],
    capacity_kwh: float,
) -> Measured | None:
    """What the ledger has; None where the home has no battery, or nothing measured it.

    Args:
        table: over the scenario's known slots.
        absent: channels that the home does not have.
    """
    if not any(np.isfinite(table.energy_kwh[c]).any() for c in (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)):
        return None
    energy = {
        channel: np.zeros(len(table)) if channel in absent else table.energy_kwh[channel].copy()
        for channel in FLOWS
    }
    soc = table.soc_start_percent.copy(), table.soc_end_percent.copy()
    for label in labels:
        rows = slice(*np.searchsorted(table.slots, day_bounds(label.day, tz)).tolist())
        if spoils_energy(label) or spoils_battery_flows(label):
            for series in energy.values():
                series[rows] = np.nan
        if spoils_charge(label):
            for series in soc:
                series[rows] = np.nan
    return Measured(capacity_kwh, energy, *soc)


@dataclass(frozen=True)
class Beside:
    """The home's own inverter beside the policies, if it can stand there.

    Attributes:
        scenario: what all policies are replayed on, `actual` among them.
        outcome: None where `actual` cannot stand there, for the reason told.
        measured: whether the battery was measured at all.
    """

    scenario: Scenario
    outcome: PolicyOutcome | None
    reason: str = ""
    measured: bool = True


def stand_beside(
    found: Measured | None,
    scenario: Scenario,
    *,
    asked: bool,
    begun: Callable[[Scenario], Scenario] = lambda scenario: scenario,
) -> Beside:
    """Put the home's own inverter beside the policies, on the days on which all that it did is known.

    Args:
        found: what was measured of the battery that is replayed; None where nothing was.
        asked: whether `actual` was asked for; if not, it costs the others no more than one day in ten.
        begun: starts a scenario as the home was at its first slot, which is another where first days are left out.

    Raises:
        UsageError: it was asked for and nothing is known of it.
    """
    if found is None:
        reason = "nothing in the ledger tells what went into the battery and out of it"
        if asked:
            raise UsageError(f"There is no `{ACTUAL}`: {reason}.", remedy="Leave it out of --policy.")
        return Beside(scenario, None, reason, measured=False)
    reasons = lacking(found, scenario)
    days = len(days_of(scenario.history.slots, scenario.tz)[0])
    if len(reasons) == days or (not asked and len(reasons) > LOST_SHARE * days):
        reason = f"on {len(reasons)} of {days} days not all that the battery and the grid did is known"
        if asked:
            raise UsageError(f"There is no `{ACTUAL}`: {reason}.", remedy="Choose another range.")
        return Beside(
            scenario, None, f"{reason}; --policy {ACTUAL},... leaves those days out of all policies"
        )
    rest = begun(without_days(scenario, reasons)) if reasons else scenario
    return Beside(rest, replay_actual(found, rest))


def add_actual(comparison: Comparison, beside: Beside, order: Sequence[str]) -> Comparison:
    """The comparison with `actual`, where it has its place in the order; after `none` where it has none."""
    if beside.outcome is None:
        return comparison
    if ACTUAL not in order:
        at = order.index(NONE) + 1 if NONE in order else 0
        order = [*order[:at], ACTUAL, *order[at:]]
    outcomes = {**comparison.outcomes, ACTUAL: beside.outcome}
    return replace(comparison, outcomes={name: outcomes[name] for name in order})


def actual_note(beside: Beside, home: Home, name: str = f"`{ACTUAL}`") -> str:
    """What `actual` is, and how well the meters behind it agree."""
    assert beside.outcome is not None
    apart = residual_kwh(beside.outcome.flows, beside.scenario)
    sense = "more" if apart > 0 else "less"
    note = f"{name} is what the meters of grid and battery measured, on the same bill."
    if abs(apart) < LEAST_APART_SHARE * beside.outcome.import_kwh:
        return note
    price = float(beside.scenario.history.import_price.mean())
    return (
        f"{note} The grid meters drew {abs(apart):.1f} kWh {sense} than the home's other meters account for, which the "
        f"policies are replayed on: about {abs(apart) * price:.2f} {home.currency} of its cost are the meters' alone."
    )


def lacking(found: Measured, scenario: Scenario) -> dict[dt.date, str]:
    """The replayed days on which some flow is not known, with the reason."""
    days, row = days_of(scenario.history.slots, scenario.tz)
    reasons: dict[dt.date, str] = {}
    for channel, series in found.energy_kwh.items():
        counts = np.bincount(row, np.isnan(series[scenario.replayed]), len(days)).astype(int)
        for at in np.flatnonzero(counts).tolist():
            told = f"{channel.value.replace('_', ' ')} not measured soundly in {counts[at]} slots"
            reasons[days[at]] = f"{reasons[days[at]]}; {told}" if days[at] in reasons else told
    return reasons


def without_days(scenario: Scenario, reasons: Mapping[dt.date, str]) -> Scenario:
    """The scenario without some days, named as left out."""
    if not reasons:
        return scenario
    days, row = days_of(scenario.history.slots, scenario.tz)
    dropped = np.array([day in reasons for day in days], dtype=np.bool_)
    replayed: NDArray[np.bool_] = scenario.replayed.copy()
    replayed[np.flatnonzero(replayed)[dropped[row]]] = False
    omitted = sorted({**dict(scenario.known.omitted), **reasons}.items())
    return replace(scenario, known=replace(scenario.known, omitted=tuple(omitted)), replayed=replayed)


def replay_actual(found: Measured, scenario: Scenario) -> PolicyOutcome:
    """What the home's own inverter came to, on the scenario's bill; every replayed day must be known."""
    return outcome_of(scenario, ACTUAL, actual_flows(found, scenario), np.zeros(0))


def actual_flows(found: Measured, scenario: Scenario) -> Flows:
    """The measured flows of the replayed slots, all of which are known."""
    rows = scenario.replayed
    bought, sold, charge, discharge = (found.energy_kwh[channel][rows] for channel in FLOWS)
    limit = scenario.grid.import_max_kw * SLOT_HOURS
    gains = _gains(found, scenario)
    return Flows(
        charge_kwh=charge,
        discharge_kwh=discharge,
        import_kwh=bought,
        export_kwh=sold,
        curtail_kwh=np.zeros(len(bought)),
        breach_kwh=np.maximum(bought - limit, 0.0),
        soc_kwh=scenario.soc_start_kwh + np.append(0.0, np.cumsum(gains)),
        loss_kwh=charge - discharge - gains,
        standby_kwh=np.zeros(len(bought)),
        faded_kwh=Plant(scenario.storage, scenario.grid, scenario.plant).faded_kwh(charge, discharge),
    )


def residual_kwh(flows: Flows, scenario: Scenario) -> float:
    """How much more the grid meters drew than the other meters account for, over the range [kWh]."""
    history = scenario.history
    drawn = history.load_kwh - history.pv_kwh + flows.charge_kwh - flows.discharge_kwh
    return float((flows.import_kwh - flows.export_kwh - drawn).sum())


def _gains(found: Measured, scenario: Scenario) -> Series:
    """Energy that the battery gained in each replayed slot; each unbroken stretch by its own ends, shape (n,)."""
    rows, slots = scenario.replayed, scenario.history.slots
    gains = _by_flows(found, scenario.storage)[rows]
    percent = found.soc_start_percent[rows], found.soc_end_percent[rows]
    edges = [0, *(np.flatnonzero(np.diff(slots) != SLOT_SECONDS) + 1).tolist(), len(slots)]
    for first, end in pairwise(edges):
        stretch = slice(first, end)
        levels = np.append(percent[0][stretch], percent[1][end - 1])
        levels = np.where(np.isfinite(levels), levels, np.append(np.nan, percent[1][stretch]))
        if np.isfinite(levels[[0, -1]]).all():
            known = np.flatnonzero(np.isfinite(levels))
            kwh = np.interp(np.arange(len(levels)), known, levels[known]) / 100 * found.capacity_kwh
            gains[stretch] = np.diff(kwh)
    return gains


def _by_flows(found: Measured, storage: StorageModel) -> Series:
    charge, discharge = (found.energy_kwh[c] for c in (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE))
    return storage.charge_efficiency * charge - discharge / storage.discharge_efficiency
