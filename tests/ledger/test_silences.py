"""Meters that are not heard for a while, or always say the same: the energy of the silence is laid over it."""

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.ledger.evidence import Method
from darkstar.ledger.resolved import Flag
from tests.ledger.cases import LIMIT_KWH, energies, flagged, on_change, resolve_home, resolve_meter, steady


def test_a_frozen_meter_catches_up_over_the_time_in_which_it_was_frozen() -> None:
    frozen = [(float(m), 101.0) for m in range(75, 240, 15)]
    shown = [(0, 100.0), (30, 100.5), (60, 101.0), *frozen, (240, 117.0), (255, 117.5)]

    found = resolve_meter(on_change(shown), 0, 4.25)

    assert found.energy_kwh[4:16] == pytest.approx(np.full(12, 16 / 12), abs=1e-9)
    assert found.energy_kwh.sum() == pytest.approx(17.5, abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(4, 16))


def test_six_hours_of_silence_are_filled_with_what_the_meter_counted_in_them() -> None:
    shown = [*steady(0, 60), (62, "unavailable"), *steady(422, 480, begin=110.0, step=2)]

    found = resolve_meter(on_change(shown), 0, 8)

    assert found.energy_kwh[5:28] == pytest.approx(np.full(23, (110 - 101.2) / 24), abs=1e-9)
    assert np.nansum(found.energy_kwh[:31]) == pytest.approx(1.2 + 8.8 + 1.2 * 43 / 60, abs=1e-9)
    assert flagged(found, Flag.SPREAD) == list(range(4, 29))
    assert set(found.method[5:28].tolist()) == {Method.SPREAD}


def test_an_outage_of_the_sun_s_meter_is_laid_out_by_the_sun() -> None:
    shown = [*steady(60, 120, kw=0.0), (121, "unavailable"), *steady(600, 660, begin=110.0, kw=4.0)]

    found = resolve_home({Channel.PV: [on_change(shown)]}, 1, 11).channels[Channel.PV].energy_kwh

    assert found.sum() == pytest.approx(14.0, abs=1e-9)
    assert found[10] < found[20] < found[30]


def test_more_than_a_short_silence_can_hold_is_not_lost() -> None:
    # The meter lags: two kilowatt-hours in five minutes, which the fuse carries in ten.
    shown = [(0, 100.0), (15, 100.3), (15.5, "unavailable"), (20, 102.3), (30, 102.4)]

    assert energies(on_change(shown), 0, 0.5) == [0.3, 2.1]


@pytest.mark.parametrize("channel", [Channel.LOAD, Channel.PV])
def test_an_outage_of_days_is_laid_out_alike_in_whatever_pieces_it_is_asked_for(channel: Channel) -> None:
    back = 6 * 24 * 60
    meter = on_change([*steady(0, 60), (61, "unavailable"), *steady(back, back + 120, begin=140.0)])

    whole = resolve_home({channel: [meter]}, 0, 146).channels[channel].energy_kwh
    days = [
        resolve_home({channel: [meter]}, h, min(h + 24, 146)).channels[channel].energy_kwh
        for h in range(0, 146, 24)
    ]

    assert np.concatenate(days).tobytes() == whole.tobytes()
    assert whole.sum() == pytest.approx(140 + 2.4 - 100, abs=1e-9)


def test_a_restart_that_restores_the_old_value_and_then_brings_a_lump() -> None:
    shown = [*steady(0, 60), (61, "unknown"), (62, 101.2), (90, 104.0), *steady(95, 120, begin=104.1)]

    found = resolve_meter(on_change(shown))

    assert found.energy_kwh.sum() == pytest.approx(1.2 + 2.8 + 0.1 + 0.5, abs=1e-9)
    assert found.energy_kwh.max() <= LIMIT_KWH


def test_a_restored_value_older_than_the_last_one_is_a_dip() -> None:
    shown = [*steady(0, 60), (61, "unknown"), (62, 100.2), *steady(65, 120, begin=101.3)]

    found = resolve_meter(on_change(shown))

    assert found.energy_kwh.sum() == pytest.approx(1.2 + 0.1 + 1.1, abs=1e-9)
    assert flagged(found, Flag.DIP)
    assert not flagged(found, Flag.RESET)


def test_a_lone_dip_at_the_live_edge_is_pending_until_the_next_readings_decide() -> None:
    live = [*steady(0, 60), (64, 0.0)]

    undecided = resolve_meter(on_change(live, watched=[(0, 75)]))
    dipped = resolve_meter(on_change([*live, *steady(65, 120, begin=101.3)]))
    reset = resolve_meter(on_change([*live, *steady(65, 120, begin=0.02)]))

    assert undecided.energy_kwh[:4] == pytest.approx(np.full(4, 0.3), abs=1e-9)
    assert np.isnan(undecided.energy_kwh[4:]).all(), "neither the whole counter nor zero"
    assert dipped.energy_kwh.sum() == pytest.approx(1.2 + 0.1 + 1.1, abs=1e-9)
    assert reset.energy_kwh.sum() == pytest.approx(1.2 + 0.02 + 1.1, abs=1e-9)
    assert flagged(dipped, Flag.DIP) == [4]
    assert flagged(reset, Flag.RESET) == [4]
