"""A stage in an object store, against a small one in this process that speaks enough of S3 for pyarrow."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from sapwood.engine.bucket import bucket_of
from sapwood.engine.engine import Engine
from sapwood.errors import ConfigError, UnknownFileError, UnsupportedError


class ObjectStore(BaseHTTPRequestHandler):
    """Objects by path, such as /bucket/key."""

    objects: dict[str, bytes]
    parts: dict[tuple[str, str], bytes]
    address = ""

    def do_GET(self) -> None:
        path, query = self._asked()
        if "list-type" in query:
            self._list(path.strip("/"), query)
        elif path in self.objects:
            self._give(self.objects[path])
        else:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_HEAD(self) -> None:
        path, _ = self._asked()
        is_there = path in self.objects or path.count("/") == 1
        self._say(200 if is_there else 404, b"", size=len(self.objects.get(path, b"")))

    def do_PUT(self) -> None:
        path, query = self._asked()
        data = self._body()
        if "partNumber" in query:
            self.parts[query["uploadId"][0], query["partNumber"][0].zfill(6)] = data
        else:
            self.objects[path] = data
        self._say(200, b"", etag=True)

    def do_POST(self) -> None:
        path, query = self._asked()
        self._body()
        if "uploads" in query:
            self._say(200, b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            return
        self.objects[path] = b"".join(self.parts[key] for key in sorted(self.parts))
        self.parts.clear()
        self._say(200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def do_DELETE(self) -> None:
        self.objects.pop(self._asked()[0], None)
        self._say(204, b"")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        url = urlsplit(self.path)
        return unquote(url.path).rstrip("/"), parse_qs(url.query, keep_blank_values=True)

    def _body(self) -> bytes:
        """What was sent, out of HTTP's chunks and out of S3's inside them."""
        if "chunked" in self.headers.get("transfer-encoding", ""):
            data = unchunked(cast(BinaryIO, self.rfile))
        else:
            data = self.rfile.read(int(self.headers.get("content-length", 0)))
        return unchunked(io.BytesIO(data)) if "aws-chunked" in self.headers.get("content-encoding", "") else data

    def _list(self, bucket: str, query: dict[str, list[str]]) -> None:
        prefix = query.get("prefix", [""])[0]
        keys = sorted(
            path.removeprefix(f"/{bucket}/") for path in self.objects if path.startswith(f"/{bucket}/{prefix}")
        )
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[f'/{bucket}/{key}'])}</Size>"
            "<LastModified>2024-01-02T03:04:05.000Z</LastModified></Contents>"
            for key in keys
        )
        self._say(
            200, f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>{contents}</ListBucketResult>".encode()
        )  # fmt: skip

    def _give(self, data: bytes) -> None:
        wanted = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        if wanted is None:
            self._say(200, data)
        else:
            self._say(206, data[int(wanted[1]) : int(wanted[2]) + 1])

    def _say(self, status: int, body: bytes, *, size: int | None = None, etag: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body) if size is None else size))
        self.send_header("last-modified", formatdate(1_700_000_000, usegmt=True))
        if etag:
            self.send_header("etag", '"x"')
        self.end_headers()
        self.wfile.write(body)


def unchunked(stream: BinaryIO) -> bytes:
    """Chunks, each with its length before it, and what may follow the last one."""
    pieces: list[bytes] = []
    while length := int(stream.readline().partition(b";")[0], 16):
        pieces.append(stream.read(length))
        stream.readline()
    while stream.readline().strip():
        continue
    return b"".join(pieces)


@pytest.fixture
def store() -> Iterator[type[ObjectStore]]:
    """The handler's class, which holds the objects; `address` is where it listens."""
    handler = type("Handler", (ObjectStore,), {"objects": {}, "parts": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        handler.address = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()
        thread.join()


@pytest.fixture
def credentials(tmp_path: Path, store: type[ObjectStore]) -> Path:
    path = tmp_path / "buckets.toml"
    keys = 'access_key = "a"\nsecret_key = "hidden"\nregion = "us-east-1"\n'
    path.write_text(f'["s3://tickets/in/"]\n{keys}endpoint = "{store.address}"\n', encoding="utf-8")
    path.chmod(0o600)
    return path


def test_load_list_unload_and_remove_in_a_bucket(engine: Engine, store: type[ObjectStore], credentials: Path) -> None:
    object.__setattr__(engine.parts.config.stages, "credentials", str(credentials))
    store.objects["/tickets/in/a.csv"] = b"1,x\n2,y\n"
    session = engine.open_session(is_remote=True)
    session.execute("create stage b url = 's3://tickets/in/'; create table t (n int, x varchar)")
    (listed,) = session.execute("list @b")
    assert [row["name"] for row in listed.table.to_pylist()] == ["s3://tickets/in/a.csv"]
    (copied,) = session.execute("copy into t from @b")
    assert copied.table.to_pylist()[0]["rows_loaded"] == 2
    assert session.execute("copy into t from @b")[0].table.to_pylist() == [
        {"status": "Copy executed with 0 files processed."}
    ]
    (unloaded,) = session.execute(
        "copy into @b/out/t.csv from t file_format = (type = csv compression = none) single = true"
    )
    assert unloaded.table.to_pylist()[0]["rows_unloaded"] == 2
    assert store.objects["/tickets/in/out/t.csv"] == b"1,x\n2,y\n"
    (read,) = session.execute("select $1, metadata$filename as f from @b/a.csv order by 1")
    assert [tuple(row.values()) for row in read.table.to_pylist()] == [("1", "in/a.csv"), ("2", "in/a.csv")]
    session.execute("remove @b/out")
    assert "/tickets/in/out/t.csv" not in store.objects


def test_only_urls_with_a_section_are_asked_for(engine: Engine, store: type[ObjectStore], credentials: Path) -> None:
    object.__setattr__(engine.parts.config.stages, "credentials", str(credentials))
    session = engine.open_session()
    for url in ("s3://tickets/", "s3://tickets/inner/", "s3://other/in/", "gcs://tickets/in/"):
        with pytest.raises(UnsupportedError, match="no credentials are known for it"):
            session.execute(f"list '{url}'")


def test_a_store_that_refuses_is_told_without_its_own_words(
    engine: Engine, store: type[ObjectStore], credentials: Path
) -> None:
    object.__setattr__(engine.parts.config.stages, "credentials", str(credentials))
    session = engine.open_session()
    session.execute("create table t (n int)")
    with pytest.raises(UnknownFileError) as caught:
        session.execute("copy into t from 's3://tickets/in/' files = ('gone.csv')")
    assert "hidden" not in str(caught.value)


def test_credentials_that_others_may_read_are_refused(credentials: Path) -> None:
    credentials.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read the credentials"):
        bucket_of("s3://tickets/in/a.csv", str(credentials))


@pytest.mark.parametrize(
    ("content", "said"),
    [('["s3://b/"]\npasword = "x"', "unknown key 'pasword'"), ('["s3://b"]\n', "ends with a slash"), ("x", "no TOML")],
)
def test_a_file_of_credentials_that_is_wrong_is_told(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "buckets.toml"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=said):
        bucket_of("s3://b/x", str(path))


def test_secrets_in_sql_are_refused_and_not_kept(engine: Engine) -> None:
    session = engine.open_session()
    for statement in (
        "create stage b url = 's3://b/' credentials = (aws_key_id = 'k' aws_secret_key = 'hidden')",
        "copy into t from 's3://b/' credentials = (aws_key_id = 'k' aws_secret_key = 'hidden')",
    ):
        with pytest.raises(UnsupportedError, match="CREDENTIALS") as caught:
            session.execute(statement)
        assert "stages.credentials" in caught.value.hint
    assert all("hidden" not in query.text for query in engine.parts.catalog.queries())
