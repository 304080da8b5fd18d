"""The torch backend, for kinds 'local' and 'tuned': requests in, completions out as they finish. Knows no SQL.

Requests are taken model by model; of one model, prompts that begin alike form a group that shares its prefix; a group's
rows are answered by a `Batch`. One step of one batch runs at a time, so callers on several threads take turns.
In fp32 an answer does not depend on what else is in the batch; in bf16 a tie between two tokens may fall otherwise.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sapwood.config import InferenceConfig
from sapwood.errors import ContextLengthError, Error
from sapwood.inference.attention import PrefixKV
from sapwood.inference.batch import Batch, Row
from sapwood.inference.choosing import Choice
from sapwood.inference.grouping import by_model, group_rows
from sapwood.inference.models import Loaded, Models
from sapwood.inference.request import Completion, Message, Request
from sapwood.store.records import ModelVersion

_LOG = logging.getLogger(__name__)

ENGINE = "torch-1"
"""Raised whenever this engine would answer otherwise than before."""


@dataclass(frozen=True)
class _Job:
    """A request with its prompt in tokens and how it will choose."""

    request: Request
    prompt: tuple[int, ...]
    limit: int
    choice: Choice


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

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return len(self._models.chat(model).prompt_ids(messages))

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return len(self._models.chat(model).text_ids(text))

    def version(self, model: ModelVersion) -> str:
        return f"{ENGINE}/{self._models.precision.name}"

    def shrink(self, limit: int) -> None:
        with self._turn:
            self._models.shrink(limit)

    def close(self) -> None:
        self.shrink(0)

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
        """Raises ContextLengthError, InvalidOptionError (schema) or ModelError (template)."""
        prompt = tuple(loaded.chat.prompt_ids(request.messages))
        context = request.model.context
        if len(prompt) >= context:
            text = f"max tokens of count exceeded: the prompt has {len(prompt)} tokens, the context of {request.model.name} is {context}"
            raise ContextLengthError(text, hint="Shorten the prompt or take a model with a longer context.")
        wanted = self._config.max_answer_tokens if request.sampling.max_tokens is None else request.sampling.max_tokens
        matcher = None if request.schema is None else loaded.schemas.matcher(request.schema)
        return _Job(
            request,
            prompt,
            min(wanted, request.model.max_output, context - len(prompt)),
            Choice(request.sampling, matcher),
        )

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
            yield from (_completion(loaded, jobs[row.id], row) for row in finished)

    def _make_batch(
        self, loaded: Loaded, jobs: Sequence[_Job], prefix: PrefixKV | None, *, spent: float, computed: int
    ) -> Batch:
        start = prefix.tokens if prefix else 0
        rows = [Row(at, job.prompt[start:], job.limit, job.choice, seconds=spent) for at, job in enumerate(jobs)]
        rows[0].computed = computed
        return Batch(
            loaded.model,
            rows,
            prefix=prefix,
            end_ids=loaded.chat.end_ids,
            batch_rows=self._config.batch_rows,
            batch_tokens=self._config.batch_tokens,
        )


def _completion(loaded: Loaded, job: _Job, row: Row) -> Completion:
    matcher = job.choice.matcher
    if matcher is not None and matcher.error:
        return Completion(
            job.request.key, "", "error", error=f"the schema could not be followed: {matcher.error.splitlines()[0]}"
        )
    return Completion(
        job.request.key,
        loaded.chat.decode(row.answer),
        row.finish,
        prompt_tokens=len(job.prompt),
        completion_tokens=len(row.answer),
        computed_tokens=row.computed,
        seconds=row.seconds,
    )


def _failed(job: _Job, error: RuntimeError) -> Completion:
    return Completion(
        job.request.key, "", "error", error=f"inference failed: {str(error).splitlines()[0]}", retryable=True
    )
