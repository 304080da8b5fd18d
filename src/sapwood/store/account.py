"""What belongs to the account: warehouses and roles by name, parameters; and the query history."""

from __future__ import annotations

from sqlalchemy import insert, select

from sapwood.store.part import Part
from sapwood.store.records import AccountObject, Grant, QueryRecord
from sapwood.store.rows import drop, find_all, put, to_row
from sapwood.store.schema import ACCOUNT_OBJECTS, GRANTS, PARAMETERS, QUERIES


class Account(Part):
    """The catalogue's account objects and parameters."""

    def put_account_object(
        self,
        kind: str,
        name: str,
        *,
        comment: str = "",
        owner: str = "ACCOUNTADMIN",
        or_replace: bool = False,
        if_not_exists: bool = False,
    ) -> bool:
        """False: one was there and was left. Raises ObjectExistsError for a taken name if neither flag is set."""
        thing = AccountObject(kind=kind, name=name, comment=comment, created_on=self._clock(), owner=owner)
        with self._database.write() as connection:
            return put(connection, ACCOUNT_OBJECTS, thing, or_replace=or_replace, if_not_exists=if_not_exists)

    def account_objects(self, kind: str) -> list[AccountObject]:
        """Ordered by name."""
        with self._database.read() as connection:
            return find_all(connection, ACCOUNT_OBJECTS, AccountObject, kind=kind)

    def drop_account_object(self, kind: str, name: str) -> bool:
        """False if there was none."""
        with self._database.write() as connection:
            return drop(connection, ACCOUNT_OBJECTS, kind=kind, name=name)

    def record_grant(self, text: str, is_revoke: bool = False) -> None:
        grant = Grant(text=text, is_revoke=is_revoke, recorded_on=self._clock())
        with self._database.write() as connection:
            connection.execute(insert(GRANTS).values(**to_row(grant)))

    def grants(self) -> list[Grant]:
        """In the order in which they were recorded."""
        with self._database.read() as connection:
            return find_all(connection, GRANTS, Grant)

    def parameter(self, name: str) -> str | None:
        with self._database.read() as connection:
            return connection.execute(select(PARAMETERS.c.value).where(PARAMETERS.c.name == name)).scalar()

    def set_parameter(self, name: str, value: str | None) -> None:
        """None takes the parameter back to its default."""
        with self._database.write() as connection:
            drop(connection, PARAMETERS, name=name)
            if value is not None:
                connection.execute(insert(PARAMETERS).values(name=name, value=value))


class History(Part):
    """The catalogue's record of statements."""

    def record_query(self, query: QueryRecord) -> None:
        """Store a statement; one with the same id is replaced, so that a start and an end are one record."""
        with self._database.write() as connection:
            drop(connection, QUERIES, id=query.id)
            connection.execute(insert(QUERIES).values(**to_row(query)))

    def queries(self, limit: int = 100) -> list[QueryRecord]:
        """Newest first."""
        query = select(QUERIES).order_by(QUERIES.c.started_on.desc(), QUERIES.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [QueryRecord(**row) for row in connection.execute(query).mappings()]
