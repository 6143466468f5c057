"""What a plan handed on: each battery's modes, what each device draws, and what it had expected."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.problem import Series


@dataclass(frozen=True)
class StandingBattery:
    """One battery's part of the n slots.

    Attributes:
        soc_kwh: the energy stored if its modes meet what was expected, shape (n + 1,).
        modes: of the first m slots.
        worth: of a stored kWh at the energy planned, shape (m,), NaN where nobody has reckoned it.
    """

    soc_kwh: Series
    modes: ModeTable
    worth: Series


@dataclass(frozen=True)
class Expected:
    """What was expected when it was made, shape (n,) each; energies are the home's without its devices."""

    load_kwh: Series
    pv_kwh: Series
    import_price: Series
    export_price: Series


@dataclass(frozen=True)
class StandingPlan:
    """A plan of n slots.

    Attributes:
        start_utc: start of its first slot.
        prices_until_utc: end of the published prices that it knew.
        batteries, devices: by name; a device's is what it draws in each slot, shape (n,).
        held_slots: how many of the first slots another plan may be held to.
    """

    start_utc: int
    prices_until_utc: int
    held_slots: int
    expected: Expected
    batteries: Mapping[str, StandingBattery]
    devices: Mapping[str, Series]

    def __len__(self) -> int:
        return len(self.expected.load_kwh)

    def after(self, slots: int) -> "StandingPlan":
        """What is left once its first slots have passed; fewer than all that are held."""
        expected = self.expected
        return StandingPlan(
            self.start_utc + slots * SLOT_SECONDS,
            self.prices_until_utc,
            self.held_slots - slots,
            Expected(
                expected.load_kwh[slots:],
                expected.pv_kwh[slots:],
                expected.import_price[slots:],
                expected.export_price[slots:],
            ),
            {
                name: StandingBattery(
                    one.soc_kwh[slots:], one.modes.take(slice(slots, None)), one.worth[slots:]
                )
                for name, one in self.batteries.items()
            },
            {name: energy_kwh[slots:] for name, energy_kwh in self.devices.items()},
        )
