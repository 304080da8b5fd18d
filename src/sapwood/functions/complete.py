"""COMPLETE, TRY_COMPLETE and AI_COMPLETE: a prompt or a conversation in, the model's answer out.

Shapes and texts are those of the vendor's pages of COMPLETE and AI_COMPLETE. Knows no SQL: arguments are text by name.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sapwood.dialect.statements import NOT_CONSTANT, Parameter, Signature
from sapwood.dialect.types import OBJECT, SnowType, text
from sapwood.errors import InvalidArgumentsError, InvalidOptionError
from sapwood.functions.function import Answer, Arguments, Ask, Models, SqlFunction
from sapwood.functions.options import check_options, is_sampled, parse_options, response_schema, sampling
from sapwood.inference.request import Completion, Message

ROLES = ("system", "user", "assistant")


# COMPLETE(model, prompt) and COMPLETE(model, history, options) -------------------------------------------------------


def _ask_complete(arguments: Arguments, models: Models) -> Ask | Answer:
    name, prompt = arguments["model"], arguments["prompt"]
    if name is None or prompt is None:
        return Answer(None)
    model = models.resolve(name)
    if "options" not in arguments:
        return Ask(model, (Message("user", prompt),), sampling({}, model, models.max_answer_tokens))
    options = parse_options(arguments["options"])
    schema = response_schema(options.get("response_format"))
    return Ask(model, _conversation(prompt), sampling(options, model, models.max_answer_tokens), schema)


def _value_complete(completion: Completion, arguments: Arguments) -> str | None:
    if "options" not in arguments or parse_options(arguments["options"]).get("response_format") is not None:
        return completion.text
    return _compact(_details(completion, str(arguments["model"]), {"choices": [{"messages": completion.text}]}))


def _check_complete(constants: Mapping[str, Any], models: Models) -> None:
    _check_model(constants, models)
    options = constants.get("options", NOT_CONSTANT)
    if options is NOT_CONSTANT:
        return
    if not isinstance(options, dict):
        raise InvalidOptionError("invalid options object", hint="Give an object, such as {'temperature': 0}.")
    check_options(options)
    response_schema(options.get("response_format"))


def _conversation(history: str) -> tuple[Message, ...]:
    """The turns of a history given as JSON text; InvalidArgumentsError if it is no conversation."""
    try:
        turns = json.loads(history)
    except json.JSONDecodeError:
        turns = None
    if not isinstance(turns, list) or not turns:
        raise InvalidArgumentsError(
            "invalid prompt: with options the prompt must be an array of {'role', 'content'} objects",
            hint="Write [{'role': 'user', 'content': '...'}], or leave the options out for a plain text prompt.",
        )
    messages = tuple(_message(turn, index) for index, turn in enumerate(turns))
    if any(message.role == "system" for message in messages[1:]):
        raise InvalidArgumentsError(
            "invalid prompt: a 'system' message may only be the first one, and there may be only one"
        )
    return messages


def _message(turn: Any, index: int) -> Message:
    if not isinstance(turn, dict) or turn.get("role") not in ROLES or not isinstance(turn.get("content"), str):
        raise InvalidArgumentsError(
            f"invalid prompt: message {index + 1} needs a 'role' of {', '.join(ROLES)} and a 'content' that is text"
        )
    return Message(turn["role"], turn["content"])


# AI_COMPLETE(model, prompt, model_parameters, response_format, show_details, return_error_details) --------------------


def _ask_ai_complete(arguments: Arguments, models: Models) -> Ask | Answer:
    name, prompt = arguments["model"], arguments["prompt"]
    if name is None or prompt is None:
        return Answer(None)
    model = models.resolve(name)
    options = parse_options(arguments["model_parameters"]) if arguments.get("model_parameters") is not None else {}
    schema = response_schema(_json(arguments.get("response_format")))
    return Ask(model, (Message("user", _filled(prompt)),), sampling(options, model, models.max_answer_tokens), schema)


def _value_ai_complete(completion: Completion, arguments: Arguments) -> str | None:
    structured = arguments.get("response_format") is not None
    if not _is_true(arguments.get("show_details")):
        return completion.text
    name = str(arguments["model"])
    if structured:
        body = {"structured_output": [{"raw_message": _json(completion.text), "type": "json"}]}
        detail = _details(completion, name, {})
        return _compact({"created": detail["created"], "model": name, **body, "usage": detail["usage"]})
    return _compact(_details(completion, name, {"choices": [{"messages": completion.text}]}))


def _check_ai_complete(constants: Mapping[str, Any], models: Models) -> None:
    _check_model(constants, models)
    parameters = constants.get("model_parameters")
    if isinstance(parameters, dict):
        check_options(parameters)
    response_format = constants.get("response_format")
    if response_format is not NOT_CONSTANT:
        response_schema(response_format)


def _returns_ai_complete(constants: Mapping[str, Any]) -> SnowType:
    is_object = (
        constants.get("response_format") is not None
        or constants.get("show_details") is True
        or constants.get("return_error_details") is True
    )
    return OBJECT if is_object else text()


def _filled(prompt: str) -> str:
    """The text of a prompt: as it is, or of a PROMPT object `{"args": [...], "template": "... {0} ..."}` with its arguments put in."""
    made = _json(prompt) if prompt.startswith("{") else None
    if not isinstance(made, dict) or set(made) != {"args", "template"}:
        return prompt
    arguments = [value if isinstance(value, str) else _compact(value) for value in made["args"]]
    return re.sub(r"\{(\d+)\}", lambda place: arguments[int(place[1])], made["template"])


# Shared pieces --------------------------------------------------------------------------------------------------------


def _check_model(constants: Mapping[str, Any], models: Models) -> None:
    name = constants.get("model")
    if isinstance(name, str):
        models.resolve(name)


def _details(completion: Completion, name: str, choices: Mapping[str, Any]) -> dict[str, Any]:
    """The object of the vendor's page: choices, created (epoch seconds), model, usage."""
    asked, answered = completion.prompt_tokens, completion.completion_tokens
    usage = {"completion_tokens": answered, "prompt_tokens": asked, "total_tokens": asked + answered}
    return {**choices, "created": int(time.time()), "model": name, "usage": usage}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _json(value: str | None) -> Any:
    if value is None:
        return None
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _is_true(value: str | None) -> bool:
    return value is not None and value.lower() == "true"


_COMPLETE = Signature(
    function="COMPLETE",
    spellings=("SNOWFLAKE.CORTEX.COMPLETE", "CORTEX.COMPLETE"),
    parameters=(
        Parameter("model", ("TEXT",)),
        Parameter("prompt", ("TEXT", "ARRAY", "VARIANT")),
        Parameter("options", required=False),
    ),
    returns=text(),
    sampled=lambda constants: is_sampled(constants.get("options")),
)

COMPLETE = SqlFunction(
    _COMPLETE,
    _ask_complete,
    _value_complete,
    check=_check_complete,
    summary="The model's answer to a prompt, or to a conversation with options.",
    example="SELECT SNOWFLAKE.CORTEX.COMPLETE('mistral-7b', 'Say hello')",
)

TRY_COMPLETE = SqlFunction(
    replace(_COMPLETE, function="TRY_COMPLETE", spellings=("SNOWFLAKE.CORTEX.TRY_COMPLETE", "CORTEX.TRY_COMPLETE")),
    _ask_complete,
    _value_complete,
    check=_check_complete,
    on_error="null",
    summary="COMPLETE, with NULL for a row that fails.",
    example="SELECT SNOWFLAKE.CORTEX.TRY_COMPLETE('mistral-7b', 'Say hello')",
)

AI_COMPLETE = SqlFunction(
    Signature(
        function="AI_COMPLETE",
        spellings=("AI_COMPLETE", "SNOWFLAKE.CORTEX.AI_COMPLETE"),
        parameters=(
            Parameter("model", ("TEXT",)),
            Parameter("prompt", ("TEXT", "OBJECT", "VARIANT")),
            Parameter("model_parameters", ("OBJECT", "VARIANT"), required=False),
            Parameter("response_format", ("OBJECT", "VARIANT"), required=False),
            Parameter("show_details", ("BOOLEAN",), required=False),
            Parameter("return_error_details", ("BOOLEAN",), required=False),
        ),
        returns=text(),
        returns_of=_returns_ai_complete,
        sampled=lambda constants: is_sampled(constants.get("model_parameters")),
    ),
    _ask_ai_complete,
    _value_ai_complete,
    check=_check_ai_complete,
    on_error="details",
    summary="The model's answer to a prompt; NULL for a row that fails, or {value, error} on request.",
    example="SELECT AI_COMPLETE(model => 'mistral-7b', prompt => 'Say hello', show_details => TRUE)",
)
