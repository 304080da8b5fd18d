"""PUT and GET: what a client is told, and the addresses under which it sends and fetches files.

Clients take this server for an object store of the kind GCS. Each statement opens a grant: an address that nobody can
guess, good for an hour, for the files of that statement and no other. Clients show the grant's key as a bearer token and
skip files that are there, unless OVERWRITE says otherwise; older ones can't do so without TLS and use addresses with the key
in them. They do not ask what is there: a file that would be replaced by another is refused. No name leads out of the grant's
folder.
"""

from __future__ import annotations

import filecmp
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sapwood.engine.transfer import Transfer
from sapwood.server.client_program import Client

PATH = "transfer"
GRANT_S = 3600
"""Seconds that an address is good for."""
_PARALLEL = 4
_LONGEST_NAME, _LONGEST_PATH = 255, 2000
"""Bytes that a file's name, and its path below a stage, may have; file systems refuse longer ones."""


@dataclass(frozen=True)
class Grant:
    """The right to move the files of one statement."""

    transfer: Transfer
    key: str = field(repr=False)
    until: float


class Transfers:
    """All grants that are open. `uploads` is a folder for files on their way, on the disk of the stages."""

    def __init__(self, uploads: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._uploads = uploads
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in uploads.iterdir():
            left.unlink()

    def routes(self) -> list[Route]:
        """The object store's one address."""
        return [Route(f"/{PATH}/{{grant}}/{{name:path}}", self._serve, methods=["PUT", "GET", "HEAD"])]

    def answer(self, transfer: Transfer, query_id: str, client: Client, *, base: str) -> dict[str, Any]:
        """The envelope that makes a client move the files; `base` is the server's own address."""
        identity, key = self._open(transfer)
        place = f"{base}/{PATH}/{identity}"
        is_signed = client.needs_signed_uploads and not base.startswith("https:")
        name = quote(PurePosixPath(transfer.local.replace("\\", "/")).name)
        data = {
            "command": "UPLOAD" if transfer.is_upload else "DOWNLOAD",
            "src_locations": [transfer.local] if transfer.is_upload else list(transfer.names),
            "localLocation": None if transfer.is_upload else transfer.local,
            "presignedUrls": None
            if transfer.is_upload or not is_signed
            else [f"{place}/{quote(each)}?key={key}" for each in transfer.names],
            "parallel": _PARALLEL,
            "threshold": 1 << 40,
            "autoCompress": transfer.is_on("AUTO_COMPRESS", default=True),
            "overwrite": transfer.is_on("OVERWRITE", default=False),
            "sourceCompression": str(transfer.options.get("SOURCE_COMPRESSION", "AUTO_DETECT")).lower(),
            "stageInfo": {
                "locationType": "GCS",
                "location": f"{PATH}/{identity}/",
                "creds": {} if is_signed else {"GCS_ACCESS_TOKEN": key},
                "presignedUrl": f"{place}/{name}?key={key}" if is_signed and transfer.is_upload else None,
                "endPoint": base.removeprefix("https://") if client.needs_signed_uploads else base,
                "region": "local",
                "storageAccount": None,
                "path": "",
                "isClientSideEncrypted": False,
            },
            "queryId": query_id,
            "statementTypeId": 0x7101 if transfer.is_upload else 0x7102,
            "kind": None,
            "operation": "Node",
        }
        return {"success": True, "code": None, "message": None, "data": data}

    def _open(self, transfer: Transfer) -> tuple[str, str]:
        identity, key = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._grants = {name: grant for name, grant in self._grants.items() if grant.until > now}
            self._grants[identity] = Grant(transfer, key, now + GRANT_S)
        return identity, key

    # The object store ------------------------------------------------------------------------------------------------

    async def _serve(self, request: Request) -> Response:
        grant = self._grants.get(request.path_params["grant"])
        shown = request.query_params.get("key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if grant is None or grant.until < self._clock() or not hmac.compare_digest(shown.encode(), grant.key.encode()):
            return _FORBIDDEN
        path = file_below(grant.transfer.folder, request.path_params["name"])
        if path is None:
            return _FORBIDDEN
        if request.method == "PUT":
            return await self._take(request, grant.transfer, path) if grant.transfer.is_upload else _FORBIDDEN
        is_open = grant.transfer.is_upload or request.path_params["name"] in grant.transfer.names
        if not is_open or not path.is_file():
            return Response(status_code=404)
        if request.method == "HEAD":
            return Response(headers={"content-length": str(path.stat().st_size)})
        return FileResponse(path, media_type="application/octet-stream") if not grant.transfer.is_upload else _FORBIDDEN

    async def _take(self, request: Request, transfer: Transfer, path: Path) -> Response:
        """Receive a file: it is there as a whole, or not at all."""
        replaces = transfer.is_on("OVERWRITE", default=False)
        part = self._uploads / secrets.token_hex(16)
        try:
            with part.open("wb") as file:
                async for piece in request.stream():
                    await run_in_threadpool(file.write, piece)
                is_placed = await run_in_threadpool(_place, file, part, path, replaces=replaces)
        except ClientDisconnect:
            return Response(status_code=400)
        except OSError as error:
            return Response(f"The file can't be stored: {error.strerror}", status_code=413)
        finally:
            part.unlink(missing_ok=True)
        return Response() if is_placed else _EXISTS


_FORBIDDEN = Response(status_code=403, headers={"connection": "close"})
"""The file that a client was about to send is not read, so that nothing can follow it."""
_EXISTS = Response("Another file of that name is there, and OVERWRITE is not set.", status_code=412)


def _place(file: BinaryIO, part: Path, path: Path, *, replaces: bool) -> bool:
    """Move what has come to its place; False if another file is there and may not be replaced."""
    file.flush()
    if not replaces and path.exists():
        return filecmp.cmp(part, path, shallow=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)
    return True


def file_below(folder: Path, name: str) -> Path | None:
    """The file of that name below a folder; None for a name that leads elsewhere, also by a link."""
    pieces = name.split("/")
    if not name or "\0" in name or any(piece in ("", ".", "..") for piece in pieces) or "\\" in name:
        return None
    if len(name.encode()) > _LONGEST_PATH or any(len(piece.encode()) > _LONGEST_NAME for piece in pieces):
        return None
    path = folder.joinpath(*pieces)
    return path if path.resolve().is_relative_to(folder.resolve()) else None
