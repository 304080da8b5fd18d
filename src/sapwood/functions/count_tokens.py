"""COUNT_TOKENS and AI_COUNT_TOKENS: how many tokens a text, or the whole prompt of a function, is for a model. No weights are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import number
from sapwood.errors import InvalidArgumentsError, UnsupportedError
from sapwood.functions.error_details import RETURN_ERROR_DETAILS, or_details
from sapwood.functions.function import Answer, Arguments, Ask, EmbedAsk, Models, SqlFunction

NAMES_A_MODEL = ("ai_complete", "ai_embed")
"""Functions behind which AI_COUNT_TOKENS takes a model's name; only the text is counted."""
OTHERS = ("first", "second", "third", "fourth")
"""AI_COUNT_TOKENS's arguments behind the function's name."""


def count_tokens(functions: Sequence[SqlFunction]) -> SqlFunction:
    """COUNT_TOKENS, which knows the task functions among these by name."""
    defaults = {each.default.function: each.default for each in functions if each.default is not None}

    def count(arguments: Arguments, models: Models) -> Answer:
        name, content = arguments["model"], arguments["text"]
        if name is None or content is None:
            return Answer(None)
        task = defaults.get(name.upper())
        if task is not None:
            return Answer(str(models.count_text_tokens(models.default_of(task), content)))
        named = "mistral-7b" if name.lower() == "complete" else name
        return Answer(str(_count(named, content, models)))

    return SqlFunction(
        Signature(
            "COUNT_TOKENS",
            ("SNOWFLAKE.CORTEX.COUNT_TOKENS",),
            (
                Parameter("model", ("TEXT",), meaning="A model's name, or a task function's such as 'summarize'."),
                Parameter("text", ("TEXT",), meaning="The text."),
            ),
            returns=number(18, 0),
        ),
        count,
        summary="How many tokens a text is for a model, or for the model behind a task function (without its prompt).",
        example="SELECT SNOWFLAKE.CORTEX.COUNT_TOKENS('mistral-7b', 'Say hello')",
        errors={
            "tokens can't be counted for the fine-tuned model ...": "A tuned model is named; its base model can be."
        },
    )


def ai_count_tokens(functions: Sequence[SqlFunction]) -> SqlFunction:
    """AI_COUNT_TOKENS, which knows these functions by name."""
    known = {each.signature.function.lower(): each for each in functions if _has_a_row(each.signature)}

    def count(arguments: Arguments, models: Models) -> Answer:
        name, given = arguments["function"], [arguments[other] for other in OTHERS if other in arguments]
        if name is None or any(value is None for value in given):
            return Answer(None)
        return Answer(str(_count_call(name.lower(), [str(value) for value in given], known, models)))

    return SqlFunction(
        Signature(
            "AI_COUNT_TOKENS",
            ("AI_COUNT_TOKENS", "SNOWFLAKE.CORTEX.AI_COUNT_TOKENS"),
            (
                Parameter("function", ("TEXT",), meaning="The function's name in lower case, such as 'ai_classify'."),
                Parameter(
                    OTHERS[0],
                    meaning="The arguments as the function takes them; 'ai_complete' and 'ai_embed' begin with a model.",
                ),
                *(Parameter(other, required=False, meaning="As above.") for other in OTHERS[1:]),
                RETURN_ERROR_DETAILS,
            ),
            returns=number(18, 0),
            returns_of=or_details(number(18, 0)),
        ),
        count,
        on_error="details",
        summary="How many tokens a call of an AI function would send, its prompt included.",
        example="SELECT AI_COUNT_TOKENS('ai_classify', 'I love to travel', ['travel', 'cooking'])",
        errors={
            "AI_COUNT_TOKENS for 'x' is not supported": "There is no such function, or its prompt is not known before it is run.",
            "AI_COUNT_TOKENS('x', ...) needs ...": "Arguments of the function are missing, or too many.",
            "tokens can't be counted for the fine-tuned model ...": "A tuned model is named; its base model can be.",
        },
    )


def _has_a_row(signature: Signature) -> bool:
    """Whether an AI function's prompt is known from one row's arguments."""
    return signature.function.startswith("AI_") and not any(each.gathers for each in signature.parameters)


def _count_call(name: str, given: Sequence[str], known: Mapping[str, SqlFunction], models: Models) -> int:
    if name in NAMES_A_MODEL:
        if len(given) < 2:
            raise InvalidArgumentsError(f"AI_COUNT_TOKENS('{name}', ...) needs a model and a text")
        return _count(given[0], given[1], models)
    if name not in known:
        raise UnsupportedError(
            f"AI_COUNT_TOKENS for '{name}' is not supported",
            hint=f"Known: {', '.join(sorted({*known, *NAMES_A_MODEL}))}.",
        )
    function = known[name]
    try:
        first = next(function.rounds(_matched(name, given, function), models))
    except StopIteration:
        return 0  # no model is asked
    return sum(_size(asked, models) for asked in first)


def _size(asked: Ask | EmbedAsk, models: Models) -> int:
    if isinstance(asked, EmbedAsk):
        return models.count_text_tokens(asked.model, asked.text)
    return models.count_tokens(asked.model, asked.messages)


def _matched(name: str, given: Sequence[str], function: SqlFunction) -> Arguments:
    """Arguments by the parameters of the function that is asked about."""
    parameters = [each for each in function.signature.parameters if each.name != "return_error_details"]
    least = sum(each.required for each in parameters)
    if not least <= len(given) <= len(parameters):
        wanted = ", ".join(each.name if each.required else f"[{each.name}]" for each in parameters)
        raise InvalidArgumentsError(f"AI_COUNT_TOKENS('{name}', ...) needs {wanted}")
    return {parameter.name: value for parameter, value in zip(parameters, given, strict=False)}


def _count(name: str, content: str, models: Models) -> int:
    model = models.resolve(name)
    if model.kind == "tuned":
        raise InvalidArgumentsError(
            f"tokens can't be counted for the fine-tuned model {name}", hint=f"Name its base model: {model.base}."
        )
    return models.count_text_tokens(model, content)
