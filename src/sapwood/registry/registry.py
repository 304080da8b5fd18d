"""Model names -> models that can answer: what a name means, and making its files be there.

Resolving is quick and touches neither network nor weights: digests come from models.toml and the catalogue. `prepare`
downloads, checks and unpacks. Knows no SQL and no tensors.
"""

from __future__ import annotations

import difflib
import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sapwood import config as settings
from sapwood.config import Config
from sapwood.errors import (
    ConfigError,
    InvalidOptionError,
    ModelUnavailableError,
    ObjectExistsError,
    StorageFullError,
    UnknownModelError,
)
from sapwood.registry.cache import ModelCache, check_space
from sapwood.registry.download import Download, Reporter, fetch_file, fetch_folder
from sapwood.registry.local import local_entry, read_local
from sapwood.registry.machine import machine_class
from sapwood.registry.names import cortex_name, identifier
from sapwood.registry.table import ModelEntry, ModelTable, read_table
from sapwood.registry.unpack import unpack, unpacked_bytes
from sapwood.store.catalog import Catalog
from sapwood.store.records import Endpoint, ModelVersion, TunedModel

__all__ = ["BaseModel", "Download", "ModelInfo", "Registry"]

ECHO = ModelVersion(name="echo", kind="echo", digest="echo-1", context=1_000_000, max_output=8192)
"""The model for tests: answers without weights."""

_ENDPOINT_CONTEXT, _ENDPOINT_OUTPUT = 128_000, 8192
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_FILE_KEY = "file:"
_CALL_LIMITS = frozenset(
    {"concurrency", "requests_per_minute", "token_budget", "timeout_s", "retries", "price_asked", "price_answered"}
)
"""Limits of an endpoint that its backend keeps, and its prices for a million tokens; context and max_output go into the ModelVersion."""


@dataclass(frozen=True)
class BaseModel:
    """A model that can be tuned. Prompts and completions longer than their part of the context are cut there.

    `max_rows` is for one epoch; None means no limit. `parameters` is 0 where they are not known. `owner` is the role that owns
    a model that is tuned already, '' for a base model.
    """

    version: ModelVersion
    prompt_tokens: int
    completion_tokens: int
    max_rows: int | None = None
    parameters: int = 0
    licence: str = ""
    owner: str = ""


@dataclass(frozen=True)
class ModelInfo:
    """A model as lists show it. `size` is the download's, in bytes; `present` says that nothing has to be fetched.

    `data_leaves` marks a model to which prompts are sent over the network. One with `dimensions` makes vectors, no text.
    """

    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    size: int = 0
    parameters: int = 0
    context: int = 0
    licence: str = ""
    gated: bool = False
    tested: bool = True
    present: bool = True
    sources: tuple[str, ...] = ()
    data_leaves: bool = False
    digest: str = ""
    dimensions: int = 0


class Registry:
    """All models that a statement can name. Safe for threads and for processes side by side.

    `on_progress` hears of downloads, checks and unpacking. `table` is models.toml unless a test brings its own.
    """

    def __init__(
        self,
        catalog: Catalog,
        config: Config,
        on_progress: Callable[[Download], None] | None = None,
        *,
        table: ModelTable | None = None,
    ) -> None:
        self._catalog = catalog
        self._config = config
        self._tell = on_progress
        self._table = table or read_table()
        self._cache = ModelCache(config.cache)

    def resolve(self, name: str, *, database: str | None = None, schema: str | None = None) -> ModelVersion:
        """The model that a name means: a tuned one (in full, or in this schema), a Cortex name or base model, one that was added.

        Raises UnknownModelError for a name that means nothing, with near ones; ModelUnavailableError for a Cortex name whose
        weights are not public.
        """
        tuned = self._tuned(name, database, schema)
        if tuned is not None:
            return self._tuned_version(tuned)
        plain = cortex_name(name)
        target = self._config_aliases.get(plain, plain)
        if target != plain and (tuned := self._tuned(target, database, schema)) is not None:
            return self._tuned_version(tuned)
        found = self._find(target)
        if found is None:
            raise self._unknown(name, plain)
        return found

    def prepare(self, version: ModelVersion) -> ModelVersion:
        """Make the model's files be there, and give it back with `path` filled in. Nothing is done twice.

        Raises ModelUnavailableError, StorageFullError, UnsupportedError (a file that can't be unpacked).
        """
        if version.kind in ("echo", "endpoint"):
            return version
        if version.kind == "tuned" and not Path(version.adapter_path).is_dir():
            hint = "Its files were moved or deleted. DROP MODEL it and tune it again."
            raise ModelUnavailableError(
                f"the files of model {version.name} are not at {version.adapter_path}", hint=hint
            )
        return replace(version, path=str(self._folder(version.digest, version.base or version.name)))

    def base_model(self, name: str, *, database: str | None = None, schema: str | None = None) -> BaseModel:
        """The model behind a name that FINETUNE may start from: a base model, or one that is tuned already.

        Raises UnknownModelError, or InvalidOptionError for one whose weights are not ours to tune.
        """
        version = self.resolve(name, database=database, schema=schema)
        reason = _UNTUNABLE_VECTORS if version.dimensions else _UNTUNABLE.get(version.kind)
        if reason is not None:
            hint = f"Models that can be tuned: {', '.join(self._tunable())}."
            raise InvalidOptionError(f"model {name!r} can't be fine-tuned: {reason}", hint=hint)
        entry = self._entry(version.digest)
        if entry is None:
            raise self._unknown(name, name)
        tuned = self._tuned(name, database, schema)
        limits = (entry.prompt_tokens, entry.completion_tokens, entry.max_rows)
        return BaseModel(version, *limits, entry.parameters, entry.licence, owner=tuned.owner if tuned else "")

    def source_file(self, version: ModelVersion) -> Path | None:
        """The GGUF file that a prepared model's base came as; None if it came as something else, or the file is gone."""
        entry = self._entry(version.digest)
        own = [Path(source.path) for source in entry.sources if source.kind == "path"] if entry else []
        places = [self._cache.file(version.digest), *(path for path in own if path.suffix.lower() == ".gguf")]
        return next((path for path in places if path.is_file()), None)

    def listing(self) -> list[ModelInfo]:
        """Base models with the Cortex names that they answer to on this machine, then echo, endpoints and local models."""
        aliases = {name: self._aliases_of(name) for name in self._table.models}
        base = [self._info(entry, aliases[entry.name]) for entry in self._table.models.values()]
        added = [self._endpoint_info(endpoint) for endpoint in self._catalog.endpoints()]
        local = [self._info(entry, self._aliases_of(entry.name)) for entry in self._local_entries()]
        return [*base, ModelInfo("echo", "echo", self._aliases_of("echo"), context=ECHO.context), *added, *local]

    def pull(self, name: str) -> ModelVersion:
        """Resolve a name and prepare its model."""
        return self.prepare(self.resolve(name))

    def remove(self, name: str) -> int:
        """Delete a base model's files from the shared cache, or forget an endpoint or a local model; bytes that came free.

        A user's own file or folder stays. Raises UnknownModelError, InvalidOptionError for a tuned model.
        """
        version = self.resolve(name)
        if version.kind == "tuned":
            raise InvalidOptionError(f"{name!r} is a tuned model", hint=f"DROP MODEL {version.name} removes it.")
        if version.kind == "endpoint":
            self._catalog.drop_endpoint(version.name)
        if version.kind != "local":
            return 0
        self._catalog.drop_local_model(version.name)
        return self._cache.remove(version.digest)

    def add_local(self, name: str, path: str | Path) -> ModelVersion:
        """Add a folder of safetensors or a .gguf file under a name. It is read where it is, and hashed now.

        Raises ConfigError for a bad name or path, ObjectExistsError for a name that means something else.
        """
        plain = self._free_name(name)
        digest, context = read_local(Path(path).expanduser().absolute())
        self._catalog.put_local_model(plain, str(Path(path).expanduser().absolute()), digest, context)
        return self.resolve(plain)

    def add_endpoint(
        self,
        name: str,
        url: str,
        model: str,
        *,
        key_env: str = "",
        key_file: str | Path | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> ModelVersion:
        """Add an OpenAI-compatible server under a name; from then on data leaves to it when a statement names it.

        The key is in the environment variable `key_env` or in `key_file`, which only its owner may read; it is never
        stored. `limits` may hold context, max_output, concurrency, requests_per_minute, token_budget, timeout_s, retries, and the
        prices of a million tokens, price_asked and price_answered.
        Raises ConfigError for a bad name, URL, limit or key file, ObjectExistsError for a name that means something else.
        """
        plain = self._free_name(name)
        wrong = sorted(set(limits or {}) - _CALL_LIMITS - {"context", "max_output"})
        if wrong:
            known = ", ".join(sorted({"context", "max_output", *_CALL_LIMITS}))
            raise ConfigError(f"no limit is called {wrong[0]!r}", hint=f"Known: {known}.")
        if not re.match(r"https?://[^/]", url):
            raise ConfigError(
                f"{url!r} is no URL of a server", hint="It starts with http:// or https://, and often ends with /v1."
            )
        key = key_env
        if key_file is not None:
            key = f"{_FILE_KEY}{Path(key_file).expanduser().absolute()}"
            _read_key(key)
        self._catalog.put_endpoint(plain, url, model, key, limits or {})
        return self.resolve(plain)

    def key_of(self, version: ModelVersion) -> str | None:
        """The key of an endpoint, from the environment or its file; None if it has none. Raises ConfigError for one that can't be read."""
        endpoint = next((e for e in self._catalog.endpoints() if e.name == version.name), None)
        if endpoint is None or not endpoint.key_env:
            return None
        if endpoint.key_env.startswith(_FILE_KEY):
            return _read_key(endpoint.key_env)
        key = settings.secret(endpoint.key_env)
        if key is None:
            raise ConfigError(f"endpoint {endpoint.name} takes its key from ${endpoint.key_env}, which is not set")
        return key

    def limits_of(self, version: ModelVersion) -> Mapping[str, Any]:
        """The limits that an endpoint's backend keeps, by the names of inference's Limits; {} for its defaults."""
        limits = next((e.limits for e in self._catalog.endpoints() if e.name == version.name), {})
        return {name: value for name, value in limits.items() if name in _CALL_LIMITS}

    @cached_property
    def machine(self) -> str:
        """The class of this machine: small-cpu, large-cpu or gpu."""
        return machine_class(self._config.models.machine)

    @cached_property
    def _config_aliases(self) -> Mapping[str, str]:
        return {name.lower(): target for name, target in self._config.models.aliases.items()}

    def _find(self, name: str) -> ModelVersion | None:
        """A base model, Cortex name, endpoint or local model, in this order."""
        plain = cortex_name(name)
        plain = self._table.aliases[plain][self.machine] if plain in self._table.aliases else plain
        if plain == "echo":
            return ECHO
        if plain in self._table.models:
            return _version(self._table.models[plain])
        endpoint = next((e for e in self._catalog.endpoints() if e.name == plain), None)
        if endpoint is not None:
            return _endpoint_version(endpoint)
        local = next((m for m in self._catalog.local_models() if m.name == plain), None)
        return None if local is None else _version(local_entry(local))

    def _tuned(self, name: str, database: str | None, schema: str | None) -> TunedModel | None:
        parts = identifier(name)
        place = [part for part in (database, schema) if part]
        full = (*place[: 3 - len(parts)], *parts) if 1 <= len(parts) <= 3 else ()
        return self._catalog.model(*full) if len(full) == 3 else None

    def _tuned_version(self, tuned: TunedModel) -> ModelVersion:
        full = f"{tuned.database}.{tuned.schema}.{tuned.name}"
        entry = self._entry(tuned.base_digest)
        if entry is None:
            hint = f"It was tuned from {tuned.base_model}, sha256 {tuned.base_digest}: add that one again with `sapwood models add`."
            raise ModelUnavailableError(f"the base of model {full} is not known here", hint=hint)
        return replace(
            _version(entry),
            name=full,
            kind="tuned",
            base=entry.name,
            adapter_path=str(self._config.data / tuned.adapter_path),
            adapter_digest=tuned.adapter_digest,
        )

    def _entry(self, digest: str) -> ModelEntry | None:
        """The model of this digest; a file that the user added is the first source of a base model with the same bytes."""
        local = [entry for entry in self._local_entries() if entry.sha256 == digest]
        base = [entry for entry in self._table.models.values() if entry.sha256 == digest]
        if not base:
            return local[0] if local else None
        return replace(base[0], sources=(*(entry.sources[0] for entry in local), *base[0].sources))

    def _local_entries(self) -> list[ModelEntry]:
        return [local_entry(model) for model in self._catalog.local_models()]

    def _folder(self, digest: str, name: str) -> Path:
        """The folder that is loaded: the user's own, or the unpacked one, made now if need be."""
        entry = self._entry(digest)
        if entry is None:
            raise ModelUnavailableError(
                f"model {name} is not known here any more", hint="Add it again with `sapwood models add`."
            )
        own = _own_folder(entry)
        if own is not None:
            return own
        folder = self._cache.unpacked(digest)
        if folder.is_dir():
            return folder
        with _disk_watched(), self._cache.locked(digest):
            if not folder.is_dir():
                half = self._fetch(entry, folder.with_name(folder.name + ".half"))
                for path in half.rglob("*"):  # whole on the disk before it has its name
                    if path.is_file():
                        with path.open("rb") as written:
                            os.fsync(written.fileno())
                folder.parent.mkdir(parents=True, exist_ok=True)
                os.replace(half, folder)
                shutil.rmtree(self._cache.partial(digest), ignore_errors=True)
        return folder

    def _fetch(self, entry: ModelEntry, half: Path) -> Path:
        """The folder that is loaded, not yet under its name."""
        timeout_s = self._config.models.hub_timeout_s
        if entry.files:
            return fetch_folder(entry, self._cache, timeout_s=timeout_s, tell=self._tell)
        self._unpack(entry, fetch_file(entry, self._cache, timeout_s=timeout_s, tell=self._tell), half)
        return half

    def _unpack(self, entry: ModelEntry, file: Path, half: Path) -> None:
        check_space(
            self._cache.root, unpacked_bytes(entry.parameters or 2 * entry.bytes), what=f"unpacking {entry.name}"
        )
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)

        def report(done: int, total: int) -> None:
            reporter(Download(entry.name, "unpack", done, total))

        reporter = Reporter(self._tell)
        unpack(file, half, rope=entry.rope, report=report)

    def _aliases_of(self, name: str) -> tuple[str, ...]:
        shipped = {alias: row[self.machine] for alias, row in self._table.aliases.items()}
        return tuple(sorted(alias for alias, target in {**shipped, **self._config_aliases}.items() if target == name))

    def _info(self, entry: ModelEntry, aliases: tuple[str, ...]) -> ModelInfo:
        present = _own_folder(entry) is not None or self._cache.unpacked(entry.sha256).is_dir()
        return ModelInfo(
            entry.name,
            "local",
            aliases,
            size=entry.bytes,
            parameters=entry.parameters,
            context=entry.context,
            licence=entry.licence,
            gated=entry.gated,
            tested=entry.tested,
            present=present,
            sources=tuple(str(source) for source in entry.sources),
            digest=entry.sha256,
            dimensions=entry.dimensions,
        )

    def _endpoint_info(self, endpoint: Endpoint) -> ModelInfo:
        version = _endpoint_version(endpoint)
        return ModelInfo(
            endpoint.name,
            "endpoint",
            self._aliases_of(endpoint.name),
            context=version.context,
            sources=(f"{endpoint.url} {endpoint.model}",),
            data_leaves=True,
            digest=version.digest,
        )

    def _free_name(self, name: str) -> str:
        plain = name.lower()
        if not _NAME.fullmatch(plain):
            raise ConfigError(
                f"{name!r} can't be a model's name",
                hint="Use letters, digits, '.', '_' and '-', and begin with a letter or digit.",
            )
        if plain == "echo" or plain in self._table.models or plain in self._table.aliases:
            hint = f'Choose another name and let it answer to this one: [models.aliases] "{plain}" = "NAME" in sapwood.toml.'
            raise ObjectExistsError(f"{name!r} is a model's name already", hint=hint)
        return plain

    def _tunable(self) -> Iterable[str]:
        entries = [*self._table.models.values(), *self._local_entries()]
        return sorted([*self._table.aliases, *(entry.name for entry in entries if not entry.dimensions)])

    def _unknown(self, name: str, plain: str) -> UnknownModelError | ModelUnavailableError:
        if plain in self._table.embeddings:
            return _without_weights(plain, self._table.embeddings[plain])
        text = f"""400 '"unknown model \\"{name}\\""'"""
        near = difflib.get_close_matches(plain, self._names(), n=3)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        return UnknownModelError(
            f"Request failed for external function COMPLETE$V2 with remote service error: {text}",
            hint=hint + "SHOW MODELS and `sapwood models list` show what there is.",
        )

    def _names(self) -> list[str]:
        added = [*(e.name for e in self._catalog.endpoints()), *(m.name for m in self._catalog.local_models())]
        return ["echo", *self._table.aliases, *self._table.models, *self._config_aliases, *added]


_FULL_HINT = (
    "Free some space there, or let SAPWOOD_CACHE name a folder on a larger disk; the download goes on where it stopped."
)

_UNTUNABLE = {
    "echo": "it has no weights",
    "endpoint": "its weights are on another machine",
}
_UNTUNABLE_VECTORS = "it makes vectors, not text"


@contextmanager
def _disk_watched() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise StorageFullError("the disk of the model cache is full", hint=_FULL_HINT) from error


def _without_weights(name: str, dimensions: int) -> ModelUnavailableError:
    hint = f"Add a server that makes its vectors: sapwood models add {name} --url URL --model NAME."
    return ModelUnavailableError(
        f"model {name} makes vectors of {dimensions} numbers, and its weights are not public", hint=hint
    )


def _version(entry: ModelEntry) -> ModelVersion:
    return ModelVersion(
        entry.name,
        "local",
        entry.sha256,
        context=entry.context,
        max_output=entry.max_output,
        dimensions=entry.dimensions,
    )


def _endpoint_version(endpoint: Endpoint) -> ModelVersion:
    return ModelVersion(
        name=endpoint.name,
        kind="endpoint",
        digest=hashlib.sha256(f"{endpoint.url}\n{endpoint.model}".encode()).hexdigest(),
        context=int(endpoint.limits.get("context", _ENDPOINT_CONTEXT)),
        max_output=int(endpoint.limits.get("max_output", _ENDPOINT_OUTPUT)),
        endpoint_url=endpoint.url,
        endpoint_model=endpoint.model,
    )


def _own_folder(entry: ModelEntry) -> Path | None:
    """The folder that a user added, which is loaded where it is."""
    path = Path(entry.sources[0].path) if entry.sources[0].kind == "path" else None
    return path if path is not None and path.is_dir() else None


def _read_key(place: str) -> str:
    path = Path(place.removeprefix(_FILE_KEY))
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"others may read the key file {path}", hint=f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"the key file {path} can't be read: {error.strerror}") from error
