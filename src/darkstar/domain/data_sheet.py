"""What is stated of a real battery beyond its capacity and power: losses, limits by state of charge, ageing."""

from dataclasses import dataclass

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Ageing:
    """How fast capacity is lost, and what that costs.

    Attributes:
        end_of_life: share of the nominal capacity that is left when it is worn out.
        cycles: full cycles until then; None where use does not age it.
        years: years until then; None where time does not age it.
        replacement_per_kwh: what a kWh of lost capacity costs, in the home's currency.
    """

    end_of_life: float
    cycles: float | None = None
    years: float | None = None
    replacement_per_kwh: float = 0.0

    @property
    def fade_per_cycle(self) -> float:
        """Share of the nominal capacity lost with each full cycle."""
        return self._loss / self.cycles if self.cycles else 0.0

    @property
    def fade_per_year(self) -> float:
        """Share of the nominal capacity lost by time in each year."""
        return self._loss / self.years if self.years else 0.0

    @property
    def _loss(self) -> float:
        """Of what is lost to the end of life use and time have half each, where both are stated."""
        lost = 1.0 - self.end_of_life
        return lost / 2 if self.cycles and self.years else lost

    def wear_per_kwh(self, charge_efficiency: float, discharge_efficiency: float) -> float:
        """The cost of use for each kWh charged and for each kWh discharged, AC side."""
        return self.replacement_per_kwh * self.fade_per_cycle / (1 / charge_efficiency + discharge_efficiency)


@dataclass(frozen=True)
class DataSheet:
    """What is stated of a battery and its inverter; whatever is left out is as in an ideal one.

    Attributes:
        standby_kw: drawn from the AC side at rest; standby_battery_kw: drawn from the store at rest.
        least_kw: below this AC power it rests.
        running_loss_kw: lost at work, whatever the power; 0 where the curves tell it.
        charge_curve, discharge_curve: points (AC power [kW], share that is stored of it, or given of what is taken).
        charge_taper, discharge_taper: points (percent of the state of charge, share of the rated power).
        health: real capacity by the nominal one.
    """

    standby_kw: float = 0.0
    standby_battery_kw: float = 0.0
    least_kw: float = 0.0
    running_loss_kw: float = 0.0
    charge_curve: Points = ()
    discharge_curve: Points = ()
    charge_taper: Points = ()
    discharge_taper: Points = ()
    health: float = 1.0
    ageing: Ageing | None = None
