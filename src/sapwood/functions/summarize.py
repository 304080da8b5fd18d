"""SUMMARIZE, AI_SUMMARIZE, AI_SUMMARIZE_AGG and AI_AGG: one answer about a long text, or about all texts of a group.

What fits the model's context is one question; what does not is reduced part by part. The aggregates get a group's texts
sorted, so that their answer does not depend on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import text
from sapwood.functions.error_details import RETURN_ERROR_DETAILS, or_details
from sapwood.functions.function import Answer, Arguments, Default, Models, Rounds, SqlFunction
from sapwood.functions.json_text import parsed
from sapwood.functions.limits import check_tokens
from sapwood.functions.reduction import Reduction

SUMMARIZE_TOKENS = 32_000
"""Longest text of SUMMARIZE and AI_SUMMARIZE, in tokens."""
UNCHANGED_CHARACTERS = 110
"""AI_SUMMARIZE gives a text of up to so many characters back as it is."""

_SUMMARIZE = Default("SUMMARIZE", billions=1.5)
_AI_SUMMARIZE = Default("AI_SUMMARIZE", billions=1.5)
_AI_SUMMARIZE_AGG = Default("AI_SUMMARIZE_AGG", billions=1.5)
_AI_AGG = Default("AI_AGG", billions=7)


def _summarizing(default: Default, *, unchanged: int = 0) -> Callable[[Arguments, Models], Answer | Rounds]:
    def ask_row(arguments: Arguments, models: Models) -> Answer | Rounds:
        content = arguments["text"]
        if content is None or len(content) <= unchanged:
            return Answer(content)
        check_tokens(
            content,
            SUMMARIZE_TOKENS,
            model=models.default_of(default),
            models=models,
            what=f"text of {default.function}",
        )
        return _reduced(default, models, _summary_prompt, [content])

    return ask_row


def _summary_prompt(content: str, is_partial: bool) -> str:
    return f"Summarize the text in English, in a few sentences. Give only the summary.\n\nText:\n{content}\n\nSummary:"


def _summarize_group(arguments: Arguments, models: Models) -> Answer | Rounds:
    texts = parsed(arguments["text"])
    return _reduced(_AI_SUMMARIZE_AGG, models, _group_summary_prompt, texts) if texts else Answer(None)


def _group_summary_prompt(content: str, is_partial: bool) -> str:
    order = "Summarize all of the texts together, in English, in a few sentences. Give only the summary."
    return f"{order} Lines of three dashes divide them.\n\nTexts:\n{content}\n\nSummary:"


def _aggregate(arguments: Arguments, models: Models) -> Answer | Rounds:
    texts, instruction = parsed(arguments["text"]), arguments["instruction"]
    if not texts or instruction is None:
        return Answer(None)

    def prompt(content: str, is_partial: bool) -> str:
        part = (
            " These are only some of the texts: keep all that is needed to answer for all of them."
            if is_partial
            else ""
        )
        order = f"{instruction}\n\nDo this for the texts below; lines of three dashes divide them.{part}"
        return f"{order}\n\nTexts:\n{content}\n\nAnswer:"

    return _reduced(_AI_AGG, models, prompt, texts)


def _reduced(default: Default, models: Models, prompt: Callable[[str, bool], str], texts: Sequence[str]) -> Rounds:
    model = models.default_of(default)
    return Reduction(model, models, prompt, answer_tokens=models.max_answer_tokens).rounds(texts)


_TEXT = Parameter("text", ("TEXT",), meaning="The text.")
_GROUP = Parameter("text", ("TEXT",), gathers=True, meaning="The texts of the group; NULL is passed over.")
_TOO_LONG = {"max tokens of count exceeded: ...": f"The text has more than {SUMMARIZE_TOKENS} tokens."}

SUMMARIZE = SqlFunction(
    Signature("SUMMARIZE", ("SNOWFLAKE.CORTEX.SUMMARIZE",), (_TEXT,), returns=text()),
    _summarizing(_SUMMARIZE),
    summary="A text in a few English sentences.",
    example="SELECT SNOWFLAKE.CORTEX.SUMMARIZE('The line was slow all week. I called twice, and nobody could say why.')",
    errors=_TOO_LONG,
    default=_SUMMARIZE,
)

AI_SUMMARIZE = SqlFunction(
    Signature(
        "AI_SUMMARIZE",
        ("AI_SUMMARIZE", "SNOWFLAKE.CORTEX.AI_SUMMARIZE"),
        (_TEXT, RETURN_ERROR_DETAILS),
        returns=text(),
        returns_of=or_details(text()),
    ),
    _summarizing(_AI_SUMMARIZE, unchanged=UNCHANGED_CHARACTERS),
    on_error="details",
    summary=f"A text in a few English sentences; one of up to {UNCHANGED_CHARACTERS} characters as it is.",
    example="SELECT AI_SUMMARIZE('The line was slow all week. I called twice, and nobody could say why.')",
    errors=_TOO_LONG,
    default=_AI_SUMMARIZE,
)

AI_SUMMARIZE_AGG = SqlFunction(
    Signature("AI_SUMMARIZE_AGG", ("AI_SUMMARIZE_AGG", "SNOWFLAKE.CORTEX.AI_SUMMARIZE_AGG"), (_GROUP,), returns=text()),
    _summarize_group,
    summary="All texts of a group in a few English sentences. An aggregate function.",
    example="SELECT service_type, AI_SUMMARIZE_AGG(request) FROM support_tickets GROUP BY service_type",
    errors={"max tokens of count exceeded: ...": "MAX_ANSWER_TOKENS leaves no room for a text in the model's context."},
    default=_AI_SUMMARIZE_AGG,
)

AI_AGG = SqlFunction(
    Signature(
        "AI_AGG",
        ("AI_AGG", "SNOWFLAKE.CORTEX.AI_AGG"),
        (_GROUP, Parameter("instruction", ("TEXT",), meaning="What to do with the texts, in plain English.")),
        returns=text(),
    ),
    _aggregate,
    summary="The answer to an instruction about all texts of a group. An aggregate function.",
    example="SELECT AI_AGG(request, 'What do these customers complain of most? Name one thing.') FROM support_tickets",
    errors={"max tokens of count exceeded: ...": "The instruction leaves no room for a text in the model's context."},
    default=_AI_AGG,
)
