"""Who is slow to say what they want is hung up on; whom we keep waiting ourselves is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sapwood.errors import InterfaceError
from sapwood.server import impatience
from sapwood.server.envelope import read_body
from sapwood.server.impatience import ImpatientProtocol

HEAD_S = 0.2
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def _slow(request: Request) -> Response:
    await asyncio.sleep(3 * HEAD_S)
    return Response("done")


async def _body(request: Request) -> Response:
    try:
        await read_body(request, limit=100, timeout_s=HEAD_S)
    except InterfaceError as error:
        return Response(error.msg)
    return Response("read")


@asynccontextmanager
async def connected() -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    app = Starlette(routes=[Route("/", _slow), Route("/body", _body, methods=["POST"])])
    config = uvicorn.Config(app, lifespan="off", log_config=None)
    config.load()
    state = uvicorn.Server(config).server_state
    made = await asyncio.get_running_loop().create_server(
        lambda: ImpatientProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with made:
        reader, writer = await asyncio.open_connection(*made.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


def run(steps: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with connected() as (reader, writer), asyncio.timeout(10):
            await steps(reader, writer)

    asyncio.run(main())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatience, "HEAD_S", HEAD_S)


@pytest.mark.parametrize("sent", [b"", b"G", WHOLE[:-2]])
def test_a_head_that_does_not_end_is_hung_up_on(sent: bytes) -> None:
    async def steps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        assert await reader.read() == b""

    run(steps)


def test_a_head_sent_byte_by_byte_is_hung_up_on() -> None:
    async def steps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for each in WHOLE[:-1]:
            writer.write(bytes([each]))
            await asyncio.sleep(HEAD_S / 10)
            if reader.at_eof():
                break
        assert await reader.read() == b""

    run(steps)


def test_an_answer_may_take_its_time_and_the_next_head_may_not() -> None:
    async def steps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)
        assert (await reader.readuntil(b"done")).startswith(b"HTTP/1.1 200")
        writer.write(WHOLE[:10])
        assert await reader.read() == b""

    run(steps)


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def steps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        assert b"did not come within" in await reader.readuntil(b"seconds")

    run(steps)
