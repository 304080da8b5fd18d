"""Bodies of the wire protocol: what a request carries, and the envelope that every answer has.

A failed statement is HTTP 200 with `success: false`: clients repeat anything of the 5xx kind without end.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sapwood.errors import Error, InterfaceError, ParseError

_GZIP = 16 + zlib.MAX_WBITS
_SMALL = 65_536
"""Bytes of JSON that are parsed at once; longer bodies are parsed beside the event loop."""


BODY_S = 300.0
"""Seconds in which a body must have come."""


async def read_body(request: Request, *, limit: int, timeout_s: float = BODY_S) -> dict[str, Any]:
    """The JSON object of a request, plain or gzip, of at most `limit` bytes; {} for an empty body."""
    raw = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for piece in request.stream():
                raw += piece
                if len(raw) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise InterfaceError(
            f"The request's body did not come within {timeout_s:g} seconds", errno=390400, hint=""
        ) from None
    is_packed = request.headers.get("content-encoding", "").lower() == "gzip"
    if len(raw) < _SMALL and not is_packed:
        return _parsed(bytes(raw), limit=limit, is_packed=False)
    return await run_in_threadpool(_parsed, bytes(raw), limit=limit, is_packed=is_packed)


def _parsed(raw: bytes, *, limit: int, is_packed: bool) -> dict[str, Any]:
    try:
        plain = _unpacked(raw, limit) if is_packed and raw else raw
        body = json.loads(plain) if plain else {}
        if b"\\u" in plain:
            json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, zlib.error, RecursionError) as error:
        raise ParseError("The request's body is no JSON", errno=390400, sqlstate="08P01", hint="") from error
    if not isinstance(body, dict):
        raise ParseError("The request's body is no JSON object", errno=390400, sqlstate="08P01", hint="")
    return body


def _unpacked(raw: bytes, limit: int) -> bytes:
    plain = zlib.decompressobj(_GZIP).decompress(raw, limit + 1)
    if len(plain) > limit:
        raise _too_large(limit)
    return plain


def _too_large(limit: int) -> Error:
    return InterfaceError(
        f"The request is larger than {limit // 1_000_000} MB", errno=390400, hint="Raise server.body_megabytes."
    )


def success(data: Any = None, *, code: str | None = None, message: str | None = None) -> Response:
    """An answer that went well; `code` is set for statements that go on."""
    return JSONResponse({"success": True, "code": code, "message": message, "data": data})


def failure(error: Error, *, query_id: str = "") -> Response:
    """An error as clients raise it, with the hint in its text."""
    return JSONResponse(failed(error, query_id=query_id))


def failed(error: Error, *, query_id: str = "") -> dict[str, Any]:
    """The envelope of an error."""
    code = f"{error.errno:06d}"
    data = {
        "errorCode": code,
        "sqlState": error.sqlstate,
        "queryId": error.sfqid or query_id,
        "internalError": False,
        "type": "COMPILATION",
        "line": -1,
        "pos": -1,
    }
    return {"success": False, "code": code, "message": spoken(error), "data": data}


def spoken(error: Error) -> str:
    """The text of an error, with its hint."""
    return f"{error.msg}\nHint: {error.hint}" if error.hint else error.msg
