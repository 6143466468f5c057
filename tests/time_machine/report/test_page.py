"""The page: it says what the values say, claims no more, escapes what it is given and loads nothing."""

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.verify import ChannelVerdict, Verification
from darkstar.domain.bill import Bill
from darkstar.domain.channels import Channel
from darkstar.domain.home import Home
from darkstar.domain.power_tariff import MonthFee
from darkstar.domain.slots import DAY_SECONDS, slot_range
from darkstar.ledger.explain import Cause, Difference
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.planner.problem import GridModel, Plan, Problem, StorageModel, TerminalValue
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.outcome import Comparison, Flows, PolicyOutcome
from darkstar.time_machine.past.history import History
from darkstar.time_machine.past.left_out import Coverage, Left, LeftOut
from darkstar.time_machine.report.charts import DayPlan, energy_by_day, plan_of_a_day, saving_over_time
from darkstar.time_machine.report.figures import number
from darkstar.time_machine.report.markdown import render_markdown
from darkstar.time_machine.report.page import Report, render_report, write_report
from darkstar.time_machine.report.verdict import caveats, verdict

HOME = Home("Nils & <Nora>", "Europe/Stockholm", 59.3, 18.1, "SEK", 20.0, 3)
START = int(dt.datetime(2025, 10, 25, tzinfo=HOME.tz).timestamp())
DAYS = 3
SLOTS = slot_range(START, START + DAYS * DAY_SECONDS)
N = len(SLOTS)


def outcome(name: str, cost: float) -> PolicyOutcome:
    zero = np.zeros(N)
    flows = Flows(zero, zero, np.full(N, 0.5), zero, zero, zero, np.full(N + 1, 5.0), zero, zero, zero)
    return PolicyOutcome(name, Bill(cost, 0.0, 0.0, 0.0), flows, np.full(N, cost / N), np.ones(3))


def comparison(**costs: float) -> Comparison:
    series = np.full(N, 0.5)
    history = History(SLOTS, series, series, series, series, omitted=((dt.date(2025, 10, 27), "no load"),))
    outcomes = {name: outcome(name, cost) for name, cost in costs.items()}
    return Comparison(START, START + DAYS * DAY_SECONDS, history, outcomes, 1.25, 1000.0)


def test_the_power_fee_is_told() -> None:
    given = comparison(none=100.0, mpc=60.0)
    assert not any("power fee" in said for said in caveats(given, HOME))
    month = MonthFee(2025, 10, (), 2.0, 30.0)
    paid = replace(given.outcomes["mpc"], bill=Bill(60.0, 30.0, 0.0, 0.0, 0.0, 30.0), power_months=(month,))
    [told] = [said for said in caveats(replace(given, outcomes={"mpc": paid}), HOME) if "power fee" in said]
    assert "30.00 SEK)" in told
    assert "least possible" not in told
    best = replace(paid, name="oracle", over_least=1.35)
    [told] = [
        said for said in caveats(replace(given, outcomes={"oracle": best}), HOME) if "power fee" in said
    ]
    assert told.endswith("at most 1.35 SEK more than the least possible.")


def table() -> SlotTable:
    energy = {channel: np.full(N, 0.25) for channel in Channel}
    energy[Channel.PV] = np.where(np.arange(N) == 3, np.nan, 0.25)
    known = np.ones(N)
    return SlotTable(SLOTS, energy, known, known, known, known, np.zeros(N, np.int64))


def day_plan() -> DayPlan:
    slots, one = SLOTS[:4], np.ones(4)
    storage, grid = StorageModel(0.0, 10.0, 5.0, 5.0, 0.95, 0.95), GridModel(10.0, 10.0)
    problem = Problem(0.25, one, one, one, one, 5.0, storage, grid, TerminalValue(np.ones(1), np.ones(1)))
    return DayPlan(
        slots,
        problem,
        Plan(one, one, one, one, one, one, np.ones(5), 1.0, 0.0, 1.0, "test"),
        3,
        "A fine day.",
    )


def verification() -> Verification:
    difference = Difference(START, Channel.LOAD, 7000.5, 1.25, Cause.DIP, "A stray <zero>.")
    silent = Difference(START, Channel.PV, None, 0.5, Cause.OUTAGE, "No row.")
    days = (
        DayQuality(dt.date(2025, 10, 25), DayStatus.CLEAN, ()),
        DayQuality(dt.date(2025, 10, 26), DayStatus.EXCLUDE, ("no load for 6 h",)),
    )
    verdicts = {Channel.LOAD: ChannelVerdict(1234, 1232, 2, 0, 6999.25)}
    return Verification(START, START + DAY_SECONDS, 0.1, verdicts, (difference, silent), days)


@pytest.fixture(scope="module")
def page() -> str:
    rivals = comparison(none=200.0, rule=150.0, mpc=120.0, oracle=110.0)
    return render_report(
        Report(HOME, START, "Not a <real> home", table(), verification(), day_plan(), rivals)
    )


def covered(reason: str = "load is unknown") -> Coverage:
    """Two days replayed, one of them with a masked battery, and one left out."""
    masked = [(dt.date(2025, 10, 26), "soc stands <still>")]
    return Coverage(Left(2, 196), masked, LeftOut(Left(1, 96), {reason: Left(1, 96)}, {"exclude": 1}))


def test_what_was_left_out_and_what_was_masked() -> None:
    """In total, by reason, day by day, and marked in the calendar; in Markdown too."""
    report = Report(
        HOME, START, comparison=comparison(rule=150.0, mpc=120.0), coverage=covered(), notes=("Told.",)
    )
    page = render_report(report)
    text = text_of(page)
    assert "2 days were replayed, 196 slots." in text
    assert "On 1 of them what the battery&#39;s own meters say is not believed (mask_battery)" in text
    assert "Left out: 1 day, 96 slots; labels: exclude (1). Days by reason: load is unknown (1)." in text
    assert "Told." in text
    assert re.search(r"Left out What was wrong Days Slots load is unknown 1 96", text)
    assert "2025-10-27 no load" in text
    assert "2025-10-26 soc stands &lt;still&gt;" in text
    [cell] = re.findall(r'<i class="(?:up|down) masked" title="([^"]*)"', page)
    assert cell.startswith("2025-10-26: ")
    assert cell.endswith("battery masked: soc stands &lt;still&gt;")
    markdown = render_markdown(report)
    assert "| load is unknown | 1 | 96 |" in markdown
    assert "2 days were replayed, 196 slots." in markdown
    assert "| 2025-10-26 | soc stands \\<still\\> |" in markdown


def test_nothing_left_out_is_no_empty_table() -> None:
    given = comparison(rule=150.0, mpc=120.0)
    given = replace(given, history=replace(given.history, omitted=()))
    whole = Coverage(Left(3, 288), (), LeftOut(Left(0, 0), {}, {}))
    report = Report(HOME, START, comparison=given, coverage=whole)
    text = text_of(render_report(report))
    assert "3 days were replayed, 288 slots." in text
    assert "What was wrong" not in text
    assert "battery masked" not in text
    assert "## Left out" not in render_markdown(report)


def text_of(page: str) -> str:
    body = page[page.index("</head>") :]
    without_scripts = re.sub(r"<script.*?</script>", " ", body, flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", without_scripts))


def test_it_says_what_the_values_say(page: str) -> None:
    text = text_of(page)
    assert (
        "Replayed over 3 days, Kepler would have cost 30.00 SEK less than self-consumption: 75 % of the 40.00 SEK"
        in text
    )
    assert "1\u202f234 hours compared" in text
    assert "7\u202f000.50" in text
    assert "not known" in text
    assert "1 clean, 1 left out" in text
    assert "no load for 6 h" in text
    assert "A plan, made 2025-10-25 00:00 A fine day." in text
    assert "made 2025-10-25 00:00 (Europe/Stockholm)" in text


def test_what_it_is_given_is_escaped(page: str) -> None:
    assert "Nils &amp; &lt;Nora&gt;" in page
    assert "Not a &lt;real&gt; home" in page
    assert "A stray &lt;zero&gt;." in page


def test_it_holds_all_it_needs_and_loads_nothing(page: str) -> None:
    assert page.count("<script>") == 2
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|img|link|iframe)[^>]*\b(src|href)=", page[page.index("</head>") :])
    assert not re.search(r"<link|@import|@font-face", page[: page.index("<script>")])


def test_the_charts_are_data_that_a_browser_can_read(page: str) -> None:
    charts = re.findall(r'<script type="application/json" data-chart="chart-(\w+)">(.*?)</script>', page)
    assert [name for name, _ in charts] == ["costs", "saving", "plan", "energy"]
    assert all(json.loads(data)["data"] for _, data in charts)


def test_parts_that_are_not_there_are_left_out() -> None:
    text = text_of(render_report(Report(HOME, START)))
    assert "cost" not in text
    assert "held against" not in text


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        (
            {"rule": 100.0, "mpc": 110.0, "oracle": 80.0},
            "10.00 SEK more than self-consumption. Perfect foresight would",
        ),
        ({"rule": 100.0, "mpc": 90.0}, "10.00 SEK less than self-consumption."),
        ({"rule": 100.0, "oracle": 90.0}, ""),
    ],
)
def test_savings_are_claimed_only_where_there_are_some(costs: dict[str, float], said: str) -> None:
    text = verdict(comparison(**costs), HOME)
    assert said in text
    assert bool(text) == bool(said)
    assert "%" not in text


def test_caveats_name_the_settlement_and_the_days_left_out() -> None:
    said = " ".join(caveats(comparison(none=2.0, rule=1.0), HOME))
    assert "settled at 1.250 SEK/kWh for all alike" in said
    assert "2025-10-27 (no load)" in said
    assert "battery's own price" in said
    assert "battery's own price" not in " ".join(caveats(comparison(rule=1.0), HOME))


def test_a_plan_is_shown_as_far_as_it_is_worth_a_look() -> None:
    assert {len(trace.x) for trace in plan_of_a_day(day_plan(), HOME.tz, "SEK").data} == {3}


def test_days_are_local_and_unknown_slots_count_for_nothing() -> None:
    sun = energy_by_day(table(), HOME.tz).data[0]
    # 25 October has 96 slots of which one is unknown; on the 26th the clocks go back: 100 slots.
    assert np.asarray(sun.y).tolist() == [23.75, 25.0, 23.0]
    assert str(sun.x[0])[:10] == "2025-10-25"


def test_savings_add_up_to_the_difference_in_cost() -> None:
    figure = saving_over_time(comparison(rule=150.0, mpc=120.0), "rule", HOME.tz, "SEK")
    assert figure is not None
    assert figure.data[0].y[-1] == pytest.approx(30.0)
    assert saving_over_time(comparison(mpc=120.0), "rule", HOME.tz, "SEK") is None


def test_numbers_are_for_people() -> None:
    assert number(-1234.56, 1) == "\u22121\u202f234.6"
    assert number(-0.001, 2) == "0.00"


def test_a_page_replaces_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "report.html"
    write_report(path, "old")
    write_report(path, "new å")
    assert path.read_text("utf-8") == "new å"
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    write_report(path, "before")

    def full(half_done: Path, text: str, encoding: str) -> None:
        half_done.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_report(path, "after")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text(encoding="utf-8") == "before"
