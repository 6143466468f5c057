"""Faults in pairs at random days: whatever is believed of an interval is its true energy, and most is believed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from tests.ledger.old_rows.judging import judged
from tests.old_home import T0, N, OldHome, local

Fault = Callable[[OldHome, int, int], None]
"""Puts a fault into the slots [first, last), whole days."""


def whole_hours(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last, 4):
        home.rows[i]["slot_end"] = local(int(home.start[i]) + HOUR_SECONDS)
        home.rows[i] |= hour(home, i, 1)


def exploded(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last, 4):
        home.rows[i]["slot_end"] = local(int(home.start[i]) + HOUR_SECONDS)
        for k in range(4):
            home.rows[i + k] |= hour(home, i, 4)


def divided_twice(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last, 4):
        for k in range(4):
            home.rows[i + k] |= hour(home, i, 16)


def stale_ends(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last, 4):
        home.rows[i]["slot_end"] = local(int(home.start[i]) + HOUR_SECONDS)


def lumped(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last, 4):
        home.rows[i] |= hour(home, i, 1)
        for k in (1, 2, 3):
            home.rows[i + k] |= {f"{name}_kwh": 0.0 for name in home.truth}


def moved(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last):
        for end in ("slot_start", "slot_end"):
            home.rows[i][end] = str(home.rows[i][end]).replace("+02:00", "Z")


def no_load(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last):
        home.rows[i]["load_kwh"] = 0.0


def outage(home: OldHome, first: int, last: int) -> None:
    """Six hours of zeros from ten on, and their energy in the row after them."""
    for i in range(first + 40, first + 64):
        home.rows[i] |= {f"{name}_kwh": 0.0 for name in home.truth}
    for name, energy in home.truth.items():
        home.rows[first + 64][f"{name}_kwh"] = float(energy[first + 40 : first + 65].sum())


def naive(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last):
        home.rows[i]["slot_start"] = str(home.rows[i]["slot_start"])[:19]


def milliseconds(home: OldHome, first: int, last: int) -> None:
    for i in range(first, last):
        home.rows[i]["slot_start"] = int(home.start[i]) * 1000


def hour(home: OldHome, first: int, parts: float) -> dict[str, float]:
    return {f"{name}_kwh": float(e[first : first + 4].sum()) / parts for name, e in home.truth.items()}


FAULTS: tuple[Fault, ...] = (
    whole_hours,
    exploded,
    divided_twice,
    stale_ends,
    lumped,
    moved,
    no_load,
    outage,
    naive,
    milliseconds,
)
LEAST_BELIEVED = 0.8
"""Two faults of at most a day and a half each of fourteen may be refused whole."""


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_believed_is_true(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    home = OldHome()
    days = random.choice(np.arange(1, 13), 2, replace=False)
    faults = random.choice(len(FAULTS), 2, replace=False)
    for fault, day in zip(faults.tolist(), days.tolist(), strict=True):
        FAULTS[fault](home, day * 96, (day + 1) * 96)
    found = judged(home, tmp_path)
    names = [FAULTS[fault].__name__ for fault in faults]
    for channel in Channel:
        of = found.energies[channel]
        edges = np.append(0.0, np.cumsum(home.truth[channel.value]))
        first, last = (of.start_utc - T0) // SLOT_SECONDS, (of.end_utc - T0) // SLOT_SECONDS
        np.testing.assert_allclose(
            of.energy_kwh, edges[last] - edges[first], atol=1e-6, err_msg=f"{names} {channel}"
        )
        assert (of.start_utc[1:] >= of.end_utc[:-1]).all()
        assert (last - first).sum() >= LEAST_BELIEVED * N, (names, channel)
