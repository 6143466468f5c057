"""Had a meter been frozen, or did it leap? What it does at other times tells."""

import numpy as np
import pytest

from darkstar.ledger.resolved import Flag
from tests.ledger.cases import on_change, periodic, resolve_meter, statistics

HOURS = 96


def by_day(kwh_in_the_sun: float) -> list[float]:
    """Hours' energies of a meter that counts from 8 to 16 h and stands still in the night."""
    return [kwh_in_the_sun if 8 <= hour % 24 < 16 else 0.0 for hour in range(HOURS)]


def shown(energy: list[float], more: dict[int, float] | None = None) -> list[float]:
    """What a meter shows at the ends of hours, with leaps at some of them."""
    return [
        float(kwh) + sum(leap for hour, leap in (more or {}).items() if hour < i)
        for i, kwh in enumerate(500 + np.append(0.0, np.cumsum(energy)))
    ]


@pytest.mark.parametrize("way", ["file", "statistics"])
def test_a_leap_in_the_night_of_a_sun_s_meter_is_no_frozen_meter(way: str) -> None:
    values = shown(by_day(2.0), {52: 60.0})
    rows = [(60.0 * i, value) for i, value in enumerate(values)]
    meter = (
        periodic(rows)
        if way == "file"
        else on_change([], hourly=statistics([(m - 60, value, value) for m, value in rows]))
    )

    found = resolve_meter(meter, 0, HOURS)

    assert np.flatnonzero(np.isnan(found.energy_kwh)).tolist() == [208, 209, 210, 211]
    assert np.flatnonzero(found.flags).tolist() == [208, 209, 210, 211]
    assert np.nansum(found.energy_kwh) == pytest.approx(4 * 16.0, abs=1e-9)


def test_a_leap_of_a_meter_that_tells_only_changes() -> None:
    values = shown(by_day(2.0), {52: 60.0})
    rows = [(60.0 * i + 5, value) for i, value in enumerate(values) if i == 0 or value != values[i - 1]]

    found = resolve_meter(on_change(rows), 1, 88)

    assert Flag.IMPLAUSIBLE in {Flag(int(flags)) for flags in found.flags}
    assert np.nansum(found.energy_kwh) == pytest.approx(4 * 16.0 - 2.0, abs=1e-9), "the last comes after"


def test_what_stood_still_by_day_and_came_with_the_day_s_energy_was_frozen() -> None:
    energy = by_day(4.0)
    frozen = [0.0 if 56 <= hour < 64 else kwh for hour, kwh in enumerate(energy)]
    frozen[64] = sum(energy[56:64])

    found = resolve_meter(periodic([(60.0 * i, value) for i, value in enumerate(shown(frozen))]), 0, HOURS)

    assert found.energy_kwh.sum() == pytest.approx(4 * 32.0, abs=1e-9)
    assert (found.flags[224:260] & Flag.SPREAD).all()
    assert not (found.flags & Flag.IMPLAUSIBLE).any()


def test_a_car_s_charge_behind_a_frozen_meter_is_several_times_what_the_home_else_draws() -> None:
    energy = [0.5 for _ in range(HOURS)]
    energy[48:54] = [0.0] * 6
    energy[54] = 24.0

    found = resolve_meter(periodic([(60.0 * i, value) for i, value in enumerate(shown(energy))]), 0, HOURS)

    assert found.energy_kwh.sum() == pytest.approx(sum(energy), abs=1e-9)
    assert (found.flags[192:220] == Flag.SPREAD).all()


def test_a_lump_that_nothing_around_can_be_held_against_belongs_to_the_standstill() -> None:
    state = [100.0, 101.0, 101.0, 101.0, 101.0, 141.0, 142.0]

    found = resolve_meter(periodic([(60.0 * hour, value) for hour, value in enumerate(state)]), 0, 6)

    assert found.energy_kwh.sum() == pytest.approx(42.0, abs=1e-9)
    assert (found.flags[4:20] == Flag.SPREAD).all()


def test_a_bright_day_behind_a_frozen_meter_between_dark_ones_is_no_leap() -> None:
    """16 kWh in eight hours are more than any eight hours around have, but no more than their strongest hour gives."""
    energy = [0.5 if hour % 24 == 4 else 0.0 for hour in range(HOURS)]
    energy[60], energy[84] = 16.0, 3.2

    found = resolve_meter(periodic([(60.0 * i, value) for i, value in enumerate(shown(energy))]), 0, HOURS)

    assert found.energy_kwh.sum() == pytest.approx(21.2, abs=1e-9)
    assert not (found.flags & Flag.IMPLAUSIBLE).any()
