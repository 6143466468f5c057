"""The sun's course, against pvlib and common knowledge."""

import numpy as np
import pandas as pd
import pytest
from pvlib import solarposition

from darkstar.ledger.sun import sin_elevation


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(59.33, 18.07), (52.0, 5.0), (-33.9, 151.2), (34.1, -117.4)]
)
def test_it_agrees_with_a_precise_one(latitude: float, longitude: float) -> None:
    times = np.arange(1_735_689_600, 1_735_689_600 + 365 * 86_400, 7 * 3600 + 900, dtype=np.float64)

    found = np.degrees(np.arcsin(sin_elevation(times, latitude, longitude)))

    index = pd.DatetimeIndex(pd.to_datetime(times, unit="s", utc=True))
    precise = solarposition.get_solarposition(index, latitude, longitude)["elevation"].to_numpy()
    assert np.abs(found - precise).max() < 0.6


def test_it_is_dark_at_midnight_and_highest_at_noon() -> None:
    midsummer_noon_at_greenwich = 1_750_507_200.0

    hours = sin_elevation(midsummer_noon_at_greenwich + 3600 * np.arange(-12, 12), 51.5, 0.0)

    assert hours.argmax() == 12
    assert hours[0] < 0 < hours[12]
