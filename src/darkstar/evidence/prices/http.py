"""How a price source is asked: politely, again after passing trouble, and with a clear word when it stays silent."""

from typing import TypeVar

import aiohttp
import stamina
from pydantic import TypeAdapter, ValidationError
from yarl import URL

from darkstar.domain.errors import DataError, SourceUnreachableError

TRIES = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
AGAIN = frozenset({429, 500, 502, 503, 504})
NOT_THERE = 404
LATER = "Run it again later, or name another source under `prices: fallbacks:`."

Answer = TypeVar("Answer")


class _PassingError(Exception):
    """What may be over in a moment."""


def open_session() -> aiohttp.ClientSession:
    """A session for requests to one source; certificates are verified."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), headers={"Accept": "application/json"}
    )


async def get(http: aiohttp.ClientSession, url: URL, source: str) -> bytes | None:
    """The body of an answer, None where there is nothing at that address (yet).

    Raises:
        SourceUnreachableError: nobody answers after several tries, or the source refuses.
    """
    retries = stamina.retry_context(
        on=_PassingError,
        attempts=TRIES,
        timeout=None,
        wait_initial=FIRST_WAIT_SECONDS,
        wait_max=LONGEST_WAIT_SECONDS,
    )
    try:
        async for attempt in retries:
            with attempt:
                return await _get_once(http, url, source)
    except _PassingError as error:
        raise SourceUnreachableError(f"{source} at {url} does not answer: {error}.", remedy=LATER) from error
    raise AssertionError("a retry either returns or raises")


async def _get_once(http: aiohttp.ClientSession, url: URL, source: str) -> bytes | None:
    try:
        async with http.get(url) as answer:
            if answer.status == NOT_THERE:
                return None
            if answer.status in AGAIN:
                raise _PassingError(f"it says {answer.status}")
            if not answer.ok:
                raise SourceUnreachableError(f"{source} at {url} refuses ({answer.status}).", remedy=LATER)
            return await answer.read()
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        raise SourceUnreachableError(
            f"The certificate of {source} at {url.host} is not to be trusted: {error}.",
            remedy="Check this machine's clock and network; nothing was fetched.",
        ) from error
    except TimeoutError as error:
        raise _PassingError(f"nothing came within {ANSWER_SECONDS:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise _PassingError(str(error) or type(error).__name__) from error


def parse(body: bytes, shape: TypeAdapter[Answer], url: URL, source: str) -> Answer:
    """The answer as values of its known shape.

    Raises:
        DataError: it is something else; the first difference is named.
    """
    try:
        return shape.validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise broken(url, source, f"{fault['msg']}{f' at {place}' if place else ''}") from error


def broken(url: URL, source: str, what: str) -> DataError:
    """The error for an answer that cannot be right."""
    return DataError(f"{url} answered something else than {source}'s prices: {what}.", remedy=LATER)
