"""The proof of honesty: what a decision cannot know is scrambled, and it stays what it was, to the last bit.

The replay has all at once that might carry something back in time: minutes, a plant that differs from what plans
believe, power tariffs of which one begins in between, a tariff that changes, prices that came late, plans that hold
for an hour, a day left out.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.power_tariff import PowerTariff, month_of
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, day_bounds
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.mode_table import ModeTable
from darkstar.time_machine.information import HonestInformation
from darkstar.time_machine.outcome import CHEAPEST, MPC, NONE, ORACLE, RULE, SETPOINT, TIMER
from darkstar.time_machine.plant.minutes import Minutes
from darkstar.time_machine.plant.model import MINUTES_OF_SLOT, PlantModel
from darkstar.time_machine.replay import POLICIES, replay
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.witness import Moment
from tests.time_machine.cases import GRID, STORAGE, TZ, past

FIRST = dt.date(2021, 3, 30)
"""The first of three days that are replayed; in the second night a month ends, and the last but one is left out."""
APRIL = dt.date(2021, 4, 1)
TARIFFS = Tariffs(Tariff(0.5, vat_percent=25.0), (DatedTariff(APRIL, Tariff(0.9, vat_percent=25.0)),), TZ)
PLANT = PlantModel(
    running_loss_kw=0.05,
    resistive_loss_per_kw=0.01,
    standby_kw=0.02,
    charge_taper=((80.0, 1.0), (100.0, 0.2)),
    nominal_kwh=5.0,
    health=0.95,
    fade_per_cycle=1e-4,
    dead_s=5.0,
    lag_s=8.0,
)
STEPS = (1, 30, 51, 52, 66, 95, 97, 150, 200)
"""Also a quarter before one o'clock, one, half past four (the prices came at six), the edges of days."""


def everything(power: bool) -> Scenario:
    """Three replayed days of five weeks, and all that there is."""
    known = past(36, start=day_bounds(dt.date(2021, 2, 28), TZ)[0])
    known = replace(known, import_price=TARIFFS.import_price(known.slots, known.export_price))
    rows = np.where(np.arange(len(known)) % 3 == 0, np.arange(len(known)), -1)
    share = np.random.default_rng(5).dirichlet(np.ones(MINUTES_OF_SLOT), len(known))
    minutes = Minutes(rows, known.load_kwh[:, None] * share, known.pv_kwh[:, None] * share[:, ::-1])
    received = np.full(len(known), np.nan)
    late, _ = day_bounds(FIRST + dt.timedelta(days=1), TZ)
    received[known.slots >= late] = late - 6 * HOUR_SECONDS
    start = day_bounds(FIRST, TZ)[0]
    replayed = (known.slots >= start) & (known.slots < start + 4 * DAY_SECONDS)
    replayed[known.slots >= day_bounds(APRIL, TZ)[0]] &= (
        known.slots[known.slots >= day_bounds(APRIL, TZ)[0]] >= (day_bounds(APRIL, TZ)[1])
    )
    month = month_of(APRIL)
    tariffs = (PowerTariff(peaks=2, per_kw=30, end_month=month), PowerTariff(per_kw=60, first_month=month))
    given = Scenario(
        replace(known, minutes=minutes, prices_received_utc=received),
        replayed,
        TZ,
        STORAGE,
        GRID,
        2.0,
        0.4,
        replan_slots=4,
        power_tariffs=tuple(MeteredTariff(tariff) for tariff in tariffs) if power else (),
        tariffs=TARIFFS,
    )
    return given.on(PLANT)


def scrambled(given: Scenario, step: int, seed: int) -> Scenario:
    """Other energies and minutes from a replayed slot on, and other prices where they are not known at its start."""
    known, now = given.known, int(given.history.slots[step])
    rng, n = np.random.default_rng(seed), len(given.known)
    later, unpublished = known.slots >= now, known.prices_known_utc > now
    minutes, received = known.minutes, known.prices_received_utc
    assert minutes is not None
    assert received is not None

    def other(old: np.ndarray, chosen: np.ndarray, low: float, high: float) -> np.ndarray:
        return np.where(chosen, rng.uniform(low, high, n), old)

    load, pv = other(known.load_kwh, later, 0, 2), other(known.pv_kwh, later, 0, 2)
    share = rng.dirichlet(np.ones(MINUTES_OF_SLOT), n)
    course = Minutes(
        np.where(later, np.where(rng.uniform(0, 1, n) < 0.5, np.arange(n), -1), minutes.rows),
        np.where(later[:, None], load[:, None] * share, minutes.load_kwh),
        np.where(later[:, None], pv[:, None] * share, minutes.pv_kwh),
    )
    # What comes later than now may come at any other time that is later.
    still_to_come = unpublished & (received > now)
    return replace(
        given,
        known=replace(
            known,
            load_kwh=load,
            pv_kwh=pv,
            import_price=other(known.import_price, unpublished, -2, 9),
            export_price=other(known.export_price, unpublished, -3, 5),
            minutes=course,
            prices_received_utc=np.where(still_to_come, now + rng.integers(1, 3 * DAY_SECONDS), received),
        ),
    )


def lived(given: Scenario, name: str) -> list[Moment]:
    """A replay, slot by slot."""
    seen: list[Moment] = []
    replay(given, name, witness=seen.append)
    return seen


def decided(seen: Sequence[Moment], step: int) -> tuple[bytes, ...]:
    """All modes up to a slot's own, and what was stored up to its start."""
    until = seen[: step + 1]
    modes = ModeTable.of([moment.mode for moment in until])
    rest = [[one.mode.import_kw, one.mode.worth or 0.0, one.soc_kwh] for one in until]
    arrays = (modes.levels_kwh, modes.charge_kw, modes.discharge_kw, modes.curtail, np.array(rest))
    return tuple(array.tobytes() for array in arrays)


def changed(name: str, power: bool, steps: Sequence[int] = STEPS) -> list[int]:
    """The steps at which a decision, or one before it, is another where its future is."""
    given = everything(power)
    seen = lived(given, name)
    return [
        step
        for step in steps
        if decided(lived(scrambled(given, step, step), name), step) != decided(seen, step)
    ]


def test_it_has_all_that_there_is() -> None:
    given = everything(power=True)
    assert len(given.history) == 288
    assert np.diff(given.history.slots).max() == DAY_SECONDS + SLOT_SECONDS
    assert given.history.minutes is not None
    assert 0 < given.history.minutes.known < 288
    assert not given.plant.ideal
    assert given.known.prices_known_until(int(given.history.slots[66])) == int(given.history.slots[96])
    flows, other = (replay(one, RULE).flows for one in (given, scrambled(given, 30, 1)))
    assert flows.import_kwh[29] == other.import_kwh[29]
    assert flows.import_kwh[30:].tobytes() != other.import_kwh[30:].tobytes()


@pytest.mark.parametrize("name", [NONE, RULE, TIMER, CHEAPEST, MPC, SETPOINT])
@pytest.mark.slow
def test_decisions_do_not_know_what_comes(name: str) -> None:
    assert changed(name, power=False) == []


@pytest.mark.parametrize("name", [NONE, RULE, TIMER, CHEAPEST, MPC, SETPOINT])
@pytest.mark.slow
def test_decisions_under_power_tariffs_do_not_know_what_comes(name: str) -> None:
    assert changed(name, power=True) == []


def test_all_policies_are_proven_whether_somebody_looks_on_or_not() -> None:
    given = everything(power=False)
    for name in (MPC, SETPOINT):
        stored = replay(given, name).flows.soc_kwh[:-1]
        assert [moment.soc_kwh for moment in lived(given, name)] == stored.tolist()
    assert {NONE, RULE, TIMER, CHEAPEST, MPC, SETPOINT, ORACLE} == set(POLICIES)


@pytest.mark.parametrize("what", ["energies", "prices", "receipts"])
def test_a_leak_is_seen(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An information that tells one slot too much, or prices by the market's hour though they came later."""
    honest = HonestInformation.__init__

    def leaking(self: HonestInformation, scenario: Scenario) -> None:
        known = scenario.known
        if what == "receipts":
            scenario = replace(scenario, known=replace(known, prices_received_utc=None))
        elif what == "prices":
            earlier = np.roll(known.import_price, -1), np.roll(known.export_price, -1)
            scenario = replace(
                scenario, known=replace(known, import_price=earlier[0], export_price=earlier[1])
            )
        else:
            earlier = np.roll(known.load_kwh, -1), np.roll(known.pv_kwh, -1)
            scenario = replace(scenario, known=replace(known, load_kwh=earlier[0], pv_kwh=earlier[1]))
        honest(self, scenario)

    monkeypatch.setattr(HonestInformation, "__init__", leaking)
    found = changed(MPC, False, (30, 52, 66, 150))
    assert found
    if what == "receipts":
        # Published at one o'clock, at hand from six.
        assert set(found) <= {52, 66}
