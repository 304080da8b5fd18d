"""The catalogue's tables. Column names are the field names of records.py, so a row and a record are the same thing.

What is here is the newest form; migrations/ leads every older file to it, and a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

_Json = JSON(none_as_null=True)
_Serial = BigInteger().with_variant(Integer(), "sqlite")


def _schema_object() -> list[Column[object]]:
    """The columns of whatever lies in a schema and is named in it."""
    return [
        Column("database", Text, primary_key=True),
        Column("schema", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("comment", Text, nullable=False),
        Column("created_on", BigInteger, nullable=False),
        Column("owner", Text, nullable=False),
    ]


FILE_FORMATS = Table("file_formats", METADATA, *_schema_object(), Column("options", _Json, nullable=False))

STAGES = Table(
    "stages",
    METADATA,
    *_schema_object(),
    Column("url", Text, nullable=False),
    Column("format_name", Text, nullable=False),
    Column("options", _Json, nullable=False),
)

MODELS = Table(
    "models",
    METADATA,
    *_schema_object(),
    Column("base_model", Text, nullable=False),
    Column("base_digest", Text, nullable=False),
    Column("adapter_path", Text, nullable=False),
    Column("adapter_digest", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("aliases", _Json, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("metrics", _Json, nullable=False),
    Column("others", _Json, nullable=False),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("base_model", Text, nullable=False),
    Column("model_name", Text, nullable=False),
    Column("training_data", Text, nullable=False),
    Column("validation_data", Text, nullable=False),
    Column("options", _Json),
    Column("spec", _Json, nullable=False),
    Column("progress", Float, nullable=False),
    Column("detail", Text, nullable=False),
    Column("error", _Json),
    Column("finished_on", BigInteger),
    Column("model", Text),
    Column("trained_tokens", BigInteger),
    Column("training_result", _Json),
    Column("worker", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
)

JOB_EVENTS = Table(
    "job_events",
    METADATA,
    Column("number", _Serial, primary_key=True, autoincrement=True),
    Column("job_id", Text, nullable=False),
    Column("recorded_on", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", _Json, nullable=False),
    Index("job_events_by_job", "job_id", "number"),
)

ACCOUNT_OBJECTS = Table(
    "account_objects",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("comment", Text, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
)

USERS = Table(
    "users",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("login_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("default_role", Text, nullable=False),
    Column("default_warehouse", Text, nullable=False),
    Column("default_namespace", Text, nullable=False),
    Column("secondary_roles", Text, nullable=False),
    Column("rsa_public_key", Text, nullable=False),
    Column("rsa_public_key_fp", Text, nullable=False),
    Column("rsa_public_key_2", Text, nullable=False),
    Column("rsa_public_key_2_fp", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Index("users_by_login", "login_name", unique=True),
)

ACCESS_TOKENS = Table(
    "access_tokens",
    METADATA,
    Column("user", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("expires_on", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Index("access_tokens_by_digest", "digest", unique=True),
)

ROLE_GRANTS = Table(
    "role_grants",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("grantee_kind", Text, primary_key=True),
    Column("grantee", Text, primary_key=True),
    Column("granted_by", Text, nullable=False),
    Column("granted_on", BigInteger, nullable=False),
)

PRIVILEGE_GRANTS = Table(
    "privilege_grants",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("database", Text, primary_key=True),
    Column("schema", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("is_future", Boolean, primary_key=True),
    Column("grantee", Text, primary_key=True),
    Column("privilege", Text, primary_key=True),
    Column("grant_option", Boolean, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("granted_on", BigInteger, nullable=False),
)

CLIENT_SESSIONS = Table(
    "client_sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("token_digest", Text, nullable=False),
    Column("token_until", BigInteger, nullable=False),
    Column("master_digest", Text, nullable=False),
    Column("master_until", BigInteger, nullable=False),
    Column("agent", Text, nullable=False),
    Column("principal", _Json, nullable=False),
    Column("memory", _Json),
    Index("client_sessions_by_token", "token_digest", unique=True),
    Index("client_sessions_by_master", "master_digest", unique=True),
)

PARAMETERS = Table(
    "parameters", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)

ENDPOINTS = Table(
    "endpoints",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("key_env", Text, nullable=False),
    Column("limits", _Json, nullable=False),
    Column("created_on", BigInteger, nullable=False),
)

LOCAL_MODELS = Table(
    "local_models",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("context", Integer, nullable=False),
    Column("created_on", BigInteger, nullable=False),
)

QUERIES = Table(
    "queries",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_on", BigInteger, nullable=False),
    Column("finished_on", BigInteger),
    Column("error", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("usage", _Json, nullable=False),
    Index("queries_by_start", "started_on"),
)
