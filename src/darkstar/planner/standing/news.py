"""What has changed since a plan was made, by how much money it may move, in the words of the catalogue."""

import datetime as dt
from collections.abc import Iterator

import numpy as np

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.caution import Notice
from darkstar.planner.devices.household import HouseholdPlan
from darkstar.planner.problem import Series
from darkstar.planner.standing.plan import StandingPlan
from darkstar.planner.why.texts import Text

MOST_TOLD = 2
LEAST_MONEY = 0.005
LEAST_SHARE = 0.2
"""News that move less than this share of the weightiest are left out."""
LEAST_KWH = 0.05
_News = tuple[float, Notice]


def news(standing: StandingPlan, new: HouseholdPlan, prices_until_utc: int) -> tuple[Notice, ...]:
    """The weightiest news since a plan whose first slot is the new plan's, at most two.

    Args:
        prices_until_utc: end of the prices that are published now.
    """
    found = sorted(
        [*_charges(standing, new), *_prices(standing, new, prices_until_utc), *_energies(standing, new)],
        key=lambda one: -one[0],
    )
    least = max(LEAST_MONEY, LEAST_SHARE * found[0][0]) if found else 0.0
    return tuple(notice for money, notice in found[:MOST_TOLD] if money >= least)


def _charges(standing: StandingPlan, new: HouseholdPlan) -> Iterator[_News]:
    """Batteries that hold something else than was planned."""
    mean_price = float(np.abs(new.household.rest.import_price).mean())
    for part in new.batteries:
        held, planned = float(part.plan.soc_kwh[0]), float(standing.batteries[part.name].soc_kwh[0])
        figures = {"held": (held, 1), "planned": (planned, 1)}
        if abs(held - planned) >= LEAST_KWH:
            yield (
                abs(held - planned) * mean_price,
                Notice(Text.NEWS_CHARGE, figures, words={"battery": part.name}),
            )


def _prices(standing: StandingPlan, new: HouseholdPlan, prices_until_utc: int) -> Iterator[_News]:
    """Prices that were published since, and published ones that have become others."""
    rest, m = new.household.rest, min(len(standing), len(new.household.rest))
    moved = np.maximum(
        np.abs(rest.import_price[:m] - standing.expected.import_price[:m]),
        np.abs(rest.export_price[:m] - standing.expected.export_price[:m]),
    )
    flows = new.flows
    money = moved * (rest.load_kwh + flows.import_kwh + flows.export_kwh)[:m]
    known = max(0, (standing.prices_until_utc - standing.start_utc) // SLOT_SECONDS)
    if prices_until_utc > standing.prices_until_utc:
        until = dt.datetime.fromtimestamp(prices_until_utc, new.household.tz)
        yield float(money[known:].sum()), Notice(Text.NEWS_PRICES, words={"until": f"{until:%Y-%m-%d %H:%M}"})
    yield float(money[:known].sum()), Notice(Text.NEWS_PRICES_OTHERS)


def _energies(standing: StandingPlan, new: HouseholdPlan) -> Iterator[_News]:
    """Load and sun that are expected to be others."""
    rest, expected = new.household.rest, standing.expected
    yield _energy(
        rest.load_kwh, expected.load_kwh, rest.import_price, Text.NEWS_LOAD_MORE, Text.NEWS_LOAD_LESS
    )
    yield _energy(rest.pv_kwh, expected.pv_kwh, rest.import_price, Text.NEWS_SUN_MORE, Text.NEWS_SUN_LESS)


def _energy(now: Series, then: Series, price: Series, more: Text, less: Text) -> _News:
    m = min(len(now), len(then))
    change = now[:m] - then[:m]
    total = float(change.sum())
    return (
        float(np.dot(np.abs(change), np.abs(price[:m]))) if abs(total) >= LEAST_KWH else 0.0,
        Notice(more if total > 0 else less, {"kwh": (abs(total), 1)}),
    )
