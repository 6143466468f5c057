"""What a replay needs to know: a past, which of its slots are replayed, a battery, a connection, a start."""

from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.courses import FEW
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import QUARTERS_OF_DAY
from darkstar.domain.tariffs import Tariffs
from darkstar.planner.baselines import USUAL_TIMER, Timer
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue
from darkstar.time_machine.past.heater import HeaterPast
from darkstar.time_machine.past.history import History
from darkstar.time_machine.plant.model import IDEAL, PlantModel


@dataclass(frozen=True)
class Scenario:
    """The same for every policy that is compared.

    Attributes:
        known: every slot from some time before the range (what a forecaster may learn from) to the end of the prices
            that are public by its end, without holes in time; values that nobody knows are NaN.
        replayed: which of them are replayed, shape (len(known),); nothing is unknown in those.
        tz: the home's time zone.
        soc_start_kwh: energy stored before the first replayed slot, for all policies alike.
        timer: the hours of the policy that charges by the clock.
        plan_threshold: gain [currency] above which a plan takes the place of the one made before.
        replan_slots: plans are made every so many slots; between them the last plan's modes hold.
        courses: of load and sun that plans under doubt reckon with.
        settlement_per_kwh: what a stored kWh gained or lost over the range is worth, for all policies alike.
        power_tariffs: what the months' highest draws cost, with what the first month has drawn before.
        tariffs: what the prices are made of, where that changes with time: what is expected of prices that are not
            published follows from it. None where it is of no account.
        plant: how the battery and its inverter really behave; what plans believe is `storage`.
        heater: the water heater where it may be planned; its draw is a part of the load. None where it stays as it was.
    """

    known: History
    replayed: NDArray[np.bool_]
    tz: ZoneInfo
    storage: StorageModel
    grid: GridModel
    soc_start_kwh: float
    settlement_per_kwh: float
    timer: Timer = USUAL_TIMER
    plan_threshold: float = 0.0
    replan_slots: int = 1
    courses: int = FEW
    plant: PlantModel = IDEAL
    power_tariffs: tuple[MeteredTariff, ...] = ()
    tariffs: Tariffs | None = None
    heater: HeaterPast | None = None

    def __post_init__(self) -> None:
        history = self.history
        if not len(history):
            raise UsageError(
                "No day of the range can be replayed.",
                remedy=self._reasons() or "Choose a range with energy and prices.",
            )
        for series in (history.load_kwh, history.pv_kwh, history.import_price, history.export_price):
            if not np.isfinite(series).all():
                raise UsageError("A slot to be replayed lacks its load, its sun or its price.")
        if not 1 <= self.replan_slots <= QUARTERS_OF_DAY or self.courses < 1:
            raise UsageError(
                f"Plans cannot be made every {self.replan_slots} slots with {self.courses} courses.",
                remedy="Plan again after a slot at least and a day at most, with one course at least.",
            )
        if not self.storage.soc_min_kwh <= self.soc_start_kwh <= self.storage.soc_max_kwh:
            raise UsageError(
                f"The state of charge at the start, {self.soc_start_kwh:g} kWh, lies outside the battery's "
                f"{self.storage.soc_min_kwh:g} to {self.storage.soc_max_kwh:g} kWh.",
                remedy="Choose another --soc-start-percent.",
            )

    @cached_property
    def history(self) -> History:
        """The replayed slots."""
        return self.known.take(self.replayed)

    def on(self, plant: PlantModel) -> "Scenario":
        """The same on another plant; one that holds less than the planner believes starts with no more than that."""
        most = self.storage.soc_max_kwh * min(plant.health, 1.0)
        start = max(min(self.soc_start_kwh, most), self.storage.soc_min_kwh)
        return replace(self, plant=plant, soc_start_kwh=start)

    def only(self, slots: slice) -> "Scenario":
        """Some of the replayed slots, by number, with no more around them than what is published at each."""
        rows = np.flatnonzero(self.replayed)[slots]
        near = np.zeros(len(self.known), dtype=np.bool_)
        near[rows[0] : rows[-1] + 1 + 2 * QUARTERS_OF_DAY] = True
        replayed = np.zeros(len(self.known), dtype=np.bool_)
        replayed[rows] = True
        known = replace(self.known.take(near), minutes=None, omitted=())
        return replace(self, known=known, replayed=replayed[near], heater=None)

    @property
    def settlement(self) -> TerminalValue:
        """The settlement as a planner sees it, up to a constant that no decision changes."""
        room = self.storage.soc_max_kwh - self.storage.soc_min_kwh
        return TerminalValue(np.array([self.settlement_per_kwh]), np.array([room]))

    def problem(
        self,
        load_kwh: Series,
        pv_kwh: Series,
        prices: tuple[Series, Series],
        soc_kwh: float,
        terminal: TerminalValue,
        slot_hours: float,
    ) -> Problem:
        """What to decide for slots with these energies and import and export prices, all shape (n,)."""
        return Problem(
            slot_hours=slot_hours,
            load_kwh=load_kwh,
            pv_kwh=pv_kwh,
            import_price=prices[0],
            export_price=prices[1],
            soc_start_kwh=soc_kwh,
            storage=self.storage,
            grid=self.grid,
            terminal=terminal,
        )

    def _reasons(self) -> str:
        return "; ".join(f"{day}: {reason}" for day, reason in self.known.omitted[:3])


def cautious_settlement(history: History, storage: StorageModel) -> float:
    """What a stored kWh surely brings: the mean export price after discharging and its wear, never below zero."""
    sold = float(history.export_price.mean()) if len(history) else 0.0
    return max(0.0, (sold - storage.wear_discharge) * storage.discharge_efficiency)
