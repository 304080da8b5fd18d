"""Snowpark as notebooks use it: tables, splits, functions, stages, frames."""

from __future__ import annotations

from wire_bench import ClientPython, Server, pasted

SESSION = """
import pandas, pathlib, tempfile
from snowflake.snowpark import Session, Window, functions as F
from snowflake.snowpark.types import IntegerType, StringType, StructField, StructType
session = Session.builder.configs({**settings, "role": "ACCOUNTADMIN"}).create()
session.sql("create or replace schema snowpark_tests").collect()
tickets = session.table("CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS")
"""


def test_what_the_server_prints_opens_a_session(snowpark: ClientPython, server: Server) -> None:
    out = snowpark.run(pasted(server, "Snowpark") + "out['count'] = session.table('support_tickets').count()")
    assert out == {"count": 1000}


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
import datetime
from snowflake.snowpark.types import StructField, StructType, TimestampTimeZone, TimestampType
frame = pandas.DataFrame({"A": [1, 2], "B": ["x", None], "C": [1.5, 2.5], "D": pandas.to_datetime(["2024-01-01", "2024-01-02"]),
    "E": [b"\\xde\\xad", b"plain"]})
session.write_pandas(frame, "FRAME", auto_create_table=True, overwrite=True)
out["written"] = [list(map(str, row)) for row in session.table("frame").sort("a").collect()]
out["made"] = [list(row) for row in session.create_dataframe([[1, "a"], [2, None]], schema=["x", "y"]).collect()]
times = [datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=hours))) for hours in (5, -8)]
zoned = StructType([StructField("Z", TimestampType(TimestampTimeZone.TZ))])
session.create_dataframe([[each] for each in times], schema=zoned).write.save_as_table("zoned_times")
out["zoned"] = [str(row["Z"]) for row in session.table("zoned_times").sort("z").collect()]
out["params"] = [list(row) for row in session.sql("select ? as a, ? as b", params=[1, "x"]).collect()]
out["pandas"] = list(tickets.select("ticket_id").sort("ticket_id").limit(2).to_pandas()["TICKET_ID"])
session.close()
"""
    )
    assert out == {
        "written": [
            ["1", "x", "1.5", "2024-01-01 00:00:00", "bytearray(b'\\xde\\xad')"],
            ["2", "None", "2.5", "2024-01-02 00:00:00", "bytearray(b'plain')"],
        ],
        "made": [[1, "a"], [2, None]],
        "zoned": ["2024-01-02 03:00:00+05:00", "2024-01-02 03:00:00-08:00"],
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


def test_tables_are_written_in_every_mode_and_changed(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
some = session.create_dataframe([[index, "ab"[index % 2]] for index in range(10)], schema=["id", "k"])
def written(mode, **more):
    try:
        some.write.mode(mode).save_as_table("moded", **more)
    except Exception as error:
        return "already exists" in str(error)
    return session.table("moded").count()
out["modes"] = [written(mode) for mode in ("errorifexists", "append", "ignore", "errorifexists", "truncate", "overwrite")]
some.write.save_as_table("passing", mode="overwrite", table_type="temporary")
out["temporary"] = session.sql("show tables like 'passing'").collect()[0]["kind"]
table = session.table("moded")
out["updated"] = table.update({"k": F.lit("z")}, table["id"] < 3).rows_updated
out["deleted"] = table.delete(table["id"] == 9).rows_deleted
source = session.create_dataframe([[0, "new"], [100, "more"]], schema=["id", "k"])
merged = table.merge(source, table["id"] == source["id"], [
    F.when_matched().update({"k": source["k"]}), F.when_not_matched().insert({"id": source["id"], "k": source["k"]})])
out["merged"] = [merged.rows_inserted, merged.rows_updated]
session.sql("begin").collect()
table.delete()
session.sql("rollback").collect()
out["left"] = session.table("moded").group_by("k").agg(F.count("*").alias("n")).sort("k").collect()
session.query_tag = "tagged by snowpark"
with session.query_history() as history:
    session.sql("select 7 as seven").collect()
out["again"] = session.sql(f"select seven from table(result_scan('{history.queries[0].query_id}'))").collect()
out["tags"] = session.sql("select distinct query_tag from table(information_schema.query_history_by_session()) where query_tag <> ''").collect()
session.close()
"""
    )
    assert out == {
        "modes": [10, 20, 20, True, 10, 10],
        "temporary": "TEMPORARY",
        "updated": 3,
        "deleted": 1,
        "merged": [1, 1],
        "left": [["a", 3], ["b", 3], ["more", 1], ["new", 1], ["z", 2]],
        "again": [[7]],
        "tags": [["tagged by snowpark"]],
    }


def test_functions_are_those_of_notebooks(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
some = session.create_dataframe([[1, "a", 2.5], [2, "b", None], [3, "a", 4.0]], schema=["id", "k", "v"])
def rows(frame):
    return [list(row) for row in frame.collect()]
in_group = Window.partition_by("k").order_by("id")
whole = Window.partition_by("k")
out["windows"] = rows(some.select("id", F.row_number().over(in_group), F.lag("v").over(in_group), F.sum("v").over(whole)).sort("id"))
out["choice"] = rows(some.with_column("x", F.when(F.col("id") > 2, F.lit("high")).when(F.col("id") > 1, F.lit("mid")).otherwise(F.lit("low")))
    .na.fill({"v": 0.0}).with_column_renamed("v", "value").drop("k").sort("id"))
out["sums"] = rows(some.select(F.max("v"), F.min("id"), F.count_distinct("k"), F.median("id"), F.avg("v"), F.listagg("k", ",")))
text = session.create_dataframe([["  Ab 12 ", '{"a": [1, 2], "b": {"c": "d"}}', "2024-02-28"]], schema=["t", "j", "d"])
out["texts"] = rows(text.select(F.trim("t"), F.upper("t"), F.length("t"), F.regexp_replace("t", "[0-9]+", "#"),
    F.array_to_string(F.split(F.trim("t"), F.lit(" ")), F.lit("/")),
    F.substring("t", 3, 2), F.initcap(F.lit("new line")), F.col("t").like("%12%"), F.contains("t", F.lit("Ab")),
    F.concat_ws(F.lit("-"), F.lit("a"), F.lit("b"))))[0]
out["dates"] = [str(each) for each in rows(text.select(F.to_date("d"), F.dateadd("day", F.lit(2), F.to_date("d")), F.year(F.to_date("d")),
    F.date_trunc("month", F.to_date("d")), F.datediff("day", F.to_date("d"), F.lit("2024-03-01").cast("date"))))[0]]
out["nested"] = rows(text.select(F.parse_json("j")["a"][1].cast("int"), F.parse_json("j")["b"]["c"].cast("string"),
    F.object_construct(F.lit("k"), F.lit(1))["k"].cast("int"), F.array_size(F.parse_json("j")["a"])))[0]
out["flattened"] = rows(text.select(F.parse_json("j").alias("j")).flatten(F.col("j")["a"]).select(F.col("value").cast("int").alias("n")).sort("n"))
out["pivoted"] = rows(some.select("k", "id", "v").pivot("k", ["a", "b"]).sum("v").sort("id"))
out["sets"] = [some.union_all(some).count(), some.union(some).count(), some.intersect(some).count(), some.except_(some).count()]
out["joins"] = [some.join(some.select("k"), "k", how).count() for how in ("inner", "left", "semi", "anti")]
out["described"] = sorted(row[0] for row in some.describe().collect())
out["made"] = rows(session.generator(F.seq1(1), rowcount=3)) + rows(session.range(0, 4, 2))
out["sampled"] = some.sample(n=2).count()
session.close()
"""
    )
    assert out == {
        "windows": [[1, 1, None, 6.5], [2, 1, None, None], [3, 2, 2.5, 6.5]],
        "choice": [[1, 2.5, "low"], [2, 0.0, "mid"], [3, 4.0, "high"]],
        "sums": [[4.0, 1, 2, "2.000", 3.25, "a,b,a"]],
        "texts": ["Ab 12", "  AB 12 ", 8, "  Ab # ", "Ab/12", "Ab", "New Line", True, True, "a-b"],
        "dates": ["2024-02-28", "2024-03-01", "2024", "2024-02-01", "2"],
        "nested": [2, "d", 1, 2],
        "flattened": [[1], [2]],
        "pivoted": [[1, 2.5, None], [2, None, None], [3, 4.0, None]],
        "sets": [6, 3, 3, 0],
        "joins": [5, 5, 3, 0],
        "described": ["count", "max", "mean", "min", "stddev"],
        "made": [[0], [1], [2], [0], [2]],
        "sampled": 2,
    }


def test_stages_are_read_in_every_form_and_files_come_as_streams(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
import io
session.sql("create or replace stage forms").collect()
place = pathlib.Path(tempfile.mkdtemp())
frame = pandas.DataFrame({"A": [1, 2], "B": ["x", "y"]})
frame.to_parquet(place / "rows.parquet")
(place / "rows.json").write_text(frame.to_json(orient="records", lines=True))
session.file.put(str(place / "rows.*"), "@forms", auto_compress=False)
session.file.put_stream(io.BytesIO(b"a,b\\n1,x\\n2,y\\n"), "@forms/rows.csv", auto_compress=False)
out["stream"] = session.file.get_stream("@forms/rows.csv").read().decode()
out["listed"] = sorted(row["name"] for row in session.sql("ls @forms").collect())
def rows(frame):
    return sorted(list(row) for row in frame.collect())
out["parquet"] = rows(session.read.parquet("@forms/rows.parquet"))
out["json"] = [json.loads(row[0]) for row in session.read.json("@forms/rows.json").collect()]
out["headed"] = rows(session.read.option("PARSE_HEADER", True).option("INFER_SCHEMA", True).csv("@forms/rows.csv"))
session.sql("create or replace table copied (a int, b varchar)").collect()
schema = StructType([StructField("A", IntegerType()), StructField("B", StringType())])
session.read.schema(schema).option("SKIP_HEADER", 1).csv("@forms/rows.csv").copy_into_table("copied")
out["copied"] = session.table("copied").count()
session.close()
"""
    )
    assert out == {
        "stream": "a,b\n1,x\n2,y\n",
        "listed": ["forms/rows.csv", "forms/rows.json", "forms/rows.parquet"],
        "parquet": [[1, "x"], [2, "y"]],
        "json": [{"A": 1, "B": "x"}, {"A": 2, "B": "y"}],
        "headed": [[1, "x"], [2, "y"]],
        "copied": 2,
    }


def test_functions_in_sql_are_called_and_programs_of_clients_refused(snowpark: ClientPython) -> None:
    out = snowpark.run(
        SESSION
        + """
import logging
logging.disable(logging.CRITICAL)
session.sql("create or replace function plus_one(a number) returns number language sql as 'a + 1'").collect()
numbers = session.create_dataframe([[1], [2]], schema=["a"])
out["called"] = [row[0] for row in numbers.select(F.call_function("plus_one", F.col("a"))).collect()]
def refused(make):
    try:
        make()
    except Exception as error:
        return "000002" in str(error) or str(error)
out["refused"] = [refused(make) for make in (
    lambda: session.udf.register(lambda x: x, return_type=StringType(), input_types=[StringType()]),
    lambda: session.sql("create procedure p() returns varchar language python runtime_version = '3.11' handler = 'f' as 'def f(s): pass'").collect())]
session.close()
"""
    )
    assert out == {"called": [2, 3], "refused": [True, True]}
