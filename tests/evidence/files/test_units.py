"""Units and rates of exchange."""

import pytest

from darkstar.domain.errors import UsageError
from darkstar.evidence.files.units import factor_to_home, parse_unit


@pytest.mark.parametrize(
    ("unit", "home", "fx", "price", "expected"),
    [
        ("EUR/MWh", "SEK", 11.25, 40.0, 0.45),
        ("EUR/MWh", "EUR", None, 40.0, 0.04),
        ("SEK/kWh", "SEK", None, -0.2, -0.2),
        ("SEK/kWh", "SEK", 1.0, 0.7, 0.7),
        ("ore/kWh", "SEK", None, 83.64, 0.8364),
        ("öre/kWh", "SEK", None, 83.64, 0.8364),
        ("ore/kWh", "NOK", None, 50.0, 0.5),
        ("ore/kWh", "EUR", 0.09, 100.0, 0.09),
        ("dkk/mwh", "DKK", None, 500.0, 0.5),
    ],
)
def test_prices_per_kwh_at_home(
    unit: str, home: str, fx: float | None, price: float, expected: float
) -> None:
    assert price * factor_to_home(parse_unit(unit, home), home, fx) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("unit", ["EUR", "EUR/Wh", "kWh/EUR", "euros/MWh", "", "EUR/MW", "€/kWh"])
def test_what_is_no_unit(unit: str) -> None:
    with pytest.raises(UsageError, match="is no unit of a price"):
        parse_unit(unit, "SEK")


def test_the_rate_of_exchange() -> None:
    with pytest.raises(UsageError, match=r"prices are in EUR.*--fx 11.2"):
        factor_to_home(parse_unit("EUR/MWh", "SEK"), "SEK", None)
    with pytest.raises(UsageError, match="Leave out --fx"):
        factor_to_home(parse_unit("SEK/kWh", "SEK"), "SEK", 11.2)
    for fx in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="no rate of exchange"):
            factor_to_home(parse_unit("EUR/MWh", "SEK"), "SEK", fx)
