"""Users and their access tokens: put, find, list, drop. Knows nothing of how a password or a token is checked."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, insert, select

from sapwood.errors import ObjectExistsError, UnknownObjectError
from sapwood.store.database import Database
from sapwood.store.part import Part
from sapwood.store.recall import Recall
from sapwood.store.records import AccessToken, User
from sapwood.store.rows import drop, find, find_all, put, to_row
from sapwood.store.schema import ACCESS_TOKENS, ROLE_GRANTS, USERS


class Users(Part):
    """The catalogue's users. Names are as the dialect folded them, login names upper case."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        super().__init__(database, clock)
        self.user = Recall(database, self._user)
        """The user of a name, None if there is none."""

    def put_user(self, user: User, *, or_replace: bool = False, if_not_exists: bool = False) -> bool:
        """False: one was there and was left. A user that is replaced loses tokens and roles.

        Raises ObjectExistsError for a taken name if neither flag is set, and for a taken login name.
        """
        with self._database.write() as connection:
            query = select(USERS.c.name).where(USERS.c.login_name == user.login_name, USERS.c.name != user.name)
            if connection.execute(query).first() is not None:
                raise _exists(user.login_name)
            made = put(connection, USERS, user, or_replace=or_replace, if_not_exists=if_not_exists)
            if made:
                drop(connection, ACCESS_TOKENS, user=user.name)
                drop(connection, ROLE_GRANTS, grantee_kind="USER", grantee=user.name)
            return made

    def replace_user(self, old: User, new: User) -> None:
        """Put `new` in the place of `old`: other properties, or another name, with which tokens and roles go.

        Raises UnknownObjectError if `old` is gone or has changed meanwhile, ObjectExistsError for a taken name.
        """
        with self._database.write() as connection:
            if find(connection, USERS, User, name=old.name) != old:
                raise UnknownObjectError(
                    f"SQL compilation error:\nUser '{old.name}' does not exist or not authorized.",
                    hint="Somebody may have changed the user at the same moment: run the statement again.",
                )
            drop(connection, USERS, name=old.name)
            taken = select(1).where((USERS.c.name == new.name) | (USERS.c.login_name == new.login_name))
            if connection.execute(taken).first() is not None:
                raise _exists(new.name)
            connection.execute(insert(USERS).values(**to_row(new)))
            tokens, grants = ACCESS_TOKENS, ROLE_GRANTS
            connection.execute(tokens.update().where(tokens.c.user == old.name).values(user=new.name))
            is_its = (grants.c.grantee_kind == "USER") & (grants.c.grantee == old.name)
            connection.execute(grants.update().where(is_its).values(grantee=new.name))

    def _user(self, name: str) -> User | None:
        with self._database.read() as connection:
            return find(connection, USERS, User, name=name)

    def user_of_login(self, login_name: str) -> User | None:
        """The user who logs in by that name, whatever its case."""
        with self._database.read() as connection:
            return find(connection, USERS, User, login_name=login_name.upper())

    def users(self) -> list[User]:
        """Ordered by name."""
        with self._database.read() as connection:
            return find_all(connection, USERS, User)

    def drop_user(self, name: str) -> bool:
        """Take a user away with all tokens and roles; False if there was none."""
        with self._database.write() as connection:
            drop(connection, ACCESS_TOKENS, user=name)
            drop(connection, ROLE_GRANTS, grantee_kind="USER", grantee=name)
            return drop(connection, USERS, name=name)

    # Access tokens ---------------------------------------------------------------------------------------------------

    def add_token(self, token: AccessToken) -> None:
        """Raises ObjectExistsError if the user has one of that name."""
        with self._database.write() as connection:
            put(connection, ACCESS_TOKENS, token)

    def replace_token(self, token: AccessToken) -> None:
        """Put a token in the place of the one of the same name."""
        with self._database.write() as connection:
            put(connection, ACCESS_TOKENS, token, or_replace=True)

    def rotate_token(self, new: AccessToken, old: AccessToken) -> None:
        """Put `new` in the place of the token of its name, and keep that one as `old`, all or nothing."""
        with self._database.write() as connection:
            put(connection, ACCESS_TOKENS, new, or_replace=True)
            put(connection, ACCESS_TOKENS, old)

    def token_of_digest(self, digest: str) -> AccessToken | None:
        """The token whose secret has this sha256, expired or not."""
        with self._database.read() as connection:
            return find(connection, ACCESS_TOKENS, AccessToken, digest=digest)

    def tokens(self, user: str) -> list[AccessToken]:
        """A user's tokens, ordered by name."""
        with self._database.read() as connection:
            return find_all(connection, ACCESS_TOKENS, AccessToken, user=user)

    def drop_token(self, user: str, name: str) -> bool:
        """False if there was none."""
        with self._database.write() as connection:
            mine = (ACCESS_TOKENS.c.user == user) & (ACCESS_TOKENS.c.name == name)
            return connection.execute(delete(ACCESS_TOKENS).where(mine)).rowcount > 0


def _exists(name: str) -> ObjectExistsError:
    return ObjectExistsError(f"SQL compilation error:\nObject '{name}' already exists.", hint="Use another name.")
