"""Energy that stands in the neighbouring hour on one side."""

from tests.ledger.cases import on_change, periodic
from tests.ledger.causes.hours import causes, stretch, why
from tests.ledger.causes.test_incidents import steady


def test_a_reading_exactly_on_the_edge() -> None:
    meter = on_change([(-50, 9.0), (-10, 10.0), (60, 11.0), (90, 11.5), (150, 12.0)])

    found = why(stretch([meter], 2))

    assert {hour: f.cause.value for hour, f in found.items()} == {0: "poll_timing", 1: "poll_timing"}
    assert "exactly on the edge" in found[0].detail


def test_a_meter_that_is_read_now_and_then_moves_energy_to_the_neighbour() -> None:
    """The file interpolates 0.4 kWh before the edge and 0.6 after; Home Assistant has all of it after."""
    register = periodic([(0, 10.0), (36, 11.0), (76, 12.0), (120, 13.0)])

    found = why(stretch([], 2, [1.0, 2.0], [1.6, 1.4], files=[register]))

    assert {hour: f.cause.value for hour, f in found.items()} == {0: "poll_timing", 1: "poll_timing"}
    assert "counted 1.000 kWh in between; 0.600 of them" in found[0].detail


def test_neighbours_that_cancel_by_chance_are_no_poll_timing() -> None:
    register = periodic([(float(m), 10 + m / 60) for m in range(0, 121, 6)])

    assert set(causes(stretch([], 2, [0.4, 1.6], [1.0, 1.0], files=[register])).values()) == {"unexplained"}


def test_more_than_the_step_across_the_edge_is_no_poll_timing() -> None:
    meter = on_change(steady(-57, 300))

    assert "poll_timing" not in causes(stretch([meter], 3, [1.0, 0.0, 2.0], [1.0, 1.0, 1.0])).values()
