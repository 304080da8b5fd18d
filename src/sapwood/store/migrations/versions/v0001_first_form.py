"""The first form of the catalogue."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, Text

revision = "0001"
down_revision = None

_Json = JSON(none_as_null=True)
_Serial = BigInteger().with_variant(Integer(), "sqlite")


def _schema_object() -> list[Column[object]]:
    return [
        Column("database", Text, primary_key=True),
        Column("schema", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("comment", Text, nullable=False),
        Column("created_on", BigInteger, nullable=False),
        Column("owner", Text, nullable=False),
    ]


def upgrade() -> None:
    """All tables."""
    op.create_table("file_formats", *_schema_object(), Column("options", _Json, nullable=False))
    op.create_table(
        "stages",
        *_schema_object(),
        Column("url", Text, nullable=False),
        Column("format_name", Text, nullable=False),
        Column("options", _Json, nullable=False),
    )
    op.create_table(
        "models",
        *_schema_object(),
        Column("base_model", Text, nullable=False),
        Column("base_digest", Text, nullable=False),
        Column("adapter_path", Text, nullable=False),
        Column("adapter_digest", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("aliases", _Json, nullable=False),
        Column("job_id", Text, nullable=False),
        Column("metrics", _Json, nullable=False),
    )
    op.create_table(
        "jobs",
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
    op.create_table(
        "job_events",
        Column("number", _Serial, primary_key=True, autoincrement=True),
        Column("job_id", Text, nullable=False),
        Column("recorded_on", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("data", _Json, nullable=False),
    )
    op.create_table(
        "account_objects",
        Column("kind", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("comment", Text, nullable=False),
        Column("created_on", BigInteger, nullable=False),
    )
    op.create_table(
        "grants",
        Column("number", _Serial, primary_key=True, autoincrement=True),
        Column("text", Text, nullable=False),
        Column("is_revoke", Boolean, nullable=False),
        Column("recorded_on", BigInteger, nullable=False),
    )
    op.create_table("parameters", Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
    op.create_table(
        "endpoints",
        Column("name", Text, primary_key=True),
        Column("url", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("key_env", Text, nullable=False),
        Column("limits", _Json, nullable=False),
        Column("created_on", BigInteger, nullable=False),
    )
    op.create_table(
        "local_models",
        Column("name", Text, primary_key=True),
        Column("path", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("context", Integer, nullable=False),
        Column("created_on", BigInteger, nullable=False),
    )
    op.create_table(
        "queries",
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
    )
    op.create_index("job_events_by_job", "job_events", ["job_id", "number"])
    op.create_index("queries_by_start", "queries", ["started_on"])
