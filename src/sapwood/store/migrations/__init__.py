"""Leads a catalogue of any age to the newest form.

One file a step in versions/, in Alembic's form; a step that was released never changes. Comes in: a connection inside a
write transaction, so that of two processes that start at once only one does the work.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0004"
"""The newest step; a test compares it with versions/."""


def revision(connection: Connection) -> str | None:
    """The step that this database stands at; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection) -> None:
    """Run the missing steps in order, inside the caller's transaction."""
    # Alembic takes a tenth of a second to import, and most starts do not need it.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    context = MigrationContext.configure(connection)
    script = ScriptDirectory(Path(__file__).parent)
    missing = list(script.iterate_revisions(HEAD, context.get_current_revision() or "base"))
    with Operations.context(context):
        for step in reversed(missing):
            step.module.upgrade()
            context.stamp(script, step.revision)
