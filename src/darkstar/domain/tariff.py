"""From the market's spot price to what the household pays and is paid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.float64]


@dataclass(frozen=True)
class Tariff:
    """What stands between the spot price and the bill, all per kWh in the home's currency.

    A Swedish household: import = (spot + markup + grid fee + energy tax) with VAT on the sum; export = spot + bonus.
    """

    grid_fee_per_kwh: float = 0.0
    energy_tax_per_kwh: float = 0.0
    markup_per_kwh: float = 0.0
    vat_percent: float = 0.0
    export_bonus_per_kwh: float = 0.0

    def import_price(self, spot: Prices) -> Prices:
        """Price of a kWh drawn from the grid; shape as `spot`, NaN where the spot price is unknown."""
        fees = self.markup_per_kwh + self.grid_fee_per_kwh + self.energy_tax_per_kwh
        return np.asarray((spot + fees) * (1 + self.vat_percent / 100))

    def export_price(self, spot: Prices) -> Prices:
        """Price of a kWh fed into the grid; shape as `spot`, NaN where the spot price is unknown."""
        return np.asarray(spot + self.export_bonus_per_kwh)

    def spot_of_import(self, price: Prices) -> Prices:
        """The spot price behind `import_price`."""
        fees = self.markup_per_kwh + self.grid_fee_per_kwh + self.energy_tax_per_kwh
        return np.asarray(price / (1 + self.vat_percent / 100) - fees)

    def spot_of_export(self, price: Prices) -> Prices:
        """The spot price behind `export_price`."""
        return np.asarray(price - self.export_bonus_per_kwh)
