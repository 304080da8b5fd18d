"""EXTRACT_ANSWER and AI_EXTRACT: a text and questions in, the answers that the text gives out.

AI_EXTRACT takes its questions in all documented forms: {'name': 'question'}, ['question'], ['name: question'],
[['name', 'question']], and {'schema': ...} with texts, arrays and tables. The model has to follow a schema made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import ARRAY, OBJECT
from sapwood.errors import InvalidArgumentsError, UnsupportedError
from sapwood.functions.asking import ask, section
from sapwood.functions.default_model import answering, check_model
from sapwood.functions.function import Answer, Arguments, Ask, Default, Models, Rounds, SqlFunction
from sapwood.functions.json_text import compact, constant, is_known, is_true, parsed, structured
from sapwood.functions.limits import check_tokens
from sapwood.inference.request import Completion
from sapwood.store.records import ModelVersion

DOCUMENT_TOKENS = 2_048
QUESTION_TOKENS = 64
"""Longest inputs of EXTRACT_ANSWER, in tokens."""
MOST_QUESTIONS = 100
TABLE_QUESTIONS = 10
"""A table counts as so many questions."""
ANSWER_TOKENS = 512
"""Longest answer to one question of AI_EXTRACT."""
LIST_MARK = "list:"

_EXTRACT_ANSWER = Default("EXTRACT_ANSWER", billions=1.5)
_AI_EXTRACT = Default("AI_EXTRACT", billions=1.5)


@dataclass(frozen=True)
class Question:
    """One thing to extract: a text, a list ('array') or a table ('object') of columns, in order."""

    name: str
    prompt: str
    kind: str = "string"
    columns: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def weight(self) -> int:
        return TABLE_QUESTIONS if self.kind == "object" else 1

    @property
    def line(self) -> str:
        """The question as the prompt lists it."""
        columns = "".join(f"\n  - {name}: {prompt}" for name, prompt in self.columns.items())
        return f"- {self.name}: {self.prompt}{columns}"

    @property
    def schema(self) -> dict[str, Any]:
        """What the answer must follow; null stands for what the text does not say."""
        if self.kind == "array":
            return {"type": "array", "items": {"type": "string"}}
        if self.kind == "object":
            return _object({name: {"type": "array", "items": {"type": "string"}} for name in self.columns})
        return {"anyOf": [{"type": "string"}, {"type": "null"}]}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


# EXTRACT_ANSWER(source_document, question) -----------------------------------------------------------------------------


def _ask_answer(arguments: Arguments, models: Models) -> Ask | Answer:
    document, question = arguments["source_document"], arguments["question"]
    if document is None or question is None:
        return Answer(None)
    model = models.default_of(_EXTRACT_ANSWER)
    for content, limit, what in ((document, DOCUMENT_TOKENS, "document"), (question, QUESTION_TOKENS, "question")):
        check_tokens(content, limit, model=model, models=models, what=f"{what} of EXTRACT_ANSWER")
    order = "Answer the question with words of the text. Give only the answer, as short as it can be."
    prompt = "\n\n".join((order, f"Question: {question}", section("Text", document), "Answer:"))
    return ask(model, prompt, max_tokens=models.max_answer_tokens, wants_confidence=True)


def _answers(completion: Completion, arguments: Arguments) -> str:
    """The documented array; the score is null where the backend does not say how sure it is (an endpoint)."""
    return compact([{"answer": completion.text.strip(), "score": completion.confidence}])


# AI_EXTRACT(text, responseFormat) --------------------------------------------------------------------------------------


def _ask_extract(arguments: Arguments, models: Models) -> Answer | Rounds:
    content, wanted = arguments["text"], arguments["responseFormat"]
    if content is None or wanted is None:
        return Answer(None)
    questions = _questions(parsed(wanted))
    model = answering(arguments.get("model"), _AI_EXTRACT, models)
    return _scored(questions, content, model) if is_true(arguments.get("scores")) else _plain(questions, content, model)


def _plain(questions: Sequence[Question], content: str, model: ModelVersion) -> Rounds:
    """All questions at once."""
    (completion,) = yield (_asked(questions, content, model),)
    return compact({"error": None, "response": structured(completion, dict)})


def _scored(questions: Sequence[Question], content: str, model: ModelVersion) -> Rounds:
    """Each question by itself, so that each has a score of its own."""
    completions = yield [_asked([question], content, model, wants_confidence=True) for question in questions]
    response: dict[str, Any] = {}
    for completion in completions:
        response.update(structured(completion, dict))
    scores = {
        question.name: {"score": completion.confidence}
        for question, completion in zip(questions, completions, strict=True)
    }
    return compact({"error": None, "response": response, "scoring": {"scores": scores}})


def _asked(questions: Sequence[Question], content: str, model: ModelVersion, *, wants_confidence: bool = False) -> Ask:
    order = "Answer the questions from the text, as JSON. Say null, or an empty list, for what the text does not say."
    listed = section("Questions", "\n".join(question.line for question in questions))
    prompt = "\n\n".join((order, listed, section("Text", content), "JSON:"))
    schema = _object({question.name: question.schema for question in questions})
    tokens = ANSWER_TOKENS * sum(question.weight for question in questions)
    most = min(model.max_output, tokens)
    return ask(model, prompt, max_tokens=most, schema=schema, wants_confidence=wants_confidence)


def _questions(given: Any) -> list[Question]:
    """What a response format asks. Raises InvalidArgumentsError for one that is none, or asks too much."""
    if isinstance(given, dict) and "schema" in given:
        questions = _of_schema(given)
    elif isinstance(given, dict):
        questions = [_question(name, prompt) for name, prompt in given.items()]
    elif isinstance(given, list):
        questions = [_listed(each) for each in given]
    else:
        questions = []
    if not questions:
        raise _bad("an object or array of questions is needed")
    names = [question.name for question in questions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _bad(f"'{twice}' is asked twice")
    asked = sum(question.weight for question in questions)
    if asked > MOST_QUESTIONS:
        raise _bad(
            f"{asked} questions are asked (a table counts as {TABLE_QUESTIONS}), at most {MOST_QUESTIONS} may be"
        )
    return questions


def _bad(why: str) -> InvalidArgumentsError:
    return InvalidArgumentsError(
        f"invalid responseFormat: {why}",
        hint="Write {'name': 'question'}, ['question'], [['name', 'question']] or {'schema': {'type': 'object', 'properties': {...}}}.",
    )


def _question(name: Any, prompt: Any) -> Question:
    if not isinstance(name, str) or not isinstance(prompt, str) or not name:
        raise _bad("names and questions must be texts")
    is_list = prompt.strip().lower().startswith(LIST_MARK)
    return Question(name, prompt, "array" if is_list else "string")


def _listed(given: Any) -> Question:
    """An element of an array: [name, question], 'name: question', or a question that is its own name."""
    if isinstance(given, list) and len(given) == 2:
        return _question(*given)
    if not isinstance(given, str):
        raise _bad("an element of the array is neither a text nor a pair of texts")
    name, colon, prompt = given.partition(":")
    is_named = colon and prompt.strip() and f"{name.strip().lower()}:" != LIST_MARK
    return _question(name.strip(), prompt.strip()) if is_named else _question(given, given)


def _of_schema(given: Mapping[str, Any]) -> list[Question]:
    schema = given["schema"]
    properties: Any = schema.get("properties") if isinstance(schema, dict) else None
    if len(given) > 1 or not isinstance(properties, dict) or schema.get("type") != "object":
        raise _bad("'schema' must stand alone, be of type object and have properties")
    return [_of_property(str(name), part) for name, part in properties.items()]


def _of_property(name: str, part: Any) -> Question:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in ("string", "array", "object"):
        raise _bad(f"the type of '{name}' is {kind!r}, and must be string, array or object")
    prompt = str(part.get("description", name))
    return Question(name, prompt, kind, _columns(name, part) if kind == "object" else {})


def _columns(name: str, part: Mapping[str, Any]) -> dict[str, str]:
    """A table's columns with their questions, in the order of column_ordering."""
    properties, ordering = part.get("properties"), part.get("column_ordering")
    if not isinstance(properties, dict) or not properties:
        raise _bad(f"the table '{name}' has no properties")
    order: Sequence[str] = ordering if isinstance(ordering, list) else [*properties]
    if sorted(order) != sorted(properties):
        raise _bad(f"column_ordering of the table '{name}' must name each of its properties once")
    if any(not isinstance(each, dict) or each.get("type") != "array" for each in properties.values()):
        raise _bad(f"the columns of the table '{name}' must be of type array")
    return {column: str(properties[column].get("description", column)) for column in order}


def _check(constants: Mapping[str, Any], models: Models) -> None:
    if "file" in constants:
        raise UnsupportedError("AI_EXTRACT of a FILE is not supported", hint="Give a text: AI_EXTRACT(text => ...).")
    if "config" in constants:
        raise UnsupportedError("AI_EXTRACT's config is for FILE inputs, which are not supported")
    wanted = constant(constants["responseFormat"])
    if is_known(wanted):
        _questions(wanted)
    check_model(constants, models)


EXTRACT_ANSWER = SqlFunction(
    Signature(
        "EXTRACT_ANSWER",
        ("SNOWFLAKE.CORTEX.EXTRACT_ANSWER",),
        (
            Parameter("source_document", ("TEXT", "OBJECT", "ARRAY"), meaning="The text, or JSON."),
            Parameter("question", ("TEXT",), meaning="The question."),
        ),
        returns=ARRAY,
    ),
    _ask_answer,
    _answers,
    summary='What a text answers to a question, and how sure the model is, as `[{"answer": ..., "score": ...}]`; an endpoint gives no score.',
    example="SELECT SNOWFLAKE.CORTEX.EXTRACT_ANSWER('John lives in Bern', 'Where does John live?')[0]:answer",
    errors={
        "max tokens of count exceeded: ...": f"The text has more than {DOCUMENT_TOKENS} tokens, or the question more than {QUESTION_TOKENS}."
    },
    default=_EXTRACT_ANSWER,
)

AI_EXTRACT = SqlFunction(
    Signature(
        "AI_EXTRACT",
        ("AI_EXTRACT", "SNOWFLAKE.CORTEX.AI_EXTRACT"),
        (
            Parameter("text", ("TEXT",), meaning="The text."),
            Parameter(
                "responseFormat",
                ("OBJECT", "ARRAY"),
                meaning="The questions: `{'name': 'question'}`, `['question']`, `['name: question']`, `[['name', 'question']]`, or"
                " `{'schema': {...}}` with properties of type string, array, or object (a table). A question that begins with"
                " `List:` is answered by an array.",
            ),
            Parameter(
                "scores",
                ("BOOLEAN",),
                required=False,
                meaning="TRUE adds `scoring`: how sure the model is of each answer, 0 to 1.",
            ),
            Parameter("model", ("TEXT",), required=False, meaning="A model's name, a tuned one's too."),
            Parameter("file", required=False, meaning="Refused: files are not supported."),
            Parameter("config", ("OBJECT",), required=False, meaning="Refused: it is for files."),
        ),
        returns=OBJECT,
    ),
    _ask_extract,
    check=_check,
    on_error="field",
    summary='What a text answers to questions, as `{"error": null, "response": {...}}`; null stands for what it does not say.',
    example="SELECT AI_EXTRACT('John lives in Bern', {'who': 'Who is it about?', 'town': 'Where does he live?'}):response",
    errors={
        "invalid responseFormat: ...": f"No questions, one asked twice, more than {MOST_QUESTIONS}, or a schema of another form.",
        "AI_EXTRACT of a FILE is not supported": "A file is given.",
    },
    default=_AI_EXTRACT,
)
