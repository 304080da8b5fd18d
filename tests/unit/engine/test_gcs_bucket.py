"""A stage in Google's store, against a small one in this process that speaks enough of its protocol for pyarrow.

That it is in this process is part of the test: a read that kept Python's lock while it waits would never be answered.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from sapwood.engine.engine import Engine
from sapwood.errors import UnknownFileError

STAMP = "2024-01-02T03:04:05.000Z"


class ObjectStore(BaseHTTPRequestHandler):
    """Objects of one bucket by name."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    uploads: dict[str, bytes]
    is_broken = False

    def do_GET(self) -> None:
        name, query = self._asked()
        if self.is_broken:
            self._say(503, {"error": {"code": 503, "message": "not now"}})
        elif name is None:
            self._say(200, {"kind": "storage#bucket", "name": "tickets", "timeCreated": STAMP, "updated": STAMP})
        elif name == "":
            found = [each for each in sorted(self.objects) if each.startswith(query.get("prefix", [""])[0])]
            self._say(200, {"kind": "storage#objects", "items": [self._about(each) for each in found]})
        elif name not in self.objects:
            self._say(404, {"error": {"code": 404, "message": "no such object"}})
        elif query.get("alt") == ["media"]:
            self._give(self.objects[name])
        else:
            self._say(200, self._about(name))

    def do_POST(self) -> None:
        """An upload begins."""
        _, query = self._asked()
        name = (query.get("name") or [json.loads(self._body() or b"{}").get("name", "")])[0]
        self.uploads[name] = b""
        address = f"http://{self.headers['host']}/upload/storage/v1/b/tickets/o?uploadType=resumable&upload_id={name}"
        self._say(200, {}, location=address)

    def do_PUT(self) -> None:
        """A piece of an upload, and perhaps the last one."""
        name = self._asked()[1]["upload_id"][0]
        self.uploads[name] += self._body()
        if self.headers.get("content-range", "").endswith("/*"):
            self._say(308, {}, range=f"bytes=0-{len(self.uploads[name]) - 1}")
        else:
            self.objects[name] = self.uploads.pop(name)
            self._say(200, self._about(name))

    def do_DELETE(self) -> None:
        del self.objects[str(self._asked()[0])]
        self._say(204, None)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def _asked(self) -> tuple[str | None, dict[str, list[str]]]:
        """The object's name, '' for all of them, None for the bucket; and the query."""
        url = urlsplit(self.path)
        found = re.search(r"/b/tickets(?P<all>/o)?(?:/(?P<name>.+))?$", url.path)
        assert found is not None
        name = unquote(found["name"]) if found["name"] else "" if found["all"] else None
        return name, parse_qs(url.query, keep_blank_values=True)

    def _about(self, name: str) -> dict[str, str]:
        size = str(len(self.objects[name]))
        told = {"kind": "storage#object", "bucket": "tickets", "name": name, "size": size, "generation": "1"}
        return {**told, "metageneration": "1", "updated": STAMP, "timeCreated": STAMP}

    def _give(self, data: bytes) -> None:
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        first = int(wanted[1]) if wanted else 0
        last = min(int(wanted[2]) if wanted and wanted[2] else len(data) - 1, len(data) - 1)
        self.send_response(206 if wanted else 200)
        self.send_header("content-range", f"bytes {first}-{last}/{len(data)}")
        self._end(data[first : last + 1])

    def _say(self, status: int, content: dict[str, Any] | None, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self._end(b"" if content is None else json.dumps(content).encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _end(self, body: bytes) -> None:
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def store(tmp_path: Path, engine: Engine) -> Iterator[type[ObjectStore]]:
    """The handler's class, which holds the objects; the engine has its address."""
    handler = type("Handler", (ObjectStore,), {"objects": {}, "uploads": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        path = tmp_path / "buckets.toml"
        section = f'["gcs://tickets/"]\nanonymous = true\nendpoint = "http://127.0.0.1:{server.server_port}"\n'
        path.write_text(section, encoding="utf-8")
        path.chmod(0o600)
        object.__setattr__(engine.parts.config.stages, "credentials", str(path))
        yield handler
        server.shutdown()
        thread.join()


def test_load_list_unload_and_remove_in_gcs(engine: Engine, store: type[ObjectStore]) -> None:
    store.objects["in/a.csv"] = b"1,x\n2,y\n"
    session = engine.open_session(is_remote=True)
    session.execute("create stage b url = 'gcs://tickets/in/'; create table t (n int, x varchar)")
    (listed,) = session.execute("list @b")
    assert [(row["name"], row["size"]) for row in listed.table.to_pylist()] == [("gcs://tickets/in/a.csv", 8)]
    (copied,) = session.execute("copy into t from @b")
    assert copied.table.to_pylist()[0]["rows_loaded"] == 2
    session.execute("copy into @b/out/t.parquet from t file_format = (type = parquet) header = true single = true")
    session.execute("create file format p type = parquet")
    (read,) = session.execute(
        "select $1:N::int as n, $1:X::varchar as x from @b/out/t.parquet (file_format => p) order by 1"
    )
    assert read.table.to_pylist() == [{"N": 1, "X": "x"}, {"N": 2, "X": "y"}]
    session.execute("remove @b/out")
    assert set(store.objects) == {"in/a.csv"}


def test_a_store_that_does_not_answer_is_an_error_soon(
    engine: Engine, store: type[ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapwood.engine.bucket.TIMEOUT_S", 1)
    store.is_broken = True
    session = engine.open_session(is_remote=True)
    session.execute("create stage b url = 'gcs://tickets/in/'")
    with pytest.raises(UnknownFileError, match="can't be reached or refuses"):
        session.execute("list @b")
