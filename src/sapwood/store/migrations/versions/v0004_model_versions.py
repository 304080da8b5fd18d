"""Tuned models of several versions."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A column of the versions that are not the default."""
    op.add_column("models", Column("others", JSON(none_as_null=True), nullable=False, server_default="{}"))
