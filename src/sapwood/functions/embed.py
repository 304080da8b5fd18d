"""EMBED_TEXT_768, EMBED_TEXT_1024, AI_EMBED and AI_SIMILARITY: texts to vectors, and how near two texts are.

A vector has as many elements as its function or model says, or the call is an error: nothing is padded or cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import REAL, SnowType, vector
from sapwood.errors import InvalidArgumentsError
from sapwood.functions.default_model import checks_configured, configured
from sapwood.functions.function import Answer, Arguments, Default, EmbedAsk, Models, Rounds, SqlFunction
from sapwood.functions.vector_text import cosine, decoded
from sapwood.store.records import ModelVersion

ECHO_DIMENSIONS = 768
"""Elements of the vectors that echo makes for AI_EMBED."""

_SIMILARITY = Default("AI_SIMILARITY", billions=0, model="snowflake-arctic-embed-l-v2.0", makes_vectors=True)


def _dimensions(model: ModelVersion) -> int:
    """Elements of a model's vectors; 0 for an endpoint, which tells only when it is asked."""
    return ECHO_DIMENSIONS if model.kind == "echo" else model.dimensions


# EMBED_TEXT_768, EMBED_TEXT_1024 ---------------------------------------------------------------------------------------


def _embedding(name: str, size: int) -> SqlFunction:
    """EMBED_TEXT_<size>."""

    def ask(arguments: Arguments, models: Models) -> EmbedAsk | Answer:
        model, content = arguments["model"], arguments["text"]
        if model is None or content is None:
            return Answer(None)
        return EmbedAsk(checked(model, models), content, size)

    def checked(model: str, models: Models) -> ModelVersion:
        found = models.resolve(model, makes_vectors=True)
        if found.dimensions not in (0, size):
            raise InvalidArgumentsError(
                f"model {found.name} makes vectors of {found.dimensions} elements, and {name} gives {size}",
                hint="AI_EMBED gives a model's own number.",
            )
        return found

    def check(constants: Mapping[str, Any], models: Models) -> None:
        if isinstance(constants["model"], str):
            checked(constants["model"], models)

    return SqlFunction(
        Signature(name, (f"SNOWFLAKE.CORTEX.{name}",), (_MODEL, _TEXT), returns=vector(size)),
        ask,
        check=check,
        summary=f"The vector of a text, of {size} elements.",
        example=f"SELECT SNOWFLAKE.CORTEX.{name}('{_EXAMPLES[size]}', 'Say hello')",
        errors={
            **_ERRORS,
            f"model x makes vectors of n elements, and {name} gives {size}": "The model's vectors are shorter or longer.",
        },
    )


_MODEL = Parameter("model", ("TEXT",), meaning="The name of an embedding model.")
_TEXT = Parameter("text", ("TEXT",), meaning="The text.")
_EXAMPLES = {768: "snowflake-arctic-embed-m-v1.5", 1024: "snowflake-arctic-embed-l-v2.0"}
_ERRORS = {
    '... model "x" does not support given modality ...': "The model makes text, no vectors.",
    "... unknown model ...": "Nothing answers to the model's name, or its files can't be had.",
}

EMBED_TEXT_768 = _embedding("EMBED_TEXT_768", 768)
EMBED_TEXT_1024 = _embedding("EMBED_TEXT_1024", 1024)


# AI_EMBED --------------------------------------------------------------------------------------------------------------


def _ask_embed(arguments: Arguments, models: Models) -> EmbedAsk | Answer:
    name, content = arguments["model"], arguments["text"]
    if name is None or content is None:
        return Answer(None)
    model = models.resolve(name, makes_vectors=True)
    return EmbedAsk(model, content, _dimensions(model))


def _returns_embed(constants: Mapping[str, Any], models: Models) -> SnowType:
    name = constants["model"]
    if not isinstance(name, str):
        raise InvalidArgumentsError(
            "AI_EMBED needs a constant as its model: the vector's size depends on it",
            hint="Write the model's name as a text.",
        )
    size = _dimensions(models.resolve(name, makes_vectors=True))
    if not size:
        raise InvalidArgumentsError(
            f"AI_EMBED can't tell how many elements the vectors of {name} have: it is an endpoint",
            hint="Say it by EMBED_TEXT_768 or EMBED_TEXT_1024.",
        )
    return vector(size)


AI_EMBED = SqlFunction(
    Signature("AI_EMBED", ("AI_EMBED", "SNOWFLAKE.CORTEX.AI_EMBED"), (_MODEL, _TEXT), returns=vector(ECHO_DIMENSIONS)),
    _ask_embed,
    returns_of=_returns_embed,
    summary="The vector of a text, of as many elements as the model's vectors have.",
    example="SELECT AI_EMBED('all-minilm-l6-v2', 'Say hello')",
    errors={
        **_ERRORS,
        "AI_EMBED needs a constant as its model: ...": "The model's name is a column, or NULL.",
        "AI_EMBED can't tell how many elements ...": "The model is an endpoint; EMBED_TEXT_768 and EMBED_TEXT_1024 can ask it.",
    },
)


# AI_SIMILARITY ---------------------------------------------------------------------------------------------------------


def _ask_similarity(arguments: Arguments, models: Models) -> Answer | Rounds:
    first, second = arguments["first"], arguments["second"]
    if first is None or second is None:
        return Answer(None)
    return _compared(configured(arguments, _SIMILARITY, models), first, second)


def _compared(model: ModelVersion, first: str, second: str) -> Rounds:
    size = _dimensions(model)
    left, right = yield (EmbedAsk(model, first, size), EmbedAsk(model, second, size))
    return repr(cosine(decoded(left.text), decoded(right.text)))


AI_SIMILARITY = SqlFunction(
    Signature(
        "AI_SIMILARITY",
        ("AI_SIMILARITY", "SNOWFLAKE.CORTEX.AI_SIMILARITY"),
        (
            Parameter("first", ("TEXT",), meaning="A text."),
            Parameter("second", ("TEXT",), meaning="Another one."),
            Parameter("config", ("OBJECT",), required=False, meaning="`{'model': ...}`: an embedding model's name."),
        ),
        returns=REAL,
    ),
    _ask_similarity,
    check=checks_configured(_SIMILARITY),
    summary="How near two texts are: the cosine of their vectors, from -1 to 1.",
    example="SELECT AI_SIMILARITY('I like this dish', 'This dish is very good', {'model': 'all-minilm-l6-v2'})",
    errors={**_ERRORS, "invalid options object: ...": "The configuration holds something else than `model`."},
    default=_SIMILARITY,
)
