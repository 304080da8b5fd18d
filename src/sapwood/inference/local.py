"""The torch backend, for kinds 'local' and 'tuned': requests in, completions or vectors out as they finish. Knows no SQL.

Requests are taken model by model; of one model, prompts that begin alike form a group that shares its prefix; a group's
rows are answered by a `Batch`. One step of one batch runs at a time, so callers on several threads take turns.
In fp32 an answer does not depend on what else is in the batch; in bf16 a tie between two tokens may fall otherwise.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sapwood.config import InferenceConfig
from sapwood.errors import ContextLengthError, Error
from sapwood.inference.batch import Batch, Row
from sapwood.inference.choosing import Choice
from sapwood.inference.embedding import WINDOW, Encoder, batches
from sapwood.inference.grouping import group_rows, model_of
from sapwood.inference.intake import Intake
from sapwood.inference.kv import PrefixKV
from sapwood.inference.labels import Search
from sapwood.inference.models import Loaded, Models
from sapwood.inference.request import Completion, Embed, Message, Request, Vector, wrong_dimensions
from sapwood.inference.turns import Turns
from sapwood.store.records import ModelVersion

_LOG = logging.getLogger(__name__)

LINE_ROWS = 2048
"""Requests that are looked at together for what they share."""

ENGINE = "torch-4"
"""Raised whenever this engine would answer otherwise than before."""


@dataclass(frozen=True)
class _Job:
    """A request with its prompt in tokens and how it will choose."""

    request: Request
    prompt: tuple[int, ...]
    limit: int
    choice: Choice | Search
    seconds: float
    """What it took to make the job."""


class LocalBackend:
    """A `Backend` that computes in this process."""

    def __init__(self, config: InferenceConfig, *, prepare: Callable[[ModelVersion], ModelVersion]) -> None:
        """`prepare` makes a model's files be there; it is called when a model is first used."""
        self._config = config
        self._models = Models(config, prepare=prepare)
        self._turn = Turns()

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        """See `Backend`. A model that can't be loaded raises ModelError: no row could be answered."""
        for first, some in Intake.of(requests).runs(model_of):
            if is_cancelled():
                return
            with self._turn:
                loaded = self._models.get(first.model)
            yield from self._answer(loaded, some, is_cancelled)

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        """See `Backend`. A model that can't be loaded raises ModelError."""
        for first, run in Intake.of(requests).runs(model_of):
            if is_cancelled():
                return
            with self._turn:
                encoder = self._models.encoder(first.model)
            while (some := run.take(WINDOW)) and not is_cancelled():
                yield from self._embed(encoder, some, is_cancelled)

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
        self, loaded: Loaded, requests: Intake[Request], is_cancelled: Callable[[], bool]
    ) -> Iterator[Completion]:
        line = _Line(requests, lambda request: self._make_job(loaded, request))
        while not line.has_ended and not is_cancelled():
            jobs = line.take()
            yield from line.take_refused()
            started = time.perf_counter()
            groups = group_rows([job.prompt for job in jobs])
            spent = (time.perf_counter() - started) / max(len(jobs), 1)
            for group in groups:
                if is_cancelled():
                    return
                mine, more = [jobs[at] for at in group.rows], line if group is groups[-1] else None
                yield from self._answer_group(loaded, mine, group.shared, more, spent, is_cancelled)

    def _make_job(self, loaded: Loaded, request: Request) -> _Job:
        """Raises ContextLengthError, InvalidOptionError (schema, labels) or ModelError (template)."""
        started = time.perf_counter()
        prompt = tuple(loaded.chat.prompt_ids(request.messages))
        trie = loaded.tries.trie(request.labels) if request.labels else None
        what, tokens = ("prompt and longest label have", trie.depth) if trie else ("the prompt has", 0)
        context, tokens = request.model.context, tokens + len(prompt)
        if tokens >= context:
            text = f"max tokens of count exceeded: {what} {tokens} tokens, the context of {request.model.name} is {context}"
            raise ContextLengthError(text, hint="Shorten the prompt or take a model with a longer context.")
        if trie is not None:
            search = Search(trie, wants_scores=request.wants_confidence)
            return _Job(request, prompt, trie.depth, search, time.perf_counter() - started)
        wanted = self._config.max_answer_tokens if request.sampling.max_tokens is None else request.sampling.max_tokens
        matcher = None if request.schema is None else loaded.schemas.matcher(request.schema)
        choice = Choice(request.sampling, matcher, wants_confidence=request.wants_confidence)
        limit = min(wanted, request.model.max_output, context - len(prompt))
        return _Job(request, prompt, limit, choice, time.perf_counter() - started)

    def _answer_group(
        self,
        loaded: Loaded,
        jobs: list[_Job],
        shared: int,
        line: _Line | None,
        spent: float,
        is_cancelled: Callable[[], bool],
    ) -> Iterator[Completion]:
        """Answer jobs that share so many tokens, and those from the line that begin with these too, as there is room for them."""
        beginning = jobs[0].prompt[:shared]
        with self._turn:
            started = time.perf_counter()
            prefix, computed = loaded.prefixes.find(beginning, rows=len(jobs))
            spent += (time.perf_counter() - started) / len(jobs)
        batch = self._make_batch(loaded, jobs, prefix, spent=spent, computed=computed)
        while batch.is_busy and not is_cancelled():
            if line is not None and batch.is_short:
                more = line.take_like(beginning, most=self._config.batch_rows)
                batch.add(_rows(more, start=prefix.tokens if prefix else 0, first=len(jobs)))
                jobs += more
                yield from line.take_refused()
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
        rows = _rows(jobs, start=prefix.tokens if prefix else 0)
        rows[0].computed = computed
        for row in rows:
            row.seconds += spent
        return Batch(
            loaded.model,
            rows,
            prefix=prefix,
            end_ids=loaded.chat.end_ids,
            batch_rows=self._config.batch_rows,
            batch_tokens=self._config.batch_tokens,
        )


class _Line:
    """Requests of one model as jobs: those that fit no batch at work are kept, those that can't be asked get their error."""

    def __init__(self, requests: Intake[Request], make: Callable[[Request], _Job]) -> None:
        self._requests, self._make = requests, make
        self._kept: list[_Job] = []
        self._refused: list[Completion] = []

    @property
    def has_ended(self) -> bool:
        return not self._kept and self._requests.has_ended

    def take(self) -> list[_Job]:
        """Jobs that are there, some LINE_ROWS; waits for one if there is none."""
        kept, self._kept = self._kept, []
        return kept + self._made(self._requests.take(max(LINE_ROWS - len(kept), 0), waits=not kept))

    def take_like(self, beginning: tuple[int, ...], *, most: int) -> list[_Job]:
        """Jobs whose prompts begin with these tokens and have one more, of those that come next; does not wait."""
        if len(self._kept) >= LINE_ROWS:
            return []
        shared, like = len(beginning), list[_Job]()
        for job in self._made(self._requests.take(most, waits=False)):
            fits = len(job.prompt) > shared and job.prompt[:shared] == beginning
            (like if fits else self._kept).append(job)
        return like

    def take_refused(self) -> list[Completion]:
        """The answers of requests that can't be asked."""
        refused, self._refused = self._refused, []
        return refused

    def _made(self, requests: Sequence[Request]) -> list[_Job]:
        jobs: list[_Job] = []
        for request in requests:
            try:
                jobs.append(self._make(request))
            except Error as error:
                self._refused.append(Completion(request.key, "", "error", error=error.msg, retryable=error.retryable))
        return jobs


def _rows(jobs: Sequence[_Job], *, start: int, first: int = 0) -> list[Row]:
    """Rows of jobs, whose places are their ids, without their first `start` tokens."""
    return [
        Row(at, job.prompt[start:], job.limit, job.choice, answer=_forced(job.choice), seconds=job.seconds)
        for at, job in enumerate(jobs, first)
    ]


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
