"""The whole demo, end to end: the ledger against the truth that only a demo knows."""

import re
from pathlib import Path

import numpy as np
import pytest

from darkstar.config.settings import LEDGER_NAME
from darkstar.demo.home import DemoHome, make_home
from darkstar.demo.run import DemoResult, run_demo
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.replay import POLICIES

pytestmark = pytest.mark.slow

DAYS = 60
SEED = 3


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return run_demo(tmp_path_factory.mktemp("demo"), seed=SEED, days=DAYS, workers=2)


@pytest.fixture(scope="module")
def truth() -> DemoHome:
    return make_home(SEED, DAYS)


@pytest.fixture(scope="module")
def table(result: DemoResult, truth: DemoHome) -> SlotTable:
    with LedgerFile(result.settings.folder / LEDGER_NAME) as ledger:
        return ledger.slots(truth.start, int(truth.slots[-1]))


def test_every_hour_is_within_reach_or_has_a_named_cause(result: DemoResult) -> None:
    found = result.verification
    assert found.unexplained == 0
    assert found.hours > 6 * DAYS * 23
    # The quirks touch a handful of hours; were it more, the ledger would disagree where the meters are sound.
    assert 5 < found.explained < 60


@pytest.mark.parametrize("channel", BALANCE_SIGN)
def test_the_ledger_holds_what_really_flowed(table: SlotTable, truth: DemoHome, channel: Channel) -> None:
    n = len(table) // SLOTS_PER_HOUR * SLOTS_PER_HOUR
    ours, real = (
        series[SLOTS_PER_HOUR:n].reshape(-1, SLOTS_PER_HOUR).sum(axis=1)
        for series in (table.energy_kwh[channel], truth.truth[channel])
    )
    assert np.isfinite(ours).all()
    assert ours.sum() == pytest.approx(real.sum(), rel=2e-3)
    # Up to one poll of a busy meter falls into the neighbouring hour; outages are spread by shape.
    off = np.abs(ours - real)
    assert np.median(off) < 0.02
    assert (off > 0.2).mean() < 0.02


def test_the_water_heater_is_known_as_far_as_history_goes(table: SlotTable, truth: DemoHome) -> None:
    known = np.isfinite(table.energy_kwh[Channel.WATER])
    assert 9.5 < known.sum() * HOUR_SECONDS / SLOTS_PER_HOUR / 86_400 <= 10.1
    ours = table.energy_kwh[Channel.WATER][known].sum()
    assert ours == pytest.approx(truth.truth[Channel.WATER][: len(table)][known].sum(), abs=0.5)


def test_every_slot_has_its_price(result: DemoResult, table: SlotTable, truth: DemoHome) -> None:
    assert not result.prices.missing
    tariff = result.settings.tariffs.first
    assert table.import_price == pytest.approx(tariff.import_price(truth.spot[: len(table)]))
    assert table.export_price == pytest.approx(truth.spot[: len(table)])


def test_no_policy_beats_perfect_foresight(result: DemoResult) -> None:
    costs = {name: outcome.cost for name, outcome in result.comparison.outcomes.items()}
    assert tuple(costs) == POLICIES
    assert costs["oracle"] == min(costs.values())
    assert costs["mpc"] < costs["rule"] < costs["none"]


def test_the_report_is_where_it_is_said_to_be(result: DemoResult) -> None:
    page = result.report.read_text("utf-8")
    assert "This home does not exist." in page
    assert set(re.findall(r'data-chart="chart-(\w+)"', page)) == {"costs", "saving", "plan", "energy"}


def test_a_real_home_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text("home: {}\n")
    with pytest.raises(UsageError, match="did not make"):
        run_demo(tmp_path, days=DAYS)
    assert [p.name for p in tmp_path.iterdir()] == ["darkstar.yaml"]
