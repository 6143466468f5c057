"""How a real battery and its inverter differ from the planner's linear storage.

The power that reaches the store while the AC side draws c kW, and the power that leaves it while the AC side gets d:

    stored(c) = charge_efficiency * c - running_loss_kw - resistive_loss_per_kw * c²
    taken(d)  = d / discharge_efficiency + running_loss_kw + resistive_loss_per_kw * d²

That is the polynomial of conversion losses of PerModAC (Weniger, Tjaden, Orth, Maier: "Performance Simulation Model for
AC-coupled PV-Battery Systems", HTW Berlin), fitted by the Efficiency guideline for PV storage systems to the measured
curves of the "Stromspeicher-Inspektion": a constant, a proportional and a quadratic part, the last of which holds the
resistance of the cells as well. Standby use of the AC and of the battery side, stationary deviation, dead time and
settling time are that guideline's too. Systems of 5 to 10 kW were measured with a running loss of 20 to 100 W,
a standby use of 2 to 60 W, a dead time of 0.2 to 10 s and a settling time of 0.5 to 20 s.

All is nothing by default: the ideal plant, which does what the planner believes.
"""

from dataclasses import dataclass

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS

Taper = tuple[tuple[float, float], ...]
"""Points (percent of the real capacity, share of the rated power), percent rising; linear between, flat beyond."""

MINUTE_SECONDS = 60
MINUTES_OF_SLOT = SLOT_SECONDS // MINUTE_SECONDS
MINUTE_HOURS = MINUTE_SECONDS / HOUR_SECONDS
YEAR_HOURS = 365.25 * 24


@dataclass(frozen=True)
class PlantModel:
    """What the plant does that the planner does not know; powers in kW.

    Attributes:
        charge_efficiency, discharge_efficiency: the proportional part; None for the planner's own.
        running_loss_kw: lost while it charges or discharges, whatever the power.
        resistive_loss_per_kw: lost by the square of the AC power [kW / kW²].
        standby_kw: drawn from the AC side while it rests.
        standby_battery_kw: drawn from the store while it rests; at the least it may hold, from the AC side instead.
        least_kw: below this AC power it rests.
        charge_taper, discharge_taper: limits of the power by state of charge; none where empty.
        nominal_kwh: what 100 percent mean to the planner; None where its fullest is 100 percent.
        health: real capacity by the nominal one at the start; what is missing is missing at the top.
        fade_per_cycle: share of the nominal capacity lost with each full cycle (that much stored and taken again).
        fade_per_year: share of it lost by time alone.
        replacement_per_kwh: what a kWh of lost capacity costs. Where it is above 0 the bill's wear is that cost, and
            the planner's wear per kWh stays what the planner believes.
        dead_s, lag_s: dead time and time constant of the first order with which the battery follows; felt only where
            the course inside the slot is known. `dead_s` is shorter than a minute.
        deviation_kw: what it leaves to the grid of a surplus or a deficit that it follows.
    """

    charge_efficiency: float | None = None
    discharge_efficiency: float | None = None
    running_loss_kw: float = 0.0
    resistive_loss_per_kw: float = 0.0
    standby_kw: float = 0.0
    standby_battery_kw: float = 0.0
    least_kw: float = 0.0
    charge_taper: Taper = ()
    discharge_taper: Taper = ()
    nominal_kwh: float | None = None
    health: float = 1.0
    fade_per_cycle: float = 0.0
    fade_per_year: float = 0.0
    replacement_per_kwh: float = 0.0
    dead_s: float = 0.0
    lag_s: float = 0.0
    deviation_kw: float = 0.0

    def __post_init__(self) -> None:
        for name in ("charge_efficiency", "discharge_efficiency", "health"):
            share = getattr(self, name)
            if share is not None and not 0.0 < share <= 2.0 - (name != "health"):
                raise UsageError(f"The plant's {name} is {share:g}; that is outside what is possible.")
        for name in _NEVER_NEGATIVE:
            if not 0.0 <= getattr(self, name) < np.inf:
                raise UsageError(f"The plant's {name} is {getattr(self, name):g}; it is never negative.")
        if self.dead_s >= MINUTE_SECONDS:
            raise UsageError(f"The plant's dead time of {self.dead_s:g} s is not below {MINUTE_SECONDS} s.")
        for taper in (self.charge_taper, self.discharge_taper):
            percents = [percent for percent, _ in taper]
            if percents != sorted(set(percents)) or not all(0.0 <= share <= 1.0 for _, share in taper):
                raise UsageError("A taper's percents rise, and its shares lie between 0 and 1.")

    @property
    def ideal(self) -> bool:
        """Whether it does what the planner believes."""
        return self == IDEAL


_NEVER_NEGATIVE = (
    "running_loss_kw",
    "resistive_loss_per_kw",
    "standby_kw",
    "standby_battery_kw",
    "least_kw",
    "fade_per_cycle",
    "fade_per_year",
    "replacement_per_kwh",
    "dead_s",
    "lag_s",
    "deviation_kw",
)

IDEAL = PlantModel()
