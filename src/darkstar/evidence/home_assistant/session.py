"""One authenticated websocket to Home Assistant: many requests in flight, answers told apart by their number.

A reader task takes in everything that arrives. When the other side closes, it hangs up at once (Home
Assistant's shutdown waits ten seconds for clients that do not) and everybody who waits here gets an
`AwayError`. A session ends once and for good; `HomeAssistant` opens the next one.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping

import aiohttp

from darkstar.evidence.home_assistant.answers import Message, parse_message
from darkstar.evidence.home_assistant.errors import AnswerError, AwayError

REQUEST_SECONDS = 90.0
"""A small computer with a large database takes long over a month of statistics."""


class Session:
    """An open connection; needs a running event loop.

    Attributes:
        running: set by the owner once Home Assistant said that it has started.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, place: str) -> None:
        self.running = False
        self._socket = socket
        self._place = place
        self._last_number = 0
        self._sending = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._subscribers: dict[int, asyncio.Queue[Message | AwayError]] = {}
        self._end: str | None = None
        self._reader = asyncio.create_task(self._read(), name="Home Assistant reader")

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._end is not None

    async def request(self, kind: str, fields: Mapping[str, object] | None = None) -> object:
        """Send one command and return its result.

        Raises:
            AnswerError: the command was refused. AwayError: the connection ended, or no answer came in time.
        """
        number, answer = await self._send(kind, fields or {})
        return await self._answer(kind, number, answer)

    async def subscribe(self, kind: str, fields: Mapping[str, object]) -> AsyncGenerator[object, None]:
        """Send a subscribing command and yield its events; raises AwayError when the connection ends."""
        events: asyncio.Queue[Message | AwayError] = asyncio.Queue()
        number, answer = await self._send(kind, fields, events)
        try:
            await self._answer(kind, number, answer)
            while True:
                event = await events.get()
                if isinstance(event, AwayError):
                    raise event
                yield event.get("event")
        finally:
            del self._subscribers[number]
            with contextlib.suppress(AwayError):
                last, _ = await self._send("unsubscribe_events", {"subscription": number})
                del self._waiting[last]

    async def close(self) -> None:
        """Hang up; whoever still waits gets an AwayError."""
        await self._socket.close()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _send(
        self,
        kind: str,
        fields: Mapping[str, object],
        events: "asyncio.Queue[Message | AwayError] | None" = None,
    ) -> tuple[int, asyncio.Future[Message]]:
        # One at a time: Home Assistant refuses a number that is not greater than the last.
        async with self._sending:
            if self._end is not None:
                raise AwayError(self._end)
            self._last_number = number = self._last_number + 1
            text = json.dumps({"id": number, "type": kind, **fields})
            answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            self._waiting[number] = answer
            if events is not None:
                self._subscribers[number] = events
            try:
                await self._socket.send_str(text)
            except (aiohttp.ClientError, ConnectionError) as error:
                self._waiting.pop(number, None)
                self._subscribers.pop(number, None)
                answer.cancel()
                raise AwayError(f"Home Assistant at {self._place} hung up.") from error
        return number, answer

    async def _answer(self, kind: str, number: int, answer: asyncio.Future[Message]) -> object:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                message = await answer
        except TimeoutError:
            await self.close()
            raise AwayError(
                f"Home Assistant at {self._place} did not answer '{kind}' within {REQUEST_SECONDS:g} s.",
                remedy="See whether it is overloaded or its disk is slow.",
            ) from None
        finally:
            self._waiting.pop(number, None)
        if not message.get("success", True):
            raise _refusal(kind, message)
        return message.get("result")

    async def _read(self) -> None:
        end = f"Home Assistant at {self._place} closed the connection."
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.ERROR:
                    end = f"The connection to Home Assistant at {self._place} broke ({message.data!r})."
                    break
                self._deliver(parse_message(message.data))
        except AnswerError as error:
            end = error.problem
        finally:
            self._end = end
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(AwayError(end))
            for events in self._subscribers.values():
                events.put_nowait(AwayError(end))
            await self._socket.close()

    def _deliver(self, message: Message) -> None:
        number = message.get("id", 0)
        if message["type"] == "event":
            if number in self._subscribers:
                self._subscribers[number].put_nowait(message)
            return
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            answer.set_result(message)


def _refusal(kind: str, message: Message) -> AnswerError:
    error = message.get("error")
    code, text = (error["code"], error["message"]) if error else ("", "no reason given")
    remedies = {
        "unknown_command": "Its configuration needs `recorder:` and `history:` (`default_config:` has both).",
        "unauthorized": "The token's user must be allowed to read these entities.",
    }
    return AnswerError(
        f"Home Assistant refused '{kind}': {text} ({code}).", code=code, remedy=remedies.get(code, "")
    )
