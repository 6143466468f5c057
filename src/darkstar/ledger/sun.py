"""The sun's course: how the energy of a clear sky is laid over time, as far as the ledger needs it.

A cosine of the zenith angle after Spencer's series (J. W. Spencer, "Fourier series representation of the position of
the sun", Search 2 (1971) 172), good to a quarter of a degree: enough to split an hour into quarters.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS

YEAR_DAYS = 365.2425
NEW_YEAR_1970_TO_2000 = 10_957


def sin_elevation(time_utc: NDArray[np.float64], latitude: float, longitude: float) -> NDArray[np.float64]:
    """Sine of the sun's elevation above the horizon; shape as `time_utc` [UTC s], negative at night."""
    days = time_utc / DAY_SECONDS - NEW_YEAR_1970_TO_2000
    year_angle = 2 * np.pi * (days % YEAR_DAYS) / YEAR_DAYS
    sin1, cos1 = np.sin(year_angle), np.cos(year_angle)
    sin2, cos2 = np.sin(2 * year_angle), np.cos(2 * year_angle)
    declination = (
        0.006918
        - 0.399912 * cos1
        + 0.070257 * sin1
        - 0.006758 * cos2
        + 0.000907 * sin2
        - 0.002697 * np.cos(3 * year_angle)
        + 0.00148 * np.sin(3 * year_angle)
    )
    equation_of_time_hours = (
        229.18 / 60 * (0.000075 + 0.001868 * cos1 - 0.032077 * sin1 - 0.014615 * cos2 - 0.040849 * sin2)
    )
    solar_hours = time_utc % DAY_SECONDS / HOUR_SECONDS + longitude / 15 + equation_of_time_hours
    hour_angle = np.pi / 12 * (solar_hours - 12)
    lat = np.radians(latitude)
    return np.asarray(
        np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(hour_angle)
    )
