"""What a replay hands back: the flows of each policy, its bill, and the policies beside each other.

    flows (slot by slot)  ->  bill (money over the range)  ->  comparison (who closed how much of the gap)

Every sum is computed from the flows, so a chart and a table can never disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.bill import Bill
from darkstar.domain.power_tariff import MonthFee
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS
from darkstar.planner.problem import Plan
from darkstar.time_machine.past.history import History

Series = NDArray[np.float64]

NONE, RULE, TIMER, CHEAPEST = "none", "rule", "timer", "cheapest"
SETPOINT, MPC, ORACLE = "setpoint", "mpc", "oracle"
MPC_HEATER, ORACLE_HEATER = "mpc_heater", "oracle_heater"
"""As `mpc` and `oracle`, the water heater planned as well; in all others it stays as it was."""


@dataclass(frozen=True)
class Flows:
    """Energy moved in each replayed slot [kWh], AC side; shape (n,) but for `soc_kwh`, (n + 1,) with the start first.

    Attributes:
        import_kwh: all that was drawn from the grid, what broke the fuse included.
        breach_kwh: the part of it beyond the main fuse.
        curtail_kwh: sun that neither home, battery nor grid could take.
        soc_kwh: energy stored; carried over unchanged where days were left out.
        loss_kwh: turned to heat between the AC side and the store.
        standby_kwh: drawn from the AC side by the resting battery system.
        faded_kwh: capacity that aged away.
        heater_kwh: drawn by the water heater in place of what it really drew; None where it stays as it was.
        unserved_kwh: heat that was due at a slot's end and had not been drawn; None as before.

    At the AC side load + export + charge + curtailment + standby = sun + import + discharge; in the store what is
    there after a slot = what was there + charge - discharge - loss.
    """

    charge_kwh: Series
    discharge_kwh: Series
    import_kwh: Series
    export_kwh: Series
    curtail_kwh: Series
    breach_kwh: Series
    soc_kwh: Series
    loss_kwh: Series
    standby_kwh: Series
    faded_kwh: Series
    heater_kwh: Series | None = None
    unserved_kwh: Series | None = None

    @classmethod
    def planned(cls, plan: Plan) -> "Flows":
        """What comes of a plan that the world obeys."""
        nothing = np.zeros(len(plan.charge_kwh))
        return cls(
            charge_kwh=plan.charge_kwh,
            discharge_kwh=plan.discharge_kwh,
            import_kwh=plan.import_kwh + plan.breach_kwh,
            export_kwh=plan.export_kwh,
            curtail_kwh=plan.curtail_kwh,
            breach_kwh=plan.breach_kwh,
            soc_kwh=plan.soc_kwh,
            loss_kwh=plan.charge_kwh - plan.discharge_kwh - np.diff(plan.soc_kwh),
            standby_kwh=nothing,
            faded_kwh=nothing,
        )

    def part(self, slots: slice) -> "Flows":
        """Those of some slots, by number, the first and the one after the last stated."""
        stored = slice(slots.start, slots.stop + 1)
        return Flows(
            **{
                f.name: getattr(self, f.name)[stored if f.name == "soc_kwh" else slots]
                for f in fields(self)
                if getattr(self, f.name) is not None
            }
        )


@dataclass(frozen=True)
class PolicyOutcome:
    """One policy over the whole range.

    Attributes:
        cost_per_slot: cost of each slot without the settlement, shape (n,); its sum less `bill.settlement` is `cost`.
            A slot that raises its month's power fee carries the rise.
        plan_ms: time that a plan took [ms], of each that was made by itself, one in 49; empty where the policy makes
            none.
        plans: how many plans were made.
        switches: slots whose kind of mode is not that of the slot before; 0 for the oracle, which has no modes.
        flips: slots of the next 24 h in which a plan charges, rests or discharges where the one made just before did
            not; None where no whole plans are made.
        over_least: by how much it costs more than the least that was possible, at most and proven; None but for the
            oracle. 0 without power tariffs.
        power_months: each month's highest draws and their fee, tariff by tariff.
    """

    name: str
    bill: Bill
    flows: Flows
    cost_per_slot: Series
    plan_ms: Series
    plans: int = 0
    switches: int = 0
    flips: int | None = None
    over_least: float | None = None
    power_months: tuple[MonthFee, ...] = ()

    @property
    def cost(self) -> float:
        """All in, over the range."""
        return self.bill.cost

    @property
    def import_kwh(self) -> float:
        """Energy drawn from the grid."""
        return float(self.flows.import_kwh.sum())

    @property
    def export_kwh(self) -> float:
        """Energy fed into the grid."""
        return float(self.flows.export_kwh.sum())

    @property
    def charge_kwh(self) -> float:
        """Energy charged, AC side."""
        return float(self.flows.charge_kwh.sum())

    @property
    def discharge_kwh(self) -> float:
        """Energy discharged, AC side."""
        return float(self.flows.discharge_kwh.sum())

    @property
    def peak_import_kw(self) -> float:
        """Highest mean power drawn from the grid in one slot."""
        return float(self.flows.import_kwh.max(initial=0.0)) / SLOT_HOURS

    @property
    def soc_start_kwh(self) -> float:
        """Energy stored before the first slot."""
        return float(self.flows.soc_kwh[0])

    @property
    def soc_end_kwh(self) -> float:
        """Energy stored after the last slot."""
        return float(self.flows.soc_kwh[-1])

    @property
    def flips_per_day(self) -> float | None:
        """Flips by day of the replay."""
        return None if self.flips is None else self.flips / self._days

    @property
    def switches_per_day(self) -> float:
        """Switches by day of the replay."""
        return self.switches / self._days

    @property
    def _days(self) -> float:
        return len(self.cost_per_slot) / QUARTERS_OF_DAY

    def plan_ms_percentile(self, percent: float) -> float | None:
        """Percentile of the time that a plan took; None where none was made."""
        return float(np.percentile(self.plan_ms, percent)) if len(self.plan_ms) else None


@dataclass(frozen=True)
class Comparison:
    """Several policies on the same home, days and information.

    Attributes:
        start_utc, end_utc: the range that was asked for, end exclusive.
        history: the slots that were replayed, and only those (`history.omitted` names the local days left out).
        outcomes: by the policy's name, in the order that they were asked for.
        settlement_per_kwh: the one value at which stored energy gained or lost is settled, for all alike.
        slots_per_s: replayed slots, all policies together, by second of wall time.
    """

    start_utc: int
    end_utc: int
    history: History
    outcomes: Mapping[str, PolicyOutcome]
    settlement_per_kwh: float
    slots_per_s: float

    @property
    def gap_closed(self) -> dict[str, float | None]:
        """(rule - X) / (rule - oracle); None where either is not among the policies or nothing lies between them."""
        return self._share(RULE)

    @property
    def share_of_optimal(self) -> dict[str, float | None]:
        """(none - X) / (none - oracle); None where either is not among the policies or nothing lies between them."""
        return self._share(NONE)

    def _share(self, baseline: str) -> dict[str, float | None]:
        if baseline not in self.outcomes or ORACLE not in self.outcomes:
            return dict.fromkeys(self.outcomes)
        base = self.outcomes[baseline].cost
        gap = base - self.outcomes[ORACLE].cost
        if gap <= 1e-9 * max(1.0, abs(base)):
            return dict.fromkeys(self.outcomes)
        return {name: (base - outcome.cost) / gap for name, outcome in self.outcomes.items()}
