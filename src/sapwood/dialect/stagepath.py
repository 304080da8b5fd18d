"""Stage paths: @stage/path, @db.schema.stage, @%table/path, @~/path, and addresses.

Comes in: text and the session's scope. Goes out: a StagePath with resolved names. Knows no statement.
"""

from __future__ import annotations

import re
from typing import Protocol

from sapwood.dialect.names import parts, qualify
from sapwood.dialect.statements import Name, StagePath
from sapwood.errors import ParseError

_PLACE = re.compile(
    r"""@(?P<kind>~|%?)(?P<name>(?:"(?:[^"]|"")*"|[A-Za-z_][\w$]*)?(?:\.(?:%?"(?:[^"]|"")*"|%?[A-Za-z_][\w$]*))*)(?P<path>/[^\s,;)]*)?"""
)


class Place(Protocol):
    """Where bare names are looked up."""

    @property
    def database(self) -> str | None: ...
    @property
    def schema(self) -> str | None: ...


def stage_path(text: str, place: Place) -> tuple[StagePath, int]:
    """The stage path at the start of a text, and where it ends.

    Forms: @stage/path, @db.schema.stage, @%table/path, @~/path; the same in quotes; 's3://...'.
    """
    if text.startswith("'"):
        end = text.index("'", 1) if "'" in text[1:] else len(text) - 1
        inner = text[1:end]
        if inner:
            return (stage_path(inner, place)[0] if inner.startswith("@") else StagePath(url=inner)), end + 1
    found = _PLACE.match(text)
    if found is None or not (found["name"] or found["kind"] == "~"):
        raise ParseError("SQL compilation error:\nA stage is expected here, such as @my_stage/path.")
    path = (found["path"] or "").lstrip("/")
    if found["kind"] == "~":
        return StagePath(user=True, path=path), found.end()
    *holder, last = parts(found["name"].replace("%", ""))
    name = Name(*qualify((*holder, last), database=place.database, schema=place.schema))
    if found["kind"] == "%" or "%" in found["name"]:
        return StagePath(table=name, path=path), found.end()
    return StagePath(stage=name, path=path), found.end()
