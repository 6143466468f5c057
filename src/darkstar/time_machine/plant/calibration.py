"""The model of a home's own battery, from what its meters and its state of charge showed.

The state of charge after a slot is the one before and

    held * (charge - discharge)  -  conversion * charge  -  running * hours at work
        -  resistive * (charge² + discharge²) / hours  -  standby * hours at rest          [percent of the capacity]

and what is shown of it at an edge is what it was `delay` before, for a sensor is polled: while charging it shows too
little, while discharging too much, which would pass for a loss at every turn from one to the other. So the figures
follow by least squares. They are fitted to the level within each day, not to its changes from slot to slot, for a
level in whole percents is off by half a percent while its changes are off by one each time; each day's first level is
free. Figures but the delay (of the sensor, against the meters) are never negative, and outliers (a battery management
system that corrects itself) weigh little (Huber's loss). Standard errors are those of leaving out one day at a time,
wider where there are few days.

What the data cannot tell: `held` and `conversion` stand for two efficiencies and the capacity. The round-trip
efficiency is 1 - conversion / held; how it is shared between charging and discharging stays as the home's settings
state it, and the capacity follows. The round trip itself stays as stated where it is known worse than
`ROUND_TRIP_ERROR` or comes out as without any loss, which is what meters on the battery's own side show. A loss that
does not stand out of its error three times over stays at nothing, the ideal plant's figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery
from darkstar.domain.slots import HOUR_SECONDS, QUARTERS_OF_DAY
from darkstar.time_machine.plant.least_squares import (
    CONVERSION,
    DELAY,
    HELD,
    LOSSES,
    NAMES,
    RESISTIVE,
    RUNNING,
    STANDBY,
    STANDS_OUT,
    features_of,
    fit,
    levels_of,
    stretches_of,
)
from darkstar.time_machine.plant.limits import limits_of
from darkstar.time_machine.plant.model import PlantModel, Taper
from darkstar.time_machine.plant.observed import Observed, usable

Series = NDArray[np.float64]
Numbers = NDArray[np.int64]

LEAP_PERCENT = 4.0
"""By so much within a slot no meter errs: the battery management system has corrected itself."""
ROUND_TRIP_ERROR = 0.03
LOSSLESS = 0.995
FOLDS = 5


@dataclass(frozen=True)
class Estimate:
    """A figure and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class HeldOut:
    """How the state of charge came out on days that the model was not fitted to, started from each day's own.

    Attributes:
        rmse_percent, rmse_kwh: of its change since the day's first slot, at every slot.
        bias_percent: mean of predicted less measured.
        drift_percent_per_day: mean of the same at the day's end, by day.
        nominal_rmse_percent: of the battery as the settings state it, on the same slots.
    """

    rmse_percent: float
    rmse_kwh: float
    bias_percent: float
    drift_percent_per_day: float
    nominal_rmse_percent: float


@dataclass(frozen=True)
class Calibration:
    """A model with what it rests on.

    Attributes:
        told: what the data told, by name; `left`: what stays as stated, with the reason.
        days, slots: how many were used.
    """

    model: PlantModel
    told: Mapping[str, Estimate]
    left: Mapping[str, str]
    held_out: HeldOut
    days: int
    slots: int


def calibrate(observed: Observed, battery: Battery) -> Calibration:
    """Fit the model of a battery whose nominal figures are known.

    Raises:
        DataError: too little is known, the meters contradict themselves, or no battery behaves so.
    """
    part = usable(observed, battery)
    stretches = stretches_of(part)
    features = features_of(part)
    first, _ = fit(features, part, stretches, (HELD, CONVERSION, DELAY))
    leaps = np.abs(features @ first - (part.end_percent - part.start_percent)) > LEAP_PERCENT
    part, features = part.take(~leaps), features[~leaps]
    stretches = stretches_of(part)
    chosen, figures, covariance = _stepwise(features, part, stretches)
    if not _tells_of_round_trip(figures, covariance):
        features[:, HELD] += (1.0 - _round_trip(battery)) * features[:, CONVERSION]
        chosen = tuple(one for one in chosen if one != CONVERSION)
        figures, covariance = fit(features, part, stretches, chosen)
    model, told = _model(figures, covariance, chosen, battery)
    nominal = _nominal(battery)
    charge_taper, discharge_taper = limits_of(observed, battery)
    return Calibration(
        model=replace(model, charge_taper=charge_taper, discharge_taper=discharge_taper),
        told=told,
        left=_left(chosen, battery, charge_taper, discharge_taper),
        held_out=_held_out(features, part, stretches, chosen, nominal, told["capacity_kwh"].value),
        days=len(np.unique(part.day)),
        slots=len(part.day),
    )


def _stepwise(features: Series, part: Observed, stretches: Numbers) -> tuple[tuple[int, ...], Series, Series]:
    """The figures that stand out of their errors: the one that does least is left out, until all do."""
    chosen: tuple[int, ...] = (HELD, CONVERSION, *LOSSES, DELAY)
    while True:
        figures, covariance = fit(features, part, stretches, chosen)
        losses = [loss for loss in LOSSES if loss in chosen]
        clear = [figures[loss] / max(float(np.sqrt(covariance[loss, loss])), 1e-12) for loss in losses]
        if not losses or min(clear) > STANDS_OUT:
            return chosen, figures, covariance
        chosen = tuple(one for one in chosen if one != losses[int(np.argmin(clear))])


def _round_trip(battery: Battery) -> float:
    return battery.charge_efficiency * battery.discharge_efficiency


def _tells_of_round_trip(figures: Series, covariance: Series) -> bool:
    held, conversion = float(figures[HELD]), float(figures[CONVERSION])
    if held <= conversion:
        return True
    found = _of_round_trip(held, conversion, covariance)
    return found.value < LOSSLESS and found.error <= ROUND_TRIP_ERROR


def _of_round_trip(held: float, conversion: float, covariance: Series) -> Estimate:
    by = np.array([conversion / held**2, -1.0 / held])
    return Estimate(1.0 - conversion / held, float(np.sqrt(by @ covariance[:2, :2] @ by)))


def _model(
    figures: Series, covariance: Series, chosen: tuple[int, ...], battery: Battery
) -> tuple[PlantModel, dict[str, Estimate]]:
    """From percents to the plant's own figures."""
    held, stated = float(figures[HELD]), CONVERSION not in chosen
    conversion = held * (1.0 - _round_trip(battery)) if stated else float(figures[CONVERSION])
    if held <= conversion:
        raise DataError("The state of charge does not follow what goes into the battery and out of it.")
    shared = battery.charge_efficiency / battery.discharge_efficiency
    round_trip = 1.0 - conversion / held
    into = min(float(np.sqrt(round_trip * shared)), 1.0)
    out = min(round_trip / into, 1.0)
    capacity = 100.0 / (held * out)
    if not 0.3 < capacity / battery.capacity_kwh < 2.0 or round_trip < 0.3:
        raise DataError(
            f"By its meters the battery gives back {100 * round_trip:.1f} % of what it takes and holds "
            f"{capacity:.1f} kWh, where {battery.capacity_kwh:g} kWh are stated: no battery does.",
            remedy="See whether its meters and its state of charge belong together, and `battery:` in darkstar.yaml.",
        )
    # The capacity is 100 * sqrt(shared / (held * (held - conversion))).
    by = np.array([-1 / held - 1 / (held - conversion), 1 / (held - conversion)]) / 2
    by = np.array([-1 / held, 0.0]) if stated else by
    told = {"capacity_kwh": Estimate(capacity, capacity * float(np.sqrt(by @ covariance[:2, :2] @ by)))}
    if not stated:
        told["round_trip_efficiency"] = _of_round_trip(held, conversion, covariance)
    for loss in (loss for loss in LOSSES if loss in chosen):
        error = float(np.sqrt(covariance[loss, loss]))
        told[NAMES[loss]] = Estimate(float(figures[loss]) * capacity / 100, error * capacity / 100)
    delay, seconds = float(figures[DELAY]), HOUR_SECONDS / held
    error = float(np.sqrt(covariance[DELAY, DELAY]))
    if abs(delay) > STANDS_OUT * error:
        told[NAMES[DELAY]] = Estimate(delay * seconds, error * seconds)
    model = PlantModel(
        charge_efficiency=into,
        discharge_efficiency=out,
        running_loss_kw=float(figures[RUNNING]) * capacity / 100,
        resistive_loss_per_kw=float(figures[RESISTIVE]) * capacity / 100,
        standby_battery_kw=float(figures[STANDBY]) * capacity / 100,
        nominal_kwh=battery.capacity_kwh,
        health=capacity / battery.capacity_kwh,
    )
    return model, told


def _left(
    chosen: tuple[int, ...], battery: Battery, charge_taper: Taper, discharge_taper: Taper
) -> dict[str, str]:
    shared = battery.charge_efficiency / battery.discharge_efficiency
    left = {
        NAMES[loss]: "does not stand out of its error: nothing, and what it takes is in the others"
        for loss in LOSSES
        if loss not in chosen
    }
    if CONVERSION not in chosen:
        left["round_trip_efficiency"] = f"not known well enough: {_round_trip(battery):.3f} as stated"
    left["charge_by_discharge_efficiency"] = f"not to be told from outside: {shared:.3f} as stated"
    for name, taper in (("charge_taper", charge_taper), ("discharge_taper", discharge_taper)):
        if not taper:
            left[name] = "never seen pressed against a limit below its power: as its data sheet states"
    left["standby_kw"] = "drawn beside the battery's meters: as its data sheet states"
    left["fade_per_cycle, fade_per_year"] = "slower than a range can tell: as its data sheet states"
    left["dead_s, lag_s, deviation_kw"] = "faster than a slot can tell: nothing"
    return left


def _nominal(battery: Battery) -> Series:
    """The figures of the battery as it is stated."""
    percent = 100.0 / battery.capacity_kwh
    figures = np.zeros(len(NAMES))
    figures[HELD] = percent / battery.discharge_efficiency
    figures[CONVERSION] = figures[HELD] - battery.charge_efficiency * percent
    return figures


def _held_out(
    features: Series,
    part: Observed,
    stretches: Numbers,
    chosen: tuple[int, ...],
    nominal: Series,
    capacity_kwh: float,
) -> HeldOut:
    """Each fifth of the days predicted by a fit to the others."""
    known = part.end_percent - part.start_percent
    fold = np.unique(part.day, return_inverse=True)[1] % FOLDS
    error, of_nominal = np.zeros(len(known)), features @ nominal - known
    for number in range(FOLDS):
        rest = fold != number
        part_of_rest = part.take(rest)
        figures, _ = fit(features[rest], part_of_rest, stretches_of(part_of_rest), chosen)
        error[~rest] = features[~rest] @ figures - known[~rest]
    levels = levels_of(np.column_stack([error, of_nominal]), stretches)
    ends = np.append(np.flatnonzero(np.diff(stretches)), len(stretches) - 1)
    rmse, rmse_nominal = np.sqrt((levels**2).mean(axis=0)).tolist()
    return HeldOut(
        rmse_percent=rmse,
        rmse_kwh=rmse * capacity_kwh / 100,
        bias_percent=float(levels[:, 0].mean()),
        drift_percent_per_day=float(levels[ends, 0].sum()) / (len(stretches) / QUARTERS_OF_DAY),
        nominal_rmse_percent=rmse_nominal,
    )
