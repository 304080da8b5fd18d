"""TRANSLATE and AI_TRANSLATE: a text and two language codes in, the translation out. Languages are those of the vendor's pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import text
from sapwood.errors import InvalidArgumentsError
from sapwood.functions.asking import ask, section
from sapwood.functions.error_details import RETURN_ERROR_DETAILS, or_details
from sapwood.functions.function import Answer, Arguments, Ask, Default, Models, SqlFunction
from sapwood.functions.limits import check_tokens, room
from sapwood.inference.request import Completion

LANGUAGES: Mapping[str, str] = {
    "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "zh": "Chinese",
}  # fmt: skip
"""Code -> name of what TRANSLATE knows. A region behind a code (de_DE, en_XX) is passed over."""
AI_LANGUAGES: Mapping[str, str] = {
    **LANGUAGES, "ar": "Arabic", "cs": "Czech", "el": "Greek", "fi": "Finnish", "he": "Hebrew", "hr": "Croatian",
    "no": "Norwegian", "ro": "Romanian", "tr": "Turkish",
}  # fmt: skip
"""What AI_TRANSLATE knows."""
MOST_TOKENS = 100_000


def _language(code: str, known: Mapping[str, str]) -> str:
    """The name of a language; '' for the code '' (to be detected)."""
    plain = code.strip().lower().replace("-", "_").partition("_")[0]
    if plain and plain not in known:
        raise InvalidArgumentsError(f'Invalid language "{code}"', hint=f"Known: {', '.join(sorted(known))}.")
    return known.get(plain, "")


def _target(code: str, known: Mapping[str, str]) -> str:
    name = _language(code, known)
    if not name:
        raise InvalidArgumentsError(f'Invalid language "{code}"', hint="The target language can't be detected.")
    return name


def _asking(default: Default, known: Mapping[str, str]) -> Callable[[Arguments, Models], Ask | Answer]:
    def ask_row(arguments: Arguments, models: Models) -> Ask | Answer:
        content, source, target = (arguments[name] for name in ("text", "source_language", "target_language"))
        if content is None or source is None or target is None:
            return Answer(None)
        origin, goal = _language(source, known), _target(target, known)
        if not content.strip():
            return Answer(content)
        model = models.default_of(default)
        check_tokens(content, MOST_TOKENS, model=model, models=models, what=f"text of {default.function}")
        order = f"Translate the text{f' from {origin}' if origin else ''} to {goal}. Give only the translation."
        return ask(model, f"{order}\n\n{section('Text', content)}", max_tokens=room(content, model))

    return ask_row


def _checking(known: Mapping[str, str]) -> Callable[[Mapping[str, Any], Models], None]:
    def check(constants: Mapping[str, Any], models: Models) -> None:
        source, target = constants.get("source_language"), constants.get("target_language")
        if isinstance(source, str):
            _language(source, known)
        if isinstance(target, str):
            _target(target, known)

    return check


def _translation(completion: Completion, arguments: Arguments) -> str:
    return completion.text.strip()


_PARAMETERS = (
    Parameter("text", ("TEXT",), meaning="The text."),
    Parameter("source_language", ("TEXT",), meaning="The code of its language; '' lets the model find out."),
    Parameter("target_language", ("TEXT",), meaning="The code of the language to translate to."),
)
_ERRORS = {
    'Invalid language "xx"': "A code that is not known.",
    "max tokens of count exceeded: ...": f"The text has more than {MOST_TOKENS} tokens, or more than the model's context.",
}
_TRANSLATE = Default("TRANSLATE", billions=7)
_AI_TRANSLATE = Default("AI_TRANSLATE", billions=7)

TRANSLATE = SqlFunction(
    Signature("TRANSLATE", ("SNOWFLAKE.CORTEX.TRANSLATE",), _PARAMETERS, returns=text()),
    _asking(_TRANSLATE, LANGUAGES),
    _translation,
    check=_checking(LANGUAGES),
    summary=f"A text in another language. Codes: {', '.join(LANGUAGES)}.",
    example="SELECT SNOWFLAKE.CORTEX.TRANSLATE('Guten Morgen', 'de', 'en')",
    errors=_ERRORS,
    default=_TRANSLATE,
)

AI_TRANSLATE = SqlFunction(
    Signature(
        "AI_TRANSLATE",
        ("AI_TRANSLATE", "SNOWFLAKE.CORTEX.AI_TRANSLATE"),
        (*_PARAMETERS, RETURN_ERROR_DETAILS),
        returns=text(),
        returns_of=or_details(text()),
    ),
    _asking(_AI_TRANSLATE, AI_LANGUAGES),
    _translation,
    check=_checking(AI_LANGUAGES),
    on_error="details",
    summary=f"A text in another language. Codes: {', '.join(AI_LANGUAGES)}.",
    example="SELECT AI_TRANSLATE('Guten Morgen', 'de', 'en')",
    errors=_ERRORS,
    default=_AI_TRANSLATE,
)
