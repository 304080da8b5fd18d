"""COUNT_TOKENS and AI_COUNT_TOKENS: how many tokens a text is for a model. Text in, number out; no weights are loaded."""

from __future__ import annotations

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import number
from sapwood.errors import InvalidArgumentsError, UnsupportedError
from sapwood.functions.function import Answer, Arguments, Models, SqlFunction
from sapwood.inference.request import Completion

TASK_FUNCTIONS = (
    "complete",
    "summarize",
    "sentiment",
    "translate",
    "extract_answer",
    "classify_text",
    "entity_sentiment",
)
"""Names that stand in COUNT_TOKENS in place of a model; their own default model's tokens are counted."""
TASK_MODEL = "mistral-7b"


def _count_tokens(arguments: Arguments, models: Models) -> Answer:
    name, content = arguments["model"], arguments["text"]
    if name is None or content is None:
        return Answer(None)
    return Answer(str(_count(TASK_MODEL if name.lower() in TASK_FUNCTIONS else name, content, models)))


def _ai_count_tokens(arguments: Arguments, models: Models) -> Answer:
    function = arguments["function"]
    if function is None:
        return Answer(None)
    if function.lower() != "ai_complete":
        raise UnsupportedError(
            f"AI_COUNT_TOKENS for '{function}' is not supported", hint="AI_COUNT_TOKENS('ai_complete', model, text) is."
        )
    if "text" not in arguments:
        raise InvalidArgumentsError("AI_COUNT_TOKENS('ai_complete', ...) needs a model and a text")
    name, content = arguments["model"], arguments["text"]
    return Answer(None if name is None or content is None else str(_count(name, content, models)))


def _count(name: str, content: str, models: Models) -> int:
    model = models.resolve(name)
    if model.kind == "tuned":
        raise InvalidArgumentsError(
            f"tokens can't be counted for the fine-tuned model {name}", hint=f"Name its base model: {model.base}."
        )
    return models.count_text_tokens(model, content)


def _no_completion(completion: Completion, arguments: Arguments) -> str | None:
    raise AssertionError("a count asks no model")


COUNT_TOKENS = SqlFunction(
    Signature(
        function="COUNT_TOKENS",
        spellings=("SNOWFLAKE.CORTEX.COUNT_TOKENS", "CORTEX.COUNT_TOKENS"),
        parameters=(Parameter("model", ("TEXT",)), Parameter("text", ("TEXT",))),
        returns=number(18, 0),
    ),
    _count_tokens,
    _no_completion,
    summary="How many tokens a text is for a model, or for the model behind a task function.",
    example="SELECT SNOWFLAKE.CORTEX.COUNT_TOKENS('mistral-7b', 'Say hello')",
)

AI_COUNT_TOKENS = SqlFunction(
    Signature(
        function="AI_COUNT_TOKENS",
        spellings=("AI_COUNT_TOKENS",),
        parameters=(
            Parameter("function", ("TEXT",)),
            Parameter("model", ("TEXT",)),
            Parameter("text", ("TEXT",), required=False),
            Parameter("return_error_details", ("BOOLEAN",), required=False),
        ),
        returns=number(18, 0),
    ),
    _ai_count_tokens,
    _no_completion,
    on_error="details",
    summary="How many tokens a call of an AI function would send.",
    example="SELECT AI_COUNT_TOKENS('ai_complete', 'mistral-7b', 'Say hello')",
)
