"""Two plans in a row know of one another: kept, changed and why, what was planned, and what cannot be read."""

import json
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.errors import StoreError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, iso_utc
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.plans import Plans
from tests.cli.plan.test_devices import CAR, HEATER, SWITCHED, TANK, TWO
from tests.cli.plan.test_home import BATTERY, HOME, SENSORS, _run
from tests.time_machine.cases import START, past
from tests.time_machine.now.test_present import write

POWER = (
    "tariff: {grid_fee_per_kwh: 0, energy_tax_per_kwh: 0, vat_percent: 0, "
    "power: {peaks: 1, different_days: false, period: hour, per_kw: 50}}\n"
)
NOW = START + 8 * DAY_SECONDS + 14 * HOUR_SECONDS
"""14:00 on the ninth day of ten."""


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Path:
    return make_home(tmp_path, BATTERY)


def make_home(folder: Path, *sections: str) -> Path:
    (folder / "darkstar.yaml").write_text(HOME + SENSORS + "".join(sections), encoding="utf-8")
    history = past(10)
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        write(ledger, history, np.full(len(history), 40.0))
    return folder


def say(home: Path, line: str) -> None:
    """Write another line into darkstar.yaml."""
    with (home / "darkstar.yaml").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _json(home: Path, *options: str) -> Any:
    result = _run(home, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_same_again_is_kept(home: Path) -> None:
    first, again = _json(home), _json(home)
    assert first["before"]["outcome"] == "first"
    assert again["before"]["outcome"] == "kept"
    assert again["before"]["gain"] == pytest.approx(0.0, abs=1e-3)
    assert again["before"]["flips"] == 0
    # What caution costs is in a kept plan's cost, and no sign of a cheaper plan.
    assert not any("No plan can be cheaper" in told for told in again["notices"])
    costs = [one["cost"] for one in _json(home, "--history")["plans"]]
    assert costs[0] == pytest.approx(costs[1], abs=1e-3)
    for old, new in zip(first["batteries"][0]["modes"], again["batteries"][0]["modes"], strict=True):
        assert old["from"] == new["from"]
        assert old["buy_to_kwh"] == pytest.approx(new["buy_to_kwh"], abs=1e-4)
        assert old["cover_to_kwh"] == pytest.approx(new["cover_to_kwh"], abs=1e-4)


@pytest.mark.slow
def test_it_says_what_it_kept(home: Path, clock: Clock) -> None:
    say(home, "plan: {threshold: 0.5}")
    _run(home)
    clock.now += SLOT_SECONDS
    shown = " ".join(_run(home, "--soc-percent", "40").stdout.split())
    assert re.search(
        r"Kept the plan of Tue 14:00: a new one would gain 0\.\d\d SEK \(changes above 0\.50\)", shown
    )


def dearer(home: Path, factor: float, from_utc: int) -> None:
    """Other prices from an instant on."""
    history = past(10)
    later = history.slots >= from_utc
    prices = [
        np.where(later, factor * price, price) for price in (history.import_price, history.export_price)
    ]
    with LedgerFile(home / LEDGER_NAME) as ledger:
        write(
            ledger,
            replace(history, import_price=prices[0], export_price=prices[1]),
            np.full(len(history), 40.0),
        )


def test_what_gains_enough_is_changed_and_why(home: Path) -> None:
    _run(home)
    dearer(home, -1.0, NOW + 4 * HOUR_SECONDS)
    answer = _json(home)["before"]
    assert answer["outcome"] == "changed"
    assert answer["gain"] > answer["threshold"] > 0
    assert "published prices are others" in answer["why"]
    assert answer["flips"] == answer["new_flips"] > 0


@pytest.mark.slow
def test_what_gains_too_little_is_not(home: Path) -> None:
    say(home, "plan: {threshold: 1000}")
    first = _json(home)
    dearer(home, -1.0, NOW + 4 * HOUR_SECONDS)
    again = _json(home)
    assert again["before"]["outcome"] == "kept"
    assert again["before"]["gain"] > 1
    assert again["before"]["threshold"] == 1000
    kinds = [[mode["buy_to_kwh"] for mode in one["batteries"][0]["modes"]] for one in (first, again)]
    assert kinds[0] == pytest.approx(kinds[1], abs=1e-4)
    # Its cost is that of the modes that are kept, not of the plan that would be better.
    anew = _json(home, "--fresh")
    assert anew["before"]["outcome"] == "fresh"
    assert again["cost"] - anew["cost"] > 1
    assert _json(home)["before"]["outcome"] == "kept"


@pytest.mark.slow
def test_prices_that_were_published_since_are_named(home: Path, clock: Clock) -> None:
    say(home, "plan: {threshold: 0}")
    clock.now = NOW - 2 * HOUR_SECONDS
    _run(home, "--soc-percent", "40")
    clock.now = NOW
    answer = _json(home)["before"]
    assert answer["outcome"] == "changed"
    assert "prices are published until 2021-03-11 00:00" in answer["why"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("water_heater: {power_kw: 1, daily_kwh: 1, ready_by: 06:00}", "darkstar.yaml says something else"),
        ("plan: {keep_days: 20}", ""),
    ],
)
def test_another_home_is_planned_anew(home: Path, line: str, why: str) -> None:
    _run(home)
    say(home, line)
    answer = _json(home)["before"]
    assert answer["outcome"] == ("changed" if why else "kept")
    assert answer["why"].startswith(why)


@pytest.mark.slow
def test_another_version_plans_anew(home: Path) -> None:
    _run(home)
    with closing(sqlite3.connect(home / LEDGER_NAME)) as file:
        file.execute("UPDATE plans SET version = '0.0.1'")
        file.commit()
    assert _json(home)["before"]["why"] == "another version of Darkstar made it"


@pytest.mark.slow
def test_a_plan_of_long_ago_is_over_and_one_of_later_is_not_begun(home: Path, clock: Clock) -> None:
    _run(home)
    clock.now = NOW + DAY_SECONDS
    assert _json(home, "--soc-percent", "40")["before"]["why"] == "it has no modes left"
    clock.now = NOW
    assert _json(home)["before"]["why"] == "it begins later than now"


@pytest.mark.slow
def test_a_device_that_needs_more_changes_the_plan(tmp_path: Path, clock: Clock) -> None:
    home = make_home(tmp_path, BATTERY, HEATER, SWITCHED, "plan: {threshold: 1000}\n")
    first = _json(home, "--car-soc-percent", "70")
    again = _json(home, "--car-soc-percent", "70")
    assert again["before"]["outcome"] == "kept"
    assert again["before"]["flips"] == 0
    assert [one["energy_kwh"] for one in first["devices"]] == [one["energy_kwh"] for one in again["devices"]]
    more = _json(home, "--car-soc-percent", "40")
    assert more["before"]["outcome"] == "changed"
    assert more["before"]["why"].startswith("the car would not get what it needs")
    # Nobody would have paid what the planner reckons for energy that a car lacks.
    assert more["before"]["gain"] is None


@pytest.mark.slow
def test_what_a_device_lacks_is_no_money(tmp_path: Path, clock: Clock) -> None:
    home = make_home(tmp_path, BATTERY, re.sub('ready_by: "?[0-9:]+"?', 'ready_by: "15:00"', SWITCHED))
    answer = _json(home, "--car-soc-percent", "10")
    assert answer["devices"][0]["missing"][0]["lack"] == "energy"
    assert answer["cost"] == answer["ways"]["plan"]["cost"]
    told = _json(home, "--history")["plans"][-1]["cost"]
    assert told == pytest.approx(answer["cost"], abs=1.0)


@pytest.mark.slow
def test_another_device_changes_the_plan(tmp_path: Path, clock: Clock) -> None:
    home = make_home(tmp_path, BATTERY, SWITCHED)
    _json(home)
    answer = _json(home, "--car-soc-percent", "40")
    assert answer["before"]["why"] == "other batteries or devices are to be planned"


def test_a_damaged_plan_is_told_and_left_out(home: Path) -> None:
    _run(home)
    with closing(sqlite3.connect(home / LEDGER_NAME)) as file:
        file.execute("UPDATE plans SET content = x'00'")
        file.commit()
    answer = _json(home)
    assert answer["before"]["outcome"] == "first"
    assert any("The plan before cannot be read" in notice for notice in answer["notices"])
    assert _json(home)["before"]["outcome"] == "kept"


@pytest.mark.slow
def test_another_plan_that_came_in_between_is_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process keeps its plan just before the first one does: that follows it."""
    add, asked = Plans.add, []

    def late(self: Plans, *args: Any, **options: Any) -> bool:
        asked.append(options["after"])
        if len(asked) == 1:
            _run(home)
        return add(self, *args, **options)

    monkeypatch.setattr(Plans, "add", late)
    assert _json(home)["before"]["outcome"] == "kept"
    assert asked == [None, None, 1]


@pytest.mark.slow
def test_a_ledger_that_cannot_be_written_does_not_stop_a_plan(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> bool:
        raise StoreError("There is no room.")

    monkeypatch.setattr(Plans, "add", full)
    answer = _json(home)
    assert "This plan could not be kept for the next one: There is no room." in answer["notices"]
    monkeypatch.setattr(Plans, "add", lambda *_, **__: False)
    assert any("at the same time" in notice for notice in _json(home)["notices"])
    assert _json(home, "--history")["plans"] == []


@pytest.mark.slow
def test_as_of_an_instant_nothing_is_followed_or_kept(home: Path) -> None:
    _run(home)
    assert (
        _json(home, "--at", iso_utc(NOW + SLOT_SECONDS), "--soc-percent", "40")["before"]["outcome"]
        == "fresh"
    )
    assert len(_json(home, "--history")["plans"]) == 1


@pytest.mark.slow
def test_history(home: Path, clock: Clock) -> None:
    assert "No plan was kept yet" in _run(home, "--history").stdout
    _run(home)
    clock.now += SLOT_SECONDS
    _run(home, "--soc-percent", "40")
    clock.now += DAY_SECONDS
    _run(home, "--soc-percent", "40")
    told = _json(home, "--history")
    # The costs of new and of kept plans are reckoned alike: a quarter later it is nearly the same.
    assert told["plans"][0]["cost"] == pytest.approx(told["plans"][1]["cost"], abs=0.5)
    assert [one["outcome"] for one in told["plans"]] == ["first", "kept", "changed"]
    assert [one["made"] for one in told["plans"][:2]] == [
        "2021-03-09T14:00:00+01:00",
        "2021-03-09T14:15:00+01:00",
    ]
    assert [(day["date"], day["plans"], day["kept"], day["changed"]) for day in told["days"]] == [
        ("2021-03-09", 2, 1, 0),
        ("2021-03-10", 1, 0, 1),
    ]
    assert told["days"][0]["flips"] == told["plans"][1]["flips"]
    shown = _run(home, "--history", width=120).stdout
    assert "Tue 2021-03-09 14:15" in shown
    assert "it has no modes left" in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    "sections",
    [
        (TWO,),
        (BATTERY, POWER),
        (BATTERY, TANK, CAR),
        (BATTERY, SWITCHED, "home_phases"),
    ],
    ids=["batteries", "power tariff", "tank and car", "phases"],
)
def test_whatever_the_home_has_the_same_again_is_kept(
    tmp_path: Path, clock: Clock, sections: tuple[str, ...]
) -> None:
    """And a quarter later, with what it should have by then."""
    home = make_home(tmp_path, *(section for section in sections if section != "home_phases"))
    if "home_phases" in sections:
        file = home / "darkstar.yaml"
        file.write_text(file.read_text().replace("main_fuse_a: 16", "main_fuse_a: 16, battery_phase: 1"))
    cars = ("--car-soc-percent", "50") if "car" in "".join(sections) else ()
    say(home, "plan: {threshold: 0.2}")
    first = _json(home, *cars)
    for _ in range(2):
        again = _json(home, *cars)
        assert again["before"]["outcome"] == "kept"
        assert again["before"]["gain"] < 0.2
        assert again["before"]["flips"] <= 2
        assert again["cost"] == pytest.approx(first["cost"], abs=2.0)
    clock.now += SLOT_SECONDS
    assert _json(home, "--soc-percent", "40", *cars)["before"]["outcome"] in ("kept", "changed")
