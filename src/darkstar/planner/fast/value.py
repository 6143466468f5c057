"""What stored energy is worth: the least cost from now on, as a function of the energy stored now."""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.problem import Series


@dataclass(frozen=True)
class StoredValue:
    """The value function; piecewise linear between its breakpoints, outside them as at the nearest.

    Attributes:
        soc_kwh: breakpoints from the least to the greatest energy stored, shape (m,).
        cost: least cost from now to the horizon's end, terminal value included, shape (m,).
    """

    soc_kwh: Series
    cost: Series

    def cost_at(self, soc_kwh: float) -> float:
        """Least cost with this energy stored."""
        return float(np.interp(soc_kwh, self.soc_kwh, self.cost))

    def slope_at(self, soc_kwh: float) -> float:
        """Change of the cost per kWh stored: of the next bit stored, of the last one when full; 0 without room.

        What a stored kWh is worth is its negative.
        """
        if len(self.soc_kwh) < 2:
            return 0.0
        after = int(np.searchsorted(self.soc_kwh, soc_kwh, side="right"))
        after = min(max(after, 1), len(self.soc_kwh) - 1)
        rise = self.cost[after] - self.cost[after - 1]
        return float(rise / (self.soc_kwh[after] - self.soc_kwh[after - 1]))


@dataclass(frozen=True)
class FirstMove:
    """What to do now.

    Attributes:
        charge_kwh, discharge_kwh: the battery's energy in the first slot, AC side; never both.
        cost: least cost from now to the horizon's end, terminal value included.
        worth: value of a stored kWh at the present state of charge, before the move (`StoredValue.slope_at` negated).
    """

    charge_kwh: float
    discharge_kwh: float
    cost: float
    worth: float
