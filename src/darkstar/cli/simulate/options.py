"""What `darkstar simulate` is told: its options, and what they come to."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_MINUTES
from darkstar.planner.baselines import USUAL_TIMER, Timer
from darkstar.time_machine.actual import ACTUAL
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import MPC, NONE, ORACLE
from darkstar.time_machine.replay import HEATER_POLICIES, POLICIES

PolicyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        help=f"One of {', '.join((*POLICIES, *HEATER_POLICIES, ACTUAL))}; repeat it, or separate by commas. "
        "By default all that there can be.",
    ),
]
Size = Annotated[
    float | None, typer.Option("--battery-kwh", min=0, help="A battery of this capacity instead.")
]
ChargePower = Annotated[float | None, typer.Option("--charge-kw", min=0, help="Its charging power.")]
DischargePower = Annotated[float | None, typer.Option("--discharge-kw", min=0, help="Its discharging power.")]
Wear = Annotated[float | None, typer.Option("--wear-per-kwh", min=0, help="Its wear per kWh in and out.")]
Start = Annotated[
    float | None,
    typer.Option(
        "--soc-start-percent", min=0, max=100, help="State of charge at the start, for all policies alike."
    ),
]
Worth = Annotated[
    float | None,
    typer.Option(
        "--settlement-per-kwh", help="Worth of energy left in the battery; by default what it sells for."
    ),
]
TimerHours = Annotated[
    str | None,
    typer.Option(
        "--timer-hours", help="Local hours in which `timer` charges, such as 1,2,3,4 (the default)."
    ),
]
TimerTarget = Annotated[
    float | None,
    typer.Option(
        "--timer-target-percent",
        min=0,
        max=100,
        help="How full `timer` charges; 50 of what is usable by default.",
    ),
]
Threshold = Annotated[
    float,
    typer.Option(
        "--plan-threshold", min=0, help="Gain above which `setpoint` changes the plan that it made before."
    ),
]
ReplanMinutes = Annotated[
    int,
    typer.Option(
        "--replan-minutes",
        min=SLOT_MINUTES,
        help="Minutes from one plan to the next; between them the last one's modes hold.",
    ),
]
Courses = Annotated[
    int,
    typer.Option(
        "--scenarios", min=1, max=100, help="Courses of load and sun that `mpc` reckons with in every plan."
    ),
]
WhatIfs = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if",
        help='Another home beside this one, such as "battery_kwh=10,15 charge_kw=7 price=60000,80000", '
        '"tariff=FILE", "without=car"; repeat it for more.',
    ),
]
Regrets = Annotated[
    bool, typer.Option("--regret", help="Split what `mpc` lost against perfect foresight by its causes.")
]
Reports = Annotated[
    bool, typer.Option("--report", help="Write a page, Markdown and JSON into the home's folder `reports`.")
]
ReportFolder = Annotated[
    Path | None, typer.Option("--report-to", help="Write them into this folder instead.", show_default=False)
]
ReportDay = Annotated[
    str | None,
    typer.Option(
        "--report-day", help="The day that the report tells quarter by quarter.", show_default=False
    ),
]
Information = Annotated[
    Honesty, typer.Option("--information", help="What policies know: published prices and forecasts, or all.")
]
Episodes = Annotated[
    bool,
    typer.Option("--episodes", help="Keep every decision, with what was known, planned and came of it."),
]
Heater = Annotated[
    bool | None,
    typer.Option(
        "--heater/--no-heater",
        help="Whether policies that plan the water heater too stand beside the others; by default where they can.",
        show_default=False,
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", help="For policies that draw lots; none of the present ones does.")
]


def battery_of(
    configured: Battery | None,
    capacity_kwh: float | None,
    *,
    charge_kw: float | None,
    discharge_kw: float | None,
    wear_per_kwh: float | None,
    required: bool = True,
) -> Battery | None:
    """The home's battery, or the one that is asked for in its place; None where there is neither and need not be.

    Raises:
        ConfigError: there is neither.
    """
    if configured is None and capacity_kwh is None:
        if not required:
            return None
        raise ConfigError(
            "The home has no battery.",
            remedy="Try one: --battery-kwh 10, or write `battery: {capacity_kwh: ...}` into darkstar.yaml.",
        )
    battery = configured or Battery(capacity_kwh or 0.0)
    return replace(
        battery,
        capacity_kwh=battery.capacity_kwh if capacity_kwh is None else capacity_kwh,
        charge_max_kw=battery.charge_max_kw if charge_kw is None else charge_kw,
        discharge_max_kw=battery.discharge_max_kw if discharge_kw is None else discharge_kw,
        wear_per_kwh=battery.wear_per_kwh if wear_per_kwh is None else wear_per_kwh,
    )


def policies_of(told: Sequence[str] | None, *, regret: bool, battery: bool) -> tuple[str, ...]:
    """The names of the policies, `actual` left to whoever knows whether there is one.

    Args:
        regret: whether it is asked for; what it is reckoned from is replayed too.
        battery: whether there is one; without, all policies are `none`.
    """
    if not battery:
        return (NONE,)
    names = [name.strip() for entry in told or POLICIES for name in entry.split(",")]
    for name in names:
        if name not in (*POLICIES, *HEATER_POLICIES, ACTUAL):
            choice = ", ".join((*POLICIES, *HEATER_POLICIES, ACTUAL))
            raise UsageError(f"There is no policy '{name}'.", remedy=f"Choose from {choice}.")
    if regret:
        names += [name for name in (MPC, ORACLE) if name not in names]
    if names == [ACTUAL]:
        raise UsageError(f"`{ACTUAL}` is no replay by itself.", remedy="Name policies beside it.")
    return tuple(names)


def timer_of(hours: str | None, target_percent: float | None) -> Timer:
    """The usual timer, or the one that is asked for.

    Raises:
        UsageError: the hours are not numbers from 0 to 23, separated by commas.
    """
    timer = USUAL_TIMER if target_percent is None else replace(USUAL_TIMER, target_percent=target_percent)
    if hours is None:
        return timer
    named = [hour.strip() for hour in hours.split(",")]
    if not all(hour.isdecimal() and int(hour) < 24 for hour in named):
        raise UsageError(f"'{hours}' names no hours of the day.", remedy="Write --timer-hours 1,2,3,4.")
    return replace(timer, hours=tuple(int(hour) for hour in named))


def replan_slots_of(minutes: int) -> int:
    """How many slots lie between two plans.

    Raises:
        UsageError: a slot would be cut in two.
    """
    slots, left = divmod(minutes, SLOT_MINUTES)
    if left:
        raise UsageError(
            f"--replan-minutes {minutes} cuts a slot in two.", remedy=f"Give a multiple of {SLOT_MINUTES}."
        )
    return slots
