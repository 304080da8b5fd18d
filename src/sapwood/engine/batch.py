"""Argument tuples to answers: distinct questions, the durable cache, the backends, one outcome a tuple.

Comes in: one call site and the argument tuples that a pass asked for. Goes out: a value or an error for each. Finished
answers are durable in groups of at most 64 or one second. It knows no SQL and no DuckDB.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from sapwood.dialect.statements import Call
from sapwood.engine.answering import Wanted, answers, is_keepable
from sapwood.engine.dialogue import Dialogue
from sapwood.engine.key import content_key
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule, arguments_of
from sapwood.engine.result import OnProgress, Progress, Usage
from sapwood.errors import CancelledError, Error, InternalError, ModelError
from sapwood.functions.function import Ask, EmbedAsk, Models, SqlFunction
from sapwood.inference.request import Backend, Completion, Embed, Request
from sapwood.store.answers import AnswerCache
from sapwood.store.records import CachedAnswer

GROUP_ROWS = 64
"""Most finished answers that a crash may cost."""
GROUP_SECONDS = 1.0
"""Longest time that a finished answer waits to be durable."""
POLL_SECONDS = 0.05
"""How often a waiting statement looks whether it was cancelled."""
WIND_DOWN_SECONDS = 0.5
"""How long a cancelled statement waits for the backend to hand over what it has finished."""


@dataclass(frozen=True)
class Batching:
    """What decides about a statement's questions. `fails_on_error` lets functions that would give NULL for a failed row raise."""

    query_id: str
    functions: Mapping[str, SqlFunction]
    models: Models
    backend: Backend
    answers: AnswerCache
    is_cancelled: Callable[[], bool]
    on_progress: OnProgress | None = None
    reads_cache: bool = True
    keeps_endpoints: bool = False
    fails_on_error: bool = False


class Batcher:
    """Answers the askings of one statement and counts what they cost."""

    def __init__(self, batching: Batching) -> None:
        self._with = batching
        self._lock = threading.Lock()
        self._done: dict[str, Completion] = {}
        self.usage = Usage()
        self.tokens: dict[tuple[str, str], int] = {}
        """Tokens asked and answered by function and model."""

    def answer(self, call: Call, askings: Sequence[Asking]) -> dict[Asking, Outcome]:
        """An outcome for each asking; CancelledError once what was finished is stored."""
        with self._lock:
            dialogue = self._begun(call, askings)
            while dialogue.is_waiting:
                before, requests = set(self._done), dialogue.requests
                completions = self._completed(requests)
                self._count_models(call, requests, completions.keys() - before)
                dialogue.go_on(completions)
            self.usage = replace(self.usage, failed=self.usage.failed + dialogue.refused)
            return dialogue.outcomes

    def _begun(self, call: Call, askings: Sequence[Asking]) -> Dialogue:
        function = self._with.functions[call.function]
        rule = OutcomeRule(function, call, fails_on_error=self._with.fails_on_error)
        dialogue = Dialogue(rule, lambda ask, asking: self._request(ask, call, asking))
        for asking in askings:
            if self._with.is_cancelled():
                raise CancelledError("SQL execution canceled")
            dialogue.begin(asking, function.rounds(arguments_of(call, asking), self._with.models))
        return dialogue

    def _count_models(self, call: Call, requests: Mapping[str, Wanted], new: AbstractSet[str]) -> None:
        for key in new:
            used, done = (call.function, requests[key].model.name), self._done[key]
            self.tokens[used] = self.tokens.get(used, 0) + done.prompt_tokens + done.completion_tokens

    def count_rows(self, rows: int) -> None:
        """Note how many rows asked in the pass that gave the result."""
        self.usage = replace(self.usage, rows=self.usage.rows + rows)

    def _request(self, ask: Ask | EmbedAsk, call: Call, asking: Asking) -> Wanted:
        key = content_key(ask, version=self._with.backend.version(ask.model))
        if isinstance(ask, EmbedAsk):
            return Embed(key, ask.model, ask.text, ask.dimensions)
        if ask.sampling.temperature > 0:
            key = f"{key}#{call.site}.{asking[1]}"
        return Request(key, ask.model, ask.messages, ask.sampling, ask.schema, ask.labels, ask.wants_confidence)

    def _completed(self, requests: Mapping[str, Wanted]) -> dict[str, Completion]:
        """A completion for each request; one that this statement has asked before is not asked again."""
        fresh = {key: request for key, request in requests.items() if key not in self._done}
        found = self._known(fresh)
        missing = [request for key, request in fresh.items() if key not in found]
        usage = self.usage
        self.usage = replace(usage, distinct=usage.distinct + len(fresh), cached=usage.cached + len(found))
        report = _Report(self._with, missing, len(requests) - len(missing))
        report.tell(0)
        self._take(found)
        if missing:
            self._take(self._generated(missing, report))
        return {key: self._done[key] for key in requests}

    def _known(self, requests: Mapping[str, Wanted]) -> dict[str, Completion]:
        if not self._with.reads_cache:
            return {}
        kept = [key for key, request in requests.items() if self._keeps(request)]
        return {key: _from_cached(answer) for key, answer in self._with.answers.get_many(kept).items()}

    def _keeps(self, request: Wanted) -> bool:
        return is_keepable(request) and (self._with.keeps_endpoints or request.model.kind != "endpoint")

    def _generated(self, requests: Sequence[Wanted], report: _Report) -> dict[str, Completion]:
        by_key = {request.key: request for request in requests}
        done: dict[str, Completion] = {}
        store = _Store(self._with.answers)
        with _Generation(self._with.backend, requests, self._with.is_cancelled) as generation:
            try:
                for completion in generation:
                    if completion is not None:
                        done[completion.key] = completion
                        if completion.error is None and self._keeps(by_key[completion.key]):
                            store.add(_to_cached(completion, by_key[completion.key]))
                        report.tell(len(done))
                    store.flush_if_due()
            finally:
                store.flush()
        if self._with.is_cancelled():
            raise CancelledError("SQL execution canceled")
        if generation.error is not None:
            raise generation.error
        unanswered = by_key.keys() - done.keys()
        if unanswered:
            raise InternalError(f"{len(unanswered)} of {len(by_key)} questions got no answer")
        return done

    def _take(self, completions: Mapping[str, Completion]) -> None:
        """Remember new completions and count what they cost."""
        self._done.update(completions)
        usage, new = self.usage, completions.values()
        self.usage = replace(
            usage,
            failed=usage.failed + sum(completion.error is not None for completion in new),
            tokens_asked=usage.tokens_asked + sum(completion.prompt_tokens for completion in new),
            tokens_answered=usage.tokens_answered + sum(completion.completion_tokens for completion in new),
            tokens_computed=usage.tokens_computed + sum(completion.computed_tokens for completion in new),
            seconds=usage.seconds + sum(completion.seconds for completion in new),
            cut=usage.cut + sum(completion.finish == "length" for completion in new),
            repeated=usage.repeated + sum(completion.finish == "repetition" for completion in new),
            shortened=usage.shortened + sum(completion.finish == "shortened" for completion in new),
        )


# One batch through a backend -----------------------------------------------------------------------------------------


class _Generation:
    """A backend's answers as they come, from a thread of its own, so that waiting for one can't hold up cancel or storing.

    Iterating gives a completion, or None when there was none for a moment.
    """

    def __init__(self, backend: Backend, requests: Sequence[Wanted], is_cancelled: Callable[[], bool]) -> None:
        self.error: Error | None = None
        self._backend = backend
        self._requests = requests
        self._is_cancelled = is_cancelled
        self._stop = threading.Event()
        self._queue: queue.SimpleQueue[Completion | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sapwood-batch", daemon=True)

    def __enter__(self) -> _Generation:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def __iter__(self) -> Iterator[Completion | None]:
        deadline: float | None = None
        while deadline is None or time.monotonic() < deadline:
            if deadline is None and self._is_cancelled():
                deadline = time.monotonic() + WIND_DOWN_SECONDS
            try:
                item = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                yield None
                continue
            if item is None:
                return
            yield item

    def _work(self) -> None:
        try:
            for completion in answers(self._backend, self._requests, is_cancelled=self._is_stopped):
                self._queue.put(completion)
        except Error as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the statement
            self.error = ModelError(f"Request failed with remote service error: 500 '\"internal error\"' ({error})")
            self.error.__cause__ = error
        finally:
            self._queue.put(None)

    def _is_stopped(self) -> bool:
        return self._stop.is_set() or self._is_cancelled()


class _Store:
    """Answers on their way to the disk."""

    def __init__(self, answers: AnswerCache) -> None:
        self._answers = answers
        self._waiting: list[CachedAnswer] = []
        self._since = 0.0

    def add(self, answer: CachedAnswer) -> None:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(answer)

    def flush_if_due(self) -> None:
        if len(self._waiting) >= GROUP_ROWS or (self._waiting and time.monotonic() - self._since >= GROUP_SECONDS):
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._answers.put_many(self._waiting)
            self._waiting = []


class _Report:
    """Progress of one batch to whoever asked for it."""

    def __init__(self, batching: Batching, missing: Sequence[Wanted], cached: int) -> None:
        self._with = batching
        self._total = len(missing) + cached
        self._cached = cached
        self._model = missing[0].model.name if missing else ""
        self._started = time.monotonic()

    def tell(self, done: int) -> None:
        if self._with.on_progress is None or not self._total:
            return
        seconds = time.monotonic() - self._started
        rate = done / seconds if done and seconds > 0 else 0.0
        progress = Progress(
            self._with.query_id, "inference", self._model, self._cached + done, self._total, self._cached, rate
        )
        self._with.on_progress(progress)


def _from_cached(answer: CachedAnswer) -> Completion:
    return Completion(
        answer.key,
        answer.text,
        answer.finish,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        computed_tokens=answer.computed_tokens,
        seconds=answer.seconds,
        scores=tuple(answer.scores),
        confidence=answer.confidence,
    )


def _to_cached(completion: Completion, request: Wanted) -> CachedAnswer:
    return CachedAnswer(
        completion.key,
        completion.text,
        completion.finish,
        completion.prompt_tokens,
        completion.completion_tokens,
        completion.computed_tokens,
        completion.seconds,
        model=request.model.name,
        scores=completion.scores,
        confidence=completion.confidence,
    )
