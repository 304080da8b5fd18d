"""AI_FILTER: a statement or question in, TRUE or FALSE out. Works in WHERE and in JOIN ... ON too, where equal questions are asked once."""

from __future__ import annotations

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import BOOLEAN
from sapwood.functions.asking import choose, chosen
from sapwood.functions.default_model import checks_configured, configured
from sapwood.functions.error_details import RETURN_ERROR_DETAILS, or_details
from sapwood.functions.function import Answer, Arguments, Ask, Default, Models, SqlFunction
from sapwood.functions.prompt_object import filled, is_null
from sapwood.inference.request import Completion

TRUTHS = ("false", "true")
"""What the model may answer."""

_DEFAULT = Default("AI_FILTER", billions=1.5)
_PROMPT = "Is this true? Answer true or false.\n\n{predicate}\n\nAnswer:"


def _ask(arguments: Arguments, models: Models) -> Ask | Answer:
    predicate = arguments["predicate"]
    if predicate is None or is_null(predicate):
        return Answer(None)
    prompt = _PROMPT.format(predicate=filled(predicate))
    return choose(configured(arguments, _DEFAULT, models), prompt, TRUTHS)


def _truth(completion: Completion, arguments: Arguments) -> str:
    return chosen(completion, TRUTHS)


AI_FILTER = SqlFunction(
    Signature(
        "AI_FILTER",
        ("AI_FILTER", "SNOWFLAKE.CORTEX.AI_FILTER"),
        (
            Parameter("predicate", ("TEXT", "OBJECT"), meaning="A statement or question, or a PROMPT object of one."),
            Parameter(
                "config", ("OBJECT",), required=False, meaning="`{'model': ...}`: a model's name, a tuned one's too."
            ),
            RETURN_ERROR_DETAILS,
        ),
        returns=BOOLEAN,
        returns_of=or_details(BOOLEAN),
    ),
    _ask,
    _truth,
    check=checks_configured(_DEFAULT),
    on_error="details",
    summary="Whether a statement is true. In JOIN ... ON, begin the PROMPT with the text that stands in many pairs: it is computed once.",
    example="SELECT AI_FILTER(PROMPT('Is {0} a town in Europe?', 'Bern'))",
    errors={"invalid options object: ...": "The configuration holds something else than `model`."},
    default=_DEFAULT,
)
