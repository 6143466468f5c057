"""A home for the tests of the bookkeeping."""

from pathlib import Path

from darkstar.config.settings import PriceSettings, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.home import Home
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import always

TARIFF = Tariff(grid_fee_per_kwh=0.25, energy_tax_per_kwh=0.44, vat_percent=25, export_bonus_per_kwh=0.05)


def settings(
    folder: Path,
    *,
    currency: str = "SEK",
    prices: PriceSettings | None = PriceSettings("vattenfall", "SE4", ("elprisetjustnu",)),  # noqa: B008
    tariff: Tariff = TARIFF,
) -> Settings:
    """A Swedish house with sun and no battery, whose meters are not named: files are all that it has."""
    return Settings(
        folder=folder,
        home=Home("Test", "Europe/Stockholm", 55.6, 13.0, currency, 25, 3),
        battery=None,
        tariffs=always(tariff),
        sensors={},
        soc=(),
        absent=frozenset({Channel.BATT_CHARGE, Channel.BATT_DISCHARGE}),
        pv_peak_kw=None,
        prices=prices,
        home_assistant=None,
        sensor_list=(),
    )
