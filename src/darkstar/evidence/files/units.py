"""What a price of a file is per kWh in the home's currency."""

import math
import re
from dataclasses import dataclass

from darkstar.domain.errors import UsageError

UNIT = re.compile(r"(?P<money>[A-Za-zÖöØø]+)/(?P<energy>[kKmM][wW]h)")
ORE = ("ore", "öre", "øre")
ORE_CURRENCIES = ("SEK", "NOK", "DKK")
ORE_IN_A_CROWN = 100
KWH_IN_A_MWH = 1000


@dataclass(frozen=True)
class PriceUnit:
    """The unit of a price.

    Attributes:
        currency: ISO 4217. per_kwh: what one of the unit is in that currency per kWh.
    """

    currency: str
    per_kwh: float


def parse_unit(text: str, home_currency: str) -> PriceUnit:
    """`EUR/MWh`, `SEK/kWh`, `ore/kWh` and their like.

    Raises:
        UsageError: it is no such unit.
    """
    match = UNIT.fullmatch(text.strip())
    money = match["money"].lower() if match else ""
    if match is None or (money not in ORE and len(money) != 3):
        raise UsageError(f"'{text}' is no unit of a price.", remedy="Write EUR/MWh, SEK/kWh or ore/kWh.")
    per_kwh = 1.0 if match["energy"].lower() == "kwh" else 1 / KWH_IN_A_MWH
    if money in ORE:
        return PriceUnit(
            home_currency if home_currency in ORE_CURRENCIES else ORE_CURRENCIES[0], per_kwh / ORE_IN_A_CROWN
        )
    return PriceUnit(money.upper(), per_kwh)


def factor_to_home(unit: PriceUnit, home_currency: str, fx: float | None) -> float:
    """What a price of the unit is to be multiplied with.

    Args:
        fx: units of the home's currency for one of the price's, where they differ.

    Raises:
        UsageError: the rate is missing, not positive, or given between one currency and itself.
    """
    if unit.currency == home_currency:
        if fx is not None and fx != 1:
            raise UsageError(f"The prices are in {home_currency} already.", remedy="Leave out --fx.")
        return unit.per_kwh
    if fx is None:
        raise UsageError(
            f"The prices are in {unit.currency}, and the home counts in {home_currency}.",
            remedy=f"Say what one {unit.currency} is in {home_currency}: --fx 11.2",
        )
    if not (math.isfinite(fx) and fx > 0):
        raise UsageError(f"--fx {fx:g} is no rate of exchange.")
    return unit.per_kwh * fx
