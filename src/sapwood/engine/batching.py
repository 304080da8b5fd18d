"""What decides about a statement's questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sapwood.engine.budget import Spending
from sapwood.engine.result import OnProgress, OnText
from sapwood.functions.function import Models, SqlFunction
from sapwood.inference.request import Backend
from sapwood.store.answers import AnswerCache


@dataclass(frozen=True)
class Batching:
    """What decides about a statement's questions. `fails_on_error` lets functions that would give NULL for a failed row raise.

    `folder` takes what does not fit into memory, until the statement ends. `on_text` is told how an answer begins, longer each time.
    """

    query_id: str
    functions: Mapping[str, SqlFunction]
    models: Models
    backend: Backend
    answers: AnswerCache
    is_cancelled: Callable[[], bool]
    folder: Path
    on_progress: OnProgress | None = None
    on_text: OnText | None = None
    reads_cache: bool = True
    keeps_endpoints: bool = False
    fails_on_error: bool = False
    spending: Spending = Spending()
