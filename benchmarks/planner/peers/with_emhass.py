"""EMHASS's `Optimization` on a case: python -m benchmarks.planner.peers.with_emhass GAP

Set up so that it solves the same problem: same efficiencies, AC limits and wear, sale from the battery and
curtailment allowed, one thread. What stays different:
    - the energy left has one price at most; it is given the final state of charge of the optimal plan instead, which
      spares it a decision
    - its import limit is hard, where ours gives way at a price; curtailment costs it nothing
    - import and export are exclusive by a switch, battery directions too, in each slot
    - a load with several windows is one deferrable load a window
Timed is the second solve of an `Optimization`, a quarter of an hour after the first: its warm path, as in a
controller that runs on. The first is `cold_ms`.
"""

import logging
import sys
import time

import numpy as np
import pandas as pd
from emhass.optimization import Optimization

from benchmarks.planner.lines import answer_all

SECONDS = 15
W_PER_KW = 1000.0
GOOD = ("Optimal", "Optimal_Inaccurate", "Optimal (Incumbent)")


def main(gap: float) -> None:
    """Answer cases at this MILP gap."""
    logger = logging.getLogger("emhass")
    logger.setLevel(logging.CRITICAL)

    def prepare(case: dict):
        problem = _Emhass(case, gap, logger)
        began = time.perf_counter()
        problem.solve(1)
        cold_ms = (time.perf_counter() - began) * 1000
        return lambda: problem.solve(0), lambda plan: {**problem.answer(plan), "cold_ms": cold_ms}

    answer_all(prepare)


class _Emhass:
    """One home: its `Optimization`, and the arguments of a call."""

    def __init__(self, case: dict, gap: float, logger: logging.Logger) -> None:
        self._case = case
        self._n = len(case["load_kwh"])
        self._windows = [(load, *window) for load in case["loads"] for window in load["windows"]]
        hours = case["slot_hours"]
        self._index = pd.date_range("2026-01-12", periods=self._n, freq=pd.Timedelta(hours=hours), tz="UTC")
        retrieve = {
            "optimization_time_step": pd.Timedelta(hours=hours),
            "time_zone": "UTC",
            "sensor_power_photovoltaics": "pv",
            "sensor_power_load_no_var_loads": "load",
        }
        self._optimization = Optimization(
            retrieve,
            self._optim_conf(gap),
            self._plant_conf(),
            "unit_load_cost",
            "unit_prod_price",
            "profit",
            {},
            logger,
            num_timesteps=self._n,
        )

    def _optim_conf(self, gap: float) -> dict:
        batteries, count = self._case["batteries"], len(self._windows)
        return {
            "num_threads": 1,
            "lp_solver": "Highs",
            "lp_solver_timeout": SECONDS,
            "lp_solver_mip_rel_gap": gap,
            "set_use_battery": True,
            "set_total_pv_sell": False,
            "set_nocharge_from_grid": False,
            "set_nodischarge_to_grid": False,
            "set_battery_dynamic": False,
            "weight_battery_discharge": _one_or_all([one["wear_discharge"] for one in batteries]),
            "weight_battery_charge": _one_or_all([one["wear_charge"] for one in batteries]),
            "number_of_deferrable_loads": count,
            "nominal_power_of_deferrable_loads": [load["power_kw"] * W_PER_KW for load, *_ in self._windows],
            "minimum_power_of_deferrable_loads": [0.0] * count,
            "operating_hours_of_each_deferrable_load": [0] * count,
            "start_timesteps_of_each_deferrable_load": [first for _, first, _, _ in self._windows],
            "end_timesteps_of_each_deferrable_load": [last for _, _, last, _ in self._windows],
            "treat_deferrable_load_as_semi_cont": [True] * count,
            "set_deferrable_load_single_constant": [False] * count,
            "set_deferrable_startup_penalty": [0.0] * count,
            "set_deferrable_max_startups": [0] * count,
            "def_minimum_on_time": [load["min_on_slots"] for load, *_ in self._windows],
            "def_minimum_off_time": [0] * count,
            "deferrable_load_max_cost": [0.0] * count,
            "is_electric_load": [True] * count,
            "capacity_cost_per_kw": self._case["peak_price_per_kw"],
            "capacity_charge_interval_timesteps": 1,
        }

    def _plant_conf(self) -> dict:
        batteries = self._case["batteries"]

        def each(value) -> object:
            return _one_or_all([value(one) for one in batteries])

        return {
            "maximum_power_from_grid": self._case["import_max_kw"] * W_PER_KW,
            "maximum_power_to_grid": self._case["export_max_kw"] * W_PER_KW,
            "inverter_is_hybrid": False,
            "compute_curtailment": True,
            "number_of_batteries": len(batteries),
            "battery_nominal_energy_capacity": each(lambda one: one["soc_max_kwh"] * W_PER_KW),
            # Its discharge limit is at the battery, ours at the AC side.
            "battery_discharge_power_max": each(
                lambda one: one["discharge_max_kw"] / one["discharge_efficiency"] * W_PER_KW
            ),
            "battery_charge_power_max": each(lambda one: one["charge_max_kw"] * W_PER_KW),
            "battery_discharge_efficiency": each(lambda one: one["discharge_efficiency"]),
            "battery_charge_efficiency": each(lambda one: one["charge_efficiency"]),
            "battery_minimum_state_of_charge": each(lambda one: one["soc_min_kwh"] / one["soc_max_kwh"]),
            "battery_maximum_state_of_charge": each(lambda one: 1.0),
            "battery_target_state_of_charge": each(lambda one: one["soc_end_kwh"] / one["soc_max_kwh"]),
            "battery_stress_cost": each(lambda one: 0.0),
            "battery_soc_deficit_cost": each(lambda one: 0.0),
            "battery_soc_surplus_cost": each(lambda one: 0.0),
        }

    def solve(self, slots_ago: int) -> pd.DataFrame:
        """Its plan with all series so many slots younger."""
        case, batteries = self._case, self._case["batteries"]
        to_w = W_PER_KW / case["slot_hours"]
        load, pv, buy, sell = (
            np.roll(np.array(case[name]), slots_ago)
            for name in ("load_kwh", "pv_kwh", "import_price", "export_price")
        )
        frame = pd.DataFrame(
            {"unit_load_cost": buy, "unit_prod_price": sell, "pv": pv * to_w, "load": load * to_w},
            index=self._index,
        )
        return self._optimization.perform_optimization(
            frame,
            pv * to_w,
            load * to_w,
            buy,
            sell,
            soc_init=_one_or_all([one["soc_start_kwh"] / one["soc_max_kwh"] for one in batteries]),
            soc_final=_one_or_all([one["soc_end_kwh"] / one["soc_max_kwh"] for one in batteries]),
            def_total_timestep=[units for *_, units in self._windows],
            def_total_hours=[0] * len(self._windows),
            def_start_timestep=[first for _, first, _, _ in self._windows],
            def_end_timestep=[last for _, _, last, _ in self._windows],
        )

    def answer(self, plan: pd.DataFrame) -> dict:
        """What the batteries and loads do."""
        status = self._optimization.optim_status
        if status not in GOOD:
            raise RuntimeError(f"EMHASS ended with {status}")
        to_kwh = self._case["slot_hours"] / W_PER_KW
        count = len(self._case["batteries"])
        names = ["P_batt"] if count == 1 else [f"P_batt_{k}" for k in range(count)]
        batteries = [plan[name].to_numpy() * to_kwh for name in names]
        loads: dict[str, np.ndarray] = {load["name"]: np.zeros(self._n) for load in self._case["loads"]}
        for number, (load, *_) in enumerate(self._windows):
            loads[load["name"]] += plan[f"P_deferrable{number}"].to_numpy() * to_kwh
        return {
            "charge_kwh": [np.maximum(-one, 0.0).tolist() for one in batteries],
            "discharge_kwh": [np.maximum(one, 0.0).tolist() for one in batteries],
            "loads_kwh": [one.tolist() for one in loads.values()],
            "bound": None,
            "note": "" if status == "Optimal" else status,
        }


def _one_or_all(values: list) -> object:
    return values[0] if len(values) == 1 else values


if __name__ == "__main__":
    main(float(sys.argv[1]))
