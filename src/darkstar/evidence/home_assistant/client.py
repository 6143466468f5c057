"""The Home Assistant of one home: asks for meters' statistics and history, and watches them live.

Everything here only reads, so whatever was lost with a connection is asked again. A home that was reached
before is waited for (`patience_s`), as it restarts now and then; at the first contact the address may be
wrong, so that fails soon. Answers about states and energy are asked for only once Home Assistant says that it
is `RUNNING`: before, states are `unknown` or restored from earlier.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import stamina

from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import HOUR_SECONDS, iso_utc
from darkstar.evidence.home_assistant import answers
from darkstar.evidence.home_assistant.chunks import groups, spans
from darkstar.evidence.home_assistant.connecting import HOW_TO_GET_IN, base_url, connect, tls_context
from darkstar.evidence.home_assistant.errors import AnswerError, AwayError, RefusedError, StartingError
from darkstar.evidence.home_assistant.session import Session
from darkstar.evidence.home_assistant.values import HomeInfo, StateChange
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Statistics

FIRST_CONTACT_SECONDS = 4.0
PATIENCE_SECONDS = 120.0
DAY = 24 * HOUR_SECONDS
STATISTICS_SPAN: Mapping[Period, int] = {"hour": 60 * DAY, "5minute": 5 * DAY}
"""1440 rows an entity either way: with GROUP entities about a megabyte."""
HISTORY_SPAN_US = DAY * MICROSECONDS
HELD_LEAD_US = 1_000_001
"""Home Assistant loses a change at exactly the instant asked from, and then gives an older state as the one that held
there. So ask from a little before, at an instant that no device reporting by the second would hit. Later pieces, which
need no state that held, begin a microsecond before."""
GROUP = 8
IN_FLIGHT = 2
"""The next question travels while one is answered; more would only crowd a small computer's database."""

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


class HomeAssistant:
    """An `EnergySource` and a watch over live states; use as `async with HomeAssistant(...) as source`.

    Entering connects to nothing yet: the first question does.
    """

    def __init__(
        self, url: str, token: str, *, ca_file: Path | None = None, patience_s: float = PATIENCE_SECONDS
    ) -> None:
        """Prepare for one installation.

        Args:
            url: its address; what follows (`/api/websocket`) is added here.
            token: a long-lived access token; kept out of every message and representation.
            ca_file: certificate authorities (PEM) to trust besides the system's.
            patience_s: how long a restarting Home Assistant is waited for.

        Raises:
            ConfigError: address, token or file cannot be used.
        """
        self._url = base_url(url)
        self._token = token.strip()
        if not self._token:
            raise ConfigError("The access token of Home Assistant is empty.", remedy=HOW_TO_GET_IN)
        self._tls = tls_context(ca_file) if self._url.scheme == "https" else None
        self._patience_s = patience_s
        self._http: aiohttp.ClientSession | None = None
        self._session: Session | None = None
        self._met = False
        self._opening = asyncio.Lock()
        self._energy_ids: set[str] = set()

    def __repr__(self) -> str:
        return f"HomeAssistant({str(self._url)!r})"

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls if self._tls else True),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        if self._http is not None:
            await self._http.close()

    async def info(self) -> HomeInfo:
        """What it says of itself, whether or not it has started.

        Raises, as every question here does:
            AwayError: out of reach and remained so. RefusedError: token or address are not let in.
            NotHomeAssistantError: something else answers. AnswerError: the question was refused.
        """
        return answers.parse_info(await self._persist(lambda: self._ask_now("get_config")))

    async def wait_running(self, timeout_s: float) -> HomeInfo:
        """Wait until it is there and has started, about `timeout_s` at most; then AwayError."""

        async def started() -> HomeInfo:
            return await self._see_it_run(await self._open())

        return await self._persist(started, timeout_s)

    async def ping(self) -> None:
        """Have it answer a ping on the present connection; AwayError if it does not."""
        session = await self._open()
        await session.request("ping")

    async def entities(self) -> Mapping[str, Entity]:
        """Every entity by its id."""
        return answers.parse_entities(await self._ask("get_states"))

    async def statistic_ids(self) -> Mapping[str, str]:
        """Ids of the sensors that have long-term sums, with the unit that they are kept in (may be empty)."""
        rows = answers.parse_metadata(
            await self._ask("recorder/list_statistic_ids", {"statistic_type": "sum"})
        )
        return {row["statistic_id"]: row.get("statistics_unit_of_measurement") or "" for row in rows}

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        """Rows with start_utc <= start < end_utc, energies in kWh; an id without rows is left out.

        Raises:
            AnswerError: an id's statistics are of something else than energy.
        """
        await self._require_energy(ids)
        questions = [
            {
                "statistic_ids": group,
                "start_time": iso_utc(start),
                "end_time": iso_utc(end),
                "period": period,
                "types": ["state", "sum"],
                "units": {"energy": "kWh"},
            }
            for start, end in spans(start_utc, end_utc, STATISTICS_SPAN[period])
            for group in groups(ids, GROUP)
        ]
        rows: dict[str, list[answers.StatisticRow]] = {}
        for answer in await self._ask_all("recorder/statistics_during_period", questions):
            for entity_id, some in answers.parse_statistics(answer).items():
                rows.setdefault(entity_id, []).extend(some)
        return {
            entity_id: answers.statistics_of(rows[entity_id], period)
            for entity_id in dict.fromkeys(ids)
            if rows.get(entity_id)
        }

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        """Start [UTC s] of the first month in which any id has statistics; None where there is none."""
        fields = {
            "statistic_ids": list(dict.fromkeys(ids)),
            "start_time": iso_utc(0),
            "period": "month",
            "types": ["sum"],
        }
        rows = answers.parse_statistics(await self._ask("recorder/statistics_during_period", fields))
        starts = [some[0]["start"] // answers.MILLISECONDS for some in rows.values() if some]
        return min(starts, default=None)

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        """States reported in [start_us, end_us), and first, marked `held`, the one that held at start_us.

        Where one was reported at start_us itself, that is the one that held. An id without any is left out.
        Units are the entity's present one, for Home Assistant keeps none with the states. The last seconds
        before now may be missing: its recorder writes every few seconds.
        """
        questions = [
            {
                "entity_ids": group,
                "start_time": _iso_us(piece_start - (HELD_LEAD_US if piece_start == start_us else 1)),
                "end_time": _iso_us(piece_end),
                "include_start_time_state": piece_start == start_us,
                "minimal_response": True,
                "no_attributes": True,
                "significant_changes_only": False,
            }
            for piece_start, piece_end in spans(start_us, end_us, HISTORY_SPAN_US)
            for group in groups(ids, GROUP)
        ]
        rows: dict[str, list[answers.HistoryRow]] = {}
        for answer in await self._ask_all("history/history_during_period", questions):
            for entity_id, some in answers.parse_history(answer).items():
                rows.setdefault(entity_id, []).extend(some)
        units = await self._units([entity_id for entity_id in dict.fromkeys(ids) if rows.get(entity_id)])
        readings = {
            entity_id: answers.readings_of(rows[entity_id], unit, start_us, end_us)
            for entity_id, unit in units.items()
        }
        return {entity_id: found for entity_id, found in readings.items() if len(found)}

    async def changes(self, entity_ids: Sequence[str]) -> AsyncGenerator[StateChange, None]:
        """The states that the entities have now, then every change of state or unit as it happens, without
        end.

        An entity that does not exist comes once it does. Nothing is lost while the connection stands. When it
        ends, AwayError is raised: fill the hole from `history` and watch again.
        """
        if not entity_ids:
            raise ValueError("no entities to watch: Home Assistant would send all it has")
        session = await self._persist(self._open_running)
        watch = answers.EntityWatch()
        fields = {"entity_ids": list(dict.fromkeys(entity_ids))}
        async with aclosing(session.subscribe("subscribe_entities", fields)) as events:
            async for event in events:
                for change in watch.take(event, time.time_ns() // 1000):
                    yield change

    async def _require_energy(self, ids: Sequence[str]) -> None:
        unseen = [i for i in dict.fromkeys(ids) if i not in self._energy_ids]
        if not unseen:
            return
        answer = await self._ask("recorder/get_statistics_metadata", {"statistic_ids": unseen})
        for row in answers.parse_metadata(answer):
            unit = row.get("statistics_unit_of_measurement")
            if row.get("unit_class") != "energy":
                raise AnswerError(
                    f"The statistics of {row['statistic_id']} are in {unit or 'no unit'}, not energy.",
                    remedy="Name a sensor that counts in Wh, kWh or MWh.",
                )
            self._energy_ids.add(row["statistic_id"])

    async def _units(self, ids: Sequence[str]) -> dict[str, str]:
        """Present unit by id; for an entity that is gone, that of its statistics; empty without either."""
        units = dict.fromkeys(ids, "")
        if not ids:
            return units
        present = answers.EntityWatch()

        async def snapshot() -> object:
            session = await self._open_running()
            async with aclosing(
                session.subscribe("subscribe_entities", {"entity_ids": list(units)})
            ) as events:
                return await anext(events)

        units |= {
            change.entity_id: change.unit
            for change in present.take(await self._persist(snapshot), 0)
            if change.unit
        }
        without = [entity_id for entity_id, unit in units.items() if not unit]
        if without:
            answer = await self._ask("recorder/get_statistics_metadata", {"statistic_ids": without})
            for row in answers.parse_metadata(answer):
                units[row["statistic_id"]] = row.get("statistics_unit_of_measurement") or ""
        return units

    async def _ask(self, kind: str, fields: Mapping[str, object] | None = None) -> object:
        """One question to a running Home Assistant, asked again while it is away."""

        async def once() -> object:
            session = await self._open_running()
            return await session.request(kind, fields)

        return await self._persist(once)

    async def _ask_all(self, kind: str, questions: Sequence[Mapping[str, object]]) -> list[object]:
        """The answers in the order of the questions."""
        gate = asyncio.Semaphore(IN_FLIGHT)

        async def one(fields: Mapping[str, object]) -> object:
            async with gate:
                return await self._ask(kind, fields)

        tasks = [asyncio.create_task(one(fields)) for fields in questions]
        try:
            return [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_now(self, kind: str) -> object:
        return await (await self._open()).request(kind)

    async def _persist(
        self, question: Callable[[], Awaitable[Answer]], patience_s: float | None = None
    ) -> Answer:
        """Put a question again, at growing intervals, while Home Assistant is away and patience lasts."""
        began = time.monotonic()

        def worth_waiting(error: Exception) -> bool:
            patience = patience_s
            if patience is None:
                patience = self._patience_s if self._met else min(self._patience_s, FIRST_CONTACT_SECONDS)
            if not isinstance(error, AwayError) or time.monotonic() - began >= patience:
                return False
            log.info("%s Asking again.", error.problem)
            return True

        caller = stamina.AsyncRetryingCaller(
            attempts=None, timeout=None, wait_initial=0.2, wait_max=3.0, wait_jitter=0.3
        )
        return await caller(worth_waiting, question)

    async def _open(self) -> Session:
        """The present session, or a new one."""
        if self._http is None:
            raise RuntimeError("use `async with HomeAssistant(...)`")
        async with self._opening:
            if self._session is None or self._session.closed:
                self._session = await connect(self._http, self._url, self._token)
                self._met = True
            return self._session

    async def _open_running(self) -> Session:
        session = await self._open()
        if not session.running:
            await self._see_it_run(session)
        return session

    async def _see_it_run(self, session: Session) -> HomeInfo:
        info = answers.parse_info(await session.request("get_config"))
        if info.recovery_mode:
            raise RefusedError(
                f"Home Assistant at {self._url} runs in recovery mode, without its recorder.",
                remedy="Mend its configuration (Settings, System, Logs says what is wrong) and restart it.",
            )
        if info.state != "RUNNING":
            raise StartingError(
                f"Home Assistant at {self._url} has not started yet ({info.state}).",
                remedy="Wait until it has; its log says what it waits for.",
            )
        session.running = True
        return info


def _iso_us(utc_us: int) -> str:
    """ISO text of an instant [UTC us], to the microsecond."""
    seconds, microseconds = divmod(utc_us, MICROSECONDS)
    return iso_utc(seconds).replace("Z", f".{microseconds:06d}Z")
