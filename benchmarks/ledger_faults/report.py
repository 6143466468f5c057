"""The benchmark's table and figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from rich.table import Table

from benchmarks._result import Result
from benchmarks.ledger_faults.alarms import HOURS_PER_YEAR, Quiet
from benchmarks.ledger_faults.faults import FAMILIES
from benchmarks.ledger_faults.household import HomeTrial
from benchmarks.ledger_faults.stopped import DAYS_WAITED
from benchmarks.ledger_faults.trials import EXACT_KWH, STOPPED, Trial

MISSES_SHOWN = 40
COLUMNS = ("found %", "named %", "exact %", "energy off kWh", "quarters off kWh", "naive kWh", "HA kWh")


def report(
    trials: Sequence[Trial],
    pairs: Sequence[Trial],
    at_home: Sequence[HomeTrial],
    alarms_at_home: tuple[int, int],
    quiet: Sequence[Quiet],
    standing: Sequence[str],
    *,
    with_real_homes: bool,
) -> Result:
    """A row for each family, one for pairs, those of whole homes, and the misses by name."""
    title = "Faults in the ledger" + ("" if with_real_homes else " (no real homes found: the demo's only)")
    table = Table("family", "trials", *COLUMNS, title=title)
    figures: dict[str, float] = {}
    rows = {name: [trial for trial in trials if trial.families == (name,)] for name in FAMILIES}
    rows |= {"all, alone": list(trials), "all, in pairs": list(pairs)}
    for name, of in rows.items():
        if not of:
            table.add_row(name, "0", *[""] * len(COLUMNS))
            continue
        row = _row(of)
        table.add_row(name, str(len(of)), *(f"{value:.4g}" for value in row.values()))
        figures |= {f"{name}: {key}": value for key, value in row.items()}
        figures[f"{name}: trials"] = len(of)
    for name in dict.fromkeys(trial.family for trial in at_home):
        family = [trial for trial in at_home if trial.family == name]
        shares = [
            100 * float(np.mean(flags)) for flags in zip(*((t.found, t.named) for t in family), strict=True)
        ]
        table.add_row(name, str(len(family)), *(f"{share:.4g}" for share in shares))
        figures |= {f"{name}: {key}": share for key, share in zip(COLUMNS, shares, strict=False)}
        figures[f"{name}: blamed %"] = 100 * float(np.mean([trial.blamed for trial in family]))
    years, alarms = _home_years(quiet), [alarm for q in quiet for alarm in q.alarms]
    elsewhere = sum(trial.elsewhere for trial in trials)
    by_file = [trial.same_by_file for trial in (*trials, *pairs) if trial.same_by_file is not None]
    figures |= {
        "sound home-years": years,
        "false alarms per home-year": len(alarms) / years,
        "complaints elsewhere per trial": elsewhere / len(trials),
        "false standstills": len(standing),
        **{f"frozen for ever: told within {days} d %": share for days, share in _told_within(trials).items()},
        "sound stretches of a home": alarms_at_home[0],
        "suspicions in them": alarms_at_home[1],
        "through a ledger's file": len(by_file),
        "through a ledger's file: the same": sum(by_file),
    }
    table.caption = "\n".join(
        [
            f"{len(alarms)} false alarms in {years:.2f} sound home-years; "
            f"{elsewhere} complaints outside a fault's place",
            f"{sum(by_file)} of {len(by_file)} the same through a ledger's file",
            f"{alarms_at_home[1]} suspicions in {alarms_at_home[0]} sound stretches of a home",
            "A meter that stops for ever is told within "
            + ", ".join(f"{days} d: {share:.0f} %" for days, share in _told_within(trials).items()),
            *_listed("False standstill", standing),
            *_listed("False alarm", alarms),
            *_listed("Missed", [t.story for t in (*trials, *pairs) if not all(t.found)]),
            *_listed("Misnamed", [t.story for t in (*trials, *pairs) if all(t.found) and not all(t.named)]),
            *_listed(
                "Energy",
                [t.story for t in (*trials, *pairs) if all(t.named) and t.ledger.energy_kwh > EXACT_KWH],
            ),
        ]
    )
    table.caption_justify = "left"
    return Result(table, figures)


def _row(of: Sequence[Trial]) -> Mapping[str, float]:
    found = [flag for trial in of for flag in trial.found]
    named = [flag for trial in of for flag in trial.named]
    energy = np.array([trial.ledger.energy_kwh for trial in of])
    values = (
        100 * np.mean(found),
        100 * np.mean(named),
        100 * np.mean(energy <= EXACT_KWH),
        energy.mean(),
        np.mean([trial.ledger.quarters_kwh for trial in of]),
        np.mean([trial.naive.energy_kwh for trial in of]),
        np.mean([trial.home_assistant.energy_kwh for trial in of]),
    )
    return {name: float(value) for name, value in zip(COLUMNS, values, strict=True)}


def _told_within(trials: Sequence[Trial]) -> Mapping[int, float]:
    """Share of the meters that stop for ever of which their past tells within so many days [percent]."""
    days = [trial.days for trial in trials if trial.families == (STOPPED,)]
    return {
        wait: 100 * float(np.mean([d is not None and d <= wait for d in days])) if days else 0.0
        for wait in DAYS_WAITED
    }


def _home_years(quiet: Sequence[Quiet]) -> float:
    """Sound time of each home by each way, of that of its meters which has most."""
    most: dict[tuple[str, str], int] = defaultdict(int)
    for q in quiet:
        most[q.home, q.way] = max(most[q.home, q.way], q.hours)
    return sum(most.values()) / HOURS_PER_YEAR


def _listed(what: str, stories: Sequence[str]) -> list[str]:
    more = [f"{what}: and {len(stories) - MISSES_SHOWN} more"] if len(stories) > MISSES_SHOWN else []
    return [f"{what}: {story}" for story in stories[:MISSES_SHOWN]] + more
