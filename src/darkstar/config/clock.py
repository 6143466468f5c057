"""Times of day in `darkstar.yaml`."""

import datetime as dt
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from darkstar.config.fields import NotNegative
from darkstar.domain.devices import MINUTES_OF_DAY, ClockWindow


def _clock(text: str) -> dt.time | None:
    told = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    return dt.time(int(told[1]), int(told[2])) if told else None


def _time(value: object) -> object:
    # YAML 1.1 reads 17:30 as a number to the base of sixty.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MINUTES_OF_DAY:
        return dt.time(*divmod(value, 60))
    time = _clock(value) if isinstance(value, str) else None
    if time is None:
        raise ValueError('must be a time of day like "06:30"')
    return time


def _window(value: object) -> object:
    times = [_clock(part) for part in value.split("-")] if isinstance(value, str) else []
    if len(times) == 2 and times[0] is not None and times[1] is not None and times[0] != times[1]:
        return ClockWindow(times[0], times[1])
    raise ValueError('must be two times of day like "22:00-06:00"')


TimeOfDay = Annotated[dt.time, BeforeValidator(_time)]
Window = Annotated[ClockWindow, BeforeValidator(_window)]
Minutes = Annotated[NotNegative, Field(le=MINUTES_OF_DAY)]
