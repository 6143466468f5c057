"""Faults of every kind done to real meters: is each found, is its cause named, is the energy right?

`python -m benchmarks ledger_faults` prints the table; `python -m benchmarks.ledger_faults --quick` a small one.

    homes.py     meters of real homes, and of the demo's
    tape.py      what a meter showed, and the evidence that it becomes
    faults/      the families: each does its fault to a tape and says what there is to find
    trials.py    one trial: a sound stretch, its faults, what the ledger makes of them
    naming.py    the causes that a person would be told
    rivals.py    a naive pipeline and Home Assistant's own rule, on the same readings
    alarms.py    what the ledger complains of where nothing is wrong
    stopped.py   meters that stop for ever: how soon their past tells
    household.py faults that only a home's balance shows
    report.py    the table
"""

import numpy as np

from benchmarks._result import Result
from benchmarks.ledger_faults.alarms import Quiet, quiet_years
from benchmarks.ledger_faults.faults import FAMILIES
from benchmarks.ledger_faults.homes import Meter, data_folder, demo_meters, real_meters
from benchmarks.ledger_faults.household import home_alarms, home_trials
from benchmarks.ledger_faults.report import report
from benchmarks.ledger_faults.stopped import standing_alarms
from benchmarks.ledger_faults.trials import Trial, attempt
from darkstar.demo.home import make_home

SEED = 20_261_122
TRIALS, PAIRS = 100, 400
DEMO_DAYS = 120
QUICK_TRIALS, QUICK_PAIRS = 10, 30
BY_FILE_EVERY = 20
TO_THE_END = frozenset({"frozen for ever", "shifted by an hour", "daily reset", "hour-lumped readings"})
"""Families that leave no sound stretch for a second fault."""


def run(*, quick: bool = False) -> Result:
    """Every family by itself, pairs of them, and the years in which nothing is wrong."""
    folder = data_folder()
    home = make_home(days=DEMO_DAYS)
    meters = [*(real_meters(folder) if folder else ()), *demo_meters(home)]
    random = np.random.default_rng(SEED)
    trials = [
        t for name in FAMILIES for t in _trials(meters, (name,), QUICK_TRIALS if quick else TRIALS, random)
    ]
    pairs = _pairs(meters, QUICK_PAIRS if quick else PAIRS, random)
    at_home = home_trials(home, QUICK_TRIALS if quick else TRIALS, random)
    quiet: list[Quiet] = quiet_years(meters)
    standing = [alarm for meter in meters for alarm in standing_alarms(meter)]
    return report(
        trials, pairs, at_home, home_alarms(home), quiet, standing, with_real_homes=folder is not None
    )


def _trials(
    meters: list[Meter], families: tuple[str, ...], n: int, random: np.random.Generator
) -> list[Trial]:
    tried = (attempt(meters, families, random, by_file=i % BY_FILE_EVERY == 0) for i in range(n))
    return [trial for trial in tried if trial]


def _pairs(meters: list[Meter], n: int, random: np.random.Generator) -> list[Trial]:
    names = [name for name in FAMILIES if name not in TO_THE_END]
    pairs: list[Trial] = []
    while len(pairs) < n:
        one, other = (str(name) for name in random.choice(names, 2))
        if FAMILIES[one].ways & FAMILIES[other].ways:
            pairs += _trials(meters, (one, other), 1, random)
    return pairs
