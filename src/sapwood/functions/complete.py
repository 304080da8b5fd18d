"""COMPLETE, TRY_COMPLETE and AI_COMPLETE: a prompt or a conversation in, the model's answer out.

Shapes and texts are those of the vendor's pages of COMPLETE and AI_COMPLETE. Knows no SQL: arguments are text by name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sapwood.dialect.statements import NOT_CONSTANT, Parameter, Signature
from sapwood.dialect.types import OBJECT, SnowType, text
from sapwood.errors import InvalidArgumentsError, InvalidOptionError
from sapwood.functions.default_model import check_model
from sapwood.functions.error_details import RETURN_ERROR_DETAILS
from sapwood.functions.function import Answer, Arguments, Ask, Models, SqlFunction
from sapwood.functions.json_text import compact, is_true, parsed
from sapwood.functions.options import check_options, is_sampled, parse_options, response_schema, sampling
from sapwood.functions.prompt_object import filled
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
    return compact(_details(completion, str(arguments["model"]), {"choices": [{"messages": completion.text}]}))


def _check_complete(constants: Mapping[str, Any], models: Models) -> None:
    check_model(constants, models)
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
    schema = response_schema(parsed(arguments.get("response_format")))
    return Ask(model, (Message("user", filled(prompt)),), sampling(options, model, models.max_answer_tokens), schema)


def _value_ai_complete(completion: Completion, arguments: Arguments) -> str | None:
    structured = arguments.get("response_format") is not None
    if not is_true(arguments.get("show_details")):
        return completion.text
    name = str(arguments["model"])
    if structured:
        body = {"structured_output": [{"raw_message": parsed(completion.text), "type": "json"}]}
        detail = _details(completion, name, {})
        return compact({"created": detail["created"], "model": name, **body, "usage": detail["usage"]})
    return compact(_details(completion, name, {"choices": [{"messages": completion.text}]}))


def _check_ai_complete(constants: Mapping[str, Any], models: Models) -> None:
    check_model(constants, models)
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


# Shared pieces --------------------------------------------------------------------------------------------------------


def _details(completion: Completion, name: str, choices: Mapping[str, Any]) -> dict[str, Any]:
    """The object of the vendor's page: choices, created (epoch seconds), model, usage."""
    asked, answered = completion.prompt_tokens, completion.completion_tokens
    usage = {"completion_tokens": answered, "prompt_tokens": asked, "total_tokens": asked + answered}
    return {**choices, "created": int(time.time()), "model": name, "usage": usage}


_MODEL = Parameter(
    "model", ("TEXT",), meaning="A model's name: a Cortex name, a base model, an endpoint, a tuned model."
)
_ERRORS = {
    "Request failed for external function COMPLETE$V2 with remote service error: 400 '\"unknown model ...\"'": "Nothing answers"
    " to the model's name.",
    "invalid options object: ...": "An option is unknown, or its value is out of range.",
    "invalid prompt: ...": "With options, the prompt is no conversation.",
    "max tokens of count exceeded: ...": "The prompt is longer than the model's context.",
    "input schema validation error: ...": "The schema of the response format is none, or can't be served.",
    "guardrails: no guard model is set on this server": "`guardrails` is TRUE.",
}
_COMPLETE = Signature(
    function="COMPLETE",
    spellings=("SNOWFLAKE.CORTEX.COMPLETE",),
    parameters=(
        _MODEL,
        Parameter(
            "prompt",
            ("TEXT", "ARRAY", "VARIANT"),
            meaning="A text; with options a conversation `[{'role', 'content'}]` of system, user and assistant.",
        ),
        Parameter(
            "options",
            required=False,
            meaning="`temperature`, `top_p`, `max_tokens`, `seed`, `response_format`; with it the value is JSON text.",
        ),
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
    errors=_ERRORS,
    example="SELECT SNOWFLAKE.CORTEX.COMPLETE('mistral-7b', 'Say hello')",
)

TRY_COMPLETE = SqlFunction(
    replace(_COMPLETE, function="TRY_COMPLETE", spellings=("SNOWFLAKE.CORTEX.TRY_COMPLETE",)),
    _ask_complete,
    _value_complete,
    check=_check_complete,
    on_error="null",
    summary="COMPLETE, with NULL for a row that fails.",
    errors=_ERRORS,
    example="SELECT SNOWFLAKE.CORTEX.TRY_COMPLETE('mistral-7b', 'Say hello')",
)

AI_COMPLETE = SqlFunction(
    Signature(
        function="AI_COMPLETE",
        spellings=("AI_COMPLETE", "SNOWFLAKE.CORTEX.AI_COMPLETE"),
        parameters=(
            _MODEL,
            Parameter("prompt", ("TEXT", "OBJECT", "VARIANT"), meaning="A text, or a PROMPT object."),
            Parameter(
                "model_parameters",
                ("OBJECT", "VARIANT"),
                required=False,
                meaning="`temperature`, `top_p`, `max_tokens`, `seed`.",
            ),
            Parameter(
                "response_format",
                ("OBJECT", "VARIANT"),
                required=False,
                meaning="`{'type': 'json', 'schema': {...}}`: the schema that the answer must follow.",
            ),
            Parameter(
                "show_details",
                ("BOOLEAN",),
                required=False,
                meaning="TRUE gives the answer with its model, time and tokens.",
            ),
            RETURN_ERROR_DETAILS,
            Parameter("predicate", ("TEXT",), required=False, meaning="Refused: the question about a file."),
            Parameter("file", required=False, meaning="Refused: files are not supported."),
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
    errors=_ERRORS,
    example="SELECT AI_COMPLETE(model => 'mistral-7b', prompt => 'Say hello', show_details => TRUE)",
)
