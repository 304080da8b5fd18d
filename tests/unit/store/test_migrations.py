"""The migrations lead to exactly the tables of schema.py."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sapwood.store import migrations
from sapwood.store.database import Database
from sapwood.store.schema import METADATA


def test_the_newest_step_is_the_head() -> None:
    assert ScriptDirectory(Path(migrations.__file__).parent).get_current_head() == migrations.HEAD


def test_all_steps_together_make_the_schema(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/c.sqlite")
    with database.read() as connection:
        assert migrations.revision(connection) == migrations.HEAD
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
    database.close()
