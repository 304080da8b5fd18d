"""What statements and fine-tunes have cost, as rows: from the query history and the jobs.

Column names: the vendor's pages of QUERY_HISTORY and the CORTEX_..._USAGE_HISTORY views. Tokens are those that were asked
and answered, cached answers at what they cost when they were made. Nothing costs credits here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sapwood.engine.running import RunningStatement
from sapwood.engine.work import Work, moment, now_ms
from sapwood.store.records import QueryRecord

MOST_QUERIES = 10_000
"""Statements that the views look back at."""
HOUR_MS = 3_600_000

Row = dict[str, Any]


def query_rows(work: Work, limit: int = MOST_QUERIES) -> Iterator[Row]:
    """The statements that the session's role may see, newest first."""
    yield from _running(work)
    for query in _queries(work, limit):
        elapsed = None if query.finished_on is None else query.finished_on - query.started_on
        yield {
            "QUERY_ID": query.id,
            "QUERY_TEXT": query.text,
            "DATABASE_NAME": query.usage.get("database"),
            "SCHEMA_NAME": query.usage.get("schema"),
            "QUERY_TYPE": query.usage.get("kind"),
            "SESSION_ID": query.usage.get("session"),
            "USER_NAME": query.user,
            "ROLE_NAME": query.role,
            "WAREHOUSE_NAME": query.usage.get("warehouse"),
            "WAREHOUSE_SIZE": "X-Small",
            "WAREHOUSE_TYPE": "STANDARD",
            "QUERY_TAG": query.usage.get("query_tag", ""),
            "EXECUTION_STATUS": "FAIL" if query.error else "SUCCESS",
            "ERROR_CODE": query.error.split(" ", 1)[0] if query.error else None,
            "ERROR_MESSAGE": query.error or None,
            "START_TIME": moment(query.started_on),
            "END_TIME": None if query.finished_on is None else moment(query.finished_on),
            "TOTAL_ELAPSED_TIME": elapsed,
            "EXECUTION_TIME": elapsed,
            "ROWS_PRODUCED": query.rows,
        }


def _running(work: Work) -> Iterator[Row]:
    """The statements that run now, but for the one that asks; the finished ones have their rows below."""
    for statement in running_statements(work):
        if statement.id != work.query_id:
            elapsed = now_ms() - statement.started
            yield {
                "QUERY_ID": statement.id,
                "QUERY_TEXT": statement.text,
                "SESSION_ID": statement.session,
                "USER_NAME": statement.user,
                "ROLE_NAME": statement.role,
                "QUERY_TAG": "",
                "EXECUTION_STATUS": "RUNNING",
                "START_TIME": moment(statement.started),
                "END_TIME": None,
                "TOTAL_ELAPSED_TIME": elapsed,
                "EXECUTION_TIME": elapsed,
                "ROWS_PRODUCED": 0 if statement.progress is None else statement.progress.done,
            }


def running_statements(work: Work) -> list[RunningStatement]:
    """The running statements that the session's role may see."""
    found = work.parts.running.statements
    return [each for each in found if work.rights.is_all or each.user == work.state.user]


def progress_rows(work: Work) -> Iterator[Row]:
    """How far the statements are that ask a model now."""
    for statement in running_statements(work):
        progress = statement.progress
        if progress is not None:
            rate, left = progress.rows_per_s, progress.total - progress.done
            yield {
                "QUERY_ID": statement.id,
                "USER_NAME": statement.user,
                "MODEL_NAME": progress.model,
                "DONE": progress.done,
                "TOTAL": progress.total,
                "CACHED": progress.cached,
                "REQUESTS_PER_SECOND": rate,
                "SECONDS_LEFT": left / rate if rate else None,
            }


def _queries(work: Work, limit: int) -> list[QueryRecord]:
    found = work.parts.catalog.queries(limit)
    return [query for query in found if work.rights.is_all or query.user == work.state.user]


def query_usage(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Tokens of each statement, function and model."""
    for query in _queries(work, MOST_QUERIES):
        for used in query.usage.get("models", ()):
            yield {"QUERY_ID": query.id, **_used(used["function"], used["model"], used["tokens"])}


def ai_usage(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Tokens of each statement, function and model, with the hour in which the statement ended, its user and tag."""
    for query in _queries(work, MOST_QUERIES):
        ended = query.started_on if query.finished_on is None else query.finished_on
        about = {"USAGE_TIME": moment(ended // HOUR_MS * HOUR_MS), "QUERY_ID": query.id, "USER_ID": query.user}
        for used in query.usage.get("models", ()):
            tag = query.usage.get("query_tag") or None
            yield {**about, "QUERY_TAG": tag, **_used(used["function"], used["model"], used["tokens"])}


ANSWER_COUNTS = {
    "ROWS_ASKED": "rows",
    "QUESTIONS": "distinct",
    "CACHED": "cached",
    "FAILED": "failed",
    "TOKENS_COMPUTED": "tokens_computed",
}
"""Columns that count a statement's answers, and the fields of `Usage` behind them."""


def answer_rows(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """What each statement asked of models, and how much of it was known before. The vendor has no such view."""
    for query in _queries(work, MOST_QUERIES):
        if query.usage.get("distinct"):
            about = {"QUERY_ID": query.id, "START_TIME": moment(query.started_on), "USER_NAME": query.user}
            yield {**about, **{column: query.usage[field] for column, field in ANSWER_COUNTS.items()}}


def function_usage(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Tokens of each hour, function and model."""
    tokens: dict[tuple[int, str, str], int] = defaultdict(int)
    for query in _queries(work, MOST_QUERIES):
        for used in query.usage.get("models", ()):
            tokens[query.started_on // HOUR_MS, used["function"], used["model"]] += used["tokens"]
    for (hour, function, model), count in sorted(tokens.items()):
        yield {**_hour(hour), **_used(function, model, count)}


def finetune_usage(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Trained tokens of each finished fine-tune, in the hour in which it ended."""
    for job in work.parts.catalog.jobs("finetune"):
        if job.trained_tokens is not None and job.finished_on is not None:
            yield {**_hour(job.finished_on // HOUR_MS), **_used("FINETUNE", job.base_model, job.trained_tokens)}


def _hour(hour: int) -> Row:
    return {"START_TIME": moment(hour * HOUR_MS), "END_TIME": moment((hour + 1) * HOUR_MS)}


def _used(function: str, model: str, tokens: int) -> Row:
    return {"FUNCTION_NAME": function, "MODEL_NAME": model, "TOKENS": tokens, "TOKEN_CREDITS": 0.0}
