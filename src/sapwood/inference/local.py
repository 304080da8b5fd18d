"""The torch backend, for kinds 'local' and 'tuned': requests in, completions or vectors out as they finish. Knows no SQL.

Requests are taken model by model; of one model, prompts that begin alike form a group that shares its prefix; a group's
rows are answered by a `Batch`. One step of one batch runs at a time, so callers on several threads take turns.
In fp32 an answer does not depend on what else is in the batch; in bf16 a tie between two tokens may fall otherwise.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sapwood.config import InferenceConfig
from sapwood.errors import ContextLengthError, Error
from sapwood.inference.attention import PrefixKV
from sapwood.inference.batch import Batch, Row
from sapwood.inference.choosing import Choice
from sapwood.inference.embedding import WINDOW, Encoder, batches
from sapwood.inference.grouping import by_model, group_rows
from sapwood.inference.labels import Search
from sapwood.inference.models import Loaded, Models
from sapwood.inference.request import Completion, Embed, Message, Request, Vector, wrong_dimensions
from sapwood.store.records import ModelVersion

_LOG = logging.getLogger(__name__)

ENGINE = "torch-3"
"""Raised whenever this engine would answer otherwise than before."""


@dataclass(frozen=True)
class _Job:
    """A request with its prompt in tokens and how it will choose."""

    request: Request
    prompt: tuple[int, ...]
    limit: int
    choice: Choice | Search


class LocalBackend:
    """A `Backend` that computes in this process."""

    def __init__(self, config: InferenceConfig, *, prepare: Callable[[ModelVersion], ModelVersion]) -> None:
        """`prepare` makes a model's files be there; it is called when a model is first used."""
        self._config = config
        self._models = Models(config, prepare=prepare)
        self._turn = threading.RLock()

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        """See `Backend`. A model that can't be loaded raises ModelError: no row could be answered."""
        for version, some in by_model(requests):
            if is_cancelled():
                return
            with self._turn:
                loaded = self._models.get(version)
            yield from self._answer(loaded, some, is_cancelled)

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        """See `Backend`. A model that can't be loaded raises ModelError."""
        for version, some in by_model(requests):
            if is_cancelled():
                return
            with self._turn:
                encoder = self._models.encoder(version)
            for at in range(0, len(some), WINDOW):
                yield from self._embed(encoder, some[at : at + WINDOW], is_cancelled)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return len(self._models.chat(model).prompt_ids(messages))

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return self._models.text_tokens(model, text)

    def version(self, model: ModelVersion) -> str:
        return f"{ENGINE}/{self._models.precision.name}"

    def shrink(self, limit: int) -> None:
        with self._turn:
            self._models.shrink(limit)

    def close(self) -> None:
        self.shrink(0)

    def _embed(self, encoder: Encoder, requests: Sequence[Embed], is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        """Vectors of one window of texts, in batches by length."""
        wrong = {request.key: wrong_dimensions(request, encoder.dimensions) for request in requests}
        yield from (Vector(key, b"", error=error) for key, error in wrong.items() if error)
        good = [request for request in requests if not wrong[request.key]]
        started = time.perf_counter()
        rows = encoder.read([request.text for request in good]) if good else []
        for some in batches(rows, budget=self._config.batch_tokens):
            if is_cancelled():
                return
            try:
                with self._turn:
                    vectors = encoder.encode([rows[at].ids for at in some]).numpy().astype("<f4")
            except RuntimeError as error:  # torch's class for out of memory and for most else
                _LOG.exception("a batch of vectors failed")
                yield from (Vector(good[at].key, b"", error=_reason(error), retryable=True) for at in some)
                continue
            share = (time.perf_counter() - started) / len(some)
            for at, values in zip(some, vectors, strict=True):
                yield Vector(good[at].key, values.tobytes(), len(rows[at].ids), rows[at].is_truncated, share)
            started = time.perf_counter()

    def _answer(
        self, loaded: Loaded, requests: Sequence[Request], is_cancelled: Callable[[], bool]
    ) -> Iterator[Completion]:
        started = time.perf_counter()
        jobs: list[_Job] = []
        for request in requests:
            try:
                jobs.append(self._make_job(loaded, request))
            except Error as error:
                yield Completion(request.key, "", "error", error=error.msg, retryable=error.retryable)
        groups = group_rows([job.prompt for job in jobs])
        spent = (time.perf_counter() - started) / max(len(jobs), 1)
        for group in groups:
            if is_cancelled():
                return
            yield from self._answer_group(loaded, [jobs[at] for at in group.rows], group.shared, spent, is_cancelled)

    def _make_job(self, loaded: Loaded, request: Request) -> _Job:
        """Raises ContextLengthError, InvalidOptionError (schema, labels) or ModelError (template)."""
        prompt = tuple(loaded.chat.prompt_ids(request.messages))
        trie = loaded.tries.trie(request.labels) if request.labels else None
        what, tokens = ("prompt and longest label have", trie.depth) if trie else ("the prompt has", 0)
        context, tokens = request.model.context, tokens + len(prompt)
        if tokens >= context:
            text = f"max tokens of count exceeded: {what} {tokens} tokens, the context of {request.model.name} is {context}"
            raise ContextLengthError(text, hint="Shorten the prompt or take a model with a longer context.")
        if trie is not None:
            return _Job(request, prompt, trie.depth, Search(trie, wants_scores=request.wants_confidence))
        wanted = self._config.max_answer_tokens if request.sampling.max_tokens is None else request.sampling.max_tokens
        matcher = None if request.schema is None else loaded.schemas.matcher(request.schema)
        choice = Choice(request.sampling, matcher, wants_confidence=request.wants_confidence)
        return _Job(request, prompt, min(wanted, request.model.max_output, context - len(prompt)), choice)

    def _answer_group(
        self, loaded: Loaded, jobs: Sequence[_Job], shared: int, spent: float, is_cancelled: Callable[[], bool]
    ) -> Iterator[Completion]:
        with self._turn:
            started = time.perf_counter()
            prefix, computed = loaded.prefixes.find(jobs[0].prompt[:shared], rows=len(jobs))
            spent += (time.perf_counter() - started) / len(jobs)
        batch = self._make_batch(loaded, jobs, prefix, spent=spent, computed=computed)
        while batch.is_busy and not is_cancelled():
            with self._turn:
                started = time.perf_counter()
                try:
                    part, finished = batch.step()
                except RuntimeError as error:  # torch's class for out of memory and for most else
                    _LOG.exception("a step of %s failed", loaded.path)
                    yield from (_failed(jobs[row.id], error) for row in batch.drop())
                    return
                share = (time.perf_counter() - started) / len(part)
            for row in part:
                row.seconds += share
            streamed = [row for row in part if jobs[row.id].request.is_streamed]
            yield from (_beginning(loaded, jobs[row.id], row) for row in streamed)
            yield from (_completion(loaded, jobs[row.id], row) for row in finished)

    def _make_batch(
        self, loaded: Loaded, jobs: Sequence[_Job], prefix: PrefixKV | None, *, spent: float, computed: int
    ) -> Batch:
        start = prefix.tokens if prefix else 0
        rows = [
            Row(at, job.prompt[start:], job.limit, job.choice, answer=_forced(job.choice), seconds=spent)
            for at, job in enumerate(jobs)
        ]
        rows[0].computed = computed
        return Batch(
            loaded.model,
            rows,
            prefix=prefix,
            end_ids=loaded.chat.end_ids,
            batch_rows=self._config.batch_rows,
            batch_tokens=self._config.batch_tokens,
        )


def _forced(choice: Choice | Search) -> list[int]:
    """Tokens with which every answer begins: they are read with the prompt."""
    return list(choice.path) if isinstance(choice, Search) and not choice.is_done else []


def _completion(loaded: Loaded, job: _Job, row: Row) -> Completion:
    done = Completion(
        job.request.key,
        "",
        row.finish,
        prompt_tokens=len(job.prompt),
        completion_tokens=len(row.answer),
        computed_tokens=row.computed,
        seconds=row.seconds,
    )
    if isinstance(job.choice, Search):
        search, scores = job.choice, job.choice.scores
        return replace(
            done,
            text=job.request.labels[search.best],
            completion_tokens=len(search.answer),
            scores=scores,
            confidence=scores[search.best] if scores else None,
        )
    matcher = job.choice.matcher
    if matcher is not None and matcher.error:
        return Completion(
            job.request.key, "", "error", error=f"the schema could not be followed: {matcher.error.splitlines()[0]}"
        )
    return replace(done, text=loaded.chat.decode(row.answer), confidence=job.choice.confidence)


def _beginning(loaded: Loaded, job: _Job, row: Row) -> Completion:
    """How the answer begins: a character of which only some bytes are there is left out, and so are labels that are only tried."""
    said = "" if isinstance(job.choice, Search) else loaded.chat.decode(row.answer)
    return Completion(job.request.key, said.rstrip("\ufffd"), finish="")


def _failed(job: _Job, error: RuntimeError) -> Completion:
    return Completion(job.request.key, "", "error", error=_reason(error), retryable=True)


def _reason(error: RuntimeError) -> str:
    return f"inference failed: {str(error).splitlines()[0]}"
