"""What a policy may know when it decides: the past, the published prices and its own forecasts; or everything.

Honest information is kept honest by construction: the forecaster and the outlook are told what has happened and
what has been published up to each instant, in that order and nothing more, and answer from that alone.

An information goes along with the replay and hands out sights: what is needed to say what was expected at some of
its instants, small enough to be sent anywhere. What was expected itself is large, and made where plans are made.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.courses import doubt_of
from darkstar.aurora.naive import NaiveForecaster
from darkstar.aurora.price_outlook import PriceOutlook
from darkstar.aurora.profiles import Issues, known_ahead
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_SECONDS, Slots, slot_range
from darkstar.planner.fast.stretch import Outlooks
from darkstar.planner.fast.turning import Doubt
from darkstar.planner.problem import Series
from darkstar.time_machine.scenario import Scenario

Counts = NDArray[np.int64]

HORIZON_SLOTS = 2 * QUARTERS_OF_DAY


class Honesty(StrEnum):
    """How much a policy is told."""

    HONEST = "honest"
    PERFECT = "perfect"

    @property
    def knowledge(self) -> "Knowledge":
        """What is known exactly: nothing, or all."""
        perfect = self is Honesty.PERFECT
        return Knowledge(perfect, perfect, perfect)


@dataclass(frozen=True)
class Knowledge:
    """What of the future is known exactly; the rest is forecast honestly.

    Whoever knows anything exactly plans for the replayed slots alone, and knows when they end and at what stored
    energy is settled then.
    """

    prices: bool = False
    load: bool = False
    sun: bool = False


@dataclass(frozen=True)
class Outlook:
    """What is expected of the slot at hand and of those after it; all series shape (n,).

    Attributes:
        doubt: how load and sun may turn out; None where there is no doubt.
        to_the_end: whether it reaches the end of the range, where stored energy is settled.
    """

    load_kwh: Series
    pv_kwh: Series
    import_price: Series
    export_price: Series
    doubt: Doubt | None = None
    to_the_end: bool = False


def outlook_of(outlooks: Outlooks, number: int) -> Outlook | None:
    """One of many; None where too little was known."""
    n = int(outlooks.slots[number])
    if not n:
        return None
    series = outlooks.load_kwh, outlooks.pv_kwh, outlooks.import_price, outlooks.export_price
    load, pv, buy, sell = (one[number, :n] for one in series)
    return Outlook(load, pv, buy, sell, outlooks.doubt, bool(outlooks.to_the_end[number]))


@dataclass(frozen=True)
class Sight:
    """What a home knew at the first of some instants, what it learnt up to the last, and what it asks at each.

    Attributes:
        energies, prices: slots, and load and sun or import and export price, that became known; shapes (n,).
        energies_told, prices_told: how many of these are known at each instant, shape (m,).
        ahead: the slots that are looked at, shape (r,); start, count: each instant's run of them, shape (m,).
        load_kwh, pv_kwh, import_price, export_price: of `ahead`, where they are known exactly.
        to_the_end: see `Outlooks`.
    """

    forecaster: NaiveForecaster
    price_outlook: PriceOutlook
    energies: tuple[Slots, Series, Series]
    energies_told: Counts
    prices: tuple[Slots, Series, Series]
    prices_told: Counts
    ahead: Slots
    start: Counts
    count: Counts
    to_the_end: NDArray[np.bool_]
    doubt: Doubt | None
    load_kwh: Series | None = None
    pv_kwh: Series | None = None
    import_price: Series | None = None
    export_price: Series | None = None

    def outlooks(self) -> Outlooks:
        """What was expected at each instant."""
        energies = Issues(self.energies_told, self.ahead, self.start, self.count)
        load, pv = self.forecaster.copy().follow(*self.energies, energies)
        prices = Issues(self.prices_told, self.ahead, self.start, self.count)
        buy, sell = self.price_outlook.copy().follow(*self.prices, prices)
        for expected, known in (
            (load, self.load_kwh),
            (pv, self.pv_kwh),
            (buy, self.import_price),
            (sell, self.export_price),
        ):
            if known is not None:
                expected[:] = self._windows(known, expected.shape[1])
        slots = known_ahead(self.count, (load, pv, buy, sell))
        return Outlooks(load, pv, buy, sell, slots, self.to_the_end, self.doubt)

    def _windows(self, series: Series, width: int) -> NDArray[np.float64]:
        """What each instant looks at of a series of `ahead`, shape (m, width); its last value stands beyond the end."""
        at = self.start[:, None] + np.arange(width)
        found: NDArray[np.float64] = series[np.minimum(at, len(series) - 1)]
        return found


class Information(Protocol):
    """Answers what may be known."""

    def sight(self, steps: Counts) -> Sight:
        """At the starts of replayed slots, by number, rising, none before those of the last call."""
        ...


class HonestInformation:
    """Published prices, and forecasts from what has happened before each instant."""

    def __init__(self, scenario: Scenario) -> None:
        self._known = scenario.known
        self._rows = np.flatnonzero(scenario.replayed)
        self._published_rows = np.searchsorted(
            self._known.prices_known_utc, self._known.slots[self._rows], side="right"
        )
        self._doubt: Doubt | None = doubt_of(courses=scenario.courses)
        self._forecaster = NaiveForecaster(scenario.tz)
        self._prices = PriceOutlook(scenario.tz, scenario.tariffs)
        self._observed = 0
        self._published = 0

    def sight(self, steps: Counts) -> Sight:
        """From the past before each slot and the prices published by its start."""
        rows, slots = self._rows[steps], self._known.slots
        ahead = slot_range(int(slots[rows[0]]), int(slots[rows[-1]]) + HORIZON_SLOTS * SLOT_SECONDS)
        count = np.full(len(steps), HORIZON_SLOTS)
        nowhere = np.zeros(len(steps), dtype=np.bool_)
        return self._sight(steps, ahead, rows - rows[0], count, nowhere)

    def outlook(self, step: int) -> Outlook | None:
        """At the start of one replayed slot; None where too little is known."""
        return outlook_of(self.sight(np.array([step])).outlooks(), 0)

    def _sight(
        self,
        steps: Counts,
        ahead: Slots,
        start: Counts,
        count: Counts,
        to_the_end: NDArray[np.bool_],
    ) -> Sight:
        known, rows, published = self._known, self._rows[steps], self._published_rows[steps]
        learnt = slice(self._observed, int(rows[0]))
        self._forecaster.observe(known.slots[learnt], known.load_kwh[learnt], known.pv_kwh[learnt])
        told = slice(self._published, int(published[0]))
        self._prices.publish(known.slots[told], known.import_price[told], known.export_price[told])
        self._observed, self._published = int(rows[0]), int(published[0])
        learnt, told = slice(self._observed, int(rows[-1])), slice(self._published, int(published[-1]))
        return Sight(
            self._forecaster.copy(),
            self._prices.copy(),
            (known.slots[learnt], known.load_kwh[learnt], known.pv_kwh[learnt]),
            rows - rows[0],
            (known.slots[told], known.import_price[told], known.export_price[told]),
            published - published[0],
            ahead,
            start,
            count,
            to_the_end,
            self._doubt,
        )


class PartialInformation(HonestInformation):
    """What really came of some things, over the same horizon, and forecasts of the others."""

    def __init__(self, scenario: Scenario, knowledge: Knowledge) -> None:
        super().__init__(scenario)
        self._history = scenario.history
        self._knowledge = knowledge
        self._doubt = None
        if not (knowledge.load and knowledge.sun):
            self._doubt = doubt_of(
                load_is_known=knowledge.load, pv_is_known=knowledge.sun, courses=scenario.courses
            )

    def sight(self, steps: Counts) -> Sight:
        """Of the replayed slots from each on."""
        history, knows = self._history, self._knowledge
        seen = slice(int(steps[0]), int(steps[-1]) + HORIZON_SLOTS)
        count = np.minimum(len(history) - steps, HORIZON_SLOTS)
        sight = self._sight(
            steps, history.slots[seen], steps - steps[0], count, steps + HORIZON_SLOTS >= len(history)
        )
        return replace(
            sight,
            load_kwh=history.load_kwh[seen] if knows.load else None,
            pv_kwh=history.pv_kwh[seen] if knows.sun else None,
            import_price=history.import_price[seen] if knows.prices else None,
            export_price=history.export_price[seen] if knows.prices else None,
        )


def information(known: Honesty | Knowledge, scenario: Scenario) -> HonestInformation:
    """What a policy is told about a scenario; one for each policy, since it goes along with the replay."""
    knowledge = known.knowledge if isinstance(known, Honesty) else known
    if knowledge == Knowledge():
        return HonestInformation(scenario)
    return PartialInformation(scenario, knowledge)
