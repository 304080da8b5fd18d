"""The server's log: one JSON object a line on stderr, with the query id where there is one. No statement's text, no secrets."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from sapwood.engine.result import Result
from sapwood.server.statements import Statement

_FIELDS = ("query_id", "session", "user", "outcome", "seconds", "rows", "code", "client")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, message, and the fields that were handed in with `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in _FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def start_log(level: str) -> None:
    """Write the records of the server, and uvicorn's warnings, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, threshold in (("sapwood", level.upper()), ("uvicorn", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(threshold)


def note_end(statement: Statement, results: tuple[Result, ...], seconds: float) -> None:
    """A statement has ended."""
    error = statement.error
    logging.getLogger("sapwood.server").info(
        "statement ended",
        extra={
            "query_id": statement.id,
            "session": statement.session.id,
            "user": statement.user,
            "outcome": "failed" if error else "ok",
            "seconds": round(seconds, 6),
            "rows": sum(result.table.num_rows for result in results),
            "code": f"{error.errno:06d}" if error else None,
        },
    )
