"""Reasons in words: one sentence a block, from the figures of `reasons` and the texts of a catalogue."""

from collections.abc import Callable, Sequence

from darkstar.planner.caution import Notice
from darkstar.planner.problem import Problem
from darkstar.planner.why.blocks import Action
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.reasons import Explanation, Held, Limit, Link, Reason
from darkstar.planner.why.texts import Catalogue, Text
from darkstar.planner.why.whatif import PriceKind

Span = Callable[[int, int], str]
"""Tells slots `first` to `end` (exclusive) of the plan as people do."""

SPANS_TOLD = 2
LEAST_MONEY = 0.005
LEAST_KWH = 0.05

HELD = {
    Limit.CHARGE_POWER: Text.HELD_CHARGE_POWER,
    Limit.DISCHARGE_POWER: Text.HELD_DISCHARGE_POWER,
    Limit.FUSE: Text.HELD_FUSE,
    Limit.PEAK: Text.HELD_PEAK,
    Limit.EXPORT_LIMIT: Text.HELD_EXPORT_LIMIT,
    Limit.FULL: Text.HELD_FULL,
    Limit.EMPTY: Text.HELD_EMPTY,
}
MORE = {
    Limit.CAPACITY: Text.MORE_CAPACITY,
    Limit.CHARGE_POWER: Text.MORE_CHARGE_POWER,
    Limit.DISCHARGE_POWER: Text.MORE_DISCHARGE_POWER,
    Limit.FUSE: Text.MORE_FUSE,
    Limit.EXPORT_LIMIT: Text.MORE_EXPORT_LIMIT,
}
ACTIONS = {
    Action.CHARGE: Text.ACTION_CHARGE,
    Action.STORE: Text.ACTION_STORE,
    Action.COVER: Text.ACTION_COVER,
    Action.SELL: Text.ACTION_SELL,
    Action.REST: Text.ACTION_REST,
}


def say(catalogue: Catalogue, notice: Notice) -> str:
    """A notice in words."""
    figures = {name: catalogue.figure(*figure) for name, figure in notice.figures.items()}
    names = {name: catalogue.say(text) for name, text in notice.names.items()}
    return catalogue.say(notice.text, **figures, **names, **notice.words)


class Teller:
    """Tells the reasons of one plan."""

    def __init__(
        self, problem: Problem, explanation: Explanation, span: Span, catalogue: Catalogue = ENGLISH
    ) -> None:
        self._problem = problem
        self._explanation = explanation
        self._span = span
        self._catalogue = catalogue

    def action(self, reason: Reason) -> str:
        """What the battery does, in a word or two."""
        return self._catalogue.say(ACTIONS[reason.block.action])

    def sentence(self, reason: Reason) -> str:
        """Why, with figures."""
        clauses = [self._what(reason), *self._threshold(reason)]
        told = "; ".join(clause for clause in clauses if clause)
        return f"{told}."

    def more(self) -> list[str]:
        """What one more unit of each limit that holds the plan back would save."""
        say = self._catalogue.say
        return [
            say(Text.MORE_WOULD_SAVE, unit=say(MORE[limit]), gain=self._money(gain))
            for limit, gain in self._explanation.more
            if gain >= LEAST_MONEY
        ]

    def _what(self, reason: Reason) -> str:
        if reason.block.action is Action.REST:
            return self._rest(reason)
        links = [
            self._ahead(reason),
            self._refilled(reason),
            self._back(reason),
            self._gain(reason),
            *(self._held(held) for held in reason.held),
        ]
        told = ", ".join(link for link in links if link)
        move = self._move(reason)
        return f"{move}: {told}" if told else move

    def _move(self, reason: Reason) -> str:
        action, price = reason.block.action, self._money(reason.price)
        text = {
            Action.CHARGE: Text.CHARGE,
            Action.STORE: Text.STORE if reason.price >= LEAST_MONEY else Text.STORE_FREE,
            Action.COVER: Text.COVER,
            Action.SELL: Text.SELL,
        }[action]
        return self._catalogue.say(text, kwh=self._kwh(reason.kwh), price=price)

    def _rest(self, reason: Reason) -> str:
        say, storage = self._catalogue.say, self._problem.storage
        price, sunny = self._money(reason.price), reason.price_kind is PriceKind.EXPORT
        stored = reason.soc_start_kwh - storage.soc_min_kwh
        if stored < LEAST_KWH:
            return say(Text.REST_EMPTY_SUN if sunny else Text.REST_EMPTY, price=price)
        later = self._next_use(reason)
        if later is None:
            return say(Text.REST_SUN if sunny else Text.REST, price=price)
        fields = {
            "span": self._span(later.block.first, later.block.end),
            "later": self._money(later.price),
            "now": say(Text.NOW_FEED_IN if sunny else Text.NOW, price=price),
        }
        if reason.soc_start_kwh > storage.soc_max_kwh - LEAST_KWH:
            return say(Text.REST_FULL, **fields)
        return say(Text.REST_FOR, kwh=self._kwh(stored), **fields)

    def _next_use(self, reason: Reason) -> Reason | None:
        """The next block that takes energy out of the battery."""
        return next(
            (
                other
                for other in self._explanation.reasons
                if other.block.first >= reason.block.end and other.block.action in (Action.COVER, Action.SELL)
            ),
            None,
        )

    def _ahead(self, reason: Reason) -> str:
        uses, kept = self._parted(reason.serves)
        told = [self._catalogue.say(Text.SERVES_LOAD, uses=self._spans(uses))] if uses else []
        if kept:
            told.append(self._catalogue.say(Text.KEPT, kwh=self._kwh(kept)))
        return ", ".join(told)

    def _refilled(self, reason: Reason) -> str:
        refills, missing = self._parted(reason.refilled)
        told = [self._catalogue.say(Text.REFILLED, uses=self._spans(refills))] if refills else []
        if missing:
            told.append(self._catalogue.say(Text.NOT_REFILLED, kwh=self._kwh(missing)))
        return ", ".join(told)

    def _back(self, reason: Reason) -> str:
        before, _ = self._parted(reason.served_by)
        if not before:
            return ""
        stores = reason.block.action in (Action.CHARGE, Action.STORE)
        return self._catalogue.say(Text.REFILLS if stores else Text.SERVED_BY, uses=self._spans(before))

    def _parted(self, links: Sequence[Link]) -> tuple[list[Link], float]:
        """Links to blocks that are worth telling, and the energy that goes beyond the end."""
        horizon = len(self._problem)
        beyond = sum(link.kwh for link in links if link.first == horizon)
        inside = [link for link in links if link.first < horizon and link.kwh >= LEAST_KWH]
        return inside, beyond if beyond >= LEAST_KWH else 0.0

    def _spans(self, links: Sequence[Link]) -> str:
        most = sorted(links, key=lambda link: -link.kwh)[:SPANS_TOLD]
        told = ", ".join(
            self._catalogue.say(
                Text.SPAN_AT, span=self._span(link.first, link.end), price=self._money(link.price)
            )
            for link in sorted(most, key=lambda link: link.first)
        )
        if len(links) <= SPANS_TOLD:
            return told
        return self._catalogue.say(Text.MORE_SPANS, spans=told, count=str(len(links) - SPANS_TOLD))

    def _gain(self, reason: Reason) -> str:
        if abs(reason.gain) < LEAST_MONEY:
            return ""
        return self._catalogue.say(Text.GAIN, gain=self._money(reason.gain))

    def _held(self, held: Held) -> str:
        if held.worth is not None and held.worth < LEAST_MONEY:
            return ""
        worth = "" if held.worth is None else self._money(held.worth)
        figures = {} if held.kw is None else {"kw": self._catalogue.figure(held.kw, 1)}
        return self._catalogue.say(HELD[held.limit], worth=worth, **figures)

    def _threshold(self, reason: Reason) -> list[str]:
        say, below, above = self._catalogue.say, reason.below, reason.above
        action, feed_in = reason.block.action, reason.price_kind is PriceKind.EXPORT
        if action is Action.REST:
            held = reason.soc_start_kwh > self._problem.storage.soc_min_kwh + LEAST_KWH
            falls = Text.STARTS_STORING if feed_in else Text.STARTS_CHARGING
            rises = Text.STARTS_SELLING if feed_in else Text.STARTS_COVERING
            full = reason.soc_start_kwh > self._problem.storage.soc_max_kwh - LEAST_KWH
            told = [(None if full else below, falls), (above if held else None, rises)]
        elif action in (Action.CHARGE, Action.STORE):
            told = [(above, Text.UNTIL_FEED_IN_ABOVE if feed_in else Text.UNTIL_ABOVE)]
        else:
            told = [(below, Text.UNTIL_FEED_IN_BELOW if feed_in else Text.UNTIL_BELOW)]
        return [say(text, price=self._money(price)) for price, text in told if price is not None]

    def _money(self, value: float) -> str:
        return self._catalogue.figure(value, 2)

    def _kwh(self, value: float) -> str:
        return self._catalogue.figure(value, 1)
