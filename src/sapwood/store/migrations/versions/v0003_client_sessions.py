"""Sessions of clients, which go on after a restart of the server."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, BigInteger, Column, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A table of sessions."""
    op.create_table(
        "client_sessions",
        Column("id", Text, primary_key=True),
        Column("token_digest", Text, nullable=False),
        Column("token_until", BigInteger, nullable=False),
        Column("master_digest", Text, nullable=False),
        Column("master_until", BigInteger, nullable=False),
        Column("agent", Text, nullable=False),
        Column("principal", JSON(none_as_null=True), nullable=False),
        Column("memory", JSON(none_as_null=True)),
    )
    op.create_index("client_sessions_by_token", "client_sessions", ["token_digest"], unique=True)
    op.create_index("client_sessions_by_master", "client_sessions", ["master_digest"], unique=True)
