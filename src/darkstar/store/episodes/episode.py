"""An episode: one decision at the start of a slot, what it was made from, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What one way of deciding has in common over all its slots.

    Attributes:
        system_id: `prod`, `simulation`, `shadow` or another name.
        run_id: made of all that the decisions depend on, so that the same run has the same id anywhere.
        home: the home's name.
        policy: who decided.
        context: battery, connection, kind of information and versions; plain names and plain values.
    """

    system_id: str
    run_id: str
    home: str
    policy: str
    context: Mapping[str, str | float]


@dataclass(frozen=True)
class Expected:
    """What was expected of the slot and of those after it; all series shape (n,), NaN unknown.

    Attributes:
        forecast_issued_utc: when the forecasts of load and sun were made.
        prices_known_until_utc: prices from here on were expected, not published.
    """

    load_kwh: Series
    pv_kwh: Series
    import_price: Series
    export_price: Series
    forecast_issued_utc: int
    prices_known_until_utc: int


@dataclass(frozen=True)
class Schedule:
    """The plan that was made; energies shape (n,), `soc_kwh` (n + 1,) with the start first.

    Attributes:
        planned_cost: what the planner held it to cost, the worth of what is left at its end taken off.
    """

    charge_kwh: Series
    discharge_kwh: Series
    import_kwh: Series
    export_kwh: Series
    soc_kwh: Series
    planned_cost: float


@dataclass(frozen=True)
class Decision:
    """What was decided: the inverter's mode for the slot (the planner's `Mode` as plain values).

    Attributes:
        mode: what it came to with the energy stored at the slot's start.
        buy_to_kwh, store_to_kwh, cover_to_kwh, sell_to_kwh: levels of the energy stored up or down to which the
            battery charges from the grid, stores surplus, covers the load, feeds the grid.
        charge_max_kw, discharge_max_kw: bounds of the battery's power, AC side.
        curtail: what was to become of sun that nobody takes.
        worth_per_kwh: of a stored kWh; NaN where nobody reckoned it.
    """

    mode: str
    buy_to_kwh: float
    store_to_kwh: float
    cover_to_kwh: float
    sell_to_kwh: float
    charge_max_kw: float
    discharge_max_kw: float
    curtail: str
    worth_per_kwh: float


@dataclass(frozen=True)
class Outcome:
    """What the slot came to: energies [kWh], prices and cost in the home's currency; NaN unknown."""

    load_kwh: float
    pv_kwh: float
    import_price: float
    export_price: float
    charge_kwh: float
    discharge_kwh: float
    import_kwh: float
    export_kwh: float
    curtail_kwh: float
    soc_end_kwh: float
    cost: float


@dataclass(frozen=True)
class Episode:
    """One decision.

    Attributes:
        episode_start_utc: start of its slot [UTC s].
        episode_start_local: the same on the home's clock, with its offset.
        episode_date: the local day.
        data_quality_status: the day's label in the ledger when the episode was made; empty where it had none.
        soc_start_kwh: energy stored at the slot's start, as the decision saw it.
        expected: None where nothing was looked ahead.
        schedule: None where no plan was made.
    """

    run: Run
    episode_start_utc: int
    episode_start_local: str
    episode_date: str
    data_quality_status: str
    soc_start_kwh: float
    decision: Decision
    outcome: Outcome
    expected: Expected | None = None
    schedule: Schedule | None = None
