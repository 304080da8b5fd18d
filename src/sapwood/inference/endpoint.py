"""Models behind an OpenAI-compatible URL: vLLM, Ollama, a vendor. Requests in, completions or vectors out as they finish.

Every row is a call of its own, or some texts that become vectors, several calls at a time, within limits on calls at once,
calls a minute and tokens. A call that may succeed later (429, 5xx, no connection, time-out) is tried again with growing
waits, or after the server's own Retry-After. The key is asked for when a call is made and never stands in a log or in an
error text.
"""

from __future__ import annotations

import json
import random
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from sapwood.errors import ModelError
from sapwood.inference.intake import Asked, Intake
from sapwood.inference.request import Completion, Embed, Message, Request, Vector, wrong_dimensions
from sapwood.store.records import ModelVersion

ENGINE = "endpoint-1"

RETRY_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP answers after which the same call may succeed."""

TEXTS_A_CALL = 64
"""Texts that one call makes vectors of."""

_LOOK_S = 0.05
"""Seconds between two looks at `is_cancelled`."""

_Answer = TypeVar("_Answer", Completion, Vector)


@dataclass(frozen=True)
class _Kind(Generic[Asked, _Answer]):
    """What calls are made for: so many rows each, how they are asked, and what a row that failed is (error, retryable).

    `ask` puts into the queue how an answer begins, if its request is streamed.
    """

    rows: int
    ask: Callable[[Any, Sequence[Asked], _Account, SimpleQueue[_Answer]], list[_Answer]]
    fail: Callable[[Asked, str, bool], _Answer]


@dataclass(frozen=True)
class Limits:
    """What an endpoint may be asked. `token_budget` counts prompt and answer tokens while this process lives; 0 means no limit. No call
    starts once it is spent, and those under way then (at most `concurrency`) still end: what they cost is known only afterwards."""

    concurrency: int = 8
    requests_per_minute: int = 0
    token_budget: int = 0
    timeout_s: float = 120.0
    retries: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Limits:
        """Limits from a mapping that may also hold other things, such as context and max_output."""
        known = asdict(cls())
        chosen: dict[str, Any] = {name: type(known[name])(value) for name, value in values.items() if name in known}
        return cls(**chosen)


class EndpointBackend:
    """A `Backend` for kind 'endpoint'."""

    def __init__(
        self,
        *,
        key_of: Callable[[ModelVersion], str | None],
        limits_of: Callable[[ModelVersion], Mapping[str, Any]] | None = None,
    ) -> None:
        """`key_of` gives an endpoint's secret key, None if it wants none; `limits_of` its limits by the names of `Limits`."""
        self._key_of = key_of
        self._limits_of = limits_of or (lambda _: {})
        self._accounts: dict[tuple[str, str], _Account] = {}

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        return self._answer(requests, _TEXTS, is_cancelled)

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        return self._answer(requests, _VECTORS, is_cancelled)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return self.count_text_tokens(model, "")

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        """Raises ModelError: the tokenizer is on the other side."""
        raise ModelError(
            f"the tokens of {model.name} can't be counted here",
            hint="Name a local model; an endpoint's tokenizer is not known.",
        )

    def version(self, model: ModelVersion) -> str:
        return ENGINE

    def shrink(self, limit: int) -> None:
        """The weights are on the other side."""

    def close(self) -> None:
        """No connection outlives a call of `generate`."""

    def _answer(
        self, requests: Iterable[Asked], kind: _Kind[Asked, _Answer], is_cancelled: Callable[[], bool]
    ) -> Iterator[_Answer]:
        for first, some in Intake.of(requests).runs(_address):
            if is_cancelled():
                return
            yield from self._answer_of_one(first.model, some, kind, is_cancelled)

    def _answer_of_one(
        self,
        model: ModelVersion,
        requests: Intake[Asked],
        kind: _Kind[Asked, _Answer],
        is_cancelled: Callable[[], bool],
    ) -> Iterator[_Answer]:
        """Keep as many calls under way as the limits allow, no more, so that a cancelled statement asks no further."""
        account = self._account(model)
        stop = threading.Event()
        pending: set[Future[list[_Answer]]] = set()
        begun: SimpleQueue[_Answer] = SimpleQueue()
        last = time.perf_counter()
        client = _open_client(model, self._key_of(model), account.limits)
        pool = ThreadPoolExecutor(account.limits.concurrency)
        try:
            while not is_cancelled():
                while len(pending) < account.limits.concurrency:
                    some = requests.take(kind.rows, waits=not pending)
                    if not some:
                        break
                    pending.add(pool.submit(_call, client, some, kind, account, stop, begun))
                if not pending:
                    return
                done, pending = wait(pending, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                yield from (begun.get() for _ in range(begun.qsize()))
                for future in done:
                    now, answers = time.perf_counter(), future.result()
                    yield from (replace(answer, seconds=(now - last) / len(answers)) for answer in answers)
                    last = now
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            threading.Thread(target=_close_after, args=(client, pending), daemon=True).start()

    def _account(self, model: ModelVersion) -> _Account:
        account = self._accounts.setdefault((model.endpoint_url, model.endpoint_model), _Account())
        account.limits = Limits.of(self._limits_of(model))
        return account


class _Account:
    """What was asked of one endpoint so far. Shared by the threads that call it."""

    def __init__(self) -> None:
        self.limits = Limits()
        self._lock = threading.Lock()
        self._starts: deque[float] = deque()
        self._spent = 0

    def has_tokens(self) -> bool:
        return not self.limits.token_budget or self._spent < self.limits.token_budget

    def spend(self, tokens: int) -> None:
        with self._lock:
            self._spent += tokens

    def wait_for_turn(self, stop: threading.Event) -> bool:
        """Wait until one more call fits into the minute. False if it was stopped meanwhile."""
        while self.limits.requests_per_minute:
            with self._lock:
                now = time.monotonic()
                while self._starts and now - self._starts[0] >= 60:
                    self._starts.popleft()
                if len(self._starts) < self.limits.requests_per_minute:
                    self._starts.append(now)
                    return not stop.is_set()
                left = 60 - (now - self._starts[0])
            if stop.wait(left):
                return False
        return not stop.is_set()


def _address(request: Request | Embed) -> tuple[str, str]:
    return (request.model.endpoint_url, request.model.endpoint_model)


def _open_client(model: ModelVersion, key: str | None, limits: Limits) -> Any:
    from openai import OpenAI

    return OpenAI(base_url=model.endpoint_url, api_key=key or "none", timeout=limits.timeout_s, max_retries=0)


def _close_after(client: Any, pending: Iterable[Future[Any]]) -> None:
    """Close the client when its last call has ended: who cancels a statement does not wait for a slow server."""
    wait(pending)
    client.close()


def _call(
    client: Any,
    requests: Sequence[Asked],
    kind: _Kind[Asked, _Answer],
    account: _Account,
    stop: threading.Event,
    begun: SimpleQueue[_Answer],
) -> list[_Answer]:
    """The rows of one call, with its tries. Never raises for what the other side does."""
    from openai import APIConnectionError, APIStatusError, OpenAIError

    def fail(error: str, *, retryable: bool) -> list[_Answer]:
        return [kind.fail(request, _hide(error, client.api_key), retryable) for request in requests]

    limits, model = account.limits, requests[0].model
    error, wait_s = "cancelled", 0.0
    for attempt in range(limits.retries + 1):
        if not account.has_tokens():
            return fail(f"budget exceeded: {model.name} may use {limits.token_budget} tokens", retryable=False)
        if stop.wait(wait_s) or not account.wait_for_turn(stop):
            break
        try:
            return kind.ask(client, requests, account, begun)
        except APIStatusError as problem:
            error = f"{problem.status_code} {problem.message}"
            if problem.status_code not in RETRY_STATUS:
                return fail(error, retryable=False)
            wait_s = _wait(problem.response.headers, attempt, limits)
        except APIConnectionError as problem:  # also its child, the time-out
            error = f"{model.endpoint_url}: {problem.message}"
            wait_s = _wait({}, attempt, limits)
        except (OpenAIError, ValueError, TypeError, AttributeError, LookupError) as problem:
            return fail(f"the answer can't be read: {problem}", retryable=False)
    return fail(error, retryable=True)


def _ask_text(
    client: Any, requests: Sequence[Request], account: _Account, begun: SimpleQueue[Completion]
) -> list[Completion]:
    (request,) = requests
    is_streamed = (
        request.is_streamed and not request.labels
    )  # a label comes in an object, of which nobody wants the half
    answer = _heard(client, request, begun) if is_streamed else client.chat.completions.create(**_arguments(request))
    return [_completion(request, answer, account)]


def _heard(client: Any, request: Request, begun: SimpleQueue[Completion]) -> Any:
    """The whole answer of a call whose answer comes in pieces."""
    asked = client.chat.completions.stream(**_arguments(request), stream_options={"include_usage": True})
    with asked as events:
        for event in events:
            if event.type == "content.delta":
                begun.put(Completion(request.key, event.snapshot, finish=""))
        return events.get_final_completion()


def _ask_vectors(client: Any, requests: Sequence[Embed], account: _Account, begun: SimpleQueue[Vector]) -> list[Vector]:
    model = requests[0].model
    texts = [request.text for request in requests]
    answer = client.embeddings.create(model=model.endpoint_model or model.name, input=texts, encoding_format="float")
    tokens = answer.usage.prompt_tokens if answer.usage else 0
    account.spend(tokens)
    vectors = sorted(answer.data, key=lambda one: one.index)
    return [
        _vector(request, one.embedding, tokens // len(texts)) for request, one in zip(requests, vectors, strict=True)
    ]


def _vector(request: Embed, numbers: Sequence[float], tokens: int) -> Vector:
    if problem := wrong_dimensions(request, len(numbers)):
        return Vector(request.key, b"", error=problem)
    return Vector(request.key, struct.pack(f"<{len(numbers)}f", *numbers), tokens)


def _arguments(request: Request) -> dict[str, Any]:
    """Body of the call; what is not set is left to the endpoint."""
    sampling = request.sampling
    arguments: dict[str, Any] = {
        "model": request.model.endpoint_model or request.model.name,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "temperature": sampling.temperature,
    }
    if sampling.top_p > 0:
        arguments["top_p"] = sampling.top_p
    if sampling.max_tokens is not None:
        arguments["max_tokens"] = sampling.max_tokens
    if sampling.seed is not None:
        arguments["seed"] = sampling.seed
    wanted = _label_schema(request.labels) if request.labels else json.loads(request.schema or "null")
    if wanted is not None:
        schema = {"name": "answer", "schema": wanted, "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments


def _label_schema(labels: Sequence[str]) -> dict[str, Any]:
    """An object, since many servers take nothing else at the top."""
    properties = {"label": {"type": "string", "enum": list(labels)}}
    return {"type": "object", "properties": properties, "required": ["label"], "additionalProperties": False}


def _label(text: str, labels: Sequence[str]) -> str:
    """The label that an answer names. Raises ValueError or TypeError if it names none."""
    label: str = json.loads(text)["label"]
    if label not in labels:
        raise ValueError(f"{label!r} is none of the labels")
    return label


def _completion(request: Request, answer: Any, account: _Account) -> Completion:
    choice = answer.choices[0]
    usage = answer.usage
    asked, answered = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    cached = getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", 0) or 0
    account.spend(asked + answered)
    if choice.message.content is None:
        return _failure(request, f"no text: {choice.finish_reason}", False)
    finish = choice.finish_reason if choice.finish_reason in ("stop", "length") else "stop"
    text: str = choice.message.content
    text = _label(text, request.labels) if request.labels else text
    return Completion(request.key, text, finish, asked, answered, asked + answered - cached)


def _failure(request: Request, error: str, retryable: bool) -> Completion:
    return Completion(request.key, "", "error", error=error, retryable=retryable)


def _no_vector(request: Embed, error: str, retryable: bool) -> Vector:
    return Vector(request.key, b"", error=error, retryable=retryable)


def _wait(headers: Mapping[str, str], attempt: int, limits: Limits) -> float:
    """Seconds until the next try: the server's word if it gives one, else doubled each time, with a quarter of chance in it."""
    told = headers.get("retry-after", "").strip()
    grown = limits.first_wait_s * 2**attempt * random.uniform(0.75, 1.25)
    try:
        seconds = float(told) if told else grown
    except ValueError:
        try:
            seconds = parsedate_to_datetime(told).timestamp() - time.time()
        except ValueError:
            seconds = grown
    return min(max(seconds, 0.0), limits.longest_wait_s)


def _hide(text: str, key: str) -> str:
    """Servers repeat a wrong key in their error texts."""
    return text.replace(key, "***") if len(key) > 4 else text


_TEXTS = _Kind(rows=1, ask=_ask_text, fail=_failure)
_VECTORS = _Kind(rows=TEXTS_A_CALL, ask=_ask_vectors, fail=_no_vector)
