"""Addresses and certificates that cannot be used, and servers that are not Home Assistant, each say what to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from darkstar.domain.errors import ConfigError, DarkstarError
from darkstar.evidence.home_assistant import AwayError, HomeAssistant, NotHomeAssistantError, RefusedError
from darkstar.evidence.home_assistant.connecting import base_url, tls_context

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://ha.local:8123/", "http://ha.local:8123"),
        ("  https://example.org/ha/ ", "https://example.org/ha"),
        ("http://[::1]:8123", "http://[::1]:8123"),
    ],
)
def test_addresses_that_people_write(text: str, url: str) -> None:
    assert str(base_url(text)).rstrip("/") == url


@pytest.mark.parametrize("text", ["", "ha.local:8123", "ftp://ha.local", "http://", "http://[::1"])
def test_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match="for example http"):
        base_url(text)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        base_url("http://me:secret@ha.local")
    assert "secret" not in str(caught.value)


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    for file in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        (tmp_path / "empty.pem").touch()
        with pytest.raises(ConfigError, match="CA file"):
            tls_context(file)


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ConfigError, match="token"):
        HomeAssistant("http://ha.local", "  \n")


def test_a_token_shows_in_no_representation() -> None:
    assert "hush" not in repr(HomeAssistant("http://ha.local", "hush"))


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """The address of a server that answers every request like this."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def failure(url: str) -> DarkstarError:
    """How a question to that address fails."""
    async with HomeAssistant(url, "hush", patience_s=0.0) as source:
        with pytest.raises(DarkstarError) as caught:
            await source.info()
    assert "hush" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, NotHomeAssistantError),
        (401, RefusedError),
        (403, RefusedError),
        (404, NotHomeAssistantError),
        (502, AwayError),
        (503, AwayError),
    ],
)
async def test_what_a_status_means(status: int, kind: type[DarkstarError]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async with server(answer) as url:
        error = await failure(url)
    assert type(error) is kind


@pytest.mark.parametrize("greeting", ['{"type": "hello"}', "<html>", '["auth_required"]'])
async def test_another_websocket_is_not_home_assistant(greeting: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(greeting)
        await socket.receive()
        return socket

    async with server(answer) as url:
        assert type(await failure(url)) is NotHomeAssistantError


async def test_hanging_up_during_the_login_is_away() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    async with server(answer) as url:
        assert type(await failure(url)) is AwayError


async def test_a_server_that_stays_silent_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkstar.evidence.home_assistant.connecting.CONNECT_SECONDS", 0.2)

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with server(answer) as url:
        error = await failure(url)
    assert type(error) is AwayError
    assert "0.2 s" in str(error)


async def test_a_server_without_tls_says_so() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response()

    async with server(answer) as url:
        assert "http://" in (await failure(url.replace("http:", "https:"))).remedy


async def test_nobody_at_the_address(unused_tcp_port: int) -> None:
    assert type(await failure(f"http://127.0.0.1:{unused_tcp_port}")) is AwayError


async def test_a_question_outside_the_context_is_a_mistake_of_ours() -> None:
    source = HomeAssistant("http://ha.local", "hush")
    with pytest.raises(RuntimeError, match="async with"):
        await source.info()
