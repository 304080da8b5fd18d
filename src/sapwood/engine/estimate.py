"""What a query would ask of models, foreseen without asking one: calls, requests, tokens, seconds and money.

Comes in: a call site with the askings that the query has for it. Goes out: an `Estimate`, made of a sample that is asked of no
model: some askings that follow each other in the order in which they would be asked, so that what they share shows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from sapwood.dialect.statements import Call
from sapwood.engine.batching import Batching
from sapwood.engine.budget import most_answered, prompt_tokens
from sapwood.engine.key import ContentKeys
from sapwood.engine.ledger import Notes
from sapwood.engine.outcome import Asking, arguments_of
from sapwood.errors import Error
from sapwood.functions.function import Ask, EmbedAsk
from sapwood.inference.grouping import common
from sapwood.store.records import ModelVersion

SAMPLE = 100
"""Askings that are looked at."""


@dataclass(frozen=True)
class Estimate:
    """At most so many `calls` ask so many `distinct` requests, of which `cached` are known. What remains costs the rest.

    Tokens are those of the prompts; `computed` are what is left when those that begin alike share it. `seconds` is None
    where the model has answered nothing yet that it could be judged by. `cost` is money at the endpoint's price.
    """

    models: tuple[str, ...] = ()
    calls: int = 0
    distinct: int = 0
    cached: int = 0
    asked: int = 0
    computed: int = 0
    seconds: float | None = 0.0
    cost: float = 0.0


def estimate(batching: Batching, call: Call, rows: int, notes: Notes) -> Estimate:
    """What `rows` rows with these different askings cost."""
    count = len(notes)
    sample = _middle(next(notes.windows(), []))
    keys = ContentKeys(batching.backend.version)
    asks = {keys.key(ask): ask for ask in _asks(batching, call, sample)}
    if not asks:
        return Estimate(calls=rows)
    known = batching.answers.get_many(list(asks)) if batching.reads_cache else {}
    unknown = [ask for key, ask in asks.items() if key not in known]
    scale = count / len(sample)
    tokens = [prompt_tokens(ask, batching.models) for ask in unknown]
    prices = [batching.spending.price_of(ask.model) for ask in unknown]
    answered = [_answered(batching, ask) for ask in unknown]
    money = sum(price.cost(*each) for price, *each in zip(prices, tokens, answered, strict=True))
    return Estimate(
        tuple(sorted({ask.model.name for ask in asks.values()})),
        rows,
        round(len(asks) * scale),
        round(len(known) * scale),
        round(sum(tokens) * scale),
        round(sum(n * share for n, share in zip(tokens, _own_shares([_text(ask) for ask in unknown]), strict=True)) * scale),
        _seconds(batching, [ask.model for ask in unknown], scale),
        money * scale,
    )  # fmt: skip


def _middle(window: Sequence[Asking]) -> Sequence[Asking]:
    start = max(0, (len(window) - SAMPLE) // 2)
    return window[start : start + SAMPLE]


def _asks(batching: Batching, call: Call, sample: Sequence[Asking]) -> list[Ask | EmbedAsk]:
    """What the askings ask first; those that ask nothing, or can't be asked, cost nothing."""
    found: list[Ask | EmbedAsk] = []
    for asking in sample:
        try:
            found += next(batching.functions[call.function].rounds(arguments_of(call, asking), batching.models), ())
        except Error:
            continue
    return found


def _text(ask: Ask | EmbedAsk) -> str:
    return ask.text if isinstance(ask, EmbedAsk) else "\n".join(message.content for message in ask.messages)


def _own_shares(texts: Sequence[str]) -> list[float]:
    """The part of each text that the one before it does not begin with."""
    shared = [0, *itertools.starmap(common, itertools.pairwise(texts))]
    return [1 - count / max(len(text), 1) for count, text in zip(shared, texts, strict=False)]


def _answered(batching: Batching, ask: Ask | EmbedAsk) -> int:
    """Tokens of an answer: as many as the model's last ones had, as many as it may have where there are none."""
    if isinstance(ask, EmbedAsk):
        return 0
    pace = batching.answers.pace(ask.model.name)
    return most_answered(ask) if pace is None else round(pace.tokens)


def _seconds(batching: Batching, models: Sequence[ModelVersion], scale: float) -> float | None:
    paces = [batching.answers.pace(model.name) for model in models]
    known = [pace.seconds for pace in paces if pace is not None]
    return sum(known) * scale if len(known) == len(paces) else None
