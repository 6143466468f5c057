"""The channels of a home's energy and how they balance."""

from enum import StrEnum


class Channel(StrEnum):
    """A flow of energy in kWh a slot, never negative."""

    LOAD = "load"
    PV = "pv"
    IMPORT = "import"
    EXPORT = "export"
    BATT_CHARGE = "batt_charge"
    BATT_DISCHARGE = "batt_discharge"
    WATER = "water"
    """The water heater: a part of `load`, not beside it."""

    @property
    def column(self) -> str:
        """The column of `slot_observations` that holds it."""
        return f"{self.value}_kwh"


BALANCE_SIGN: dict[Channel, int] = {
    Channel.PV: 1,
    Channel.IMPORT: 1,
    Channel.BATT_DISCHARGE: 1,
    Channel.LOAD: -1,
    Channel.EXPORT: -1,
    Channel.BATT_CHARGE: -1,
}
"""Sources less uses: sum(sign * energy) is the site's residual, zero where all meters agree."""
