"""One call site's rows and the models: askings go in, outcomes come out, and many questions are under way.

So many rows are taken in that the backend always has some to go on with, and no more: neither questions nor answers of a
whole table are ever in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sapwood.dialect.statements import Call
from sapwood.engine.account import Account
from sapwood.engine.answered import Answered
from sapwood.engine.answering import Wanted, is_keepable
from sapwood.engine.batching import Batching
from sapwood.engine.budget import Budget
from sapwood.engine.dialogue import Asked, Dialogue
from sapwood.engine.generation import Generation, Store
from sapwood.engine.key import ContentKeys
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule, arguments_of
from sapwood.engine.report import Report
from sapwood.errors import CancelledError
from sapwood.functions.function import Arguments, Ask, EmbedAsk
from sapwood.inference.request import Completion, Embed, Request
from sapwood.store.records import CachedAnswer

AHEAD = 4096
"""Questions without an answer at which no more rows are taken in."""


class Exchange:
    """The questions of one call site. `keys`, `answered`, `account` and `budget` are the statement's."""

    def __init__(
        self,
        call: Call,
        batching: Batching,
        *,
        keys: ContentKeys,
        answered: Answered,
        account: Account,
        budget: Budget,
        report: Report,
    ) -> None:
        self._call, self._batching = call, batching
        self._keys, self._answered, self._account, self._budget = keys, answered, account, budget
        self._report = report
        self._function = batching.functions[call.function]
        self._dialogue = Dialogue(
            OutcomeRule(self._function, call, fails_on_error=batching.fails_on_error), self._request
        )
        self._generation = Generation(batching.backend, batching.is_cancelled, on_text=batching.on_text)
        self._store = Store(batching.answers)
        self._backlog: list[Wanted] = []
        self._asked: dict[str, Wanted] = {}

    def outcomes(self, windows: Iterable[Sequence[Asking]]) -> Iterator[tuple[Asking, Outcome]]:
        """An outcome for each asking of the windows. Raises CancelledError, and whatever ends the backend; what was finished is stored."""
        with self._generation, self._store:
            for askings in windows:
                self._begin(askings)
                yield from self._dialogue.take_outcomes()
                while len(self._asked) + len(self._backlog) >= AHEAD:
                    yield from self._gone_on()
            while self._dialogue.is_waiting:
                yield from self._gone_on()
        self._account.refuse(self._dialogue.refused)

    def _begin(self, askings: Sequence[Asking]) -> None:
        """Let rows ask their first questions."""
        if self._batching.is_cancelled():
            raise CancelledError("SQL execution canceled")
        for asking in askings:
            self._dialogue.begin(asking, arguments_of(self._call, asking), self._first)
        self._report.expect(-len(askings))
        self._ask()

    def _first(self, arguments: Arguments) -> Asked:
        return self._function.ask(arguments, self._batching.models)

    def _gone_on(self) -> list[tuple[Asking, Outcome]]:
        """Take in what was answered meanwhile; stored before anybody is told."""
        completions = self._generation.take()
        requests = {completion.key: self._asked.pop(completion.key) for completion in completions}
        self._store.add(
            _to_cached(completion, request.model.name)
            for completion, request in zip(completions, requests.values(), strict=True)
            if completion.error is None and self._keeps(request)
        )
        self._count(requests, completions)
        for completion in completions:
            self._budget.spend(requests[completion.key], completion)
        self._report.tell(len(completions))
        self._dialogue.go_on(completions)
        self._ask()
        return self._dialogue.take_outcomes()

    def _ask(self) -> None:
        """Have the rows' new questions answered, by what is known or by the backend, as many as may be spent."""
        while requests := self._dialogue.take_requests():
            self._report.expect(len(requests))
            known = self._known(requests)
            self._backlog += [request for key, request in requests.items() if key not in known]
            self._dialogue.go_on(known.values())
        if not self._backlog:
            return
        count = self._budget.admit(self._backlog)
        admitted, self._backlog = self._backlog[:count], self._backlog[count:]
        for request in admitted[:1]:
            self._report.ask(request.model.name)
        self._asked.update((request.key, request) for request in admitted)
        self._generation.ask(admitted)

    def _known(self, requests: Mapping[str, Wanted]) -> dict[str, Completion]:
        """Answers that this statement has had or that are stored; without the cache only those that it has stored itself."""
        before = {key for key in requests if key in self._answered}
        if before:
            self._store.flush()
        known = {completion.key: completion for completion in self._answered.find(before)}
        reads = self._batching.reads_cache
        wanted = [
            key
            for key, request in requests.items()
            if key not in known and (reads or key in before) and self._keeps(request)
        ]
        stored = {key: _from_cached(answer) for key, answer in self._batching.answers.get_many(wanted).items()}
        new = [completion for key, completion in stored.items() if key not in before]
        self._account.find(distinct=len(requests) - len(before), cached=len(new))
        self._count(requests, new)
        known |= stored
        self._report.tell(len(known), cached=len(known))
        return known

    def _count(self, requests: Mapping[str, Wanted], completions: Sequence[Completion]) -> None:
        """Remember completions that are new to the statement, and what they cost."""
        for completion in completions:
            is_stored = completion.error is None and self._keeps(requests[completion.key])
            self._answered.keep(completion, is_stored=is_stored)
        self._account.count(self._call.function, requests, completions)

    def _keeps(self, request: Wanted) -> bool:
        return is_keepable(request) and (self._batching.keeps_endpoints or request.model.kind != "endpoint")

    def _request(self, ask: Ask | EmbedAsk, asking: Asking) -> Wanted:
        key = self._keys.key(ask)
        if isinstance(ask, EmbedAsk):
            return Embed(key, ask.model, ask.text, ask.dimensions)
        if ask.sampling.temperature > 0:
            key = f"{key}#{self._call.site}.{asking[1]}"
        is_streamed = self._batching.on_text is not None
        return Request(
            key, ask.model, ask.messages, ask.sampling, ask.schema, ask.labels, ask.wants_confidence, is_streamed
        )


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


def _to_cached(completion: Completion, model: str) -> CachedAnswer:
    return CachedAnswer(
        completion.key,
        completion.text,
        completion.finish,
        completion.prompt_tokens,
        completion.completion_tokens,
        completion.computed_tokens,
        completion.seconds,
        model,
        completion.scores,
        completion.confidence,
    )
