"""Stage paths to files: internal stages in the data directory, local folders, URLs that settings map to folders, buckets."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote as percent
from urllib.parse import unquote as unpercent

from sapwood.config import StageConfig
from sapwood.dialect.names import parts, physical, qualify
from sapwood.dialect.statements import Name, StagePath
from sapwood.engine.bucket import bucket_of
from sapwood.engine.model_versions import named_version
from sapwood.engine.privileges import MODEL_URL, check_place
from sapwood.engine.storage import LocalFolder, Storage
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import AccessError, ProgrammingError, UnknownFileError, UnsupportedError

SAMPLES_URL = "s3://sfquickstarts/"
"""URL prefix of the vendor's quickstarts; the package ships data in the shape of theirs."""
REMOTE = re.compile(r"[a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True)
class Location:
    """Where a stage path leads: files of `storage` whose names begin with `prefix`. `label` stands before them in results."""

    storage: Storage
    prefix: str
    label: str
    is_internal: bool
    format_name: Name | None = None
    format_options: Mapping[str, Any] | None = None
    notice: str = ""

    @property
    def folder(self) -> Path:
        """The local folder of an internal stage, or of files that the data directory has."""
        assert isinstance(self.storage, LocalFolder), "only local folders are handed to clients"
        return self.storage.path


@dataclass(frozen=True)
class StageFile:
    """One file: `name` in its storage, `label` as results show it, bytes, and when it was changed (epoch seconds)."""

    storage: Storage
    name: str
    label: str
    size: int
    modified_on: float

    @property
    def path(self) -> str:
        """The file's path in its stage, or in the bucket behind it: METADATA$FILENAME."""
        bucket = re.match(r"[^:/]+://[^/]*/", self.label)
        return self.label[bucket.end() :] if bucket else self.name

    def open(self) -> IO[bytes]:
        """The file's bytes, from any place."""
        return self.storage.open(self.name)

    @property
    def md5(self) -> str:
        """Digest of the bytes, in hex; a check for changes, not for safety."""
        with self.open() as stream:
            digest = hashlib.md5(usedforsecurity=False)
            while data := stream.read(1 << 20):
                digest.update(data)
        return digest.hexdigest()


def locate(work: Work, place: StagePath) -> Location:
    """The location of a stage path; UnknownObjectError for an unknown stage, UnsupportedError for a URL that leads nowhere."""
    _check_path(place.path)
    check_place(work, place)
    if place.url.startswith(MODEL_URL):
        return _of_model(work, place.url)
    if place.url:
        return _of_url(work, place.url, place.path)
    if place.user:
        folder = user_folder(work.parts.config.data, work.state.user)
        return Location(LocalFolder(folder), place.path, "", is_internal=True)
    if place.table is not None:
        work.the_table(place.table)
        folder = table_folder(work.parts.config.data, place.table)
        return Location(LocalFolder(folder), place.path, "", is_internal=True)
    assert place.stage is not None, "a stage path names something"
    return _of_stage(work, place.stage, place.path)


def files(location: Location, *, pattern: str = "") -> list[StageFile]:
    """The files there, by name. `pattern` is a regular expression that the whole name must match (with its label's path)."""
    try:
        wanted = re.compile(pattern) if pattern else None
    except re.error as error:
        raise ProgrammingError(
            f"Invalid regular expression: '{pattern}' ({error})", errno=100048, sqlstate="2201B"
        ) from None
    found = [
        StageFile(location.storage, each.name, location.label + each.name, each.size, each.modified_on)
        for each in location.storage.files(location.prefix)
    ]
    return [file for file in found if wanted is None or _matches(wanted, file)]


def _matches(wanted: re.Pattern[str], file: StageFile) -> bool:
    """Patterns are written for the path below the stage, or for the whole one."""
    return wanted.fullmatch(file.name) is not None or wanted.fullmatch(file.label) is not None


def check_is_there(location: Location) -> None:
    """UnknownFileError if the folder of an external location does not exist."""
    if not location.is_internal and not location.storage.exists():
        raise UnknownFileError(
            f"Remote file '{location.label}{location.prefix}' was not found",
            hint=f"There is no folder {location.folder}.",
        )


def check_writable(work: Work, location: Location) -> None:
    """UnsupportedError for files that come with sapwood, AccessError for folders outside over the network."""
    if location.is_internal or not isinstance(location.storage, LocalFolder):
        return
    if location.label.startswith((SAMPLES_URL, MODEL_URL)) or work.state.is_remote:
        raise AccessError(
            f"Nothing can be written to '{location.label}'",
            hint="Write to an internal stage: CREATE STAGE without a URL, @~ or @%table.",
        )


def stage_folder(work: Work, stage: Name) -> Path:
    """The folder of an internal stage; a temporary one has its own in its session's folder."""
    data = work.parts.config.data
    if stage not in work.state.temporary_stages:
        return internal_folder(data, stage)
    return session_folder(data, work.state.id) / _safe(stage.database) / _safe(stage.schema) / _safe(stage.name)


def user_folder(data: Path, user: str) -> Path:
    """The folder of a user's own stage."""
    return data / "stages" / "users" / _safe(user)


def internal_folder(data: Path, stage: Name) -> Path:
    """The folder of a permanent internal stage."""
    return data / "stages" / "named" / _safe(stage.database) / _safe(stage.schema) / _safe(stage.name)


def session_folder(data: Path, session: str = "") -> Path:
    """What a session's temporary stages lie below; without a session, what those of all sessions do."""
    return data / "stages" / "sessions" / session


def table_folder(data: Path, table: Name) -> Path:
    """The folder of a table's stage."""
    return data / "stages" / "tables" / _safe(table.database) / _safe(table.schema) / _safe(table.name)


def forget_files(data: Path, database: str, schema: str | None = None) -> None:
    """Take away the files of all stages in a database, or in one schema of it: a later stage of such a name is empty."""
    for kind in ("named", "tables"):
        folder = data / "stages" / kind / _safe(database)
        shutil.rmtree(folder if schema is None else folder / _safe(schema), ignore_errors=True)


def _of_stage(work: Work, name: Name, path: str) -> Location:
    stage = work.stage(name)
    if stage is None:
        raise unknown_object("Stage", name, sqlstate="02000")
    format_name = Name(*parts(stage.format_name)) if stage.format_name else None
    if not stage.url:
        folder = stage_folder(work, name)
        label = f"{name.name.lower()}/"
        return Location(LocalFolder(folder), path, label, True, format_name, stage.options)
    found = _of_url(work, stage.url, path)
    return replace(found, format_name=format_name, format_options=stage.options)


def _of_model(work: Work, url: str) -> Location:
    """The files of a tuned model, such as training_results.csv."""
    found = re.fullmatch(r"snow://model/(?P<name>[^/]+)/versions/(?P<version>[^/]+)/?(?P<path>.*)", url)
    if found is None:
        raise ProgrammingError(
            f"'{url}' is no model's address", hint="Write snow://model/<name>/versions/<version>/<file>."
        )
    _check_path(found["path"])
    name = Name(*qualify(parts(found["name"]), database=work.state.database, schema=work.state.schema))
    model = work.parts.catalog.model(name.database, name.schema, name.name)
    if model is None:
        raise unknown_object("Model", name)
    version = model.versions[named_version(model, found["version"])]
    label = url[: len(url) - len(found["path"])].rstrip("/") + "/"
    folder = LocalFolder(work.parts.config.data / version.adapter_path)
    return Location(folder, found["path"], label, is_internal=False)


# URLs ----------------------------------------------------------------------------------------------------------------


def _of_url(work: Work, url: str, path: str) -> Location:
    """The folder behind a URL. A session from another machine reaches the folders that settings map, and no other."""
    _check_path(url)
    whole = url if not path else f"{url.rstrip('/')}/{path}"
    mapped = _mapped(work.parts.config.stages, whole)
    if mapped is not None:
        prefix, folder, notice = mapped
        below, label = whole[len(prefix) :].lstrip("/"), prefix.rstrip("/") + "/"
        return Location(LocalFolder(folder), below, label, is_internal=False, notice=notice)
    bucket = bucket_of(whole, work.parts.config.stages.credentials)
    if bucket is not None:
        storage, below = bucket
        return Location(storage, below, whole[: len(whole) - len(below)].rstrip("/") + "/", is_internal=False)
    local = local_path(whole)
    if local is None:
        raise UnsupportedError(
            f"The URL '{whole}' can't be read: it is not mapped, and no credentials are known for it",
            hint=f"Map it to a folder (--map-url {url}=/path/to/folder), or give it a section in the file that the "
            "setting stages.credentials names.",
        )
    if work.state.is_remote:
        raise AccessError(
            f"The local path '{whole}' can't be read over the network",
            hint=f"Whoever runs the server can map it: [stages.map] '{whole}' = '{local}' in sapwood.toml.",
        )
    is_folder = whole.endswith("/") or local.is_dir()
    folder = local if is_folder else local.parent
    label = whole if whole.endswith("/") else f"{whole}/" if is_folder else whole[: -len(local.name)]
    return Location(LocalFolder(folder), "" if is_folder else local.name, label, is_internal=False)


def local_path(url: str) -> Path | None:
    """The absolute path that a file URL or a plain path names; None for another kind of URL.

    >>> str(local_path("file:///data/in")), local_path("s3://bucket/in")
    ('/data/in', None)
    """
    if url.startswith("file://"):
        return Path(unpercent(url.removeprefix("file://"))).expanduser().absolute()
    return None if REMOTE.match(url) else Path(url).expanduser().absolute()


def _mapped(config: StageConfig, url: str) -> tuple[str, Path, str] | None:
    """The longest mapped prefix of a URL with its folder and what to tell the user."""
    hits = [prefix for prefix in config.map if _is_prefix(prefix, url)]
    if hits:
        prefix = max(hits, key=len)
        folder = Path(config.map[prefix]).expanduser().absolute()
        return prefix, folder, f"{prefix} is mapped to {folder} by the setting stages.map."
    if config.map_samples and _is_prefix(SAMPLES_URL, url):
        folder = Path(str(resources.files("sapwood"))) / "samples" / "sfquickstarts"
        notice = f"{SAMPLES_URL} is mapped to the sample data that sapwood ships; --set stages.map_samples=false turns that off."
        return SAMPLES_URL, folder, notice
    return None


def _is_prefix(prefix: str, url: str) -> bool:
    whole = prefix.rstrip("/")
    return url == whole or url.startswith(whole + "/")


# Files ---------------------------------------------------------------------------------------------------------------


def _check_path(path: str) -> None:
    if ".." in re.split(r"[/\\]", path) or "\0" in path:
        raise AccessError(f"The path '{path}' leads out of its stage", hint="Leave the '..' out.")


def _safe(name: str) -> str:
    return percent(physical(name), safe="").replace(".", "%2E")
