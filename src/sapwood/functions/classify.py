"""CLASSIFY_TEXT and AI_CLASSIFY: a text and categories in, the category (or all that fit) out.

The model may answer with a category only, so the shape is right whatever it is. AI_CLASSIFY_PROMPT gives the prompt
itself: rows of it with their labels are what a model is tuned on that AI_CLASSIFY is then to use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import OBJECT, text
from sapwood.errors import InvalidArgumentsError, InvalidOptionError
from sapwood.functions.asking import ask, choose, chosen, section
from sapwood.functions.default_model import answering
from sapwood.functions.error_details import RETURN_ERROR_DETAILS
from sapwood.functions.function import Answer, Arguments, Ask, Default, Models, SqlFunction
from sapwood.functions.json_text import are_texts, compact, constant, is_known, parsed, refuse_null, structured
from sapwood.functions.prompt_object import filled
from sapwood.inference.request import Completion
from sapwood.store.records import ModelVersion

MOST_CATEGORIES = 100
MOST_EXAMPLES = 20
"""Examples of one category."""
TEXT_OPTIONS = ("task_description", "model", "scores")
OPTIONS = (*TEXT_OPTIONS, "output_mode", "examples")
"""What the configurations of CLASSIFY_TEXT and of AI_CLASSIFY may hold; model and scores are ours."""


@dataclass(frozen=True)
class Category:
    """One category; `examples` are texts that belong to it."""

    label: str
    description: str = ""
    examples: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The category as the prompt lists it."""
        such_as = f" Such as: {'; '.join(self.examples)}" if self.examples else ""
        return f"- {self.label}{f': {self.description}' if self.description else ''}{such_as}"


@dataclass(frozen=True)
class Task:
    """What is asked of each text. `examples` are finished pieces of the prompt; `model` None is the function's own."""

    categories: tuple[Category, ...]
    description: str = ""
    is_multi: bool = False
    examples: tuple[str, ...] = ()
    model: str | None = None
    has_scores: bool = False

    @property
    def labels(self) -> list[str]:
        return [category.label for category in self.categories]

    def prompt(self, content: str) -> str:
        """What the model is asked about a text; all texts of a task share its beginning."""
        which = (
            "Which categories does the text belong to?" if self.is_multi else "Which category does the text belong to?"
        )
        form = "All categories that fit, as a JSON array" if self.is_multi else "Category"
        listed = section("Categories", "\n".join(category.line for category in self.categories))
        pieces = [which, self.description, listed, *self.examples, section("Text", content), f"{form}:"]
        return "\n\n".join(piece for piece in pieces if piece)

    def ask(self, content: str, model: ModelVersion) -> Ask:
        """The question about a text: one label may be the answer, or a list of different ones."""
        prompt = self.prompt(content)
        if not self.is_multi:
            return choose(model, prompt, self.labels, wants_confidence=self.has_scores)
        schema = {"type": "array", "items": {"enum": self.labels}, "minItems": 1, "maxItems": len(self.labels)}
        return ask(model, prompt, max_tokens=len(compact(self.labels).encode()) + len(self.labels) + 1, schema=schema)


# Reading the arguments -------------------------------------------------------------------------------------------------


def _task(categories: Any, config: Any, known: Sequence[str]) -> Task:
    """The task that a call describes. Raises InvalidArgumentsError or InvalidOptionError for what can't be asked."""
    listed = _categories(categories)
    hint = f"Known options: {', '.join(known)}."
    if not isinstance(config, Mapping):
        raise InvalidOptionError("invalid options object: the configuration must be an object", hint=hint)
    options: Mapping[str, Any] = config
    unknown = sorted(options.keys() - set(known))
    if unknown:
        raise InvalidOptionError(f"invalid options object: unknown option '{unknown[0]}'", hint=hint)
    mode = options.get("output_mode", "single")
    if mode not in ("single", "multi"):
        raise InvalidOptionError(f"invalid options object: 'output_mode' is {mode!r}, and must be 'single' or 'multi'")
    description = options.get("task_description", "")
    if not isinstance(description, str):
        raise InvalidOptionError("invalid options object: 'task_description' must be a text")
    examples = _examples(options.get("examples", []), [category.label for category in listed], mode == "multi")
    return Task(listed, description, mode == "multi", examples, options.get("model"), _has_scores(options, mode))


def _has_scores(options: Mapping[str, Any], mode: str) -> bool:
    wanted = options.get("scores", False)
    if not isinstance(wanted, bool) or (wanted and mode == "multi"):
        raise InvalidOptionError("invalid options object: 'scores' must be TRUE or FALSE, and FALSE with 'multi'")
    return wanted


def _categories(given: Any) -> tuple[Category, ...]:
    if not isinstance(given, list) or not 2 <= len(given) <= MOST_CATEGORIES:
        found = f"{len(given)}" if isinstance(given, list) else "none"
        raise InvalidArgumentsError(
            f"invalid categories: an array of 2 to {MOST_CATEGORIES} categories is needed, found {found}"
        )
    items: list[Any] = given
    if not (all(isinstance(each, str) for each in items) or all(isinstance(each, dict) for each in items)):
        raise InvalidArgumentsError("invalid categories: they must be all texts, or all objects with a 'label'")
    categories = tuple(Category(each) if isinstance(each, str) else _described(each) for each in items)
    labels = [category.label for category in categories]
    if "" in labels:
        raise InvalidArgumentsError("invalid categories: a category is empty")
    twice = next((label for label, count in Counter(labels).items() if count > 1), None)
    if twice is not None:
        raise InvalidArgumentsError(f"invalid categories: '{twice}' is there twice")
    return categories


def _described(given: Mapping[str, Any]) -> Category:
    label, description, examples = (given.get(name) for name in ("label", "description", "examples"))
    wrong = sorted(given.keys() - {"label", "description", "examples"})
    if wrong or not isinstance(label, str) or not isinstance(description or "", str) or not are_texts(examples or []):
        raise InvalidArgumentsError(
            "invalid categories: a category object has a 'label', and may have a 'description' and 'examples' (texts)"
        )
    if len(examples or []) > MOST_EXAMPLES:
        raise InvalidArgumentsError(f"invalid categories: '{label}' has more than {MOST_EXAMPLES} examples")
    return Category(label, description or "", tuple(examples or ()))


def _examples(given: Any, labels: Sequence[str], is_multi: bool) -> tuple[str, ...]:
    """The worked examples of a configuration as the prompt shows them."""
    if not isinstance(given, list):
        raise InvalidOptionError("invalid options object: 'examples' must be an array of objects")
    items: list[Any] = given
    return tuple(_example(each, labels, is_multi) for each in items)


def _example(given: Any, labels: Sequence[str], is_multi: bool) -> str:
    """A worked example as the prompt shows it."""
    if not isinstance(given, dict) or not isinstance(given.get("input"), str) or not are_texts(given.get("labels")):
        raise InvalidOptionError(
            "invalid options object: each of 'examples' needs an 'input' (text) and 'labels' (texts)"
        )
    answer: list[str] = given["labels"]
    strange = [label for label in answer if label not in labels]
    if strange or not answer:
        named = f"'{strange[0]}', which is no category" if strange else "no label"
        raise InvalidOptionError(f"invalid options object: one of 'examples' has {named}")
    why = f"\nWhy: {given['explanation']}" if given.get("explanation") else ""
    return f"Example: {given['input']}{why}\nAnswer: {compact(answer) if is_multi else answer[0]}"


# CLASSIFY_TEXT and AI_CLASSIFY -----------------------------------------------------------------------------------------


def _asking(default: Default, known: Sequence[str]) -> Callable[[Arguments, Models], Ask | Answer]:
    def ask_row(arguments: Arguments, models: Models) -> Ask | Answer:
        if arguments["input"] is None or arguments["categories"] is None:
            return Answer(None)
        task = _task_of(arguments, known)
        return task.ask(filled(arguments["input"]), answering(task.model, default, models))

    return ask_row


def _task_of(arguments: Arguments, known: Sequence[str] = OPTIONS) -> Task:
    return _read_task(arguments["categories"], arguments.get("config", "{}"), known)


@lru_cache(maxsize=16)
def _read_task(categories: str | None, config: str | None, known: Sequence[str]) -> Task:
    """The task of a row's texts: nearly always that of the row before."""
    return _task(parsed(categories), parsed(config), known)


def _label(completion: Completion, arguments: Arguments) -> str:
    task = _task_of(arguments)
    return compact({"label": chosen(completion, task.labels), **_scores(completion, task)})


def _labels(completion: Completion, arguments: Arguments) -> str:
    """The labels in the order of the categories, each once; with their probabilities where those are asked for."""
    task = _task_of(arguments)
    if not task.is_multi:
        return compact({"labels": [chosen(completion, task.labels)], **_scores(completion, task)})
    said = structured(completion, list)
    return compact({"labels": [label for label in task.labels if label in said]})


def _scores(completion: Completion, task: Task) -> dict[str, Any]:
    return {"scores": dict(zip(task.labels, completion.scores, strict=False))} if task.has_scores else {}


def _checking(default: Default, known: Sequence[str]) -> Callable[[Mapping[str, Any], Models], None]:
    def check(constants: Mapping[str, Any], models: Models) -> None:
        categories, config = (constant(constants.get(name, {})) for name in ("categories", "config"))
        if is_known(categories):
            listed = _categories(categories)
            refuse_null(config, "config")
            if is_known(config):
                model = _task([category.label for category in listed], config, known).model
                if model is not None:
                    answering(model, default, models)

    return check


def _prompt(arguments: Arguments, models: Models) -> Answer:
    if arguments["input"] is None or arguments["categories"] is None:
        return Answer(None)
    return Answer(_task_of(arguments).prompt(filled(arguments["input"])))


_INPUT = Parameter("input", ("TEXT", "OBJECT"), meaning="The text, or a PROMPT object.")
_CATEGORIES = Parameter(
    "categories",
    ("ARRAY",),
    meaning=f"2 to {MOST_CATEGORIES} different categories: texts, or objects `{{'label', 'description', 'examples'}}`.",
)
_OURS = "and ours: `model`, a model's name, a tuned one's too, and `scores`, TRUE for each category's probability (`{}` from an endpoint)."
_TEXT_CONFIG = Parameter("config", ("OBJECT",), required=False, meaning=f"`task_description`; {_OURS}")
_CONFIG = Parameter(
    "config",
    ("OBJECT",),
    required=False,
    meaning="`task_description`, `output_mode` ('single' or 'multi'; scores are for 'single'), `examples` (`{input, labels,"
    f" explanation}}`); {_OURS}",
)
_ERRORS = {
    "invalid categories: ...": "The categories are fewer than 2 or more than 100, not different, or neither texts nor objects.",
    "invalid options object: ...": "The configuration has an unknown option, or one with a wrong value.",
}
_CLASSIFY_TEXT = Default("CLASSIFY_TEXT", billions=1.5)
_AI_CLASSIFY = Default("AI_CLASSIFY", billions=1.5)

CLASSIFY_TEXT = SqlFunction(
    Signature(
        "CLASSIFY_TEXT",
        ("SNOWFLAKE.CORTEX.CLASSIFY_TEXT",),
        (_INPUT, _CATEGORIES, _TEXT_CONFIG),
        returns=OBJECT,
    ),
    _asking(_CLASSIFY_TEXT, TEXT_OPTIONS),
    _label,
    check=_checking(_CLASSIFY_TEXT, TEXT_OPTIONS),
    summary='The one category that a text belongs to, as `{"label": ...}`.',
    example="SELECT SNOWFLAKE.CORTEX.CLASSIFY_TEXT('One day I will see the world', ['travel', 'cooking']):label",
    errors=_ERRORS,
    default=_CLASSIFY_TEXT,
)

AI_CLASSIFY = SqlFunction(
    Signature(
        "AI_CLASSIFY",
        ("AI_CLASSIFY", "SNOWFLAKE.CORTEX.AI_CLASSIFY"),
        (_INPUT, _CATEGORIES, _CONFIG, RETURN_ERROR_DETAILS),
        returns=OBJECT,
    ),
    _asking(_AI_CLASSIFY, OPTIONS),
    _labels,
    check=_checking(_AI_CLASSIFY, OPTIONS),
    on_error="details",
    summary='The category that a text belongs to, or all that fit, as `{"labels": [...]}`.',
    example="SELECT AI_CLASSIFY('I love to travel with a good book', ['travel', 'reading', 'cooking'], {'output_mode': 'multi'}):labels",
    errors=_ERRORS,
    default=_AI_CLASSIFY,
)

AI_CLASSIFY_PROMPT = SqlFunction(
    Signature("AI_CLASSIFY_PROMPT", ("AI_CLASSIFY_PROMPT",), (_INPUT, _CATEGORIES, _CONFIG), returns=text()),
    _prompt,
    check=_checking(_AI_CLASSIFY, OPTIONS),
    summary="The prompt that AI_CLASSIFY sends (sapwood's own function). Rows of it with their label as completion tune a model for"
    " AI_CLASSIFY's `model`.",
    example="SELECT AI_CLASSIFY_PROMPT('One day I will see the world', ['travel', 'cooking']) AS prompt, 'travel' AS completion",
    errors=_ERRORS,
)
