"""What a policy may know when it decides: the past, the published prices and its own forecasts; or everything.

Honest information is kept honest by construction: the forecaster and the outlook are told what has happened and
what has been published up to the slot at hand, in that order and nothing more, and answer from that alone.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from darkstar.aurora.courses import courses
from darkstar.aurora.naive import Forecast, NaiveForecaster
from darkstar.aurora.price_outlook import PriceOutlook
from darkstar.domain.market import known_until
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_SECONDS, slot_range
from darkstar.planner.fast.turning import Courses
from darkstar.planner.problem import Series
from darkstar.time_machine.scenario import Scenario

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
        courses: how load and sun may turn out; None where there is no doubt.
        to_the_end: whether it reaches the end of the range, where stored energy is settled.
    """

    load_kwh: Series
    pv_kwh: Series
    import_price: Series
    export_price: Series
    courses: Courses | None = None
    to_the_end: bool = False


class Information(Protocol):
    """Answers what may be known."""

    def outlook(self, step: int) -> Outlook | None:
        """At the start of the replayed slot number `step`; None where too little is known. Steps never go back."""
        ...


class HonestInformation:
    """Published prices, and forecasts from what has happened before the slot."""

    def __init__(self, scenario: Scenario) -> None:
        self._known = scenario.known
        self._rows = np.flatnonzero(scenario.replayed)
        self._forecaster = NaiveForecaster(scenario.tz)
        self._prices = PriceOutlook(scenario.tz)
        self._observed = 0
        self._published = 0

    def outlook(self, step: int) -> Outlook | None:
        """From the past before the slot and the prices published by its start."""
        now = self._learn(step)
        slots = slot_range(now, now + HORIZON_SLOTS * SLOT_SECONDS)
        forecast, prices = self._forecaster.forecast(slots), self._prices.prices(slots)
        if forecast is None or prices is None:
            return None
        return Outlook(forecast.load_kwh, forecast.pv_kwh, *prices, courses=courses(forecast))

    def _learn(self, step: int) -> int:
        """Take in what has happened and been published; the slot at hand."""
        row = int(self._rows[step])
        now = int(self._known.slots[row])
        self._observe(row)
        self._publish(int(np.searchsorted(self._known.slots, known_until(now))))
        return now

    def _observe(self, end: int) -> None:
        new = slice(self._observed, end)
        if new.start < new.stop:
            known = self._known
            self._forecaster.observe(known.slots[new], known.load_kwh[new], known.pv_kwh[new])
            self._observed = end

    def _publish(self, end: int) -> None:
        new = slice(self._published, end)
        if new.start < new.stop:
            known = self._known
            self._prices.publish(known.slots[new], known.import_price[new], known.export_price[new])
            self._published = end


class PartialInformation(HonestInformation):
    """What really came of some things, over the same horizon, and forecasts of the others."""

    def __init__(self, scenario: Scenario, knowledge: Knowledge) -> None:
        super().__init__(scenario)
        self._history = scenario.history
        self._knowledge = knowledge

    def outlook(self, step: int) -> Outlook | None:
        """Of the replayed slots from here on."""
        ahead, history, known = slice(step, step + HORIZON_SLOTS), self._history, self._knowledge
        slots = history.slots[ahead]
        self._learn(step)
        prices: tuple[Series, Series] | None = history.import_price[ahead], history.export_price[ahead]
        if not known.prices:
            prices = self._prices.prices(slots)
        forecast: Forecast | None = Forecast(history.load_kwh[ahead], history.pv_kwh[ahead])
        if not (known.load and known.sun):
            expected = self._forecaster.forecast(slots)
            forecast = expected and Forecast(
                history.load_kwh[ahead] if known.load else expected.load_kwh,
                history.pv_kwh[ahead] if known.sun else expected.pv_kwh,
            )
        if forecast is None or prices is None:
            return None
        sure = known.load and known.sun
        doubt = None if sure else courses(forecast, load_is_known=known.load, pv_is_known=known.sun)
        return Outlook(
            forecast.load_kwh, forecast.pv_kwh, *prices, courses=doubt, to_the_end=ahead.stop >= len(history)
        )


class PerfectInformation(PartialInformation):
    """What really came: how much better forecasts could help."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario, Honesty.PERFECT.knowledge)


def information(known: Honesty | Knowledge, scenario: Scenario) -> Information:
    """What a policy is told about a scenario; one for each policy, since it goes along with the replay."""
    knowledge = known.knowledge if isinstance(known, Honesty) else known
    if knowledge == Knowledge():
        return HonestInformation(scenario)
    return PartialInformation(scenario, knowledge)
