"""How long an input may be, in tokens of the model that answers."""

from __future__ import annotations

from sapwood.errors import ContextLengthError
from sapwood.functions.function import Models
from sapwood.store.records import ModelVersion


def check_tokens(content: str, limit: int, *, model: ModelVersion, models: Models, what: str) -> None:
    """Raise ContextLengthError for a text of more tokens than that. `what` says whose text it is, such as `input of SENTIMENT`.

    A token is one byte or more, so most texts are not counted; those of an endpoint can't be.
    """
    if len(content.encode()) <= limit or model.kind == "endpoint":
        return
    count = models.count_text_tokens(model, content)
    if count > limit:
        raise ContextLengthError(
            f"max tokens of count exceeded: the {what} has {count} tokens, its limit is {limit}",
            hint="Shorten the text, or split it with SPLIT_TEXT_RECURSIVE_CHARACTER.",
        )


def room(content: str, model: ModelVersion, *, least: int = 64) -> int:
    """Tokens that an answer as long as the text may take, within the model's own limit."""
    return min(model.max_output, least + len(content.encode()))
