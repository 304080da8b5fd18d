"""Models behind an OpenAI-compatible chat/completions URL: vLLM, Ollama, a vendor. Requests in, completions out as they finish.

Every row is a call of its own, several at a time, within limits on calls at once, calls a minute and tokens. A call that
may succeed later (429, 5xx, no connection, time-out) is tried again with growing waits, or after the server's own
Retry-After. The key is asked for when a call is made and never stands in a log or in an error text.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from sapwood.errors import ModelError
from sapwood.inference.request import Completion, Message, Request
from sapwood.store.records import ModelVersion

ENGINE = "endpoint-1"

RETRY_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP answers after which the same call may succeed."""

_LOOK_S = 0.05
"""Seconds between two looks at `is_cancelled`."""


@dataclass(frozen=True)
class Limits:
    """What an endpoint may be asked. `token_budget` counts prompt and answer tokens while this process lives; 0 means no limit."""

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
        by_model: dict[tuple[str, str], list[Request]] = {}
        for request in requests:
            by_model.setdefault((request.model.endpoint_url, request.model.endpoint_model), []).append(request)
        for some in by_model.values():
            yield from self._answer(some, is_cancelled)

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

    def _answer(self, requests: list[Request], is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        """Keep as many calls under way as the limits allow, no more, so that a cancelled statement asks no further."""
        model = requests[0].model
        account = self._account(model)
        queue, stop = iter(requests), threading.Event()
        pending: set[Future[Completion]] = set()
        last = time.perf_counter()
        client = _open_client(model, self._key_of(model), account.limits)
        pool = ThreadPoolExecutor(account.limits.concurrency)
        try:
            while not is_cancelled():
                free = account.limits.concurrency - len(pending)
                pending |= {pool.submit(_call, client, request, account, stop) for request in islice(queue, free)}
                if not pending:
                    return
                done, pending = wait(pending, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                for future in done:
                    now = time.perf_counter()
                    yield replace(future.result(), seconds=now - last)
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


def _open_client(model: ModelVersion, key: str | None, limits: Limits) -> Any:
    from openai import OpenAI

    return OpenAI(base_url=model.endpoint_url, api_key=key or "none", timeout=limits.timeout_s, max_retries=0)


def _close_after(client: Any, pending: set[Future[Completion]]) -> None:
    """Close the client when its last call has ended: who cancels a statement does not wait for a slow server."""
    wait(pending)
    client.close()


def _call(client: Any, request: Request, account: _Account, stop: threading.Event) -> Completion:
    """One row, with its tries. Never raises for what the other side does."""
    from openai import APIConnectionError, APIStatusError, OpenAIError

    limits = account.limits
    error, wait_s = "cancelled", 0.0
    for attempt in range(limits.retries + 1):
        if not account.has_tokens():
            hint = f"budget exceeded: {request.model.name} may use {limits.token_budget} tokens"
            return _failure(request, hint, retryable=False)
        if stop.wait(wait_s) or not account.wait_for_turn(stop):
            break
        try:
            answer = client.chat.completions.create(**_arguments(request))
            return _completion(request, answer, account)
        except APIStatusError as problem:
            error = _hide(f"{problem.status_code} {problem.message}", client.api_key)
            if problem.status_code not in RETRY_STATUS:
                return _failure(request, error, retryable=False)
            wait_s = _wait(problem.response.headers, attempt, limits)
        except APIConnectionError as problem:  # also its child, the time-out
            error = _hide(f"{request.model.endpoint_url}: {problem.message}", client.api_key)
            wait_s = _wait({}, attempt, limits)
        except (OpenAIError, ValueError, TypeError, AttributeError, IndexError) as problem:
            return _failure(request, _hide(f"the answer can't be read: {problem}", client.api_key), retryable=False)
    return _failure(request, error, retryable=True)


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
    if request.schema is not None:
        schema = {"name": "answer", "schema": json.loads(request.schema), "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments


def _completion(request: Request, answer: Any, account: _Account) -> Completion:
    choice = answer.choices[0]
    usage = answer.usage
    asked, answered = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    cached = getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", 0) or 0
    account.spend(asked + answered)
    if choice.message.content is None:
        return _failure(request, f"no text: {choice.finish_reason}", retryable=False)
    finish = choice.finish_reason if choice.finish_reason in ("stop", "length") else "stop"
    return Completion(request.key, choice.message.content, finish, asked, answered, asked + answered - cached)


def _failure(request: Request, error: str, *, retryable: bool) -> Completion:
    return Completion(request.key, "", "error", error=error, retryable=retryable)


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
