"""Stages and file formats: put, find, list, drop; and the end of all that lies in a schema or a database."""

from __future__ import annotations

from sapwood.store.part import Part
from sapwood.store.records import FileFormat, Stage
from sapwood.store.rows import drop, find, find_all, put
from sapwood.store.schema import FILE_FORMATS, MODELS, STAGES


class Stages(Part):
    """The catalogue's stages and file formats. Names are as the dialect folded them."""

    def put_file_format(
        self, file_format: FileFormat, *, or_replace: bool = False, if_not_exists: bool = False
    ) -> bool:
        """False: one was there and was left. Raises ObjectExistsError for a taken name if neither flag is set."""
        with self._database.write() as connection:
            return put(connection, FILE_FORMATS, file_format, or_replace=or_replace, if_not_exists=if_not_exists)

    def file_format(self, database: str, schema: str, name: str) -> FileFormat | None:
        with self._database.read() as connection:
            return find(connection, FILE_FORMATS, FileFormat, database=database, schema=schema, name=name)

    def file_formats(self, database: str | None = None, schema: str | None = None) -> list[FileFormat]:
        """Ordered by database, schema, name."""
        with self._database.read() as connection:
            return find_all(connection, FILE_FORMATS, FileFormat, database=database, schema=schema)

    def drop_file_format(self, database: str, schema: str, name: str) -> bool:
        """False if there was none."""
        with self._database.write() as connection:
            return drop(connection, FILE_FORMATS, database=database, schema=schema, name=name)

    def put_stage(self, stage: Stage, *, or_replace: bool = False, if_not_exists: bool = False) -> bool:
        """False: one was there and was left. Raises ObjectExistsError for a taken name if neither flag is set."""
        with self._database.write() as connection:
            return put(connection, STAGES, stage, or_replace=or_replace, if_not_exists=if_not_exists)

    def stage(self, database: str, schema: str, name: str) -> Stage | None:
        with self._database.read() as connection:
            return find(connection, STAGES, Stage, database=database, schema=schema, name=name)

    def stages(self, database: str | None = None, schema: str | None = None) -> list[Stage]:
        """Ordered by database, schema, name."""
        with self._database.read() as connection:
            return find_all(connection, STAGES, Stage, database=database, schema=schema)

    def drop_stage(self, database: str, schema: str, name: str) -> bool:
        """False if there was none."""
        with self._database.write() as connection:
            return drop(connection, STAGES, database=database, schema=schema, name=name)

    def drop_schema(self, database: str, schema: str) -> None:
        """Forget the stages, file formats and models of a schema, in one transaction."""
        self._drop_all(database=database, schema=schema)

    def drop_database(self, database: str) -> None:
        """Forget the stages, file formats and models of a database, in one transaction."""
        self._drop_all(database=database)

    def _drop_all(self, **key: str) -> None:
        with self._database.write() as connection:
            for table in (FILE_FORMATS, STAGES, MODELS):
                drop(connection, table, **key)
