"""SENTIMENT, ENTITY_SENTIMENT and AI_SENTIMENT: how a text feels, as a whole or about each of some things.

Sources: the vendor's pages of the three. SENTIMENT's number is the mean of five steps, by how likely the model finds each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import OBJECT, REAL
from sapwood.errors import InvalidArgumentsError
from sapwood.functions.asking import ask, choose, chosen, section
from sapwood.functions.error_details import RETURN_ERROR_DETAILS
from sapwood.functions.function import Answer, Arguments, Ask, Default, Models, SqlFunction
from sapwood.functions.json_text import (
    are_texts,
    compact,
    constant,
    is_known,
    parsed,
    refuse_null,
    structured,
    unfit,
)
from sapwood.functions.limits import check_tokens
from sapwood.inference.request import Completion

STEPS: Mapping[str, float] = {
    "very negative": -0.9,
    "negative": -0.6,
    "neutral": 0.0,
    "positive": 0.6,
    "very positive": 0.9,
}
"""What the model may say of a text, and SENTIMENT's number for it: 0.5 and more is positive, -0.5 and less negative."""
VALUES = ("neutral", "positive", "negative", "mixed", "unknown")
"""What is said of a category."""
MOST_CATEGORIES = 10
LONGEST_CATEGORY = 30
"""In characters."""
SENTIMENT_TOKENS = 512
CATEGORY_TOKENS = 2_048
"""Longest inputs, in tokens."""

_SENTIMENT = Default("SENTIMENT", billions=1.5)
_ENTITY_SENTIMENT = Default("ENTITY_SENTIMENT", billions=1.5)
_AI_SENTIMENT = Default("AI_SENTIMENT", billions=1.5)


# SENTIMENT(text) -------------------------------------------------------------------------------------------------------


def _ask_sentiment(arguments: Arguments, models: Models) -> Ask | Answer:
    content = arguments["text"]
    if content is None:
        return Answer(None)
    model = models.default_of(_SENTIMENT)
    check_tokens(content, SENTIMENT_TOKENS, model=model, models=models, what="text of SENTIMENT")
    question = f"How does the writer of the text feel? One of: {', '.join(STEPS)}."
    prompt = "\n\n".join((question, section("Text", content), "Feeling:"))
    return choose(model, prompt, [*STEPS], wants_confidence=True)


def _number(completion: Completion, arguments: Arguments) -> str:
    """The mean of the steps, each with its probability; an endpoint's answer is one step."""
    if not completion.scores:
        return str(STEPS[chosen(completion, [*STEPS])])
    return str(round(sum(score * step for score, step in zip(completion.scores, STEPS.values(), strict=True)), 7))


# ENTITY_SENTIMENT(text, entities), AI_SENTIMENT(text, categories) -------------------------------------------------------


def _asking(default: Default) -> Callable[[Arguments, Models], Ask | Answer]:
    def ask_row(arguments: Arguments, models: Models) -> Ask | Answer:
        content = arguments["text"]
        if content is None:
            return Answer(None)
        names = ["overall", *_categories(parsed(arguments.get("categories")))]
        model = models.default_of(default)
        check_tokens(content, CATEGORY_TOKENS, model=model, models=models, what=f"text of {default.function}")
        return ask(
            model, _category_prompt(content, names), max_tokens=_object_tokens(names), schema=_category_schema(names)
        )

    return ask_row


def _categories(given: Any) -> list[str]:
    """The categories in the order of the answer. Raises InvalidArgumentsError for what is too much."""
    if given is None:
        return []
    if not are_texts(given):
        raise InvalidArgumentsError("invalid categories: an array of texts is needed")
    if len(given) > MOST_CATEGORIES:
        raise InvalidArgumentsError(
            f"invalid categories: at most {MOST_CATEGORIES} categories are allowed, found {len(given)}"
        )
    bad = next((name for name in given if not 0 < len(name) <= LONGEST_CATEGORY), None)
    if bad is not None:
        raise InvalidArgumentsError(
            f"invalid categories: '{bad}' has {len(bad)} characters, 1 to {LONGEST_CATEGORY} are allowed"
        )
    return sorted(set(given) - {"overall"})


def _category_prompt(content: str, names: Sequence[str]) -> str:
    said = "neutral, positive, negative, mixed (both), or unknown (the text does not say)"
    question = f"How does the writer of the text feel about each of these: {', '.join(names)}? Say {said}."
    return "\n\n".join((question, section("Text", content), "Answer as JSON:"))


def _category_schema(names: Sequence[str]) -> dict[str, Any]:
    said = {"enum": [*VALUES]}
    properties = {name: said for name in names}
    return {"type": "object", "properties": properties, "required": [*names], "additionalProperties": False}


def _object_tokens(names: Sequence[str]) -> int:
    return len(compact(dict.fromkeys(names, max(VALUES, key=len))).encode()) + 4 * len(names)


def _listed(completion: Completion, arguments: Arguments) -> str:
    found = structured(completion, dict)
    if not all(said in VALUES for said in found.values()):
        raise unfit(completion)
    return compact({"categories": [{"name": name, "sentiment": said} for name, said in found.items()]})


def _check(constants: Mapping[str, Any], models: Models) -> None:
    categories = constant(constants.get("categories", []))
    refuse_null(categories, "categories")
    if is_known(categories):
        _categories(categories)


_TEXT = Parameter("text", ("TEXT",), meaning="The text.")
_CATEGORIES = Parameter(
    "categories",
    ("ARRAY",),
    required=False,
    meaning=f"Up to {MOST_CATEGORIES} things that are spoken of, each up to {LONGEST_CATEGORY} characters.",
)
_TOO_LONG = "max tokens of count exceeded: ..."
_ERRORS = {
    "invalid categories: ...": f"More than {MOST_CATEGORIES} categories, or one longer than {LONGEST_CATEGORY} characters.",
    _TOO_LONG: f"The text has more than {CATEGORY_TOKENS} tokens.",
}

SENTIMENT = SqlFunction(
    Signature("SENTIMENT", ("SNOWFLAKE.CORTEX.SENTIMENT",), (_TEXT,), returns=REAL),
    _ask_sentiment,
    _number,
    summary="How a text feels, from -1 (negative) to 1 (positive): 0.5 and more is positive, -0.5 and less negative.",
    example="SELECT SNOWFLAKE.CORTEX.SENTIMENT('The phone is great, the battery less so')",
    errors={_TOO_LONG: f"The text has more than {SENTIMENT_TOKENS} tokens."},
    default=_SENTIMENT,
)

ENTITY_SENTIMENT = SqlFunction(
    Signature("ENTITY_SENTIMENT", ("SNOWFLAKE.CORTEX.ENTITY_SENTIMENT",), (_TEXT, _CATEGORIES), returns=OBJECT),
    _asking(_ENTITY_SENTIMENT),
    _listed,
    check=_check,
    summary="How a text feels as a whole (overall) and about each of some things: positive, negative, neutral, mixed or unknown.",
    example="SELECT SNOWFLAKE.CORTEX.ENTITY_SENTIMENT('Good food, but it cost a fortune', ['cost', 'food'])",
    errors=_ERRORS,
    default=_ENTITY_SENTIMENT,
)

AI_SENTIMENT = SqlFunction(
    Signature(
        "AI_SENTIMENT",
        ("AI_SENTIMENT", "SNOWFLAKE.CORTEX.AI_SENTIMENT"),
        (_TEXT, _CATEGORIES, RETURN_ERROR_DETAILS),
        returns=OBJECT,
    ),
    _asking(_AI_SENTIMENT),
    _listed,
    check=_check,
    on_error="details",
    summary="How a text feels as a whole (overall) and about each of some things: positive, negative, neutral, mixed or unknown.",
    example="SELECT AI_SENTIMENT('Good food, but it cost a fortune', ['cost', 'food'])",
    errors=_ERRORS,
    default=_AI_SENTIMENT,
)
