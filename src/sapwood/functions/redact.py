"""AI_REDACT: a text in, the same text without what tells about persons out; or a list of where that stands.

The model says what it found, word for word; addresses on the net and card numbers are found by their form too. What a
model says that is not in the text is passed over, so the offsets are always right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import OBJECT, SnowType, text
from sapwood.errors import InvalidArgumentsError
from sapwood.functions.asking import ask, section
from sapwood.functions.error_details import RETURN_ERROR_DETAILS
from sapwood.functions.function import Answer, Arguments, Ask, Default, Models, SqlFunction
from sapwood.functions.json_text import are_texts, compact, constant, is_known, parsed, refuse_null, structured
from sapwood.functions.limits import check_tokens
from sapwood.inference.request import Completion

CATEGORIES = (
    "NAME", "EMAIL", "PHONE_NUMBER", "DATE_OF_BIRTH", "GENDER", "AGE", "ADDRESS", "NATIONAL_ID", "PASSPORT", "TAX_IDENTIFIER",
    "PAYMENT_CARD_DATA", "DRIVERS_LICENSE", "IP_ADDRESS",
)  # fmt: skip
MODES = ("redact", "detect")
MOST_TOKENS = 3_072
ANSWER_TOKENS = 1_024
"""Together 4,096, the vendor's limit on a text and its answer."""

FORMS: Mapping[str, re.Pattern[str]] = {
    "EMAIL": re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    "IP_ADDRESS": re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"),
    "PAYMENT_CARD_DATA": re.compile(r"\b\d(?:[ -]?\d){12,18}\b"),
}
"""Categories that can be told by their form."""

_DEFAULT = Default("AI_REDACT", billions=7)


@dataclass(frozen=True)
class Span:
    """A place in the text: characters from `start` up to `end`."""

    category: str
    start: int
    end: int
    text: str


# Asking ----------------------------------------------------------------------------------------------------------------


def _ask(arguments: Arguments, models: Models) -> Ask | Answer:
    content = arguments["input"]
    if content is None:
        return Answer(None)
    categories = _categories(parsed(arguments.get("categories")))
    _mode(arguments.get("mode"))
    model = models.default_of(_DEFAULT)
    check_tokens(content, MOST_TOKENS, model=model, models=models, what="input of AI_REDACT")
    order = "List everything in the text that tells about a person, word for word, each with its category. List nothing else."
    known = f"Categories: {', '.join(categories)}."
    prompt = "\n\n".join((f"{order} {known}", section("Text", content), "JSON:"))
    return ask(model, prompt, max_tokens=ANSWER_TOKENS, schema=_schema(categories))


def _schema(categories: Sequence[str]) -> dict[str, Any]:
    properties = {"category": {"enum": [*categories]}, "text": {"type": "string"}}
    found = {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }
    return {"type": "array", "items": found}


def _categories(given: Any) -> tuple[str, ...]:
    """The categories that are asked for, all if none is. Raises InvalidArgumentsError for one that is not served."""
    if given is None:
        return CATEGORIES
    if not are_texts(given) or not given:
        raise InvalidArgumentsError("invalid categories: an array of texts is needed")
    names = [each.upper() for each in given]
    wrong = next((name for name in names if name not in CATEGORIES), None)
    if wrong is not None:
        raise InvalidArgumentsError(f"invalid categories: unsupported category '{wrong}'", hint=_KNOWN)
    return tuple(dict.fromkeys(names))


_KNOWN = f"Known: {', '.join(CATEGORIES)}."


def _mode(given: str | None) -> str:
    mode = (given or "redact").lower()
    if mode not in MODES:
        raise InvalidArgumentsError(f"invalid mode '{given}': it must be one of {', '.join(MODES)}")
    return mode


# Answering -------------------------------------------------------------------------------------------------------------


def _value(completion: Completion, arguments: Arguments) -> str:
    content = str(arguments["input"])
    spans = _apart([*_by_form(content, arguments), *_said(structured(completion, list), content)])
    if _mode(arguments.get("mode")) == "detect":
        return compact({"spans": [asdict(span) for span in spans]})
    for span in reversed(spans):
        content = f"{content[: span.start]}[{span.category}]{content[span.end :]}"
    return content


def _by_form(content: str, arguments: Arguments) -> Iterator[Span]:
    for category in _categories(parsed(arguments.get("categories"))):
        for found in FORMS[category].finditer(content) if category in FORMS else ():
            if category != "PAYMENT_CARD_DATA" or is_card_number(found[0]):
                yield Span(category, found.start(), found.end(), found[0])


def is_card_number(text: str) -> bool:
    """Whether the digits of a text end in the check digit of payment cards.

    >>> is_card_number("4111 1111 1111 1111"), is_card_number("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _said(found: Sequence[Any], content: str) -> Iterator[Span]:
    """Every place of what the model named; what names no category and no text is passed over."""
    for each in found:
        category, text = (each.get("category"), each.get("text")) if isinstance(each, dict) else (None, None)
        if category in CATEGORIES and isinstance(text, str) and text.strip():
            for place in re.finditer(re.escape(text), content):
                yield Span(category, place.start(), place.end(), place[0])


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans in order, none inside another or across its end; of those that clash, the first and longest stays."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


# The declaration -------------------------------------------------------------------------------------------------------


def _check(constants: Mapping[str, Any], models: Models) -> None:
    categories, mode = constant(constants.get("categories", [*CATEGORIES])), constants.get("mode", "redact")
    refuse_null(categories, "categories")
    if is_known(categories):
        _categories(categories)
    if isinstance(mode, str):
        _mode(mode)


def _returns(constants: Mapping[str, Any]) -> SnowType:
    is_object = str(constants.get("mode")).lower() == "detect" or constants.get("return_error_details") is True
    return OBJECT if is_object else text()


AI_REDACT = SqlFunction(
    Signature(
        "AI_REDACT",
        ("AI_REDACT", "SNOWFLAKE.CORTEX.AI_REDACT"),
        (
            Parameter("input", ("TEXT",), meaning="The text."),
            Parameter(
                "categories",
                ("ARRAY",),
                required=False,
                meaning=f"What to look for, all if not given: {', '.join(CATEGORIES)}.",
            ),
            RETURN_ERROR_DETAILS,
            Parameter(
                "mode",
                ("TEXT",),
                required=False,
                meaning="'redact' puts `[CATEGORY]` in place of what is found; 'detect' lists it.",
            ),
        ),
        returns=text(),
        returns_of=_returns,
    ),
    _ask,
    _value,
    check=_check,
    on_error="details",
    summary="A text without what tells about persons, or the places where that stands: `{spans: [{category, start, end, text}]}`.",
    example="SELECT AI_REDACT('Ann Smith, ann@example.com', ['NAME', 'EMAIL'])",
    errors={
        "invalid categories: unsupported category 'X'": "A category that is not on the list.",
        "invalid mode 'x': ...": "It is neither 'redact' nor 'detect'.",
        "max tokens of count exceeded: ...": f"The text has more than {MOST_TOKENS} tokens.",
    },
    default=_DEFAULT,
)
