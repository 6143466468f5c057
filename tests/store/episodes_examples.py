"""Episodes for tests: numbers that tell one from another."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from darkstar.store.episodes.episode import Decision, Episode, Expected, Outcome, Run, Schedule
from tests.store.examples import NAN, START

RUN = Run("simulation", "0123456789abcdef", "My home", "mpc", {"darkstar": "0.1.0", "soc_max_kwh": 9.5})
MODE = Decision("self_consumption", 1.0, 10.0, 1.0, 10.0, 5.0, 4.0, "nothing", 0.8123456)
DAY = 86_400


def episode(number: int = 0, *, run: Run = RUN, seed: int = 0, horizon: int = 192) -> Episode:
    """The episode of slot `number`; load, sun and prices as a home has them, from the seed."""
    rng = np.random.default_rng((seed, number))
    quarter = np.arange(number, number + horizon)
    load = np.maximum(0.02, 0.15 + 0.1 * np.sin(quarter / 96 * 6.28) + rng.normal(0, 0.05, horizon))
    pv = np.maximum(0.0, np.sin((quarter - 24) / 96 * 6.28)) * rng.uniform(0.6, 1.0, horizon)
    spot = np.repeat(rng.uniform(-0.2, 2.0, horizon // 4 + 1), 4)[:horizon]
    charge, discharge = np.where(spot < 0.3, 1.25, 0.0), np.where(spot > 1.5, load, 0.0)
    start = START + 900 * number
    return Episode(
        run=run,
        episode_start_utc=start,
        episode_start_local=str(np.datetime64(start + 7200, "s")) + "+02:00",
        episode_date=str(np.datetime64(start + 7200, "s"))[:10],
        data_quality_status="clean",
        soc_start_kwh=5.0 + number / 1000,
        decision=MODE,
        outcome=Outcome(
            load[0], pv[0], spot[0] * 1.25 + 0.8, spot[0], 0.1, 0.0, 0.2, 0.0, 0.0, 5.1, number * 0.01
        ),
        expected=Expected(load, pv, spot * 1.25 + 0.8, spot, start, start + DAY),
        schedule=Schedule(
            charge,
            discharge,
            np.maximum(load - pv + charge - discharge, 0.0),
            np.maximum(pv - load - charge + discharge, 0.0),
            np.concatenate([[5.0], 5.0 + np.cumsum(charge * 0.95 - discharge / 0.95)]),
            12.5,
        ),
    )


def without_a_plan(number: int) -> Episode:
    """One of a policy that looks at nothing and plans nothing."""
    run = replace(RUN, policy="rule", run_id="ruleruleruleruel")
    decision = replace(MODE, worth_per_kwh=NAN)
    return replace(episode(number, run=run), decision=decision, expected=None, schedule=None)


def same(one: Episode, other: Episode) -> bool:
    """Equal but for what rounding takes: 0.05 Wh, 0.000005 of the currency per kWh."""
    plain = ("run", "episode_start_utc", "episode_start_local", "episode_date", "data_quality_status")
    plain += ("soc_start_kwh", "outcome")
    for name in plain:
        assert getattr(one, name) == getattr(other, name), name
    assert repr(one.decision) == repr(other.decision)
    _same_series(one.expected, other.expected, ("load_kwh", "pv_kwh"), 5e-5)
    _same_series(one.expected, other.expected, ("import_price", "export_price"), 5e-6)
    flows = ("charge_kwh", "discharge_kwh", "import_kwh", "export_kwh", "soc_kwh")
    _same_series(one.schedule, other.schedule, flows, 5e-5)
    if one.expected is not None and other.expected is not None:
        assert one.expected.forecast_issued_utc == other.expected.forecast_issued_utc
        assert one.expected.prices_known_until_utc == other.expected.prices_known_until_utc
    if one.schedule is not None and other.schedule is not None:
        assert one.schedule.planned_cost == other.schedule.planned_cost
    return True


def _same_series(one: object, other: object, names: Sequence[str], apart: float) -> None:
    assert (one is None) == (other is None)
    for name in names if one is not None else ():
        a, b = getattr(one, name), getattr(other, name)
        assert a.shape == b.shape
        assert np.array_equal(np.isnan(a), np.isnan(b))
        assert np.nanmax(np.abs(a - b), initial=0.0) <= apart * 1.0001, name
