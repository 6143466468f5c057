"""Real homes lived through again by every policy: their bills, and how much of what was possible each policy got.

share of optimal  (none - policy) / (none - oracle): of what perfect foresight saves with the battery
gap closed        (rule - policy) / (rule - oracle): of what lies between self-consumption and perfect foresight

The homes, whose prices they are given and the tariffs on top of them stand in `benchmarks/_homes.py`.
"""

import os
from pathlib import Path

from rich.table import Table

from benchmarks._homes import Case, cases
from benchmarks._result import Result
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_SECONDS
from darkstar.time_machine.outcome import CHEAPEST, MPC, NONE, ORACLE, RULE, SETPOINT, TIMER, Comparison
from darkstar.time_machine.replay import POLICIES
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import Job, compare, replay_all
from darkstar.time_machine.spread.work import processes

SHOWN = (NONE, RULE, SETPOINT, MPC, ORACLE)
WORKERS = 2


def run() -> Result:
    """All homes, all policies."""
    folder = Path(os.environ.get("DARKSTAR_DATA") or Path(__file__).parents[2] / "shared" / "data")
    table = Table(
        "home",
        "prices",
        "days",
        *SHOWN,
        "share of\noptimal %:\nrule",
        "\n\nset",
        "\n\nmpc",
        "gap\nclosed %:\nset",
        "\n\nmpc",
        title="Closed loop: bills in the currency of the prices",
    )
    figures: dict[str, float] = {}
    homes = list(cases(folder))
    for case, comparison in zip(homes, _side_by_side(homes), strict=True):
        share, closed = _percent(comparison.share_of_optimal), _percent(comparison.gap_closed)
        table.add_row(
            case.name,
            f"{case.prices}, {case.currency}",
            f"{len(comparison.history) / QUARTERS_OF_DAY:.0f}",
            *(f"{comparison.outcomes[policy].cost:.0f}" for policy in SHOWN),
            *(f"{share[policy]:.0f}" for policy in (RULE, SETPOINT, MPC)),
            *(f"{closed[policy]:.0f}" for policy in (SETPOINT, MPC)),
        )
        figures |= {f"{case.name} {policy}": one.cost for policy, one in comparison.outcomes.items()}
        figures |= {f"{case.name} share of optimal {policy} %": share[policy] for policy in POLICIES}
        figures |= {
            f"{case.name} gap closed {policy} %": closed[policy]
            for policy in (TIMER, CHEAPEST, SETPOINT, MPC)
        }
    return Result(table, figures)


def replayed(scenario: Scenario) -> Comparison:
    """All policies on a scenario."""
    return compare(scenario, POLICIES, _bounds(scenario))


def _side_by_side(homes: list[Case]) -> list[Comparison]:
    """All policies on all homes, whoever of the workers has time."""
    jobs = [Job(case.scenario, policy) for case in homes for policy in POLICIES]
    with processes(WORKERS) as work:
        outcomes = iter(replay_all(jobs, work))
    return [
        Comparison(
            *_bounds(case.scenario),
            history=case.scenario.history,
            outcomes={policy: next(outcomes) for policy in POLICIES},
            settlement_per_kwh=case.scenario.settlement_per_kwh,
            slots_per_s=float("nan"),
        )
        for case in homes
    ]


def _bounds(scenario: Scenario) -> tuple[int, int]:
    slots = scenario.history.slots
    return int(slots[0]), int(slots[-1]) + SLOT_SECONDS


def _percent(shares: dict[str, float | None]) -> dict[str, float]:
    return {policy: 100 * (share or 0.0) for policy, share in shares.items()}
