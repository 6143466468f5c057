"""A plan's series as a few bytes, and back: what it expected, its modes, what it stores and draws."""

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import DataError
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import CURTAIL
from darkstar.planner.problem import Series
from darkstar.planner.standing.plan import Expected, StandingBattery, StandingPlan
from darkstar.store.episodes.packing import ENERGY_STEP_KWH, PRICE_STEP, pack, unpack

EXPECTED = {
    "load_kwh": ENERGY_STEP_KWH,
    "pv_kwh": ENERGY_STEP_KWH,
    "import_price": PRICE_STEP,
    "export_price": PRICE_STEP,
}
"""What was expected, and how finely it is kept."""
LEVELS = ("buy_to_kwh", "store_to_kwh", "cover_to_kwh", "sell_to_kwh")
POWERS = ("charge_kw", "discharge_kw", "import_kw")
KW_STEP = 1e-4
CURTAIL_STEP = 1.0
BATTERIES, DEVICES = "batteries", "devices"


def content_of(plan: StandingPlan) -> tuple[str, bytes]:
    """The names of its parts, and its series.

    Raises:
        DataError: a number is too large to be kept.
    """
    series = {name: (getattr(plan.expected, name), step) for name, step in EXPECTED.items()}
    for number, battery in enumerate(plan.batteries.values()):
        series |= {f"b{number}.{name}": packed for name, packed in _battery_series(battery).items()}
    for number, energy_kwh in enumerate(plan.devices.values()):
        series[f"d{number}"] = energy_kwh, ENERGY_STEP_KWH
    return json.dumps({BATTERIES: list(plan.batteries), DEVICES: list(plan.devices)}), pack(series)


def plan_of(
    start_utc: int, prices_until_utc: int, held_slots: int, parts: object, content: object
) -> StandingPlan:
    """The plan of these.

    Raises:
        DataError: they are damaged, or a newer version wrote them.
    """
    if not isinstance(content, bytes):
        raise DataError("its content is missing")
    try:
        series = unpack(content)
    except DataError:
        raise DataError("its content is damaged, or of a newer Darkstar") from None
    batteries, devices = _names(parts)
    try:
        plan = StandingPlan(
            start_utc,
            prices_until_utc,
            held_slots,
            Expected(**{name: series[name] for name in EXPECTED}),
            {name: _battery(series, f"b{number}.") for number, name in enumerate(batteries)},
            {name: series[f"d{number}"] for number, name in enumerate(devices)},
        )
    except (KeyError, IndexError, ValueError):
        raise DataError("its content is incomplete") from None
    _check(plan)
    return plan


def _battery_series(battery: StandingBattery) -> Mapping[str, tuple[Series, float]]:
    modes = battery.modes
    levels = {
        name: (column, ENERGY_STEP_KWH) for name, column in zip(LEVELS, modes.levels_kwh.T, strict=True)
    }
    import_kw = np.where(np.isfinite(modes.import_kw), modes.import_kw, np.nan)
    powers = zip(POWERS, (modes.charge_kw, modes.discharge_kw, import_kw), strict=True)
    return {
        **levels,
        **{name: (column, KW_STEP) for name, column in powers},
        "soc_kwh": (battery.soc_kwh, ENERGY_STEP_KWH),
        "curtail": (modes.curtail.astype(np.float64), CURTAIL_STEP),
        "worth": (battery.worth, PRICE_STEP),
    }


def _battery(series: Mapping[str, Series], prefix: str) -> StandingBattery:
    levels = np.column_stack([series[prefix + name] for name in LEVELS])
    charge_kw, discharge_kw, import_kw = (series[prefix + name] for name in POWERS)
    curtail: NDArray[np.int8] = series[prefix + "curtail"].astype(np.int8)
    if not ((curtail >= 0) & (curtail < len(CURTAIL))).all():
        raise ValueError
    modes = ModeTable(
        levels, charge_kw, discharge_kw, curtail, np.where(np.isnan(import_kw), np.inf, import_kw)
    )
    return StandingBattery(series[prefix + "soc_kwh"], modes, series[prefix + "worth"])


def _names(parts: object) -> tuple[list[str], list[str]]:
    try:
        named = json.loads(str(parts))
        found = named[BATTERIES], named[DEVICES]
    except (ValueError, KeyError, TypeError):
        raise DataError("the names of its parts are damaged") from None
    if not all(isinstance(names, list) and all(isinstance(one, str) for one in names) for names in found):
        raise DataError("the names of its parts are damaged")
    return found


def _check(plan: StandingPlan) -> None:
    """Each series is as long as it must be, and known throughout."""
    n, held = len(plan), plan.held_slots
    lengths = [(getattr(plan.expected, name), n) for name in EXPECTED]
    lengths += [(energy_kwh, n) for energy_kwh in plan.devices.values()]
    for battery in plan.batteries.values():
        modes = battery.modes
        lengths += [(battery.soc_kwh, n + 1), (modes.charge_kw, held), (modes.discharge_kw, held)]
        lengths += [(column, held) for column in modes.levels_kwh.T]
        if len(battery.worth) != held:
            raise DataError("its content is incomplete")
    if held < 0 or not all(len(values) == long and np.isfinite(values).all() for values, long in lengths):
        raise DataError("its content is incomplete")
