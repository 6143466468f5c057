"""What would be different: the words of `--what-if`, and the past as it would have been with that.

    battery_kwh=15            another battery (5,10,15 for one after the other); 0 for none
    charge_kw= discharge_kw= wear_per_kwh=                 how it charges, discharges and ages
    tariff=FILE               the section `tariff:` of another file
    grid_fee_per_kwh= energy_tax_per_kwh= markup_per_kwh= vat_percent= export_bonus_per_kwh=    single terms of it
    without=car,water,sun     the car or the water heater taken out of the load, the sun out of the sky
    sun_times=1.5             so many times the sun
    price=60000               what it costs, for the years until it has paid for itself
    name="Nordlys 15"         what to call it

A battery that is not the home's own is new: it starts with what it must hold.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from darkstar.domain.errors import DataError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import Tariffs
from darkstar.planner.problem import Series
from darkstar.time_machine.buying.car_sessions import CarSessions, find_sessions
from darkstar.time_machine.past.history import History


class Thing(StrEnum):
    """What may be taken away."""

    CAR = "car"
    WATER = "water"
    SUN = "sun"


TERMS = tuple(term.name for term in fields(Tariff))
_BATTERY = ("charge_kw", "discharge_kw", "wear_per_kwh")
_KEYS = ("battery_kwh", *_BATTERY, "tariff", *TERMS, "without", "sun_times", "price", "name")
_MAY_BE_NEGATIVE = ("markup_per_kwh", "export_bonus_per_kwh")


@dataclass(frozen=True)
class Variant:
    """One thing to try.

    Attributes:
        battery_kwh: 0 for no battery, None for the home's own.
        charge_kw, discharge_kw, wear_per_kwh: None as the home's battery has them.
        tariff: the file with another tariff.
        terms: of the tariff, by their names.
        price: what it costs, in the home's currency.
    """

    name: str
    battery_kwh: float | None = None
    charge_kw: float | None = None
    discharge_kw: float | None = None
    wear_per_kwh: float | None = None
    tariff: Path | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    without: frozenset[Thing] = frozenset()
    sun_times: float = 1.0
    price: float | None = None

    @property
    def other_battery(self) -> bool:
        """Whether it is not the home's own battery."""
        return any(
            value is not None
            for value in (self.battery_kwh, self.charge_kw, self.discharge_kw, self.wear_per_kwh)
        )

    @property
    def other_tariff(self) -> bool:
        """Whether it is not the home's own tariff."""
        return self.tariff is not None or bool(self.terms)

    def battery(self, own: Battery | None) -> Battery | None:
        """The battery, None where there is none."""
        capacity = self.battery_kwh
        if capacity is None:
            capacity = own.capacity_kwh if own else 0.0
        if capacity == 0:
            return None
        battery = replace(own, capacity_kwh=capacity) if own else Battery(capacity)
        told = {
            "charge_max_kw": self.charge_kw,
            "discharge_max_kw": self.discharge_kw,
            "wear_per_kwh": self.wear_per_kwh,
        }
        return replace(battery, **{name: value for name, value in told.items() if value is not None})


def parse_variants(text: str) -> tuple[Variant, ...]:
    """What one `--what-if` asks for: one thing, or one for each size of battery.

    Raises:
        UsageError: a word is not understood.
    """
    words = _words(text)
    if not words.keys() - {"price", "name"}:
        raise UsageError(f"--what-if '{text}' changes nothing.", remedy=f"Use {', '.join(_KEYS[:-2])}.")
    sizes = words.pop("battery_kwh", None)
    prices = words.pop("price", "").split(",")
    told = [size.strip() for size in sizes.split(",")] if sizes is not None else [None]
    if len(prices) not in (1, len(told)):
        raise UsageError(
            f"--what-if '{text}' has {len(told)} sizes and {len(prices)} prices.", remedy="Name one each."
        )
    prices = prices * len(told) if len(prices) == 1 else prices
    return tuple(_variant(words, size, price) for size, price in zip(told, prices, strict=True))


def _words(text: str) -> dict[str, str]:
    try:
        parts = [part.partition("=") for part in shlex.split(text)]
    except ValueError as error:
        raise UsageError(f"--what-if '{text}': {error}.") from None
    for key, equals, value in parts:
        if key not in _KEYS or not equals or not value:
            raise UsageError(
                f"--what-if does not know '{key}{equals}{value}'.",
                remedy=f"Write KEY=VALUE with {', '.join(_KEYS)}.",
            )
    words = {key: value for key, _, value in parts}
    if len(words) != len(parts):
        raise UsageError(f"--what-if '{text}' says something twice.", remedy="Repeat --what-if for another.")
    return words


def _variant(words: Mapping[str, str], size: str | None, price: str) -> Variant:
    shown = [f"{key}={value}" for key, value in words.items() if key != "name"]
    if size is not None:
        shown.insert(0, f"battery_kwh={size}")
    name = words.get("name", "")
    if name and size is not None:
        name = f"{name} {size} kWh"
    numbers = {key: _number(key, words[key]) for key in (*_BATTERY, "sun_times") if key in words}
    return Variant(
        name=name or " ".join(shown),
        battery_kwh=None if size is None else _number("battery_kwh", size),
        tariff=Path(words["tariff"]).expanduser() if "tariff" in words else None,
        terms={key: _number(key, words[key]) for key in TERMS if key in words},
        without=_things(words.get("without", "")),
        price=_number("price", price) if price else None,
        **numbers,
    )


def _number(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number) or (number < 0 and key not in _MAY_BE_NEGATIVE):
        least = "" if key in _MAY_BE_NEGATIVE else " of 0 or more"
        raise UsageError(f"--what-if: {key} is '{text}'.", remedy=f"Write a number{least}.")
    return number


def _things(text: str) -> frozenset[Thing]:
    named = [word.strip() for word in text.split(",")] if text else []
    unknown = [word for word in named if word not in tuple(Thing)]
    if unknown:
        raise UsageError(
            f"--what-if cannot take away '{unknown[0]}'.", remedy=f"Choose from {', '.join(Thing)}."
        )
    return frozenset(Thing(word) for word in named)


@dataclass(frozen=True)
class Past:
    """What varying a past needs besides it; all of shape (len(known),), NaN where not known.

    Attributes:
        spot_price: the market's, per kWh.
        water_kwh: what the water heater drew.
    """

    spot_price: Series
    water_kwh: Series


def varied_history(
    known: History, variant: Variant, past: Past, tariffs: Tariffs
) -> tuple[History, CarSessions | None]:
    """The past with another load, sun and tariff, and the car's sessions where they were taken out of it.

    Args:
        tariffs: the variant's.

    Raises:
        DataError: the ledger does not know what is to be taken away, or prices are not the market's.
        UsageError: the home's sun is not known by itself.
    """
    history, sessions = known, None
    if variant.other_tariff:
        history = _repriced(history, past.spot_price, tariffs)
    if Thing.WATER in variant.without:
        if np.isnan(past.water_kwh).all():
            raise DataError(
                "The ledger does not know what the water heater drew.", remedy="Leave out without=water."
            )
        history = _less_load(history, np.nan_to_num(past.water_kwh))
    if Thing.CAR in variant.without:
        sessions = find_sessions(history.load_kwh)
        history = _less_load(history, sessions.kwh)
    times = 0.0 if Thing.SUN in variant.without else variant.sun_times
    if times != 1.0:
        if history.net_only:
            raise UsageError(
                "This home's sun is known only less its load.", remedy="Leave out sun_times and without=sun."
            )
        history = history.with_energies(history.load_kwh, history.pv_kwh * times)
    return history, sessions


def _repriced(history: History, spot: Series, tariffs: Tariffs) -> History:
    """Where the market's price is not known, nor is the household's."""
    if (np.isnan(spot) & np.isfinite(history.import_price)).all():
        raise DataError(
            "The ledger knows the household's prices without the market's, so no other tariff can be laid on them.",
            remedy="Import the market's prices: darkstar import prices, or backfill prices.",
        )
    slots = history.slots
    return replace(
        history,
        import_price=tariffs.import_price(slots, spot),
        export_price=tariffs.export_price(slots, spot),
    )


def _less_load(history: History, kwh: Series) -> History:
    if not history.net_only:
        return history.with_energies(np.maximum(history.load_kwh - kwh, 0.0), history.pv_kwh)
    net = history.load_kwh - history.pv_kwh - kwh
    return history.with_energies(np.maximum(net, 0.0), np.maximum(-net, 0.0))
