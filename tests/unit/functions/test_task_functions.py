"""Filter, sentiment, translation, extraction, redaction, counts: questions, shapes and limits (the vendor's pages)."""

from __future__ import annotations

import json
from array import array
from typing import Any

import pytest
from task_bench import DEFAULT, MINE, VECTORS, FakeModels, answered, asked, said, talked

from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.errors import (
    ContextLengthError,
    Error,
    InvalidArgumentsError,
    InvalidOptionError,
    ModelError,
    UnsupportedError,
)
from sapwood.functions import (
    AI_COUNT_TOKENS,
    AI_EMBED,
    AI_EXTRACT,
    AI_FILTER,
    AI_REDACT,
    AI_SENTIMENT,
    AI_SIMILARITY,
    AI_TRANSLATE,
    COUNT_TOKENS,
    EMBED_TEXT_768,
    ENTITY_SENTIMENT,
    EXTRACT_ANSWER,
    FUNCTIONS,
    SENTIMENT,
    TRANSLATE,
)
from sapwood.functions.default_model import floor_notice
from sapwood.functions.function import Ask, Default, EmbedAsk, SqlFunction
from sapwood.functions.missing import MISSING_FUNCTIONS
from sapwood.functions.vector_text import encoded
from sapwood.inference.request import Completion
from sapwood.store.records import ModelVersion


def refused(function: SqlFunction, constants: dict[str, Any], error: type[Error], message: str) -> None:
    """What is known to be wrong before a row is read."""
    given = {each.name: NOT_CONSTANT for each in function.signature.parameters if each.required}
    assert function.check is not None
    with pytest.raises(error, match=message):
        function.check({**given, **constants}, FakeModels())


# AI_FILTER


def test_a_filter_answers_true_or_false() -> None:
    question = asked(AI_FILTER, {"predicate": "Is Bern a town?"})
    assert question.labels == ("false", "true")
    assert "\n\nIs Bern a town?\n\n" in question.messages[0].content
    assert said(AI_FILTER, {"predicate": "x"}, "true") == "true"


def test_a_filter_of_null_is_null() -> None:
    assert answered(AI_FILTER, {"predicate": None}) is None
    assert answered(AI_FILTER, {"predicate": '{"args":["a",null],"template":"{0} {1}"}'}) is None


def test_a_filter_may_name_its_model_and_nothing_else() -> None:
    assert asked(AI_FILTER, {"predicate": "x", "config": '{"model":"mine"}'}).model == MINE
    refused(AI_FILTER, {"config": {"temperature": 1}}, InvalidOptionError, "'model' and nothing else")


# Sentiment


@pytest.mark.parametrize(
    ("word", "number"), [("very negative", -0.9), ("negative", -0.6), ("neutral", 0.0), ("very positive", 0.9)]
)
def test_sentiment_is_a_number_from_minus_one_to_one(word: str, number: float) -> None:
    assert float(str(said(SENTIMENT, {"text": "x"}, word))) == number


def test_sentiment_is_the_mean_of_what_the_model_finds_likely() -> None:
    assert asked(SENTIMENT, {"text": "x"}).wants_confidence
    value = SENTIMENT.value(Completion("k", "positive", scores=(0.0, 0.0, 0.5, 0.5, 0.0)), {"text": "x"})
    assert float(str(value)) == 0.3


def test_a_text_beyond_the_limit_of_sentiment_is_refused() -> None:
    assert asked(SENTIMENT, {"text": "word " * 512})
    with pytest.raises(ContextLengthError, match="text of SENTIMENT has 513 tokens, its limit is 512"):
        SENTIMENT.ask({"text": "word " * 513}, FakeModels())
    with pytest.raises(ContextLengthError, match="2049 tokens, its limit is 2048"):
        AI_SENTIMENT.ask({"text": "word " * 2049}, FakeModels())


def test_overall_comes_first_and_the_categories_are_sorted() -> None:
    arguments = {"text": "x", "categories": '["zoo","cost"]'}
    names = list(json.loads(str(asked(ENTITY_SENTIMENT, arguments).schema))["properties"])
    assert names == ["overall", "cost", "zoo"]
    value = json.loads(str(said(AI_SENTIMENT, arguments, '{"overall":"mixed","cost":"negative","zoo":"unknown"}')))
    assert value["categories"][0] == {"name": "overall", "sentiment": "mixed"}
    assert [each["name"] for each in value["categories"]] == names


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        (["x"] * 11, "at most 10 categories are allowed, found 11"),
        (["y" * 31], "has 31 characters"),
        ([7], "array of texts"),
        (None, "NULL"),
    ],
)
def test_too_many_or_too_long_categories_are_refused(categories: Any, message: str) -> None:
    refused(AI_SENTIMENT, {"categories": categories}, InvalidArgumentsError, message)


# Translation


def test_a_translation_names_the_languages() -> None:
    row = {"text": "Guten Morgen", "source_language": "de_DE", "target_language": "EN"}
    assert asked(TRANSLATE, row).messages[0].content.startswith("Translate the text from German to English.")
    assert said(TRANSLATE, row, " Good morning\n") == "Good morning"
    detected = asked(AI_TRANSLATE, {**row, "source_language": ""}).messages[0].content
    assert detected.startswith("Translate the text to English.")


def test_an_answer_has_room_for_a_text_as_long_as_the_question() -> None:
    long = "wort " * 500
    row = {"text": long, "source_language": "de", "target_language": "en"}
    assert (asked(TRANSLATE, row).sampling.max_tokens or 0) >= len(long)


@pytest.mark.parametrize(("source", "target"), [("xx", "en"), ("en", "xx"), ("en", "")])
def test_an_unknown_language_is_refused(source: str, target: str) -> None:
    refused(
        AI_TRANSLATE, {"source_language": source, "target_language": target}, InvalidArgumentsError, "Invalid language"
    )


def test_turkish_is_known_to_ai_translate_only() -> None:
    row = {"text": "x", "source_language": "tr", "target_language": "en"}
    assert "Turkish" in asked(AI_TRANSLATE, row).messages[0].content
    refused(TRANSLATE, row, InvalidArgumentsError, 'Invalid language "tr"')


# Extraction

FORMS = [
    {"name": "Who?", "town": "Where?"},
    [["name", "Who?"], ["town", "Where?"]],
    ["name: Who?", "town: Where?"],
    {"schema": {"type": "object", "properties": {"name": {"type": "string", "description": "Who?"},
                                                 "town": {"type": "string", "description": "Where?"}}}},
]  # fmt: skip


def extracting(content: str, form: str, **more: str) -> Ask:
    """The one question of an extraction without scores."""
    (question,) = next(AI_EXTRACT.rounds({"text": content, "responseFormat": form, **more}, FakeModels()))
    assert isinstance(question, Ask)
    return question


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_questions_ask_alike(form: Any) -> None:
    question = extracting("Ann lives in Bern", json.dumps(form))
    assert "- name: Who?\n- town: Where?" in question.messages[0].content
    text_or_null = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert json.loads(str(question.schema))["properties"] == {"name": text_or_null, "town": text_or_null}


def test_a_question_alone_is_its_own_name() -> None:
    schema = json.loads(str(extracting("x", '["Who is it?"]').schema))
    assert schema["required"] == ["Who is it?"]


def test_lists_and_tables_are_arrays() -> None:
    table = {"type": "object", "description": "Pay", "column_ordering": ["year", "pay"],
             "properties": {"pay": {"type": "array"}, "year": {"type": "array", "description": "Which year?"}}}  # fmt: skip
    form = {"schema": {"type": "object", "properties": {"skills": {"type": "array"}, "salary": table}}}
    question = extracting("x", json.dumps(form))
    properties = json.loads(str(question.schema))["properties"]
    assert properties["skills"]["type"] == "array"
    assert list(properties["salary"]["properties"]) == ["year", "pay"]
    assert "- salary: Pay\n  - year: Which year?\n  - pay: pay" in question.messages[0].content
    listed = extracting("x", '[["languages", "List: Which?"]]')
    assert json.loads(str(listed.schema))["properties"]["languages"]["type"] == "array"
    assert json.loads(str(extracting("x", '["List: which?"]').schema))["required"] == ["List: which?"]


def test_an_extraction_has_the_documented_shape() -> None:
    row = {"text": "x", "responseFormat": '{"a":"?"}'}
    value, _ = talked(AI_EXTRACT.rounds(row, FakeModels()), lambda prompt: '{"a": "b"}')
    assert value == '{"error":null,"response":{"a":"b"}}'
    with pytest.raises(ModelError, match="cut off"):
        talked(AI_EXTRACT.rounds(row, FakeModels()), lambda prompt: '{"a": "b')


def test_scores_come_from_a_question_each() -> None:
    row = {"text": "x", "responseFormat": '{"a":"?","b":"!"}', "scores": "true"}
    rounds = AI_EXTRACT.rounds(row, FakeModels())
    asks = next(rounds)
    assert [isinstance(each, Ask) and each.wants_confidence for each in asks] == [True, True]
    with pytest.raises(StopIteration) as end:
        rounds.send([Completion("k", '{"a":"1"}', confidence=0.5), Completion("l", '{"b":null}', confidence=0.25)])
    assert json.loads(end.value.value) == {
        "error": None,
        "response": {"a": "1", "b": None},
        "scoring": {"scores": {"a": {"score": 0.5}, "b": {"score": 0.25}}},
    }


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "object or array of questions"),
        (7, "object or array of questions"),
        ({f"q{number}": "?" for number in range(101)}, "101 questions are asked"),
        ([["a", "?"], ["a", "!"]], "'a' is asked twice"),
        ([["a"]], "neither a text nor a pair"),
        ({"a": 7}, "must be texts"),
        ({"schema": {"type": "array"}}, "must stand alone"),
        ({"schema": {"type": "object", "properties": {"a": {"type": "number"}}}}, "must be string, array or object"),
        ({"schema": {"type": "object", "properties": {"a": {"type": "object"}}}}, "has no properties"),
    ],
)
def test_a_bad_response_format_is_refused(form: Any, message: str) -> None:
    refused(AI_EXTRACT, {"responseFormat": form}, InvalidArgumentsError, message)


def test_a_table_counts_as_ten_questions() -> None:
    table = {"type": "object", "properties": {"a": {"type": "array"}}}
    form = {"schema": {"type": "object", "properties": {f"t{number}": table for number in range(11)}}}
    refused(AI_EXTRACT, {"responseFormat": form}, InvalidArgumentsError, "110 questions")


@pytest.mark.parametrize("constants", [{"file": NOT_CONSTANT}, {"config": {"scale_factor": 2}}])
def test_what_extraction_can_not_do_it_says(constants: dict[str, Any]) -> None:
    refused(AI_EXTRACT, {"responseFormat": ["?"], **constants}, UnsupportedError, "not supported")


def test_an_extraction_may_name_its_model() -> None:
    assert extracting("x", '["?"]', model="mine").model == MINE


def test_an_answer_comes_in_an_array_and_no_score_is_invented() -> None:
    row = {"source_document": "Ann lives in Bern", "question": "Where?"}
    assert asked(EXTRACT_ANSWER, row).wants_confidence
    sure = EXTRACT_ANSWER.value(Completion("k", "Bern", confidence=0.75), row)
    assert sure == '[{"answer":"Bern","score":0.75}]'
    assert said(EXTRACT_ANSWER, row, " Bern") == '[{"answer":"Bern","score":null}]'
    with pytest.raises(ContextLengthError, match="question of EXTRACT_ANSWER has 65 tokens"):
        EXTRACT_ANSWER.ask({**row, "question": "word " * 65}, FakeModels())


# Redaction

LETTER = "Ann Lee, ann@example.com, card 4111 1111 1111 1111, born 1970, host 10.0.0.1, order 1234567890123"


def test_what_is_found_is_replaced_by_its_category() -> None:
    found = '[{"category":"NAME","text":"Ann Lee"},{"category":"NAME","text":"Bob"}]'
    assert said(AI_REDACT, {"input": LETTER}, found) == (
        "[NAME], [EMAIL], card [PAYMENT_CARD_DATA], born 1970, host [IP_ADDRESS], order 1234567890123"
    )


def test_detect_gives_the_places() -> None:
    row = {"input": "Ann and Ann", "mode": "detect", "categories": '["NAME"]'}
    spans = json.loads(str(said(AI_REDACT, row, '[{"category":"NAME","text":"Ann"}]')))["spans"]
    assert spans == [
        {"category": "NAME", "start": 0, "end": 3, "text": "Ann"},
        {"category": "NAME", "start": 8, "end": 11, "text": "Ann"},
    ]


def test_places_that_clash_are_taken_once() -> None:
    found = '[{"category":"NAME","text":"Ann"},{"category":"ADDRESS","text":"Ann Street 7"}]'
    assert said(AI_REDACT, {"input": "at Ann Street 7."}, found) == "at [ADDRESS]."


def test_a_category_that_is_not_asked_for_stays() -> None:
    assert said(AI_REDACT, {"input": LETTER, "categories": '["NAME"]'}, "[]") == LETTER


@pytest.mark.parametrize(
    ("constants", "message"),
    [({"categories": ["SHOE_SIZE"]}, "unsupported category 'SHOE_SIZE'"), ({"categories": []}, "array of texts"),
     ({"categories": None}, "NULL"), ({"mode": "hide"}, "invalid mode 'hide'")],
)  # fmt: skip
def test_bad_categories_and_modes_are_refused(constants: dict[str, Any], message: str) -> None:
    refused(AI_REDACT, constants, InvalidArgumentsError, message)


# Vectors


def test_a_vector_is_as_long_as_its_model_or_function_says() -> None:
    assert AI_EMBED.returns_of is not None
    assert str(AI_EMBED.returns_of({"model": "vectors"}, FakeModels())) == "VECTOR(FLOAT, 384)"
    assert str(AI_EMBED.returns_of({"model": "echo"}, FakeModels())) == "VECTOR(FLOAT, 768)"
    assert AI_EMBED.ask({"model": "vectors", "text": "a"}, FakeModels()) == EmbedAsk(VECTORS, "a", 384)
    with pytest.raises(InvalidArgumentsError, match="needs a constant"):
        AI_EMBED.returns_of({"model": NOT_CONSTANT}, FakeModels())
    with pytest.raises(InvalidArgumentsError, match="it is an endpoint"):
        AI_EMBED.returns_of({"model": "far"}, FakeModels())


def test_a_vector_is_never_padded_and_text_models_make_none() -> None:
    refused(
        EMBED_TEXT_768,
        {"model": "vectors"},
        InvalidArgumentsError,
        "vectors of 384 elements, and EMBED_TEXT_768 gives 768",
    )
    refused(EMBED_TEXT_768, {"model": "small"}, ModelError, "does not support given modality")
    refused(AI_FILTER, {"config": {"model": "vectors"}}, ModelError, "does not support given modality")
    refused(AI_SIMILARITY, {"config": {"model": "small"}}, ModelError, "does not support given modality")
    refused(AI_SIMILARITY, {"config": {"metric": "l2"}}, InvalidOptionError, "'model' and nothing else")


def test_similarity_is_the_cosine_of_two_vectors() -> None:
    vectors = {"a": encoded(array("f", [1, 0]).tobytes()), "b": encoded(array("f", [1, 1]).tobytes())}
    rounds = AI_SIMILARITY.rounds({"first": "a", "second": "b"}, FakeModels())
    asks = next(rounds)
    assert asks == (EmbedAsk(VECTORS, "a", 384), EmbedAsk(VECTORS, "b", 384))
    with pytest.raises(StopIteration) as end:
        rounds.send([Completion(name, vectors[name]) for name in ("a", "b")])
    assert float(end.value.value) == pytest.approx(0.5**0.5)
    assert answered(AI_SIMILARITY, {"first": None, "second": "b"}) is None


# Counts


def test_tokens_are_counted_for_a_model_or_a_task_function() -> None:
    assert answered(COUNT_TOKENS, {"model": "echo", "text": "a b c"}) == "3"
    assert answered(COUNT_TOKENS, {"model": "SUMMARIZE", "text": "a b"}) == "2"
    assert answered(COUNT_TOKENS, {"model": "echo", "text": None}) is None
    with pytest.raises(InvalidArgumentsError, match="fine-tuned"):
        COUNT_TOKENS.ask({"model": "mine", "text": "a"}, FakeModels())


def test_ai_count_tokens_counts_the_whole_prompt() -> None:
    assert answered(AI_COUNT_TOKENS, {"function": "ai_complete", "first": "echo", "second": "a b"}) == "2"
    row = {"predicate": "is it so"}
    words = len(asked(AI_FILTER, row).messages[0].content.split())
    assert answered(AI_COUNT_TOKENS, {"function": "ai_filter", "first": "is it so"}) == str(words)
    assert answered(AI_COUNT_TOKENS, {"function": "ai_classify", "first": None, "second": "[]"}) is None


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"function": "ai_agg", "first": "x"}, UnsupportedError),
        ({"function": "nope", "first": "x"}, UnsupportedError),
        ({"function": "ai_complete", "first": "x"}, InvalidArgumentsError),
        ({"function": "ai_classify", "first": "x"}, InvalidArgumentsError),
    ],
)
def test_what_can_not_be_counted_is_refused(arguments: dict[str, str | None], error: type[Error]) -> None:
    with pytest.raises(error, match="AI_COUNT_TOKENS"):
        AI_COUNT_TOKENS.ask(arguments, FakeModels())


# All of them


@pytest.mark.parametrize(
    ("function", "row", "text"),
    [
        (AI_FILTER, {"predicate": "x"}, "maybe"),
        (SENTIMENT, {"text": "x"}, "fine"),
        (AI_SENTIMENT, {"text": "x"}, "[]"),
        (AI_SENTIMENT, {"text": "x"}, '{"overall":"fine"}'),
        (AI_REDACT, {"input": "x"}, "{}"),
    ],
)
def test_an_answer_of_another_form_is_the_rows_error(
    function: SqlFunction, row: dict[str, str | None], text: str
) -> None:
    with pytest.raises(ModelError, match="another form"):
        said(function, row, text)


def test_what_names_nothing_is_not_redacted() -> None:
    assert said(AI_REDACT, {"input": "x"}, '[7, {"text": "x"}, {"category": "NAME"}]') == "x"


@pytest.mark.parametrize("function", MISSING_FUNCTIONS, ids=lambda function: function.signature.function)
def test_what_is_not_there_says_so_by_name(function: SqlFunction) -> None:
    refused(function, {}, UnsupportedError, f"{function.signature.function} is not supported")


def test_a_model_below_the_floor_is_told_of() -> None:
    class Small(FakeModels):
        def default_of(self, default: Default) -> ModelVersion:
            return self.resolve("small")

    assert "AI_TRANSLATE: small has 0.14 billion parameters; below 7" in floor_notice(AI_TRANSLATE, {}, Small())
    assert floor_notice(AI_TRANSLATE, {}, FakeModels()) == ""
    assert "small" in floor_notice(AI_FILTER, {"config": {"model": "small"}}, FakeModels())
    assert floor_notice(AI_FILTER, {"config": {"model": "mine"}}, FakeModels()) == ""


def test_every_function_with_a_default_asks_it() -> None:
    for function in FUNCTIONS:
        if function.default is not None:
            assert function.default.function == function.signature.function
            expected = VECTORS if function.default.model.startswith("snowflake-arctic-embed") else DEFAULT
            assert FakeModels().default_of(function.default) == expected
