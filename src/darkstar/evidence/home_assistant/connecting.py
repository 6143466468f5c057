"""Getting in: the websocket handshake, the token, and what each way of failing means to a person."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
from yarl import URL

from darkstar.domain.errors import ConfigError, SourceUnreachableError
from darkstar.evidence.home_assistant.answers import Message, parse_message
from darkstar.evidence.home_assistant.errors import (
    AnswerError,
    AwayError,
    NotHomeAssistantError,
    RefusedError,
)
from darkstar.evidence.home_assistant.session import Session

CONNECT_SECONDS = 10.0
HEARTBEAT_SECONDS = 20.0
"""A peer that vanished without a word (Wi-Fi, power) is noticed within one and a half of these."""
CLOSE_SECONDS = 2.0
ADDRESS_REMEDY = "Check `home_assistant: url:`, for example http://homeassistant.local:8123."
HOW_TO_GET_IN = (
    "Make a long-lived access token in Home Assistant (your profile, Security) and put it where "
    "`home_assistant: token:` points."
)


def base_url(text: str) -> URL:
    """The address of an installation, without a trailing slash.

    Raises:
        ConfigError: it is no http(s) address, or has a password in it.
    """
    try:
        url = URL(text.strip())
    except ValueError:
        raise ConfigError(f"'{text}' is no address.", remedy=ADDRESS_REMEDY) from None
    if url.user is not None or url.password is not None:
        raise ConfigError(
            "The address of Home Assistant has a user or password in it.",
            remedy="Remove them: Home Assistant is entered with an access token.",
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"'{text}' is no address of Home Assistant.", remedy=ADDRESS_REMEDY)
    return url.origin().with_path(url.path.rstrip("/"))


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are always verified: by the system's authorities, and by those in `ca_file`.

    Raises:
        ConfigError: the file is missing or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"The CA file {ca_file} cannot be used: {error}.",
                remedy="Give a PEM file with the authority that signed Home Assistant's certificate.",
            ) from error
    return context


async def connect(http: aiohttp.ClientSession, url: URL, token: str) -> Session:
    """Open a session.

    Raises:
        AwayError: nobody answers, or not in time. RefusedError: the token or our address is not let in.
        NotHomeAssistantError: the other side is something else, or its certificate is not trusted.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await _handshake(http, url)
            try:
                await _authenticate(socket, token, url)
            except BaseException:
                await socket.close()
                raise
    except TimeoutError:
        raise AwayError(
            f"Home Assistant at {url} did not answer within {CONNECT_SECONDS:g} s.", remedy=ADDRESS_REMEDY
        ) from None
    return Session(socket, str(url))


async def _handshake(http: aiohttp.ClientSession, url: URL) -> aiohttp.ClientWebSocketResponse:
    try:
        return await http.ws_connect(
            url / "api" / "websocket",
            max_msg_size=0,
            heartbeat=HEARTBEAT_SECONDS,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
        )
    except aiohttp.WSServerHandshakeError as error:
        raise _status_error(error.status, url) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise NotHomeAssistantError(
            f"The certificate of {url} is not to be trusted: {error.certificate_error}.",
            remedy="Use the name that the certificate is made out to, or give its authority as "
            "`home_assistant: ca_file:`.",
        ) from error
    except aiohttp.ClientSSLError as error:
        raise NotHomeAssistantError(
            f"{url} does not speak TLS.", remedy="Write http:// instead of https://, or check the port."
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise AwayError(
            f"Home Assistant at {url} is not reachable: {error}.",
            remedy=f"Is it running? {ADDRESS_REMEDY}",
        ) from error


def _status_error(status: int, url: URL) -> SourceUnreachableError:
    if status in (502, 503, 504):
        return AwayError(f"The server at {url} says {status}: Home Assistant behind it does not answer.")
    if status == 401:
        return RefusedError(
            f"{url} asks for a login before Home Assistant (401).",
            remedy="Address Home Assistant itself, not a proxy with a login of its own.",
        )
    if status == 403:
        return RefusedError(
            f"{url} lets this computer not in (403).",
            remedy="After wrong tokens Home Assistant may have banned it: remove its address from "
            "ip_bans.yaml in Home Assistant's configuration folder and restart Home Assistant.",
        )
    return NotHomeAssistantError(
        f"{url} does not answer as Home Assistant does (status {status}).", remedy=ADDRESS_REMEDY
    )


async def _authenticate(socket: aiohttp.ClientWebSocketResponse, token: str, url: URL) -> None:
    greeting = await _receive(socket, url)
    if greeting["type"] != "auth_required":
        raise NotHomeAssistantError(f"{url} does not greet like Home Assistant.", remedy=ADDRESS_REMEDY)
    try:
        await socket.send_json({"type": "auth", "access_token": token})
    except (aiohttp.ClientError, ConnectionError) as error:
        raise AwayError(f"Home Assistant at {url} hung up during the login.") from error
    verdict = await _receive(socket, url)
    if verdict["type"] != "auth_ok":
        raise RefusedError(f"Home Assistant at {url} refuses the access token.", remedy=HOW_TO_GET_IN)


async def _receive(socket: aiohttp.ClientWebSocketResponse, url: URL) -> Message:
    received = await socket.receive()
    if received.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        raise AwayError(f"Home Assistant at {url} hung up during the login.")
    try:
        return parse_message(received.data)
    except AnswerError as error:
        raise NotHomeAssistantError(
            f"{url} does not talk like Home Assistant.", remedy=ADDRESS_REMEDY
        ) from error
