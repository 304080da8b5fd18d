"""Snowpark as notebooks use it: tables, splits, functions, stages, frames."""

from __future__ import annotations

from wire_bench import ClientPython

SESSION = """
import pandas, pathlib, tempfile
from snowflake.snowpark import Session, functions as F
from snowflake.snowpark.types import IntegerType, StringType, StructField, StructType
session = Session.builder.configs({**settings, "role": "ACCOUNTADMIN"}).create()
session.sql("create or replace schema snowpark_tests").collect()
tickets = session.table("CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS")
"""


def test_tables_are_read_split_written_and_joined(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
out["place"] = [session.get_current_schema(), session.get_current_role()]
out["count"] = tickets.count()
out["schema"] = [[field.name, str(field.datatype)] for field in tickets.schema.fields][:2]
train, held_out = tickets.random_split(weights=[0.8, 0.2], seed=42)
out["parts"] = train.count() + held_out.count()
train.write.mode("overwrite").save_as_table("train")
train.limit(3).write.mode("append").save_as_table("train")
out["appended"] = session.table("train").count() - train.count()
out["joined"] = tickets.join(session.table("train").distinct(), "ticket_id", rsuffix="_r").count() == train.count()
out["cached"] = tickets.limit(10).cache_result().count()
longest = tickets.with_column("n", F.length("request")).filter(F.col("n") > 100).group_by("contact_preference").agg(F.max("n").alias("m"))
out["groups"] = longest.count()
tickets.limit(3).create_or_replace_view("some")
out["view"] = session.table("some").count()
session.query_tag = "wire"
out["later"] = tickets.select(F.count("*")).collect_nowait().result()[0][0]
session.close()
"""
    )
    assert out == {
        "place": ['"SNOWPARK_TESTS"', '"ACCOUNTADMIN"'],
        "count": 1000,
        "schema": [["TICKET_ID", "StringType(60)"], ["CUSTOMER_NAME", "StringType(60)"]],
        "parts": 1000, "appended": 3, "joined": True, "cached": 10, "groups": 2, "view": 3, "later": 1000,
    }  # fmt: skip


def test_models_are_asked_through_functions(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
some = tickets.sort("ticket_id").limit(2)
asked = some.select(F.col("request"), F.call_function("snowflake.cortex.complete", F.lit("mistral-7b"), F.col("request")).alias("r"))
out["same"] = [row[0] == row["R"] for row in asked.collect()]
out["ai"] = len(some.select(F.ai_complete("mistral-7b", F.col("request"))).collect())
session.close()
"""
    )
    assert out == {"same": [True, True], "ai": 2}


def test_frames_go_in_and_out(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
frame = pandas.DataFrame({"A": [1, 2], "B": ["x", None], "C": [1.5, 2.5], "D": pandas.to_datetime(["2024-01-01", "2024-01-02"])})
session.write_pandas(frame, "FRAME", auto_create_table=True, overwrite=True)
out["written"] = [list(map(str, row)) for row in session.table("frame").sort("a").collect()]
out["made"] = [list(row) for row in session.create_dataframe([[1, "a"], [2, None]], schema=["x", "y"]).collect()]
out["params"] = [list(row) for row in session.sql("select ? as a, ? as b", params=[1, "x"]).collect()]
out["pandas"] = list(tickets.select("ticket_id").sort("ticket_id").limit(2).to_pandas()["TICKET_ID"])
session.close()
"""
    )
    assert out == {
        "written": [["1", "x", "1.5", "2024-01-01 00:00:00"], ["2", "None", "2.5", "2024-01-02 00:00:00"]],
        "made": [[1, "a"], [2, None]],
        "params": [[1, "x"]],
        "pandas": ["TR0001", "TR0002"],
    }


def test_stages_are_read_as_frames(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
place = pathlib.Path(tempfile.mkdtemp())
(place / "rows.csv").write_text("1,x\\n2,y\\n")
session.sql("create or replace stage files").collect()
out["put"] = session.file.put(str(place / "rows.csv"), "@files", auto_compress=False)[0].status
schema = StructType([StructField("A", IntegerType()), StructField("B", StringType())])
out["rows"] = [list(row) for row in session.read.schema(schema).csv("@files/rows.csv").collect()]
session.file.get("@files/rows.csv", str(place / "back"))
out["back"] = (place / "back" / "rows.csv").read_text()
session.close()
"""
    )
    assert out == {"put": "UPLOADED", "rows": [[1, "x"], [2, "y"]], "back": "1,x\n2,y\n"}


def test_python_functions_of_clients_are_refused(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
import logging
logging.disable(logging.CRITICAL)
try:
    session.udf.register(lambda x: x, return_type=StringType(), input_types=[StringType()])
except Exception as error:
    out["refused"] = "000002" in str(error)
session.close()
"""
    )
    assert out == {"refused": True}
