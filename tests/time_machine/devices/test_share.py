"""What the heater was worth, told from the outcomes of a comparison."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.time_machine.devices.share import HeaterShare, heater_share
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import MPC, MPC_HEATER, NONE, ORACLE_HEATER, RULE
from darkstar.time_machine.plant.minutes import Minutes
from darkstar.time_machine.plant.model import MINUTES_OF_SLOT
from darkstar.time_machine.side_by_side import compare
from tests.time_machine.devices.cases import heated

SHARE = HeaterShare(30.0, 7, 28.0, 26.0, 0.0, 0.0, 57.03, 6.25, 0.88)


def test_a_person_is_told_what_it_saves() -> None:
    told = SHARE.sentence("SEK")
    assert told.startswith(
        "`mpc_heater` plans the water heater as well: that saves 6.25 SEK; the battery alone saves"
    )
    assert "57.03 against none. In 7 days it drew 26 of 28 kWh later" in told
    assert told.endswith("all its heat was there when it was due.")


def test_and_what_it_costs_or_lacks() -> None:
    lacking = replace(
        SHARE, saved_by_heater=-0.5, saved_by_battery=None, unserved_kwh=1.25, unserved_cost=2.0
    )
    told = lacking.sentence("SEK", "Kepler")
    assert told.startswith("Kepler plans the water heater as well: that costs 0.50 SEK. In 7 days")
    assert told.endswith("1.2 kWh of its heat came too late, charged with 2.00 SEK.")


@pytest.mark.slow
def test_what_runs_by_the_minute_does_not_flatter_the_heater() -> None:
    """`mpc` by the minute costs more than on averages; the heater, planned on averages, is not credited with that."""
    given = heated(days=3)
    n = len(given.known)
    rng = np.random.default_rng(2)
    course = [
        energy[:, None] * rng.dirichlet(np.full(MINUTES_OF_SLOT, 0.2), n)
        for energy in (given.known.load_kwh, given.known.pv_kwh)
    ]
    by_minute = replace(given, known=replace(given.known, minutes=Minutes(np.arange(n), *course)))
    names, bounds = (NONE, RULE, MPC, MPC_HEATER, ORACLE_HEATER), (0, 1)
    mine, theirs = compare(by_minute, names, bounds), compare(given, names, bounds)
    assert mine.outcomes[MPC].cost > theirs.outcomes[MPC].cost + 0.01
    assert mine.outcomes[MPC_HEATER].cost == theirs.outcomes[MPC_HEATER].cost
    found, plain = (heater_share(*one, Honesty.HONEST) for one in ((by_minute, mine), (given, theirs)))
    assert found is not None
    assert plain is not None
    assert found.saved_by_heater == plain.saved_by_heater
    assert mine.outcomes[RULE].cost > theirs.outcomes[RULE].cost + 0.01
    assert found.gap_closed == plain.gap_closed
    assert plain.saved_by_heater == theirs.outcomes[MPC].cost - theirs.outcomes[MPC_HEATER].cost
    assert heater_share(replace(given, heater=None), theirs, Honesty.HONEST) is None
