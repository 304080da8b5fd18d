"""All settings: frozen dataclasses, one loader. The only module that reads the environment.

Order: defaults < sapwood.toml (in the data directory) < SAPWOOD_* < flags. An unknown key is refused with the nearest known one.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from sapwood.errors import ConfigError

FIRST_DATABASE = "CORTEX_FINETUNING_DB"
"""The database that a new data directory starts with; the quickstart's name."""


@dataclass(frozen=True)
class StageConfig:
    """Where stage URLs lead."""

    map: Mapping[str, str] = field(default_factory=dict)
    """URL prefix -> local folder. The longest prefix wins."""
    map_samples: bool = True
    """Whether s3://sfquickstarts/... leads to the sample data that the package ships."""
    credentials: str = ""
    """TOML file (mode 0600) of the buckets that may be reached, with their keys: docs/loading.md."""


@dataclass(frozen=True)
class InferenceConfig:
    """How models are run."""

    threads: int = 0
    """CPU threads of a model; 0 takes all cores."""
    max_answer_tokens: int = 256
    """Cap on the answer of a local model where the call sets no max_tokens."""
    batch_tokens: int = 4096
    """Tokens of own (not shared) prompt text that one forward pass may hold."""
    batch_rows: int = 64
    """Rows that are generated side by side."""
    number_type: str = "auto"
    """auto, int8, bf16 or fp32; auto takes what the hardware has arithmetic for. Training never uses int8."""


@dataclass(frozen=True)
class CacheConfig:
    """The cache of finished LLM rows."""

    days: int = 30
    """Age after which an answer is forgotten."""
    megabytes: int = 2048
    """Size at which the oldest answers are dropped."""


@dataclass(frozen=True)
class HistoryConfig:
    """What is kept of the past."""

    days: int = 365
    """Age after which a statement leaves the query history."""
    statements: int = 100_000
    """Statements that the query history holds; the oldest go first."""
    job_days: int = 30
    """Days after its end for which a fine-tuning job's rows and log are kept. Its model and its entry in SHOW stay."""


@dataclass(frozen=True)
class JobConfig:
    """How fine-tuning jobs are run."""

    memory_megabytes: int = 0
    """Memory that jobs may need together; those that need more wait. 0 takes three quarters of the machine's."""


@dataclass(frozen=True)
class ModelConfig:
    """Where models come from."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    """Cortex name -> model, over the table of models.toml."""
    functions: Mapping[str, str] = field(default_factory=dict)
    """SQL function -> model that answers it where its call names none, such as AI_TRANSLATE = "my-endpoint"."""
    machine: str = "auto"
    """Class of machine for the alias table: auto, small-cpu, large-cpu, gpu."""
    hub_timeout_s: float = 5.0
    """Seconds after which a source that does not answer is passed over."""


@dataclass(frozen=True)
class ServerConfig:
    """How `sapwood serve` listens."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8085
    """Port to listen on; 0 takes a free one."""
    tls_cert: str = ""
    """PEM file of the certificate; with it and its key clients connect by https."""
    tls_key: str = ""
    """PEM file of the certificate's key."""
    is_plain_allowed: bool = False
    """Whether other machines may connect without TLS."""
    threads: int = 96
    """Statements that run side by side."""
    wait_s: float = 30.0
    """Seconds that a request waits for its statement before the client is told to ask again."""
    grace_s: float = 10.0
    """Seconds that running statements get when the server stops."""
    body_megabytes: int = 256
    """Largest request, unpacked."""
    result_hours: float = 24.0
    """Hours that results can be read again."""
    result_megabytes: int = 4096
    """Disk space of results; the oldest go first."""
    log_level: str = "info"
    """debug, info, warning or error."""


@dataclass(frozen=True)
class Config:
    """Everything. `data` is the data directory, `cache` the user's shared folder of base models."""

    data: Path = Path("sapwood-data")
    cache: Path = Path("~/.cache/sapwood")
    stages: StageConfig = StageConfig()
    inference: InferenceConfig = InferenceConfig()
    answers: CacheConfig = CacheConfig()
    history: HistoryConfig = HistoryConfig()
    jobs: JobConfig = JobConfig()
    models: ModelConfig = ModelConfig()
    server: ServerConfig = ServerConfig()


def load(
    data: str | Path | None = None, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Config:
    """Read all layers. `data` is --data; `flags` are dotted names such as {"inference.threads": 2}.

    Raises ConfigError for an unknown key or a value of the wrong type.
    """
    env = os.environ if environ is None else environ
    directory = Path(data or env.get("SAPWOOD_DATA") or "sapwood-data").expanduser().absolute()
    config = replace(
        Config(), data=directory, cache=Path(env.get("SAPWOOD_CACHE") or Config.cache).expanduser().absolute()
    )
    toml = directory / "sapwood.toml"
    if toml.is_file():
        config = _merge(config, _read_toml(toml), str(toml))
    config = _merge(config, _from_environ(env), "the environment")
    return _merge(config, _nested(flags or {}), "the command line")


def secret(name: str) -> str | None:
    """The value of an environment variable that holds a key or a password; None if it is not set."""
    return os.environ.get(name)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", hint="Mend the file; it must be TOML.") from error


def _from_environ(env: Mapping[str, str]) -> dict[str, Any]:
    """SAPWOOD_INFERENCE_THREADS=2 sets inference.threads; names that are no setting (SAPWOOD_SHARED ...) are left alone."""
    found: dict[str, Any] = {}
    for group in fields(Config):
        section: Any = getattr(Config, group.name)
        if not is_dataclass(section):
            continue
        for item in fields(section):
            name = f"SAPWOOD_{group.name}_{item.name}".upper()
            if name in env and not isinstance(getattr(section, item.name), Mapping):
                found.setdefault(group.name, {})[item.name] = env[name]
    return found


def _nested(flags: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in flags.items():
        if value is None:
            continue
        group, _, item = key.partition(".")
        if item:
            nested.setdefault(group, {})[item] = value
        else:
            nested[group] = value
    return nested


def _merge(target: Any, values: Mapping[str, Any], origin: str) -> Any:
    known = {item.name: item for item in fields(target)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise ConfigError(
                f"unknown setting {key!r} in {origin}",
                hint=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}.",
            )
        current = getattr(target, key)
        if is_dataclass(current):
            changes[key] = _merge(current, value, origin)
        elif isinstance(current, Mapping) and isinstance(value, Mapping):
            changes[key] = {**current, **value}
        else:
            changes[key] = _cast(key, value, current, origin)
    return replace(target, **changes)


def _cast(key: str, value: Any, current: Any, origin: str) -> Any:
    wanted = type(current)
    try:
        if isinstance(current, bool):
            return (
                value
                if isinstance(value, bool)
                else {"1": True, "true": True, "0": False, "false": False}[str(value).lower()]
            )
        if isinstance(current, Path):
            return Path(str(value)).expanduser().absolute()
        return wanted(value)
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigError(
            f"setting {key!r} in {origin} has the value {value!r}, which is no {wanted.__name__}"
        ) from error
