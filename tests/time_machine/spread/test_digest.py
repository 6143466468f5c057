"""Digests: one name for values alike, another for any that differ, the same in every process."""

import datetime as dt
import subprocess
import sys
from dataclasses import fields, replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.power_tariff import PowerTariff
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine.information import Honesty, information
from darkstar.time_machine.spread import digest as module
from darkstar.time_machine.spread.digest import code_digest, digest
from darkstar.time_machine.stretches import stretches
from tests.time_machine.cases import scenario

DIFFERENT = [
    None, True, 1, 1.0, "1", "", (), [], {}, (1,), [1], (1, 2), (12,), ("1", "2"), ("12",), (("1",), "2"), {1: 2},
    {1, 2}, 0.1, -0.0, 0.0, float("nan"), np.zeros(2), np.zeros((1, 2)), np.zeros(2, np.int64), np.float64(1.0),
    dt.date(2021, 3, 1), ZoneInfo("Europe/Stockholm"), ZoneInfo("Europe/Berlin"), Honesty.HONEST, Honesty.PERFECT,
    dt.time(6),
]  # fmt: skip


def test_what_differs_has_another_name() -> None:
    assert len({digest(value) for value in DIFFERENT}) == len(DIFFERENT)
    assert digest({1: 2, 3: 4}) == digest({3: 4, 1: 2})
    assert digest(np.arange(6)[::2]) == digest(np.array([0, 2, 4]))


def test_whatever_differs_in_a_scenario_gives_it_another_name() -> None:
    given = scenario()
    tariff = PowerTariff(per_kw=80.0)
    others = [
        replace(given, known=replace(given.known, load_kwh=np.nextafter(given.known.load_kwh, 9.0))),
        replace(given, replayed=np.arange(len(given.known)) >= 96),
        replace(given, tz=ZoneInfo("Europe/Berlin")),
        replace(given, storage=replace(given.storage, charge_max_kw=2.0)),
        replace(given, soc_start_kwh=2.0000000000000004),
        replace(given, courses=7),
        replace(given, replan_slots=2),
        replace(given, timer=replace(given.timer, hours=(1,))),
        replace(given, plant=replace(given.plant, standby_kw=0.01)),
        replace(given, power_tariffs=(MeteredTariff(tariff),)),
    ]
    assert len({digest(one) for one in [given, *others]}) == len(others) + 1
    assert digest(given) == digest(scenario())
    assert set(vars(given)) >= {field.name for field in fields(given)}


@pytest.mark.slow
def test_each_stretch_has_its_own_name_in_every_process() -> None:
    given = scenario(days=20)
    cut = list(stretches(given, information(Honesty.HONEST, given)))
    names = [digest(stretch) for stretch in cut]
    assert len(set(names)) == len(cut) == 3
    script = (
        "from tests.time_machine.cases import scenario as s\n"
        "from darkstar.time_machine.spread.digest import *\n"
        "from darkstar.time_machine.stretches import *\n"
        "from darkstar.time_machine.information import *\n"
        "print(code_digest(), *[digest(x) for x in stretches(s(days=20), information(Honesty.HONEST, s(days=20)))])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    code, *others = told.split()
    assert others == names
    assert len(code) == len(code_digest()) == 32


def test_nothing_else_is_named() -> None:
    with pytest.raises(TypeError, match="Thread"):
        digest(__import__("threading").Thread())
    with pytest.raises(TypeError):
        digest(module)
