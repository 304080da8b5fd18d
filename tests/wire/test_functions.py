"""The AI functions through the clients: both connectors, Snowpark's functions and frames, and `snowflake.cortex`."""

from __future__ import annotations

from wire_bench import ClientPython

SESSION = """
from snowflake.snowpark import Session, functions as F
session = Session.builder.configs({**settings, "role": "ACCOUNTADMIN"}).create()
import json
def first(*columns, frame=None):
    return list((frame if frame is not None else session.range(1)).select(*columns).collect()[0])
"""


def test_connectors_get_the_documented_types_and_shapes(client: ClientPython) -> None:
    out = client.run(
        """
with connect() as connection:
    cursor = connection.cursor()
    def first(text):
        return cursor.execute(text).fetchone()
    out["classify"] = first("select ai_classify('#answer: b', ['a', 'b']) as x")[0]
    out["type"] = cursor.description[0].type_code
    out["filter"] = first("select ai_filter('#answer: true'), ai_filter(%s)" % "'no'")
    out["sentiment"] = first("select snowflake.cortex.sentiment('#answer: very positive') > 0.5")[0]
    out["translate"] = first("select ai_translate('#answer: hello', 'de', 'en')")[0]
    out["split"] = first("select snowflake.cortex.split_text_recursive_character('a b', 'none', 2)")[0]
    out["agg"] = first("select ai_agg(column1, '#answer: all') from values ('x'), ('y')")[0]
    out["bound"] = cursor.execute("select ai_classify(%s, ['a', 'b']):labels[0]::string", ("it's",)).fetchone()[0]
    try:
        first("select to_file('@s', 'a.pdf')")
    except Exception as error:
        out["missing"] = [error.errno, "TO_FILE is not supported" in str(error)]
"""
    )
    assert out == {
        "classify": '{"labels":["b"]}', "type": 9, "filter": [True, False], "sentiment": True, "translate": "hello",
        "split": '["a","b"]', "agg": "all", "bound": "a", "missing": [2, True],
    }  # fmt: skip


def test_functions_of_snowpark(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
out["classify"] = json.loads(first(F.ai_classify('#answer: ["b", "c"]', ["a", "b", "c"], output_mode="multi", task_description="t",
    examples=[{"input": "i", "labels": ["a"], "explanation": "e"}]))[0])
out["details"] = json.loads(first(F.ai_classify("x", ["a", "b"], return_error_details=True))[0])
out["filter"] = first(F.ai_filter("#answer: true"), F.ai_filter(F.prompt("Is {0} a town?", F.lit("Bern"))))
out["filter_details"] = json.loads(first(F.ai_filter("x", return_error_details=True))[0])
out["sentiment"] = [each["name"] for each in json.loads(first(F.ai_sentiment("x", ["b", "a"]))[0])["categories"]]
out["sentiment_details"] = json.loads(first(F.ai_sentiment("x", return_error_details=True))[0])["error"]
out["translate"] = first(F.ai_translate("#answer: hello", "de", "en"), F.ai_translate("", "de", "en", return_error_details=False))
out["extract"] = json.loads(first(F.ai_extract('#answer: {"a": "b"}', {"a": "what?"}))[0])
out["extract_list"] = json.loads(first(F.ai_extract("x", [["a", "List: what?"], ["c", "and?"]]))[0])["response"]
out["redact"] = first(F.ai_redact("ann@example.com"), F.ai_redact("ann@example.com", categories=["NAME"], mode="redact"))
out["detect"] = len(json.loads(first(F.ai_redact("ann@example.com", mode="detect", return_error_details=True))[0])["value"]["spans"])
out["tokens"] = first(F.ai_count_tokens("ai_complete", "a b", model="echo"), F.ai_count_tokens("ai_sentiment", "x") > 1)
reviews = session.create_dataframe([[1, "b"], [1, "a"], [2, "c"]], schema=["product", "review"])
out["agg"] = reviews.group_by("product").agg(F.ai_agg(F.col("review"), F.lit("#answer: all"))).count()
out["summary"] = len(first(F.ai_summarize_agg(F.col("review")), frame=reviews))
out["embed"] = [len(first(F.ai_embed("echo", "hello"))[0]), round(first(F.ai_similarity("x", "x", model="echo"))[0], 4)]
out["cortex"] = first(F.snowflake_cortex_summarize("#answer: short"), F.snowflake_cortex_sentiment("x") == 0)[0]
session.close()
"""
    )
    assert out == {
        "classify": {"labels": ["b", "c"]}, "details": {"value": {"labels": ["a"]}, "error": None}, "filter": [True, False],
        "filter_details": {"value": False, "error": None}, "sentiment": ["overall", "a", "b"], "sentiment_details": None,
        "translate": ["hello", ""], "extract": {"error": None, "response": {"a": "b"}}, "extract_list": {"a": [], "c": ""},
        "redact": ["[EMAIL]", "ann@example.com"], "detect": 1, "tokens": [2, True], "agg": 2, "summary": 1, "embed": [768, 1.0], "cortex": "short",
    }  # fmt: skip


def test_frames_of_snowpark_ask_models(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
frame = session.create_dataframe([["#answer: true"], ["ann@example.com"]], schema=["body"])
out["classify"] = [json.loads(row["X"]) for row in frame.ai.classify("body", ["a", "b"], output_column="x").collect()]
out["filter"] = frame.ai.filter("Is it so?\\n{0}", [F.col("body")]).count()
completed = frame.ai.complete("{body}", input_columns={"body": F.col("body")}, model="echo", output_column="x")
out["complete"] = sorted(row["X"] for row in completed.collect())
out["sentiment"] = len(frame.ai.sentiment("body", ["cost"], output_column="x").collect())
out["extract"] = len(frame.ai.extract("body", response_format={"a": "?"}, output_column="x").collect())
out["redact"] = sorted(row["X"] for row in frame.ai.redact("body", output_column="x").collect())[1]
out["translate"] = len(frame.ai.translate("body", "de", "en", output_column="x").collect())
out["agg"] = frame.ai.agg("Is it so?", "body", output_column="x").collect()[0]["X"]
out["summary"] = len(frame.ai.summarize_agg("body", output_column="x").collect())
out["tokens"] = sorted(row["X"] for row in frame.ai.count_tokens("ai_complete", "body", model="echo", output_column="x").collect())
document = session.create_dataframe([["# Introduction\\nThis is the intro.\\n## Background\\nSome background info."]], schema=["document"])
headers = document.ai.split_text_markdown_header("document", {"#": "section", "##": "subsection"}, chunk_size=20, overlap=5, output_column="x")
out["headers"] = [chunk["chunk"] for chunk in json.loads(headers.collect()[0]["X"])]
chunks = document.ai.split_text_recursive_character("document", "none", 20, output_column="x")
out["chunks"] = len(json.loads(chunks.collect()[0]["X"]))
session.close()
"""
    )
    assert out == {
        "classify": [{"labels": ["a"]}] * 2, "filter": 1, "complete": ["ann@example.com", "true"], "sentiment": 2, "extract": 2,
        "redact": "[EMAIL]", "translate": 2, "agg": "true", "summary": 1, "tokens": [1, 2],
        "headers": ["This is the intro.", "Some background", "info."], "chunks": 5,
    }  # fmt: skip


def test_functions_of_snowflake_cortex(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
from snowflake import cortex
out["classify"] = json.loads(cortex.classify_text("#answer: b", ["a", "b"], session=session))
out["sentiment"] = cortex.sentiment('\\n#answer: {"score": 0.75}', session=session)
out["summarize"] = cortex.summarize("short", session=session)
out["translate"] = cortex.translate("#answer: hello", "de", "en", session=session)
out["extract"] = json.loads(cortex.extract_answer('#answer: {"answer": "Bern"}', "Where?", session=session))
out["embed"] = len(cortex.embed_text_768("echo", "hello", session=session))
session.close()
"""
    )
    assert out == {
        "classify": {"label": "b"}, "sentiment": 0.75, "summarize": "short", "translate": "hello",
        "extract": [{"answer": "Bern", "score": 1.0}], "embed": 768,
    }  # fmt: skip
