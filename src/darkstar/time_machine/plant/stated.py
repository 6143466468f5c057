"""The plant as its data sheet states it, by itself and together with what a calibration measured.

Conversion is fitted to efficiencies by power: with the plant's polynomial (`model`), the loss at an AC power of c or d

    (1 - charge_efficiency) * c + running_loss + resistive * c²  =  c * (1 - efficiency(c))
    (1 / discharge_efficiency - 1) * d + running_loss + resistive * d²  =  d * (1 / efficiency(d) - 1)

are linear equations for four figures that are never negative; relative to the power, for a data sheet gives percents.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from scipy.optimize import nnls

from darkstar.domain.data_sheet import DataSheet
from darkstar.domain.errors import ConfigError
from darkstar.domain.home import Battery
from darkstar.time_machine.plant.model import PlantModel

APART = 0.02
"""By how much the plant may miss an efficiency that is stated."""
CONVERSION = (
    "charge_efficiency",
    "discharge_efficiency",
    "running_loss_kw",
    "resistive_loss_per_kw",
    "standby_battery_kw",
)
"""What a calibration tells together: a loss that it does not see by itself is in the others."""
ROUND_TRIP = "round_trip_efficiency"


def stated_plant(sheet: DataSheet, battery: Battery) -> PlantModel:
    """How the battery behaves by its data sheet.

    Raises:
        ConfigError: no plant has such efficiencies.
    """
    into, out, running_kw, resistive = _conversion(sheet, battery)
    ageing = sheet.ageing
    return PlantModel(
        charge_efficiency=into,
        discharge_efficiency=out,
        running_loss_kw=running_kw,
        resistive_loss_per_kw=resistive,
        standby_kw=sheet.standby_kw,
        standby_battery_kw=sheet.standby_battery_kw,
        least_kw=sheet.least_kw,
        charge_taper=sheet.charge_taper,
        discharge_taper=sheet.discharge_taper,
        nominal_kwh=battery.capacity_kwh,
        health=sheet.health,
        fade_per_cycle=0.0 if ageing is None else ageing.fade_per_cycle,
        fade_per_year=0.0 if ageing is None else ageing.fade_per_year,
        replacement_per_kwh=0.0 if ageing is None else ageing.replacement_per_kwh,
    )


def with_measured(stated: PlantModel, measured: PlantModel, told: Collection[str]) -> PlantModel:
    """The stated plant with what was measured in its place: capacity; limits and losses where the data told them.

    Args:
        told: names of what the calibration told (`Calibration.told`).
    """
    known = replace(
        stated,
        nominal_kwh=measured.nominal_kwh,
        health=measured.health,
        charge_taper=measured.charge_taper or stated.charge_taper,
        discharge_taper=measured.discharge_taper or stated.discharge_taper,
    )
    if ROUND_TRIP not in told:
        return known
    return replace(known, **{name: getattr(measured, name) for name in CONVERSION})


def _conversion(sheet: DataSheet, battery: Battery) -> tuple[float, float, float, float]:
    """Charge and discharge efficiency, running and resistive loss; what no curve tells is the battery's own."""
    into, out = battery.charge_efficiency, battery.discharge_efficiency
    if not sheet.charge_curve and not sheet.discharge_curve:
        return into, out, sheet.running_loss_kw, 0.0
    rows = [((kw, 0.0, 1.0, kw**2), kw * (1 - share), kw) for kw, share in sheet.charge_curve]
    rows += [((0.0, kw, 1.0, kw**2), kw * (1 / share - 1), kw) for kw, share in sheet.discharge_curve]
    by_power = np.array([1 / kw for *_, kw in rows])
    sides = np.array([figures for figures, *_ in rows]) * by_power[:, None]
    losses = np.array([loss for _, loss, _ in rows]) * by_power
    # One power tells of a share alone, two of what runs on as well.
    sides[:, 1 + max(len(sheet.charge_curve), len(sheet.discharge_curve)) :] = 0.0
    found, _ = nnls(sides, losses)
    apart = float(np.abs(sides @ found - losses).max())
    if apart > APART:
        raise ConfigError(
            f"battery.data_sheet: no battery has these efficiencies by power; the nearest is {100 * apart:.1f} "
            "points off.",
            remedy="Losses are made of a constant, a share of the power and a part by its square.",
        )
    charge_part, discharge_part, running_kw, resistive = found.tolist()
    into = 1 - charge_part if sheet.charge_curve else into
    out = 1 / (1 + discharge_part) if sheet.discharge_curve else out
    return into, out, running_kw, resistive
