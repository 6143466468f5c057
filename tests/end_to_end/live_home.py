"""A small home whose meters a test moves by hand: every kind of sensor that a client meets."""

import math
import time
from pathlib import Path

from tests.end_to_end.home_assistant.configuration import Meter
from tests.end_to_end.home_assistant.peer import Peer
from tests.end_to_end.home_assistant.seed import (
    StateRow,
    make_database,
    seed_states,
    seed_statistics,
    wait_compiled,
)

DAY = 86_400
HOUR = 3_600
IMPORT = Meter("grid_import")
SOLAR = Meter("solar_production", unit="Wh")
WATER = Meter("water_heater", state_class=None)
POWER = Meter("grid_power", unit="W", device_class="power", state_class="measurement")
NEW = Meter("new_meter")
"""Nothing is known of its past."""
BUSY = (Meter("busy_one"), Meter("busy_two"))
"""Report every second for a day: more than 4 MiB of history."""
TANK = Meter("tank_temperature", unit="°C", device_class="temperature", state_class="measurement")
CAR = Meter("car_charge", unit="%", device_class="battery", state_class="measurement")
METERS = (IMPORT, SOLAR, WATER, POWER, NEW, *BUSY, TANK, CAR)
STATISTIC_DAYS = 100


def start_live_home(folder: Path, python: Path) -> Peer:
    """A running Home Assistant that knows 100 days of hourly statistics and a busy day of states."""
    peer = Peer(folder, python, METERS)
    now = int(time.time())
    hour = now // HOUR * HOUR
    make_database(peer)
    hours = range(hour - STATISTIC_DAYS * DAY, hour - 2 * DAY, HOUR)
    seed_statistics(
        peer,
        {
            IMPORT: [(start, 1000.0 + n + 1, n + 1.0) for n, start in enumerate(hours)],
            SOLAR: [(start, 500.0 * (n + 1), 500.0 * (n + 1)) for n, start in enumerate(hours) if n % 24],
        },
    )
    busy_end = now - 600
    seed_states(
        peer,
        {
            IMPORT: _ramp(hour - 2 * DAY + 10, busy_end, 3400.0, 60),
            SOLAR: _ramp(hour - 2 * DAY + 10, busy_end, 1.2e6, 60),
            WATER: _ramp(hour - 2 * DAY + 10, busy_end, 50.0, 60),
            POWER: _ramp(hour - HOUR, busy_end, 1500.0, 60),
            TANK: [(now - 36 * HOUR + 0.5, "66.5"), (now - DAY + 0.5, "48.9")],
            **{meter: _ramp(busy_end - DAY, busy_end, 10.0, 1) for meter in BUSY},
        },
    )
    peer.come_up_with({NEW: 5.0, TANK: 50.0, CAR: 45.0})
    peer.start()
    wait_compiled(peer)
    return peer


def _ramp(start: int, end: int, first: float, every_s: int) -> list[StateRow]:
    """A meter that counts, sometimes faster; instants lie off the whole second."""
    steps = range((end - start) // every_s)
    return [
        (start + n * every_s + 0.123456, f"{first + n * 0.002 + 0.001 * (1 + math.sin(n / 500)):.3f}")
        for n in steps
    ]
