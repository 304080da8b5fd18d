"""Argument tuples to answers: distinct questions, the durable cache, the backends, one outcome a tuple.

Comes in: one call site and the argument tuples that a pass asked for, some at a time. Goes out: a value or an error for
each. Only one window of rows is in memory, and the backend is asked no faster than it answers. It knows no SQL and no DuckDB.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from pathlib import Path

from sapwood.dialect.statements import Call
from sapwood.engine.answering import Wanted, is_keepable
from sapwood.engine.budget import Budget, Spending
from sapwood.engine.dialogue import Dialogue
from sapwood.engine.generation import Generation, Store
from sapwood.engine.key import ContentKeys
from sapwood.engine.ledger import Texts
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule, arguments_of
from sapwood.engine.report import Report
from sapwood.engine.result import OnProgress, OnText, Usage
from sapwood.errors import CancelledError, InternalError
from sapwood.functions.function import Ask, EmbedAsk, Models, SqlFunction
from sapwood.inference.request import Backend, Completion, Embed, Request
from sapwood.store.answers import AnswerCache
from sapwood.store.records import CachedAnswer


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


class Batcher:
    """Answers the askings of one statement and counts what they cost."""

    def __init__(self, batching: Batching) -> None:
        self.batching = batching
        self._lock = threading.Lock()
        self._done = _Completions(batching.folder)
        self._keys = ContentKeys(batching.backend.version)
        self.budget = Budget(batching.spending, batching.models)
        self.usage = Usage()
        self.tokens: dict[tuple[str, str], int] = {}
        """Tokens asked and answered by function and model."""

    def answer(self, call: Call, windows: Iterable[Sequence[Asking]], total: int) -> Iterator[tuple[Asking, Outcome]]:
        """An outcome for each asking of the windows, of which there are `total`; CancelledError once what was finished is stored."""
        with self._lock:
            report = Report(self.batching.query_id, self.batching.on_progress, total)
            for askings in windows:
                yield from self._answered(call, askings, report).items()

    def count_rows(self, rows: int) -> None:
        """Note how many rows asked in the pass that gave the result."""
        self.usage = replace(self.usage, rows=self.usage.rows + rows)

    def close(self) -> None:
        """Let go of what the statement was answered."""
        self._done.close()

    def _answered(self, call: Call, askings: Sequence[Asking], report: Report) -> dict[Asking, Outcome]:
        dialogue = self._begun(call, askings)
        report.expect(len(dialogue.requests) - len(askings))
        while dialogue.is_waiting:
            completions = self._completed(call, dialogue.requests, report)
            dialogue.go_on(completions)
            report.expect(len(dialogue.requests))
        self.usage = replace(self.usage, failed=self.usage.failed + dialogue.refused)
        return dialogue.outcomes

    def _begun(self, call: Call, askings: Sequence[Asking]) -> Dialogue:
        function = self.batching.functions[call.function]
        rule = OutcomeRule(function, call, fails_on_error=self.batching.fails_on_error)
        dialogue = Dialogue(rule, lambda ask, asking: self._request(ask, call, asking))
        for asking in askings:
            if self.batching.is_cancelled():
                raise CancelledError("SQL execution canceled")
            dialogue.begin(asking, function.rounds(arguments_of(call, asking), self.batching.models))
        return dialogue

    def _request(self, ask: Ask | EmbedAsk, call: Call, asking: Asking) -> Wanted:
        key = self._keys.key(ask)
        if isinstance(ask, EmbedAsk):
            return Embed(key, ask.model, ask.text, ask.dimensions)
        if ask.sampling.temperature > 0:
            key = f"{key}#{call.site}.{asking[1]}"
        is_streamed = self.batching.on_text is not None
        return Request(
            key, ask.model, ask.messages, ask.sampling, ask.schema, ask.labels, ask.wants_confidence, is_streamed
        )

    def _completed(self, call: Call, requests: Mapping[str, Wanted], report: Report) -> dict[str, Completion]:
        """A completion for each request; one that this statement has asked before is not asked again."""
        before = {key for key in requests if key in self._done}
        done = self._done.find(before)
        found = self._known({key: request for key, request in requests.items() if key not in done}, before)
        new = [completion for key, completion in found.items() if key not in before]
        missing = [request for key, request in requests.items() if key not in done and key not in found]
        usage = self.usage
        distinct = usage.distinct + len(requests) - len(before)
        self.usage = replace(usage, distinct=distinct, cached=usage.cached + len(new))
        done.update(found)
        report.tell(len(done), cached=len(done))
        self._take(call, requests, new)
        for part in self.budget.parts(missing) if missing else ():
            for completions in self._generated(part, report):
                self._take(call, requests, completions)
                for completion in completions:
                    done[completion.key] = completion
                    self.budget.spend(requests[completion.key].model, completion)
        unanswered = requests.keys() - done.keys()
        if unanswered:
            raise InternalError(f"{len(unanswered)} of {len(requests)} questions got no answer")
        return done

    def _known(self, requests: Mapping[str, Wanted], before: AbstractSet[str]) -> dict[str, Completion]:
        """Answers that are stored; without the cache only those that this statement has stored itself."""
        reads = self.batching.reads_cache
        kept = [key for key, request in requests.items() if self._keeps(request) and (reads or key in before)]
        return {key: _from_cached(answer) for key, answer in self.batching.answers.get_many(kept).items()}

    def _keeps(self, request: Wanted) -> bool:
        return is_keepable(request) and (self.batching.keeps_endpoints or request.model.kind != "endpoint")

    def _generated(self, requests: Sequence[Wanted], report: Report) -> Iterator[list[Completion]]:
        """What the backend answers, as it comes; stored before it is told of."""
        kept = {request.key: request for request in requests if self._keeps(request)}
        store = Store(self.batching.answers)
        report.ask(requests[0].model.name)
        batching = self.batching
        with Generation(batching.backend, requests, batching.is_cancelled, on_text=batching.on_text) as generation:
            try:
                for completions in generation:
                    store.add(
                        _to_cached(completion, kept[completion.key])
                        for completion in completions
                        if completion.error is None and completion.key in kept
                    )
                    store.flush_if_due()
                    report.tell(len(completions))
                    yield completions
            finally:
                store.flush()
        if self.batching.is_cancelled():
            raise CancelledError("SQL execution canceled")
        if generation.error is not None:
            raise generation.error

    def _take(self, call: Call, requests: Mapping[str, Wanted], new: Sequence[Completion]) -> None:
        """Remember new completions and count what they cost."""
        for completion in new:
            request = requests[completion.key]
            self._done.keep(completion, is_stored=completion.error is None and self._keeps(request))
            used = (call.function, request.model.name)
            self.tokens[used] = self.tokens.get(used, 0) + completion.prompt_tokens + completion.completion_tokens
        usage, finishes = self.usage, Counter(completion.finish for completion in new)
        self.usage = replace(
            usage,
            failed=usage.failed + sum(completion.error is not None for completion in new),
            tokens_asked=usage.tokens_asked + sum(completion.prompt_tokens for completion in new),
            tokens_answered=usage.tokens_answered + sum(completion.completion_tokens for completion in new),
            tokens_computed=usage.tokens_computed + sum(completion.computed_tokens for completion in new),
            seconds=usage.seconds + sum(completion.seconds for completion in new),
            cut=usage.cut + finishes["length"],
            repeated=usage.repeated + finishes["repetition"],
            shortened=usage.shortened + finishes["shortened"],
        )


class _Completions:
    """What a statement was answered, by the question's key: completions that are not stored elsewhere lie in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: Texts | None = None
        self._places: dict[bytes, int | None] = {}

    def __contains__(self, key: str) -> bool:
        return _short(key) in self._places

    def find(self, keys: Iterable[str]) -> dict[str, Completion]:
        """Those of the keys that are in the file."""
        texts = self._texts
        if texts is None:
            return {}
        places = {key: place for key in keys if (place := self._places.get(_short(key))) is not None}
        return {key: Completion(*json.loads(texts.get(place))) for key, place in places.items()}

    def keep(self, completion: Completion, *, is_stored: bool) -> None:
        """Remember a completion, or only that it is in the store of answers."""
        place = None
        if not is_stored:
            self._texts = self._texts or Texts(self._folder)
            place = self._texts.add(json.dumps(_values(completion)))
        self._places[_short(completion.key)] = place

    def close(self) -> None:
        """Let go of the completions."""
        if self._texts is not None:
            self._texts.close()


_values = attrgetter(*(field.name for field in fields(Completion)))


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


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
