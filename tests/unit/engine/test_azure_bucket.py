"""A stage in Azure's store, against a small one in this process that speaks enough of its protocol for pyarrow."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from sapwood.engine.engine import Engine

ACCOUNT = "/acct"
DATE = "Tue, 02 Jan 2024 03:04:05 GMT"
PROPERTIES = {
    "last-modified": DATE,
    "x-ms-creation-time": DATE,
    "etag": '"1"',
    "content-type": "text/plain",
    "x-ms-blob-type": "BlockBlob",
    "x-ms-request-id": "1",
    "x-ms-version": "2020-01-01",
    "x-ms-server-encrypted": "true",
    "x-ms-request-server-encrypted": "true",
    "x-ms-lease-id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "x-ms-lease-state": "available",
    "x-ms-lease-status": "unlocked",
}
"""What Azure's client wants to hear of every blob."""


class BlobStore(BaseHTTPRequestHandler):
    """Blobs by path, such as /container/blob."""

    protocol_version = "HTTP/1.1"
    blobs: dict[str, bytes]
    blocks: dict[str, bytes]

    def do_GET(self) -> None:
        path, query = self._asked()
        if query.get("comp") == ["list"]:
            self._list(path.strip("/"), query.get("prefix", [""])[0])
        elif path in self.blobs:
            self._give(self.blobs[path])
        else:
            self._say(404, {"x-ms-error-code": "BlobNotFound"})

    def do_HEAD(self) -> None:
        path, query = self._asked()
        if query.get("action") == ["getAccessControl"]:
            self._say(400, {"x-ms-error-code": "HierarchicalNamespaceNotEnabled"})
        elif path in self.blobs:
            self._say(200, {"content-length": str(len(self.blobs[path]))})
        else:
            self._say(404, {"x-ms-error-code": "BlobNotFound"})

    def do_PUT(self) -> None:
        path, query = self._asked()
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        match query.get("comp"):
            case ["block"]:
                self.blocks[query["blockid"][0]] = data
            case ["blocklist"]:
                listed = re.findall(r"<Latest>([^<]+)<", data.decode())
                self.blobs[path] = b"".join(self.blocks[each] for each in listed)
            case ["lease"]:
                pass
            case _:
                self.blobs[path] = data
        self._say(201, {})

    def do_DELETE(self) -> None:
        del self.blobs[self._asked()[0]]
        self._say(202, {})

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        url = urlsplit(self.path)
        return unquote(url.path).removeprefix(ACCOUNT), parse_qs(url.query, keep_blank_values=True)

    def _list(self, container: str, prefix: str) -> None:
        start = f"/{container}/"
        blobs = "".join(
            f"<Blob><Name>{escape(path.removeprefix(start))}</Name><Properties><Last-Modified>{DATE}</Last-Modified><Etag>1</Etag>"
            f"<Content-Length>{len(data)}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for path, data in sorted(self.blobs.items())
            if path.startswith(start + prefix)
        )
        text = (
            f'<EnumerationResults ContainerName="{container}"><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>'
        )
        self._say(200, {"content-type": "application/xml"}, text.encode())

    def _give(self, data: bytes) -> None:
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("x-ms-range", self.headers.get("range", "")))
        first = int(wanted[1]) if wanted else 0
        last = min(int(wanted[2]) if wanted and wanted[2] else len(data) - 1, len(data) - 1)
        told = {"content-range": f"bytes {first}-{last}/{len(data)}"}
        self._say(206 if wanted else 200, told, data[first : last + 1])

    def _say(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**PROPERTIES, "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def store(tmp_path: Path, engine: Engine) -> Iterator[type[BlobStore]]:
    """The handler's class, which holds the blobs; the engine has its credentials."""
    handler = type("Handler", (BlobStore,), {"blobs": {}, "blocks": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        path = tmp_path / "buckets.toml"
        keys = f'account_key = "aGlkZGVu"\nendpoint = "http://127.0.0.1:{server.server_port}"\n'
        path.write_text(f'["azure://acct.blob.core.windows.net/tickets/"]\n{keys}', encoding="utf-8")
        path.chmod(0o600)
        object.__setattr__(engine.parts.config.stages, "credentials", str(path))
        yield handler
        server.shutdown()
        thread.join()


def test_load_list_unload_and_remove_in_azure(engine: Engine, store: type[BlobStore]) -> None:
    store.blobs["/tickets/in/a.csv"] = b"1,x\n2,y\n"
    session = engine.open_session(is_remote=True)
    session.execute(
        "create stage b url = 'azure://acct.blob.core.windows.net/tickets/in/'; create table t (n int, x varchar)"
    )
    (listed,) = session.execute("list @b")
    assert [(row["name"], row["size"]) for row in listed.table.to_pylist()] == [
        ("azure://acct.blob.core.windows.net/tickets/in/a.csv", 8)
    ]
    (copied,) = session.execute("copy into t from @b")
    assert copied.table.to_pylist()[0]["rows_loaded"] == 2
    session.execute("copy into @b/out/t.csv from t file_format = (type = csv compression = none) single = true")
    assert store.blobs["/tickets/in/out/t.csv"] == b"1,x\n2,y\n"
    session.execute("remove @b/out")
    assert "/tickets/in/out/t.csv" not in store.blobs
