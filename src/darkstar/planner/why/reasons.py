"""Why a plan does what it does: each block with what it serves, its gain, what held it and what would change it.

Only figures here, no words (`sentences`). The gains of all blocks add up to the cost of the battery left alone less
the plan's cost (`tracing`); thresholds and shadow prices come from the worth of stored energy (`whatif`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from darkstar.planner.problem import Engine, Plan, Problem, Series
from darkstar.planner.why.blocks import Action, Block, blocks_of
from darkstar.planner.why.tracing import SlotMoney, Transfer, idle_cost, money_of, transfers_of
from darkstar.planner.why.whatif import PriceKind, Worths, site_prices

ENERGY_TOLERANCE_KWH = 1e-6
LEAST_SHADOW = 1e-6
"""A smaller shadow price is rounding."""
GAP_SLOTS = 4
"""Slots this close together are told as one stretch."""


class Limit(StrEnum):
    """What may hold a plan."""

    CAPACITY = "capacity"
    CHARGE_POWER = "charge_power"
    DISCHARGE_POWER = "discharge_power"
    FUSE = "fuse"
    PEAK = "peak"
    EXPORT_LIMIT = "export_limit"
    FULL = "full"
    EMPTY = "empty"


@dataclass(frozen=True)
class Held:
    """A limit that held a block.

    Attributes:
        worth: of the next kWh that the limit kept out, at the slot where it is worth most (shadow price); None for a
            full or empty battery.
        kw: the highest import that a power tariff makes worth while, for that limit.
    """

    limit: Limit
    worth: float | None = None
    kw: float | None = None


@dataclass(frozen=True)
class Link:
    """What a block has to do with another one.

    Attributes:
        first, end: the other block's slots that are meant; both the horizon's end where energy stays, or is missing.
        kwh: energy there (AC); as stored at the end.
        price: its mean price there per kWh.
    """

    first: int
    end: int
    kwh: float
    price: float


@dataclass(frozen=True)
class Reason:
    """A block and why.

    Attributes:
        kwh: energy that the battery draws or gives (AC); 0 at rest.
        price: mean cost of what it draws, mean worth of what it gives, per kWh, wear left out; at rest the mean
            price of `price_kind`.
        gain: net gain of all transfers that begin here, after losses and wear.
        serves: where energy stored here is used; `refilled`: where energy used here is stored again.
        served_by: blocks before that this one is the counterpart of, which have its gain.
        held: what limited it.
        below, above: prices (`price_kind`) at which it ends, or a rest begins to charge and to cover (store and sell).
        price_kind: which price these are.
        soc_start_kwh, soc_end_kwh: energy stored around it.
    """

    block: Block
    kwh: float
    price: float
    gain: float
    serves: tuple[Link, ...]
    refilled: tuple[Link, ...]
    served_by: tuple[Link, ...]
    held: tuple[Held, ...]
    below: float | None
    above: float | None
    price_kind: PriceKind
    soc_start_kwh: float
    soc_end_kwh: float


@dataclass(frozen=True)
class Explanation:
    """A plan with its reasons.

    Attributes:
        gain: cost of the battery left alone less the plan's; the sum of all blocks' gains.
        more: what one more kWh of capacity, or one more kW of another limit, would save over the horizon; only limits
            that hold the plan back.
    """

    reasons: tuple[Reason, ...]
    gain: float
    more: tuple[tuple[Limit, float], ...]


def explain(problem: Problem, plan: Plan, engine: Engine, *, peak_held: bool = False) -> Explanation:
    """The reasons of an engine's plan, in the order of time.

    Args:
        peak_held: the problem's limit on the import is not the fuse but the peak that a power tariff makes worth while.
    """
    money = money_of(problem, plan)
    transfers = transfers_of(problem, plan, money)
    worths = Worths(problem, plan)
    reasons = tuple(
        _reason(problem, plan, block, money, transfers, worths) for block in blocks_of(problem, plan)
    )
    more = _one_more(problem, plan, engine)
    if peak_held:
        reasons = tuple(_at_the_peak(reason, problem) for reason in reasons)
        # A kW more would cost what the tariff asks: it saves nothing.
        more = tuple((limit, gain) for limit, gain in more if limit is not Limit.FUSE)
    return Explanation(reasons, idle_cost(problem) - plan.cost, more)


def _at_the_peak(reason: Reason, problem: Problem) -> Reason:
    """The reason with what holds the import called by its name."""
    kw = problem.grid.import_max_kw
    return replace(
        reason,
        held=tuple(
            Held(Limit.PEAK, one.worth, kw) if one.limit is Limit.FUSE else one for one in reason.held
        ),
    )


def _reason(
    problem: Problem,
    plan: Plan,
    block: Block,
    money: SlotMoney,
    transfers: Sequence[Transfer],
    worths: Worths,
) -> Reason:
    begins = [transfer for transfer in transfers if block.first <= transfer.first < block.end]
    ends = [t for t in transfers if t.second is not None and block.first <= t.second < block.end]
    power = (plan.charge_kwh - plan.discharge_kwh)[block.slots]
    kwh = float(np.abs(power).sum())
    kind = _price_kind(problem, block)
    if kwh > ENERGY_TOLERANCE_KWH:
        price = float(np.dot(np.abs(power), money.price[block.slots])) / kwh
    else:
        price = float(_prices(problem, kind)[block.slots].mean())
    below, above = _thresholds(problem, block, worths, kind)
    return Reason(
        block=block,
        kwh=kwh,
        price=price,
        gain=sum(transfer.gain for transfer in begins),
        serves=_links(problem, [t for t in begins if t.charges_first], money, block),
        refilled=_links(problem, [t for t in begins if not t.charges_first], money, block),
        served_by=_links(problem, ends, money, block, back=True),
        held=_held(problem, plan, block, worths),
        below=below,
        above=above,
        price_kind=kind,
        soc_start_kwh=float(plan.soc_kwh[block.first]),
        soc_end_kwh=float(plan.soc_kwh[block.end]),
    )


def _links(
    problem: Problem, transfers: Sequence[Transfer], money: SlotMoney, block: Block, *, back: bool = False
) -> tuple[Link, ...]:
    """The other ends of transfers as stretches of time, in order; transfers within the block are its own affair."""
    storage = problem.storage
    others: list[tuple[int, float]] = []
    left = 0.0
    for transfer in transfers:
        other = transfer.first if back else transfer.second
        if other is None:
            left += transfer.stored_kwh
        elif not block.first <= other < block.end:
            charges = transfer.charges_first == back
            ac = 1 / storage.charge_efficiency if charges else storage.discharge_efficiency
            others.append((other, transfer.stored_kwh * ac))
    links: list[Link] = []
    for slot, kwh in sorted(others):
        price = float(money.price[slot])
        if links and slot - links[-1].end < GAP_SLOTS:
            last = links[-1]
            both = last.kwh + kwh
            links[-1] = Link(last.first, slot + 1, both, (last.kwh * last.price + kwh * price) / both)
        else:
            links.append(Link(slot, slot + 1, kwh, price))
    if left > ENERGY_TOLERANCE_KWH:
        links.append(Link(len(problem), len(problem), left, 0.0))
    return tuple(links)


def _price_kind(problem: Problem, block: Block) -> PriceKind:
    if block.action is Action.REST:
        surplus = float((problem.pv_kwh - problem.load_kwh)[block.slots].sum())
        return PriceKind.EXPORT if surplus > 0 else PriceKind.IMPORT
    return PriceKind.EXPORT if block.action in (Action.STORE, Action.SELL) else PriceKind.IMPORT


def _prices(problem: Problem, kind: PriceKind) -> Series:
    return problem.import_price if kind is PriceKind.IMPORT else problem.export_price


def _thresholds(
    problem: Problem, block: Block, worths: Worths, kind: PriceKind
) -> tuple[float | None, float | None]:
    """Prices at which the block changes.

    A move ends when the prices of its whole block move, told of the cheapest slot going down and of the dearest one
    going up; a rest ends when the price of that slot alone does.
    """
    prices = _prices(problem, kind)[block.slots]
    cheapest, dearest = block.first + int(prices.argmin()), block.first + int(prices.argmax())
    if block.action is Action.REST:
        fall = worths.room(Block(cheapest, cheapest + 1, block.action), kind).fall
        rise = worths.room(Block(dearest, dearest + 1, block.action), kind).rise
    else:
        room = worths.room(block, kind)
        fall, rise = room.fall, room.rise
    return (
        None if fall is None else float(prices.min()) - fall,
        None if rise is None else float(prices.max()) + rise,
    )


def _held(problem: Problem, plan: Plan, block: Block, worths: Worths) -> tuple[Held, ...]:
    """What limited a block: powers, fuse and export limit with their shadow prices, and a full or empty battery."""
    storage = problem.storage
    most: dict[Limit, float] = {}
    for slot in range(block.first, block.end):
        limit = _limit(problem, plan, slot)
        if limit is None:
            continue
        stored, used = worths.across(slot)
        kept = stored * storage.charge_efficiency - storage.wear_charge
        given = used / storage.discharge_efficiency + storage.wear_discharge
        (feed, _), (draw, _) = site_prices(problem, plan, slice(slot, slot + 1), PriceKind.IMPORT)
        worth = {
            Limit.CHARGE_POWER: kept - float(draw[0]),
            Limit.FUSE: kept - float(problem.import_price[slot]),
            Limit.DISCHARGE_POWER: float(feed[0]) - given,
            Limit.EXPORT_LIMIT: float(problem.export_price[slot]) - given,
        }[limit]
        if LEAST_SHADOW < worth < float("inf"):
            most[limit] = max(worth, most.get(limit, 0.0))
    held = [Held(limit, worth) for limit, worth in most.items()]
    after = float(plan.soc_kwh[block.end])
    if after >= storage.soc_max_kwh - ENERGY_TOLERANCE_KWH:
        held.append(Held(Limit.FULL))
    elif after <= storage.soc_min_kwh + ENERGY_TOLERANCE_KWH:
        held.append(Held(Limit.EMPTY))
    return tuple(held)


def _limit(problem: Problem, plan: Plan, slot: int) -> Limit | None:
    """The power, fuse or export limit that a slot's move reaches."""
    storage, grid, hours = problem.storage, problem.grid, problem.slot_hours

    def reached(energy_kwh: float, most_kw: float) -> bool:
        return energy_kwh >= most_kw * hours - ENERGY_TOLERANCE_KWH

    charge, discharge = float(plan.charge_kwh[slot]), float(plan.discharge_kwh[slot])
    if charge > ENERGY_TOLERANCE_KWH:
        if reached(charge, storage.charge_max_kw):
            return Limit.CHARGE_POWER
        return Limit.FUSE if reached(float(plan.import_kwh[slot]), grid.import_max_kw) else None
    if discharge > ENERGY_TOLERANCE_KWH:
        if reached(discharge, storage.discharge_max_kw):
            return Limit.DISCHARGE_POWER
        return Limit.EXPORT_LIMIT if reached(float(plan.export_kwh[slot]), grid.export_max_kw) else None
    return None


def _one_more(problem: Problem, plan: Plan, engine: Engine) -> tuple[tuple[Limit, float], ...]:
    """What one more unit of each limit saves, by planning again."""
    storage, grid = problem.storage, problem.grid
    wider = {
        Limit.CAPACITY: _with_more_capacity(problem),
        Limit.CHARGE_POWER: replace(
            problem, storage=replace(storage, charge_max_kw=storage.charge_max_kw + 1)
        ),
        Limit.DISCHARGE_POWER: replace(
            problem, storage=replace(storage, discharge_max_kw=storage.discharge_max_kw + 1)
        ),
        Limit.FUSE: replace(problem, grid=replace(grid, import_max_kw=grid.import_max_kw + 1)),
        Limit.EXPORT_LIMIT: replace(problem, grid=replace(grid, export_max_kw=grid.export_max_kw + 1)),
    }
    saved = [(limit, plan.cost - engine.solve(more).cost) for limit, more in wider.items()]
    return tuple((limit, gain) for limit, gain in saved if gain > LEAST_SHADOW)


def _with_more_capacity(problem: Problem) -> Problem:
    terminal, storage = problem.terminal, problem.storage
    if len(terminal.value) and terminal.value[-1] < 0:
        # A last piece that costs money has to reach to the top.
        energy = terminal.energy_kwh.copy()
        energy[-1] += 1
        terminal = replace(terminal, energy_kwh=energy)
    return replace(problem, storage=replace(storage, soc_max_kwh=storage.soc_max_kwh + 1), terminal=terminal)
