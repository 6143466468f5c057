"""What Home Assistant sends becomes columns and values, exactly, or an error that says where it went wrong."""

import numpy as np
import pytest

from darkstar.evidence.home_assistant import AnswerError, StateChange, answers
from darkstar.ledger.evidence import Source

CONFIG = {
    "location_name": "Home",
    "version": "2026.11.0",
    "time_zone": "Europe/Stockholm",
    "currency": "SEK",
    "latitude": 59.33,
    "longitude": 18,
    "state": "RUNNING",
    "components": ["api"],
}


def test_an_older_version_without_recovery_mode_is_read() -> None:
    info = answers.parse_info(CONFIG)
    assert (info.version, info.state, info.recovery_mode) == ("2026.11.0", "RUNNING", False)


def test_an_unreadable_answer_says_what_and_where() -> None:
    broken = {name: value for name, value in CONFIG.items() if name != "time_zone"}
    with pytest.raises(AnswerError, match=r"configuration.*'time_zone'.*newer"):
        answers.parse_info(broken)


def test_a_message_that_is_no_json_is_an_answer_error() -> None:
    with pytest.raises(AnswerError, match="message cannot be read"):
        answers.parse_message("<html>")


def test_entities_take_the_time_of_the_last_report_where_it_is_told() -> None:
    changed, reported = "2026-11-22T10:00:00.000001+00:00", "2026-11-22T11:00:00.500000+01:00"
    bare = {"entity_id": "sensor.a", "state": "1.5", "attributes": {}, "last_updated": changed}
    unit = {"unit_of_measurement": "Wh", "device_class": 5}
    full = bare | {"entity_id": "sensor.b", "attributes": unit, "last_reported": reported}
    entities = answers.parse_entities([bare, full])
    ten = 1_795_341_600 * 1_000_000
    assert (entities["sensor.a"].unit, entities["sensor.a"].updated_us) == (None, ten + 1)
    assert (entities["sensor.b"].unit, entities["sensor.b"].updated_us) == ("Wh", ten + 500_000)
    assert entities["sensor.b"].device_class is None


def test_statistics_become_columns_with_gaps_as_nan() -> None:
    rows = answers.parse_statistics(
        {"sensor.a": [{"start": 3_600_000, "end": 7_200_000, "state": None, "sum": 2}, {"start": 7_200_000}]}
    )
    statistics = answers.statistics_of(rows["sensor.a"], "hour")
    assert statistics.period_s == 3600
    assert statistics.start_utc.tolist() == [3600, 7200]
    np.testing.assert_array_equal(statistics.sum_kwh, [2.0, np.nan])
    np.testing.assert_array_equal(statistics.state_kwh, [np.nan, np.nan])


def readings(*rows: tuple[str, float], start: int = 100, end: int = 200) -> list[tuple[int, str, bool]]:
    """(time in s, state, held) of history rows read for [start, end) seconds."""
    told = [answers.HistoryRow(s=state, lu=seconds) for state, seconds in rows]
    found = answers.readings_of(told, "kWh", start * 1_000_000, end * 1_000_000)
    assert set(found.source.tolist()) <= {Source.HA_HISTORY}
    return [
        (int(t) // 1_000_000, s, bool(h))
        for t, s, h in zip(found.time_us, found.state, found.held, strict=True)
    ]


def test_the_state_that_held_is_marked_and_stamped_with_the_start() -> None:
    assert readings(("1", 99.999999), ("2", 150.0)) == [(100, "1", True), (150, "2", False)]


def test_a_change_exactly_at_the_start_is_the_change_and_not_what_held() -> None:
    assert readings(("1", 99.999999), ("2", 100.0)) == [(100, "2", False)]


def test_without_a_state_before_the_start_none_is_made_up() -> None:
    assert readings(("2", 150.0)) == [(150, "2", False)]


def test_a_state_at_the_end_belongs_to_the_next_range() -> None:
    assert readings(("1", 99.0), ("2", 200.0)) == [(100, "1", True)]


def test_float_seconds_give_back_the_microsecond() -> None:
    row = answers.HistoryRow(s="1", lu=1_795_341_600.123457)
    found = answers.readings_of([row], "kWh", 0, 2**62)
    assert found.time_us.tolist() == [1_795_341_600_123_457]


def test_a_watch_puts_differences_together() -> None:
    watch = answers.EntityWatch()
    first = {"a": {"sensor.a": {"s": "1", "a": {"unit_of_measurement": "kWh"}, "lc": 10.0}}}
    assert list(watch.take(first, 0)) == [StateChange("sensor.a", "1", "kWh", 10_000_000, snapshot=True)]
    value = {"c": {"sensor.a": {"+": {"s": "2", "lc": 11.5}}}}
    assert list(watch.take(value, 0)) == [StateChange("sensor.a", "2", "kWh", 11_500_000, snapshot=False)]


def test_a_watch_keeps_silent_about_other_attributes() -> None:
    watch = answers.EntityWatch()
    list(watch.take({"a": {"sensor.a": {"s": "1", "a": {}, "lc": 10.0}}}, 0))
    assert list(watch.take({"c": {"sensor.a": {"+": {"a": {"icon": "x"}, "lu": 12.0}}}}, 0)) == []


def test_a_watch_tells_of_a_unit_that_changed_or_went() -> None:
    watch = answers.EntityWatch()
    list(watch.take({"a": {"sensor.a": {"s": "1", "a": {"unit_of_measurement": "kWh"}, "lc": 10.0}}}, 0))
    other = {"c": {"sensor.a": {"+": {"a": {"unit_of_measurement": "Wh"}, "lu": 12.0}}}}
    assert [change.unit for change in watch.take(other, 0)] == ["Wh"]
    gone = {"c": {"sensor.a": {"+": {"lu": 13.0}, "-": {"a": ["unit_of_measurement"]}}}}
    assert [change.unit for change in watch.take(gone, 0)] == [None]


def test_a_removed_entity_is_unavailable_and_its_return_is_no_snapshot() -> None:
    watch = answers.EntityWatch()
    list(watch.take({"a": {"sensor.a": {"s": "1", "a": {}, "lc": 10.0}}}, 0))
    assert list(watch.take({"r": ["sensor.a", "sensor.never"]}, 77)) == [
        StateChange("sensor.a", "unavailable", None, 77, snapshot=False)
    ]
    (back,) = watch.take({"a": {"sensor.a": {"s": "1", "a": {}, "lc": 20.0}}}, 0)
    assert not back.snapshot
