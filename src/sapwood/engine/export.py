"""EXPORT MODEL: a tuned model's files onto a stage. The process that writes them is another one: it needs torch, which this has not.

In: the statement and the command that exports. Out: the files, each of which can be seen once it is whole. Ours, not the vendor's.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sapwood.dialect.stage_statements import ExportModel
from sapwood.dialect.statements import Name
from sapwood.dialect.types import number, text
from sapwood.engine.compression import BLOCK
from sapwood.engine.location import Location, check_writable, locate, session_folder
from sapwood.engine.result import Rows, listing
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import CancelledError, ModelError, ObjectExistsError
from sapwood.store.records import sql_name

POLL_S = 0.2
_ERROR = re.compile(r"(?P<errno>\d{6}) \((?P<state>\w{5})\): (?P<text>.*?)(?:\nHint: (?P<hint>.*))?", re.DOTALL)
"""What a command of ours writes on stderr when it fails."""


def export_model(work: Work, statement: ExportModel) -> Rows:
    """Write the files beside, then bring them onto the stage; if that fails, what was brought is taken away again."""
    name = statement.name
    if work.parts.catalog.model(name.database, name.schema, name.name) is None:
        raise unknown_object("Model", name)
    location = locate(work, statement.target)
    check_writable(work, location)
    prefix = location.prefix and f"{location.prefix.rstrip('/')}/"
    if not statement.overwrites and any(location.storage.files(prefix)):
        raise ObjectExistsError(
            f"There are files at {location.label}{prefix}", hint="Name another path, or write OVERWRITE = TRUE."
        )
    place = session_folder(work.parts.config.data)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="export-", dir=place) as beside:
        made = Path(beside) / name.name.lower()
        work.parts.export(name, made, statement.form, is_cancelled=work.cancelled.is_set)
        rows = list(_brought(made, location, prefix, overwrites=statement.overwrites))
    return listing("EXPORT_MODEL", {"FILE_NAME": text(), "FILE_SIZE": number(19, 0)}, rows)


def _brought(made: Path, location: Location, prefix: str, *, overwrites: bool) -> Iterator[tuple[str, int]]:
    """Copy the files of a folder; the name and bytes of each."""
    brought: list[str] = []
    try:
        for path in sorted(path for path in made.rglob("*") if path.is_file()):
            name = prefix + path.relative_to(made).as_posix()
            with path.open("rb") as source, location.storage.writing(name) as target:
                shutil.copyfileobj(source, target, BLOCK)
            brought.append(name)
            yield location.label + name, path.stat().st_size
    except BaseException:
        for name in brought if not overwrites else ():
            location.storage.remove(name)
        raise


@dataclass(frozen=True)
class ExportProcess:
    """`sapwood models export` as a process of its own; `command` is how it begins."""

    command: Sequence[str]

    def __call__(self, name: Name, folder: Path, form: str, *, is_cancelled: Callable[[], bool]) -> None:
        """See `work.Export`."""
        written = sql_name(name.database, name.schema, name.name)
        command = [*self.command, "--format", form, "--", written, str(folder)]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            said = _wait(process, is_cancelled)
        if process.returncode:
            raise _failure(said)


def _wait(process: subprocess.Popen[str], is_cancelled: Callable[[], bool]) -> str:
    """Wait for the end; gives what stands on stderr."""
    while True:
        try:
            return process.communicate(timeout=POLL_S)[1]
        except subprocess.TimeoutExpired:
            if is_cancelled():
                process.kill()
                raise CancelledError("SQL execution canceled") from None


def _failure(said: str) -> ModelError:
    """The error that the command wrote, with its number and hint."""
    found = _ERROR.fullmatch(said.strip())
    if found is None:
        return ModelError("The model could not be exported", hint=said.strip()[-500:])
    return ModelError(found["text"], hint=found["hint"] or "", errno=int(found["errno"]), sqlstate=found["state"])
