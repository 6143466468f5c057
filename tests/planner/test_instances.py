"""The JSON form of a problem: what it must hold, and that nothing unknown slips through."""

import json

import pytest

from darkstar.domain.errors import DataError
from darkstar.planner.instances import read_instances

SMALL = {
    "id": "small",
    "slot_hours": 1,
    "load_kwh": [1],
    "pv_kwh": [0],
    "import_price": [2],
    "export_price": [0],
    "soc_start_kwh": 0,
    "battery": {
        "soc_min_kwh": 0,
        "soc_max_kwh": 4,
        "charge_max_kw": 2,
        "discharge_max_kw": 2,
        "charge_efficiency": 0.9,
        "discharge_efficiency": 0.9,
    },
    "grid": {"import_max_kw": 5, "export_max_kw": 5},
    "terminal": {"value": [1.5], "energy_kwh": [4]},
}


def test_reads_every_field() -> None:
    (instance,) = read_instances(json.dumps([SMALL]), "x.json")
    problem = instance.problem
    assert problem.slot_hours == 1.0
    assert problem.load_kwh.tolist() == [1.0]
    assert problem.storage.soc_max_kwh == 4.0
    assert problem.storage.wear_charge == 0.0
    assert problem.grid.import_breach_cost == 100.0
    assert problem.terminal.value.tolist() == [1.5]
    assert instance.optimum is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "x.json: the document"),
        ("{}", "x.json: the document"),
        (json.dumps([{**SMALL, "laod_kwh": [1]}]), "0.laod_kwh"),
        (json.dumps([{k: v for k, v in SMALL.items() if k != "grid"}]), "0.grid: Field required"),
        (json.dumps([SMALL, {**SMALL, "soc_start_kwh": "half"}]), "1.soc_start_kwh"),
        (json.dumps([{**SMALL, "load_kwh": [None]}]), "0.load_kwh.0"),
        (json.dumps([{**SMALL, "load_kwh": [float("nan")]}]), "0.load_kwh.0"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_instances(text, "x.json")
