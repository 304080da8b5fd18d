"""Argument tuples to answers: distinct questions, the durable cache, the backends, one outcome a tuple.

Comes in: one call site and the argument tuples that a pass asked for. Goes out: a value or an error for each. Finished
answers are durable in groups of at most 64 or one second. It knows no SQL and no DuckDB.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from sapwood.dialect.statements import NOT_CONSTANT, Call
from sapwood.engine.key import content_key
from sapwood.engine.result import OnProgress, Progress, Usage
from sapwood.errors import CancelledError, Error, InternalError, ModelError
from sapwood.functions.function import Answer, Ask, Models, SqlFunction
from sapwood.inference.request import Backend, Completion, Request
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

Asking = tuple[tuple[str | None, ...], int]
"""The arguments at a call site, and which asking of these it is: 0, or 0, 1, 2 ... where equal ones may differ in their answers."""


@dataclass(frozen=True)
class Outcome:
    """What became of one asking: the value's text (None is NULL), or the error that the function's rule raises."""

    value: str | None = None
    error: Error | None = None


@dataclass(frozen=True)
class Batching:
    """What decides about a statement's questions. `is_cached` says whether a request may be kept and found again."""

    query_id: str
    functions: Mapping[str, SqlFunction]
    models: Models
    backend: Backend
    answers: AnswerCache
    is_cancelled: Callable[[], bool]
    on_progress: OnProgress | None = None
    reads_cache: bool = True
    keeps_endpoints: bool = False


@dataclass
class _Plan:
    """The distinct requests of one batch, with the askings behind each."""

    requests: dict[str, Request] = field(default_factory=dict)
    askings: dict[str, list[Asking]] = field(default_factory=dict)
    outcomes: dict[Asking, Outcome] = field(default_factory=dict)
    """Those that need no model, or can't be asked."""


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
            plan = self._planned(call, askings)
            before = set(self._done)
            completions = self._completed(plan)
            self._count_models(call, plan, completions.keys() - before)
            broken = sum(outcome.error is not None for outcome in plan.outcomes.values())
            self.usage = replace(self.usage, failed=self.usage.failed + broken)
            return {**plan.outcomes, **self._values(call, plan, completions)}

    def _count_models(self, call: Call, plan: _Plan, new: AbstractSet[str]) -> None:
        for key in new:
            used, done = (call.function, plan.requests[key].model.name), self._done[key]
            self.tokens[used] = self.tokens.get(used, 0) + done.prompt_tokens + done.completion_tokens

    def count_rows(self, rows: int) -> None:
        """Note how many rows asked in the pass that gave the result."""
        self.usage = replace(self.usage, rows=self.usage.rows + rows)

    def _planned(self, call: Call, askings: Sequence[Asking]) -> _Plan:
        function = self._with.functions[call.function]
        plan = _Plan()
        for asking in askings:
            if self._with.is_cancelled():
                raise CancelledError("SQL execution canceled")
            try:
                asked = function.ask(arguments_of(call, asking), self._with.models)
            except Error as error:
                plan.outcomes[asking] = _failed(function, call, asking, error)
                continue
            if isinstance(asked, Answer):
                plan.outcomes[asking] = _succeeded(function, call, asking, asked.value)
                continue
            request = self._request(asked, call, asking)
            plan.requests.setdefault(request.key, request)
            plan.askings.setdefault(request.key, []).append(asking)
        return plan

    def _request(self, ask: Ask, call: Call, asking: Asking) -> Request:
        version = self._with.backend.version(ask.model)
        key = content_key(ask.model, ask.messages, sampling=ask.sampling, schema=ask.schema, version=version)
        if ask.sampling.temperature > 0:
            key = f"{key}#{call.site}.{asking[1]}"
        return Request(key, ask.model, ask.messages, ask.sampling, ask.schema)

    def _completed(self, plan: _Plan) -> dict[str, Completion]:
        """A completion for each request; one that this statement has asked before is not asked again."""
        fresh = {key: request for key, request in plan.requests.items() if key not in self._done}
        found = self._known(fresh)
        missing = [request for key, request in fresh.items() if key not in found]
        usage = self.usage
        self.usage = replace(usage, distinct=usage.distinct + len(fresh), cached=usage.cached + len(found))
        report = _Report(self._with, missing, len(plan.requests) - len(missing))
        report.tell(0)
        self._take(found)
        if missing:
            self._take(self._generated(missing, report))
        return {key: self._done[key] for key in plan.requests}

    def _known(self, requests: Mapping[str, Request]) -> dict[str, Completion]:
        if not self._with.reads_cache:
            return {}
        kept = [key for key, request in requests.items() if self._keeps(request)]
        return {key: _from_cached(answer) for key, answer in self._with.answers.get_many(kept).items()}

    def _keeps(self, request: Request) -> bool:
        return request.sampling.temperature == 0 and (self._with.keeps_endpoints or request.model.kind != "endpoint")

    def _generated(self, requests: Sequence[Request], report: _Report) -> dict[str, Completion]:
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
        )

    def _values(self, call: Call, plan: _Plan, completions: Mapping[str, Completion]) -> dict[Asking, Outcome]:
        function = self._with.functions[call.function]
        values: dict[Asking, Outcome] = {}
        for key, askings in plan.askings.items():
            for asking in askings:
                values[asking] = _outcome(function, call, asking, completions[key])
        return values


def arguments_of(call: Call, asking: Asking) -> dict[str, str | None]:
    """A row's arguments by parameter name; an argument that was not given is absent."""
    return dict(zip(call.arguments, asking[0], strict=True))


# One batch through a backend -----------------------------------------------------------------------------------------


class _Generation:
    """A backend's answers as they come, from a thread of its own, so that waiting for one can't hold up cancel or storing.

    Iterating gives a completion, or None when there was none for a moment.
    """

    def __init__(self, backend: Backend, requests: Sequence[Request], is_cancelled: Callable[[], bool]) -> None:
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
            for completion in self._backend.generate(self._requests, is_cancelled=self._is_stopped):
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

    def __init__(self, batching: Batching, missing: Sequence[Request], cached: int) -> None:
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


# Values and errors ---------------------------------------------------------------------------------------------------


def _outcome(function: SqlFunction, call: Call, asking: Asking, completion: Completion) -> Outcome:
    if completion.error is not None:
        return _failed(function, call, asking, _completion_error(function, completion))
    try:
        value = function.value(completion, arguments_of(call, asking))
    except Error as error:
        return _failed(function, call, asking, error)
    return _succeeded(function, call, asking, value)


def _completion_error(function: SqlFunction, completion: Completion) -> ModelError:
    name = function.signature.function
    status = 503 if completion.retryable else 400
    text = json.dumps(completion.error, ensure_ascii=False)
    return ModelError(f"Request failed for external function {name}$V2 with remote service error: {status} '{text}'")


def _failed(function: SqlFunction, call: Call, asking: Asking, error: Error) -> Outcome:
    """The function's rule for a row without an answer: raise, NULL, or {value, error}."""
    if function.on_error == "raise":
        return Outcome(None, error)
    if function.on_error == "details" and _wants_details(call, asking):
        return Outcome(_compact({"value": None, "error": error.msg}))
    return Outcome(None)


def _succeeded(function: SqlFunction, call: Call, asking: Asking, value: str | None) -> Outcome:
    if function.on_error == "details" and _wants_details(call, asking):
        return Outcome(_compact({"value": _as_json(function, call, value), "error": None}))
    return Outcome(value)


def _wants_details(call: Call, asking: Asking) -> bool:
    return (arguments_of(call, asking).get("return_error_details") or "").lower() == "true"


def _as_json(function: SqlFunction, call: Call, value: str | None) -> object:
    """The value as it stands in JSON: a text stays one, an object or a number is put in as what it is."""
    if value is None:
        return None
    plain = {name: constant for name, constant in call.constants.items() if name != "return_error_details"}
    given = {name: plain.get(name, NOT_CONSTANT) for name in call.arguments if name != "return_error_details"}
    signature = function.signature
    kind = signature.returns_of(given) if signature.returns_of else signature.returns
    return value if kind.name == "TEXT" else json.loads(value)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _from_cached(answer: CachedAnswer) -> Completion:
    return Completion(
        answer.key,
        answer.text,
        answer.finish,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        computed_tokens=answer.computed_tokens,
        seconds=answer.seconds,
    )


def _to_cached(completion: Completion, request: Request) -> CachedAnswer:
    return CachedAnswer(
        completion.key,
        completion.text,
        completion.finish,
        completion.prompt_tokens,
        completion.completion_tokens,
        completion.computed_tokens,
        completion.seconds,
        model=request.model.name,
    )
