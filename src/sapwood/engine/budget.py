"""What a statement may spend on models: tokens, and money at endpoints that have a price.

Comes in: requests that are to be asked, and what answers have cost. Goes out: how many of them are sure to fit into what is
left. It asks no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sapwood.engine.answering import Wanted
from sapwood.errors import ModelError, SpendingLimitError
from sapwood.functions.function import Ask, EmbedAsk, Models
from sapwood.inference.request import Completion, Embed
from sapwood.store.records import ModelVersion

MILLION = 1_000_000
_TURN = 16
"""Tokens that a chat template may add to a turn."""


@dataclass(frozen=True)
class Price:
    """Money for a million tokens asked, and for a million answered; no currency is meant."""

    asked: float = 0.0
    answered: float = 0.0

    @classmethod
    def of(cls, limits: Mapping[str, Any]) -> Price:
        """The price among an endpoint's limits; what is not there costs nothing."""
        return cls(float(limits.get("price_asked", 0)), float(limits.get("price_answered", 0)))

    def cost(self, asked: int, answered: int) -> float:
        """Money for so many tokens."""
        return (asked * self.asked + answered * self.answered) / MILLION


@dataclass(frozen=True)
class Spending:
    """What a statement may spend; 0 is no limit."""

    tokens: int = 0
    cost: float = 0.0
    price_of: Callable[[ModelVersion], Price] = lambda model: Price()


class Budget:
    """What is left of a statement's limits."""

    def __init__(self, spending: Spending, models: Models) -> None:
        self._may = spending
        self._models = models
        self._prices: dict[str, Price] = {}
        self._under_way: dict[str, tuple[int, float]] = {}
        """The most tokens and money that each request under way may cost."""
        self.tokens = 0
        self.cost = 0.0
        """Money that was spent."""

    @property
    def _is_limited(self) -> bool:
        return bool(self._may.tokens or self._may.cost)

    def admit(self, requests: Sequence[Wanted]) -> int:
        """How many of these requests fit, whatever they and those under way are answered; they are under way then.

        Raises SpendingLimitError if not even one does, and none is under way.
        """
        if not self._is_limited:
            return len(requests)
        tokens = self.tokens + sum(most for most, _ in self._under_way.values())
        cost = self.cost + sum(most for _, most in self._under_way.values())
        for count, request in enumerate(requests):
            asked, answered = prompt_tokens(request, self._models), most_answered(request)
            tokens += asked + answered
            money = self._price(request.model).cost(asked, answered)
            cost += money
            if (self._may.tokens and tokens > self._may.tokens) or (self._may.cost and cost > self._may.cost):
                if not self._under_way:
                    raise self._spent()
                return count
            self._under_way[request.key] = (asked + answered, money)
        return len(requests)

    def spend(self, request: Wanted, completion: Completion) -> None:
        """Count what an answer cost, if that matters."""
        if not self._is_limited:
            return
        self._under_way.pop(request.key, None)
        self.tokens += completion.prompt_tokens + completion.completion_tokens
        self.cost += self._price(request.model).cost(completion.prompt_tokens, completion.completion_tokens)

    def _price(self, model: ModelVersion) -> Price:
        if model.name not in self._prices:
            self._prices[model.name] = self._may.price_of(model)
        return self._prices[model.name]

    def _spent(self) -> SpendingLimitError:
        limits = [f"STATEMENT_TOKEN_LIMIT = {self._may.tokens}"] if self._may.tokens else []
        limits += [f"STATEMENT_COST_LIMIT = {self._may.cost:g}"] if self._may.cost else []
        return SpendingLimitError(
            f"Statement was stopped before it would exceed {' and '.join(limits)}: it has spent {self.tokens} tokens"
            f" and {self.cost:.6g}.",
            hint="Finished rows are kept: with a higher limit a second run asks only for the others.",
        )


def prompt_tokens(request: Wanted | Ask | EmbedAsk, models: Models) -> int:
    """Tokens of a prompt; where the tokenizer is on another machine, at least as many: no token is less than a byte."""
    try:
        if isinstance(request, (Embed, EmbedAsk)):
            return models.count_text_tokens(request.model, request.text)
        return models.count_tokens(request.model, request.messages)
    except ModelError:
        is_text = isinstance(request, (Embed, EmbedAsk))
        texts = [request.text] if is_text else [message.content for message in request.messages]
        return sum(len(text.encode("utf-8", "surrogatepass")) + _TURN for text in texts)


def most_answered(request: Wanted | Ask) -> int:
    """Tokens that an answer may have."""
    if isinstance(request, Embed):
        return 0
    if request.labels:
        return max(len(label.encode()) for label in request.labels) + 1
    most = request.sampling.max_tokens
    return request.model.max_output if most is None else most
