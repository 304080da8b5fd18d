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
schema = {"type": "json", "schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}
out["complete"] = first(F.ai_complete("echo", "it's so", model_parameters={"temperature": 0, "max_tokens": 1}))[0]
out["structured"] = json.loads(first(F.ai_complete("echo", "x", response_format=schema))[0])
out["shown"] = json.loads(first(F.ai_complete("echo", F.prompt("{0}", F.lit("x")), show_details=True))[0])["choices"]
out["scores"] = json.loads(first(F.ai_extract("x", {"a": "what?"}, scores=True))[0])["scoring"]
vectors = session.sql("select [1, 2]::vector(float, 2) as a, [1, 4]::vector(float, 2) as b")
out["vectors"] = first(F.vector_l2_distance("a", "b"), F.vector_inner_product("a", "b"), F.vector_cosine_distance("a", "a"), frame=vectors)
session.close()
"""
    )
    assert out == {
        "classify": {"labels": ["b", "c"]}, "details": {"value": {"labels": ["a"]}, "error": None}, "filter": [True, False],
        "filter_details": {"value": False, "error": None}, "sentiment": ["overall", "a", "b"], "sentiment_details": None,
        "translate": ["hello", ""], "extract": {"error": None, "response": {"a": "b"}}, "extract_list": {"a": [], "c": ""},
        "redact": ["[EMAIL]", "ann@example.com"], "detect": 1, "tokens": [2, True], "agg": 2, "summary": 1, "embed": [768, 1.0], "cortex": "short",
        "complete": "it's", "structured": {"a": ""}, "shown": [{"messages": "x"}], "scores": {"scores": {"a": {"score": 1.0}}},
        "vectors": [2.0, 9.0, 1.0],
    }  # fmt: skip


def test_what_reads_files_is_refused_by_name_to_snowpark(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
from snowflake.snowpark.exceptions import SnowparkSQLException
picture = F.to_file("@pictures/dog.jpg")
frame = session.create_dataframe([["a.pdf"]], schema=["path"])
asked = {
    "complete": lambda: first(F.ai_complete("echo", "What is it?", picture)),
    "parse_document": lambda: first(F.ai_parse_document(F.lit("a.pdf"), return_error_details=True, mode="LAYOUT")),
    "transcribe": lambda: first(F.ai_transcribe(F.lit("a.wav"), timestamp_granularity="word")),
    "multi_embed": lambda: first(F.ai_multi_embed("m", "x")),
    "filter": lambda: first(F.ai_filter("Is it a dog?", picture)),
    "frame_parse": lambda: frame.ai.parse_document("path", output_column="x").collect(),
    "frame_transcribe": lambda: frame.ai.transcribe("path", output_column="x").collect(),
    "frame_multi_embed": lambda: frame.ai.multi_embed("path", "m", output_column="x").collect(),
}
for name, ask in asked.items():
    try:
        ask()
    except SnowparkSQLException as error:
        out[name] = error.message.partition(": ")[2].splitlines()[0]
session.close()
"""
    )
    assert {name: text.removesuffix(" is not supported").rpartition(" ")[2] for name, text in out.items()} == {
        "complete": "TO_FILE", "parse_document": "AI_PARSE_DOCUMENT", "transcribe": "AI_TRANSCRIBE", "multi_embed": "AI_MULTI_EMBED",
        "filter": "TO_FILE", "frame_parse": "AI_PARSE_DOCUMENT", "frame_transcribe": "AI_TRANSCRIBE", "frame_multi_embed": "AI_MULTI_EMBED",
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
out["embed"] = [len(row["X"]) for row in frame.ai.embed("body", "echo", output_column="x").collect()]
pairs = session.create_dataframe([["a", "a"]], schema=["l", "r"]).ai.similarity("l", "r", model="echo", output_column="x")
out["similarity"] = round(pairs.collect()[0]["X"], 4)
details = frame.ai.classify("body", ["a", "b"], output_column="x", return_error_details=True).collect()
out["details"] = json.loads(details[0]["X"])["error"]
session.close()
"""
    )
    assert out == {
        "classify": [{"labels": ["a"]}] * 2, "filter": 1, "complete": ["ann@example.com", "true"], "sentiment": 2, "extract": 2,
        "redact": "[EMAIL]", "translate": 2, "agg": "true", "summary": 1, "tokens": [1, 2],
        "headers": ["This is the intro.", "Some background", "info."], "chunks": 5,
        "embed": [768, 768], "similarity": 1.0, "details": None,
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
out["embed"] = [len(embed("echo", "hello", session=session)) for embed in (cortex.embed_text_768, cortex.embed_text_1024)]
frame = session.create_dataframe([["#answer: b"]], schema=["body"])
body = F.col("body")
out["columns"] = first(
    cortex.classify_text(body, F.array_construct(F.lit("a"), F.lit("b"))), cortex.summarize(body), cortex.translate(body, "de", "en"),
    cortex.extract_answer(body, F.lit("Where?")), cortex.sentiment(F.lit('\\n#answer: {"score": -0.5}')), cortex.complete("echo", body), frame=frame,
)
out["columns"][:4:3] = [json.loads(each) for each in out["columns"][:4:3]]
out["vector"] = len(first(cortex.embed_text_768(F.lit("echo"), body), frame=frame)[0])
session.close()
"""
    )
    assert out == {
        "classify": {"label": "b"}, "sentiment": 0.75, "summarize": "short", "translate": "hello",
        "extract": [{"answer": "Bern", "score": 1.0}], "embed": [768, 768],
        "columns": [{"label": "b"}, "#answer: b", "b", [{"answer": "", "score": 1.0}], -0.5, "b"], "vector": 768,
    }  # fmt: skip
