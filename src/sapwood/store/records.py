"""Rows of the catalogue as frozen values. No SQLAlchemy here, so that every room may name them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple


@dataclass(frozen=True)
class ModelVersion:
    """A model that can answer: where its weights are, and what they are, by digest.

    `kind` is echo, local, tuned or endpoint. `name` is the canonical name (`smollm2-135m-instruct`, or DB.SCHEMA.MODEL of a
    tuned one). `digest` is the sha256 of the base weights' source file (of the endpoint's URL and model for an endpoint),
    `path` the folder of unpacked safetensors and tokenizer, `adapter_path` and `adapter_digest` belong to a tuned model.
    `context` and `max_output` are in tokens. `endpoint_url` and `endpoint_model` belong to an endpoint; its key never
    travels here. A model with `dimensions` makes vectors of so many numbers, and no text.
    """

    name: str
    kind: str
    digest: str
    path: str = ""
    adapter_path: str = ""
    adapter_digest: str = ""
    base: str = ""
    context: int = 8192
    max_output: int = 8192
    endpoint_url: str = ""
    endpoint_model: str = ""
    dimensions: int = 0


def sql_name(*parts: str) -> str:
    """The parts of a name as SQL would write them, in quotes where that is needed.

    >>> sql_name("DB", "PUBLIC", "my-model")
    'DB.PUBLIC."my-model"'
    """
    return ".".join(part if _PLAIN.fullmatch(part) else '"{}"'.format(part.replace('"', '""')) for part in parts)


_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")


@dataclass(frozen=True)
class TunedVersion:
    """One version of a tuned model: which adapter answers, over which base. `metrics` are JSON-able."""

    base_model: str
    base_digest: str
    adapter_path: str
    adapter_digest: str
    created_on: int
    job_id: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TunedModel:
    """A fine-tuned model in a schema's registry; its adapter is that of the default version, `version`.

    `others` are the fields of a TunedVersion by name for each version beside that one, `aliases` versions by alias. `metrics`
    are JSON-able; times are epoch milliseconds, `adapter_path` is below the data directory.
    """

    database: str
    schema: str
    name: str
    base_model: str
    base_digest: str
    adapter_path: str
    adapter_digest: str
    created_on: int
    owner: str = "ACCOUNTADMIN"
    comment: str = ""
    version: str = "V1"
    aliases: Mapping[str, str] = field(default_factory=dict)
    job_id: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The name as SQL would write it."""
        return sql_name(self.database, self.schema, self.name)

    @property
    def versions(self) -> dict[str, TunedVersion]:
        """All versions by name, the oldest first."""
        default = TunedVersion(**{item.name: getattr(self, item.name) for item in fields(TunedVersion)})
        found = {self.version: default, **{name: TunedVersion(**values) for name, values in self.others.items()}}
        return dict(sorted(found.items(), key=lambda item: item[1].created_on))

    def with_versions(self, versions: Mapping[str, TunedVersion], default: str) -> TunedModel:
        """The model with these versions, of which `default` answers; aliases of versions that are gone go with them."""
        return replace(
            self,
            **asdict(versions[default]),
            version=default,
            aliases={alias: version for alias, version in self.aliases.items() if version in versions},
            others={name: asdict(version) for name, version in versions.items() if name != default},
        )


@dataclass(frozen=True)
class Job:
    """A fine-tuning job. `status` is PENDING, IN_PROGRESS, SUCCESS, ERROR or CANCELLED; times are epoch milliseconds.

    `spec` is all that the worker needs and never changes: model name asked for, base ModelVersion fields, resolved
    options, data paths, prompt/completion limits. `progress` is 0..1. `error` is {"code", "message"}. `result` has
    model, trained_tokens, training_result. `lease_until` and `worker` say who works on it.
    """

    id: str
    kind: str
    status: str
    created_on: int
    base_model: str
    model_name: str
    training_data: str
    validation_data: str = ""
    options: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    progress: float = 0.0
    detail: str = ""
    error: Mapping[str, str] | None = None
    finished_on: int | None = None
    model: str | None = None
    trained_tokens: int | None = None
    training_result: Mapping[str, float] | None = None
    worker: str = ""
    lease_until: int = 0
    cancel_requested: bool = False


@dataclass(frozen=True)
class Stage:
    """A stage. `url` is '' for an internal one. `options` are its file format's options, `format_name` a named format's full name."""

    database: str
    schema: str
    name: str
    url: str = ""
    format_name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""
    created_on: int = 0
    owner: str = "ACCOUNTADMIN"


@dataclass(frozen=True)
class FileFormat:
    """A named file format with its options as written."""

    database: str
    schema: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""
    created_on: int = 0
    owner: str = "ACCOUNTADMIN"


class CachedAnswer(NamedTuple):
    """A finished LLM row: its content key and what the model said. `seconds` is its share of the run that made it.

    `scores` are the labels' probabilities and `confidence` the answer's, where they were asked for. A tuple, which is made
    six times as fast as a dataclass: a statement may have millions.
    """

    key: str
    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    computed_tokens: int
    seconds: float
    model: str = ""
    scores: Sequence[float] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class QueryRecord:
    """One statement in the query history; times are epoch milliseconds."""

    id: str
    text: str
    user: str
    role: str
    status: str
    started_on: int
    finished_on: int | None = None
    error: str = ""
    rows: int = 0
    usage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountObject:
    """A warehouse or a role. `kind` is upper case, `owner` a role."""

    kind: str
    name: str
    comment: str = ""
    created_on: int = 0
    owner: str = "ACCOUNTADMIN"


@dataclass(frozen=True)
class User:
    """Somebody who may log in, and by what.

    `login_name` is upper case and no two users share one. `password_hash` is argon2's text, '' if no password opens the
    door. The keys are PEM, their `_fp` SHA256:<base64 of the DER's digest>. `secondary_roles` is ALL or ''.
    """

    name: str
    login_name: str
    password_hash: str = field(default="", repr=False)
    disabled: bool = False
    must_change_password: bool = False
    display_name: str = ""
    email: str = ""
    comment: str = ""
    default_role: str = ""
    default_warehouse: str = ""
    default_namespace: str = ""
    secondary_roles: str = "ALL"
    rsa_public_key: str = ""
    rsa_public_key_fp: str = ""
    rsa_public_key_2: str = ""
    rsa_public_key_2_fp: str = ""
    owner: str = "ACCOUNTADMIN"
    created_on: int = 0


@dataclass(frozen=True)
class AccessToken:
    """A programmatic access token. `digest` is the sha256 of its secret in hex; `role` restricts it to one role, '' to none."""

    user: str
    name: str
    digest: str = field(repr=False)
    created_on: int
    expires_on: int
    role: str = ""
    comment: str = ""
    created_by: str = ""


@dataclass(frozen=True)
class RoleGrant:
    """A role that a user or another role has.

    `kind` is ROLE, DATABASE ROLE or APPLICATION ROLE; the last two are named in full, such as SNOWFLAKE.CORTEX_USER.
    `grantee_kind` is USER or ROLE.
    """

    kind: str
    role: str
    grantee_kind: str
    grantee: str
    granted_by: str = ""
    granted_on: int = 0


@dataclass(frozen=True)
class PrivilegeGrant:
    """A privilege of a role on an object. `kind` is the object's, such as TABLE or ACCOUNT; a future grant has no `name`."""

    privilege: str
    kind: str
    database: str
    schema: str
    name: str
    is_future: bool
    grantee: str
    grant_option: bool = False
    granted_by: str = ""
    granted_on: int = 0


@dataclass(frozen=True)
class ClientSession:
    """A session of a client, kept so that it goes on after a restart of the server.

    Tokens are kept as digests, times as epoch milliseconds. `agent` is the client's User-Agent, `principal` what the login
    said, `memory` what the engine's session remembers; None if that session had something that ends with the process.
    """

    id: str
    token_digest: str
    token_until: int
    master_digest: str
    master_until: int
    agent: str
    principal: Mapping[str, Any]
    memory: Mapping[str, Any] | None


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the OpenAI protocol, added by the user. `key_env` names an environment variable or is a file's path.

    `limits` may hold context, max_output, requests_per_minute, token_budget. The key itself is never stored here.
    """

    name: str
    url: str
    model: str
    key_env: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    created_on: int = 0


@dataclass(frozen=True)
class LocalModel:
    """A model file or folder that the user added by path. `digest` is the sha256 of its weights, `context` is in tokens."""

    name: str
    path: str
    digest: str
    context: int
    created_on: int = 0
