"""Repairs worked out from the balance, made, taken back, and broken off."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping import upkeep
from darkstar.bookkeeping.repair import apply, certain, every_repair, propose, undo
from darkstar.bookkeeping.resolving import resolve_range
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS
from darkstar.ledger.evidence import Reporting, Source
from darkstar.ledger.proposals import Certainty, Kind
from tests.bookkeeping.repaired_home import (
    DAY,
    METERED,
    Fault,
    Series,
    bits,
    fill,
    home,
    open_ledger,
    slots_of,
    truth,
)

pytestmark = pytest.mark.slow

END = DAY + DAY_SECONDS
CHECKOUT = Path(__file__).parents[2]
SUN_OUT = Fault(Channel.PV, 9 * 60, 15 * 60)


def test_a_healthy_home_has_nothing_to_repair(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        assert propose(ledger, settings, DAY, END) == []
        fill(ledger, settings)
        assert propose(ledger, settings, DAY, END) == []


def test_the_outage_of_one_meter_is_laid_by_the_others_and_its_total_is_kept(tmp_path: Path) -> None:
    settings = home(tmp_path)
    true = slots_of(truth()[Channel.PV])
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        before = ledger.slots(DAY, END).energy_kwh[Channel.PV]
        (proposal,) = propose(ledger, settings, DAY, END)
        apply(ledger, settings, [proposal])
        after = ledger.slots(DAY, END).energy_kwh[Channel.PV]
        (change,) = proposal.changes

        assert (proposal.kind, proposal.certainty) == (Kind.OUTAGE, Certainty.CERTAIN)
        assert change.channel is Channel.PV
        assert abs(float(after.sum() - before.sum())) < 1e-6
        assert float(np.abs(before - true).max()) > 0.1
        rows = (change.slots - DAY) // 900
        np.testing.assert_allclose(after[rows], true[rows], atol=0.02)
        np.testing.assert_array_equal(change.before_kwh, before[rows])
        np.testing.assert_array_equal(change.after_kwh, after[rows])
        sources = ledger.provenance(DAY, END)[Channel.PV].source
        assert (sources[rows] == Source.CORRECTION).all()
        assert propose(ledger, settings, DAY, END) == []


def test_the_outage_of_two_meters_is_only_likely_and_both_totals_are_kept(tmp_path: Path) -> None:
    settings = home(tmp_path)
    faults = (SUN_OUT, Fault(Channel.EXPORT, 10 * 60, 16 * 60))
    with open_ledger(settings) as ledger:
        fill(ledger, settings, *faults)
        before = ledger.slots(DAY, END).energy_kwh
        (proposal,) = propose(ledger, settings, DAY, END)
        apply(ledger, settings, [proposal])
        after = ledger.slots(DAY, END).energy_kwh
    assert proposal.certainty is Certainty.LIKELY
    for channel in (Channel.PV, Channel.EXPORT):
        true = slots_of(truth()[channel])
        assert abs(float(after[channel].sum() - before[channel].sum())) < 1e-6
        assert np.abs(after[channel] - true).mean() < np.abs(before[channel] - true).mean()
    assert _imbalance(after) < 0.2 * _imbalance(before)


def _imbalance(energies: Mapping[Channel, Series]) -> float:
    return float(np.abs(np.sum([sign * energies[c] for c, sign in BALANCE_SIGN.items()], axis=0)).sum())


def test_import_and_export_both_unknown_follow_from_the_others_but_only_likely(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        fill(ledger, settings, absent=(Channel.IMPORT, Channel.EXPORT))
        for channel in (Channel.IMPORT, Channel.EXPORT):
            ledger.meter("home_assistant", f"sensor.{channel.value}", Reporting.ON_CHANGE, channel.value)
        (proposal,) = propose(ledger, settings, DAY, END)
        assert np.isnan(ledger.slots(DAY, END).energy_kwh[Channel.IMPORT]).all()
    assert (proposal.kind, proposal.certainty) == (Kind.UNKNOWN_PAIR, Certainty.LIKELY)
    bought, sold = proposal.changes
    net = slots_of(truth()[Channel.LOAD]) - slots_of(truth()[Channel.PV])
    np.testing.assert_allclose(bought.after_kwh - sold.after_kwh, net, atol=0.003)
    assert (np.minimum(bought.after_kwh, sold.after_kwh) == 0).all()


def test_where_the_load_follows_from_the_others_nothing_is_proven(tmp_path: Path) -> None:
    settings = home(tmp_path, tuple(c for c in METERED if c is not Channel.LOAD))
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        assert propose(ledger, settings, DAY, END) == []


def test_repaired_undone_repaired_is_the_same_to_the_bit(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        broken = bits(ledger)
        first = apply(ledger, settings, propose(ledger, settings, DAY, END))
        repaired = bits(ledger)
        resolve_range(ledger, settings, DAY, END)
        assert bits(ledger) == repaired != broken

        undo(ledger, settings, first.repairs[0].repair_id[:6])
        assert bits(ledger) == broken
        second = apply(ledger, settings, certain(propose(ledger, settings, DAY, END)))
        assert bits(ledger) == repaired
        assert second.repairs[0].repair_id != first.repairs[0].repair_id
        assert [r.withdrawn_us is None for r in every_repair(ledger)] == [False, True]


def test_any_order_of_arrival_gives_the_same(tmp_path: Path) -> None:
    forward, backward = home(tmp_path / "a"), home(tmp_path / "b")
    with open_ledger(forward) as one, open_ledger(backward) as other:
        fill(one, forward, SUN_OUT)
        made = apply(one, forward, propose(one, forward, DAY, END)).repairs
        undone = undo(one, forward, made[0].repair_id)
        again = apply(one, forward, propose(one, forward, DAY, END)).repairs
        for repair in (*again, undone):
            other.add_repair(repair)
        fill(other, backward, SUN_OUT, order=-1)
        assert bits(one) == bits(other)


@pytest.mark.parametrize("name", ["nothing", ""])
def test_only_what_was_made_can_be_taken_back(tmp_path: Path, name: str) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        with pytest.raises(UsageError, match="No repair is called"):
            undo(ledger, settings, name)
        made = apply(ledger, settings, propose(ledger, settings, DAY, END)).repairs[0]
        undo(ledger, settings, made.repair_id)
        with pytest.raises(UsageError, match="taken back before"):
            undo(ledger, settings, made.repair_id)


def test_an_apply_that_fails_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        before = bits(ledger)
        proposals = propose(ledger, settings, DAY, END)

        def resolve_and_fail(*arguments: object) -> int:
            resolve_range(*arguments)  # type: ignore[arg-type]
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(upkeep, "resolve_range", resolve_and_fail)
            with pytest.raises(ZeroDivisionError):
                apply(ledger, settings, proposals)
        assert every_repair(ledger) == []
        assert bits(ledger) == before


KILLED = """
import sys
from pathlib import Path
from darkstar.bookkeeping import repair, upkeep
from tests.bookkeeping.repaired_home import DAY, home, open_ledger
settings = home(Path(sys.argv[1]))
resolve = upkeep.resolve_range
def slow(*arguments):
    done = resolve(*arguments)
    print("here", flush=True)
    import time
    time.sleep(60)
    return done
upkeep.resolve_range = slow
with open_ledger(settings) as ledger:
    repair.apply(ledger, settings, repair.propose(ledger, settings, DAY, DAY + 86400))
"""


def test_a_killed_apply_leaves_nothing_half_done(tmp_path: Path) -> None:
    settings = home(tmp_path)
    with open_ledger(settings) as ledger:
        fill(ledger, settings, SUN_OUT)
        before = bits(ledger)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with open_ledger(settings) as ledger:
        assert every_repair(ledger) == []
        assert bits(ledger) == before
        apply(ledger, settings, propose(ledger, settings, DAY, END))
        assert len(every_repair(ledger)) == 1


@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_totals_are_kept_and_everything_can_be_taken_back(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    settings = home(tmp_path)
    faults = [
        Fault(METERED[int(random.integers(4))], start, start + float(random.uniform(60, 400)), bool(frozen))
        for start, frozen in zip(random.uniform(60, 1000, 3).tolist(), random.integers(0, 2, 3), strict=True)
    ]
    with open_ledger(settings) as ledger:
        fill(ledger, settings, *faults)
        broken, before = bits(ledger), ledger.slots(DAY, END).energy_kwh
        proposals = propose(ledger, settings, DAY, END)
        made = apply(ledger, settings, proposals).repairs
        assert [r.made_us for r in made] == sorted({r.made_us for r in made})
        repaired, after = bits(ledger), ledger.slots(DAY, END).energy_kwh
        resolve_range(ledger, settings, DAY, END)
        assert bits(ledger) == repaired
        for channel in METERED:
            assert abs(float(after[channel].sum() - before[channel].sum())) < 1e-6
            assert not (np.isnan(before[channel]) & (after[channel] == 0)).any()
            assert (after[channel] >= 0).all()
        assert _imbalance(after) <= _imbalance(before) + 1e-6
        for i in random.permutation(len(made)).tolist():
            undo(ledger, settings, made[i].repair_id)
        assert bits(ledger) == broken


def test_a_meter_that_began_again_while_it_was_away_counted_at_least_what_it_shows(tmp_path: Path) -> None:
    settings = home(tmp_path)
    true = slots_of(truth()[Channel.PV])
    with open_ledger(settings) as ledger:
        fill(ledger, settings, Fault(Channel.PV, 9 * 60, 15 * 60, reset_at=12 * 60))
        before = ledger.slots(DAY, END).energy_kwh[Channel.PV]
        (proposal,) = propose(ledger, settings, DAY, END)
        apply(ledger, settings, [proposal])
        after = ledger.slots(DAY, END).energy_kwh[Channel.PV]
    (change,) = proposal.changes
    rows = (change.slots - DAY) // 900
    assert proposal.certainty is Certainty.LIKELY
    assert "at least" in proposal.reason
    assert before[rows].sum() < 0.6 * true[rows].sum()
    np.testing.assert_allclose(after[rows], true[rows], atol=0.01)
