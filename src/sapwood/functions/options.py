"""Model options of COMPLETE and AI_COMPLETE: names, ranges and defaults. Source: the vendor's page of COMPLETE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sapwood.errors import InvalidOptionError
from sapwood.inference.request import Sampling
from sapwood.store.records import ModelVersion

DEFAULT_MAX_TOKENS = 4096
"""Answer length where a call sets none and the model is an endpoint (a local model has the session's cap)."""
LARGEST_MAX_TOKENS = 8192

RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 1),
    "top_p": (0, 1),
    "max_tokens": (1, LARGEST_MAX_TOKENS),
}
"""Lowest and highest value of each number."""
KNOWN = (*RANGES, "seed", "guardrails", "response_format")


def parse_options(text: str | None) -> dict[str, Any]:
    """The options object from its JSON text; InvalidOptionError if it is none, or holds an unknown or bad option."""
    try:
        options = json.loads(text) if text is not None else None
    except json.JSONDecodeError:
        options = None
    if not isinstance(options, dict):
        raise InvalidOptionError(
            "invalid options object", hint="Give an object, such as {'temperature': 0, 'max_tokens': 100}."
        )
    check_options(options)
    return options


def check_options(options: Mapping[str, Any]) -> None:
    """Raise InvalidOptionError for an unknown option or a value out of range."""
    for name, value in options.items():
        if name not in KNOWN:
            raise InvalidOptionError(
                f"invalid options object: unknown option '{name}'", hint=f"Known options: {', '.join(KNOWN)}."
            )
        if name in RANGES:
            _check_number(name, value)
    seed = options.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise InvalidOptionError(f"invalid options object: 'seed' is {seed!r}, and must be a whole number")
    _check_guardrails(options.get("guardrails", False))


def sampling(options: Mapping[str, Any], model: ModelVersion, cap: int) -> Sampling:
    """How to draw the answer. `cap` is the session's limit for local models where the call sets none, in tokens."""
    default = DEFAULT_MAX_TOKENS if model.kind == "endpoint" else cap
    if not options:
        return _greedy(default)
    return Sampling(
        temperature=float(options.get("temperature", 0)),
        top_p=float(options.get("top_p", 0)),
        max_tokens=int(options.get("max_tokens", default)),
        seed=options.get("seed"),
    )


@lru_cache(maxsize=16)
def _greedy(max_tokens: int) -> Sampling:
    """One for all the rows of a statement."""
    return Sampling(max_tokens=max_tokens)


def is_sampled(options: Any) -> bool:
    """Whether equal prompts may get different answers; options that are not constant may ask for it."""
    if isinstance(options, Mapping):
        return options.get("temperature", 0) != 0 and options.get("seed") is None
    return options is not None


def response_schema(response_format: Any) -> str | None:
    """The JSON schema (text) of a response format `{'type': 'json', 'schema': {...}}`; None if there is none."""
    if response_format is None:
        return None
    if not isinstance(response_format, dict):
        raise InvalidOptionError("invalid options object: 'response_format' should be an object", hint=_FORMAT_HINT)
    kind = response_format.get("type")
    if kind != "json":
        raise InvalidOptionError(
            f"json mode output validation error: unsupported value for 'responseFormat.type' field: {kind}. Only 'json' is supported",
            hint=_FORMAT_HINT,
        )
    schema = response_format.get("schema")
    if not isinstance(schema, dict):
        raise InvalidOptionError(
            'input schema validation error: [{"evaluationPath":"","errors":{"type":"schema is not an object"}}]',
            hint=_FORMAT_HINT,
        )
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


_FORMAT_HINT = "Write it as {'type': 'json', 'schema': {'type': 'object', 'properties': {...}, 'required': [...]}}."


def _check_number(name: str, value: Any) -> None:
    low, high = RANGES[name]
    whole = name == "max_tokens"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not low <= value <= high:
        raise InvalidOptionError(
            f"invalid options object: '{name}' is {value!r}, and must be a {'whole ' if whole else ''}number from {low:g} to {high:g}"
        )


def _check_guardrails(value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidOptionError(f"invalid options object: 'guardrails' is {value!r}, and must be TRUE or FALSE")
    if value:
        raise InvalidOptionError(
            "guardrails: no guard model is set on this server",
            hint="Leave guardrails out: answers can't be filtered until a guard model is configured.",
        )
