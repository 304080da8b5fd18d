"""Functions that tell of the session: CURRENT_USER, LAST_QUERY_ID and their like.

Comes in: the session's values by name. Goes out: constants. Source: the vendor's page "Context functions".
"""

from __future__ import annotations

from collections.abc import Sequence

from sapwood.dialect import semistructured
from sapwood.dialect.coercion import cast
from sapwood.dialect.given import Given, Rule, one_of
from sapwood.dialect.types import VARIANT, text
from sapwood.dialect.values import Value, text_value
from sapwood.errors import InvalidArgumentsError

_NULL = Value("CAST(NULL AS VARCHAR)", text(), constant=None)


def _context(given: Given) -> Value:
    """CURRENT_USER and its like: the session's value as a constant."""
    one_of(given, 0)
    found = given.context.get(given.name)
    return _NULL if found is None else text_value(str(found))


def _last_query_id(given: Given) -> Value:
    """LAST_QUERY_ID([n]): the session's n-th statement, from its end if n is negative; NULL if there is none."""
    ids: Sequence[str] = given.context.get("LAST_QUERY_ID") or ()
    values = one_of(given, 0, 1)
    at = values[0].constant if values else -1
    if not isinstance(at, int):
        raise InvalidArgumentsError("SQL compilation error:\nLAST_QUERY_ID takes a constant number.")
    index = at - 1 if at > 0 else at
    found = ids[index] if at and -len(ids) <= index < len(ids) else None
    return _NULL if found is None else text_value(found)


def _cancel_all_queries(given: Given) -> Value:
    """SYSTEM$CANCEL_ALL_QUERIES(session): clients say it when they close; a session runs one statement at a time, this one."""
    one_of(given, 1)
    return text_value("0 statements cancelled.")


def _client_version_info(given: Given) -> Value:
    """SYSTEM$CLIENT_VERSION_INFO(): the versions that a client must have, as JSON; none is demanded."""
    one_of(given, 0)
    return text_value("[]")


def _typeof(given: Given) -> Value:
    (value,) = one_of(given, 1)
    return semistructured.typeof(cast(value, VARIANT))


def _system_typeof(given: Given) -> Value:
    """SYSTEM$TYPEOF(x): the type of an expression, as it is stored there."""
    (value,) = one_of(given, 1)
    return text_value(str(value.type))


_CONTEXT = (
    "CURRENT_USER", "CURRENT_ROLE", "CURRENT_DATABASE", "CURRENT_SCHEMA", "CURRENT_WAREHOUSE", "CURRENT_ACCOUNT", "CURRENT_VERSION",
    "CURRENT_SESSION", "CURRENT_REGION", "CURRENT_ACCOUNT_NAME", "CURRENT_ORGANIZATION_NAME", "CURRENT_CLIENT", "CURRENT_IP_ADDRESS",
    "CURRENT_STATEMENT", "CURRENT_TRANSACTION", "CURRENT_SECONDARY_ROLES", "CURRENT_AVAILABLE_ROLES", "CURRENT_SCHEMAS", "CURRENT_ROLE_TYPE",
    "CURRENT_QUERY_TAG",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **dict.fromkeys(_CONTEXT, _context),
    "LAST_QUERY_ID": _last_query_id,
    "SYSTEM$CANCEL_ALL_QUERIES": _cancel_all_queries,
    "SYSTEM$CLIENT_VERSION_INFO": _client_version_info,
    "SYSTEM$TYPEOF": _system_typeof,
    "TYPEOF": _typeof,
}
