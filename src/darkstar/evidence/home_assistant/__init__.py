"""Home Assistant as a source of evidence, over its websocket interface.

`client.py` is what others use: `HomeAssistant`, an `EnergySource` that also watches meters live. It asks
through `session.py`, one authenticated connection with many requests in flight, reads answers with
`answers.py`, and cuts long ranges with `chunks.py`. What may go wrong is named in `errors.py`: away for now,
refused, or not answerable.
"""

from darkstar.evidence.home_assistant.client import HomeAssistant
from darkstar.evidence.home_assistant.errors import (
    AnswerError,
    AwayError,
    NotHomeAssistantError,
    RefusedError,
    StartingError,
)
from darkstar.evidence.home_assistant.values import HomeInfo, StateChange

__all__ = [
    "AnswerError",
    "AwayError",
    "HomeAssistant",
    "HomeInfo",
    "NotHomeAssistantError",
    "RefusedError",
    "StartingError",
    "StateChange",
]
