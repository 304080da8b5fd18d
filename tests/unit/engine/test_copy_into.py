from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from engine_bench import Bench

from sapwood.dialect.stage_statements import (
    CopyInto,
    CreateFileFormat,
    CreateStage,
    ListStage,
    PutFiles,
)
from sapwood.dialect.statements import (
    Column,
    Name,
    StagePath,
)
from sapwood.dialect.types import BOOLEAN, DATE, REAL, number, text
from sapwood.engine.copy_into import NOTHING
from sapwood.engine.engine import Engine
from sapwood.engine.load import CONTINUE_HINT
from sapwood.engine.session import Session
from sapwood.errors import (
    AccessError,
    CopyError,
    Error,
    ProgrammingError,
    UnknownFileError,
    UnknownObjectError,
    UnsupportedError,
)

TICKETS = (Column("TICKET_ID", text(60)), Column("REQUEST", text()), Column("N", number(10, 2)))
QUOTED = {"TYPE": "CSV", "SKIP_HEADER": 1, "FIELD_OPTIONALLY_ENCLOSED_BY": '"'}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


class Loader:
    """A table T, a stage S over a folder, and COPY between them."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        self.stage = bench.name("S")
        bench.run(CreateStage(self.stage, url=f"file://{folder}/"))

    def table(self, *columns: Column) -> None:
        self.bench.make("T", columns)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def copy(self, form: Mapping[str, Any] | None = None, path: str = "", **kwargs: Any) -> list[dict[str, Any]]:
        source = StagePath(self.stage, path=path)
        return self.bench.rows(CopyInto(self.bench.name("T"), (), source, format_options=form or {}, **kwargs))

    def rows(self) -> list[tuple[Any, ...]]:
        return self.bench.cursor.execute(f"SELECT * FROM {self.bench.table('T')}").fetchall()


@pytest.fixture
def loader(bench: Bench, folder: Path) -> Loader:
    made = Loader(bench, folder)
    made.table(*TICKETS)
    return made


def test_a_file_with_header_and_quotes(loader: Loader) -> None:
    loader.write("a.csv", 'ticket_id,request,n\nTR1,"one, ""two""\nthree",1.5\r\nTR2,plain,\n')
    (row,) = loader.copy(QUOTED)
    assert row == {
        "file": f"file://{loader.folder}/a.csv",
        "status": "LOADED",
        "rows_parsed": 2,
        "rows_loaded": 2,
        "error_limit": 1,
        "errors_seen": 0,
        "first_error": None,
        "first_error_line": None,
        "first_error_character": None,
        "first_error_column_name": None,
    }
    assert [(one, two, None if three is None else float(three)) for one, two, three in loader.rows()] == [
        ("TR1", 'one, "two"\nthree', 1.5),
        ("TR2", "plain", None),
    ]


def test_a_loaded_file_is_not_loaded_again_until_it_changes_or_is_forced(loader: Loader) -> None:
    loader.write("a.csv", "a,b,1\n")
    loader.copy()
    assert loader.copy() == [{"status": NOTHING}]
    assert loader.copy(options={"FORCE": True})[0]["rows_loaded"] == 1
    loader.write("a.csv", "c,d,2\n")
    assert loader.copy()[0]["rows_loaded"] == 1
    assert len(loader.rows()) == 3


def test_create_or_replace_forgets_loads(loader: Loader) -> None:
    loader.write("a.csv", "a,b,1\n")
    loader.copy()
    loader.table(*TICKETS)
    assert loader.copy()[0]["rows_loaded"] == 1


def test_an_empty_stage_is_zero_files(loader: Loader) -> None:
    assert loader.copy() == [{"status": NOTHING}]


def test_a_wrong_column_count_names_file_line_character_and_column(loader: Loader) -> None:
    loader.write("a.csv", "h1,h2,h3\na,b,1\nc,d\n")
    with pytest.raises(CopyError) as caught:
        loader.copy(QUOTED)
    assert caught.value.msg == (
        "Number of columns in file (2) does not match that of the corresponding table (3), use file format option "
        "error_on_column_count_mismatch=false to ignore this error\n"
        f"  File 'file://{loader.folder}/a.csv', line 3, character 3\n"
        '  Row 2, column "T"["REQUEST":2]'
    )
    assert (caught.value.errno, caught.value.hint) == (100080, CONTINUE_HINT)
    assert loader.rows() == []
    loader.write("a.csv", "h1,h2,h3\na,b,1\nc,d,2\n")
    assert loader.copy(QUOTED)[0]["rows_loaded"] == 2


def test_column_count_mismatch_may_be_ignored(loader: Loader) -> None:
    loader.write("a.csv", "a\nb,c,1,more\n")
    loader.copy({"ERROR_ON_COLUMN_COUNT_MISMATCH": False})
    assert loader.rows() == [("a", None, None), ("b", "c", 1)]


def test_continue_loads_the_good_rows_and_tells_the_first_error(loader: Loader) -> None:
    loader.write("a.csv", "a,b,1\nc,d,x\ne,f,2\ng\n")
    (row,) = loader.copy(options={"ON_ERROR": "CONTINUE"})
    assert (row["status"], row["rows_parsed"], row["rows_loaded"], row["errors_seen"]) == ("PARTIALLY_LOADED", 4, 2, 2)
    assert row["first_error"] == "Numeric value 'x' is not recognized"
    assert (row["first_error_line"], row["first_error_character"], row["first_error_column_name"]) == (
        2,
        5,
        '"T"["N":3]',
    )
    assert len(loader.rows()) == 2


@pytest.mark.parametrize(
    ("on_error", "loaded"),
    [("SKIP_FILE", 1), ("SKIP_FILE_1", 1), ("SKIP_FILE_2", 2), ("SKIP_FILE_40%", 1), ("SKIP_FILE_50%", 2)],
)
def test_skip_file_by_number_and_share_of_errors(loader: Loader, on_error: str, loaded: int) -> None:
    loader.write("a.csv", "a,b,1\nc,d,x\n")
    loader.write("b.csv", "e,f,2\n")
    rows = loader.copy(options={"ON_ERROR": on_error})
    assert sum(row["rows_loaded"] for row in rows) == loaded == len(loader.rows())
    assert rows[0]["status"] == ("LOAD_FAILED" if loaded == 1 else "PARTIALLY_LOADED")


def test_a_failed_file_may_be_tried_again(loader: Loader) -> None:
    loader.write("a.csv", "a,b,x\n")
    assert loader.copy(options={"ON_ERROR": "SKIP_FILE"})[0]["status"] == "LOAD_FAILED"
    assert loader.copy(options={"ON_ERROR": "SKIP_FILE"})[0]["status"] == "LOAD_FAILED"


def test_too_long_a_text_fails_unless_it_may_be_cut(loader: Loader) -> None:
    loader.table(Column("A", text(3)))
    loader.write("a.csv", "abcd\n")
    with pytest.raises(CopyError, match=r"User character length limit \(3\) exceeded by string 'abcd'"):
        loader.copy()
    loader.copy(options={"TRUNCATECOLUMNS": True})
    assert loader.rows() == [("abc",)]


def test_null_in_a_not_null_column(loader: Loader) -> None:
    loader.table(Column("A", text()), Column("B", text(), nullable=False))
    loader.write("a.csv", "a,\n")
    with pytest.raises(CopyError) as caught:
        loader.copy()
    assert caught.value.errno == 100088


def test_bad_utf8_names_its_line(loader: Loader) -> None:
    loader.write("a.csv", b"a,b,1\nc,d\xe9,2\n")
    with pytest.raises(CopyError) as caught:
        loader.copy()
    assert caught.value.msg.startswith("Invalid UTF8 detected in string 'd0xE9'\n")
    assert "line 2, character 3" in caught.value.msg
    assert loader.rows() == []
    loader.copy({"REPLACE_INVALID_CHARACTERS": True})
    assert loader.rows()[1][1] == "d\ufffd"


def test_a_field_that_is_never_closed(loader: Loader) -> None:
    loader.write("a.csv", 'a,b,1\nc,"d,2\n')
    with pytest.raises(CopyError, match=r"is not closed before the end of the file\n  File '.*', line 2, character 3"):
        loader.copy({"FIELD_OPTIONALLY_ENCLOSED_BY": '"'})


def test_text_behind_a_closing_quote(loader: Loader) -> None:
    loader.write("a.csv", 'a,"b"x,1\n')
    with pytest.raises(CopyError, match="Found character 'x' instead of field delimiter ','"):
        loader.copy({"FIELD_OPTIONALLY_ENCLOSED_BY": '"'})


def test_gzip_bz2_and_zstd_are_known_by_their_suffix(loader: Loader) -> None:
    loader.write("a.csv.gz", gzip.compress(b"a,b,1\n"))
    loader.write("b.csv.bz2", bz2.compress(b"c,d,2\n"))
    loader.write("c.csv.zst", pa.compress(b"e,f,3\n", codec="zstd", asbytes=True))
    assert [row["rows_loaded"] for row in loader.copy()] == [1, 1, 1]


PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "a.csv.gz": gzip.compress,
    "a.csv.bz2": bz2.compress,
    "a.csv.zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    "a.csv.deflate": zlib.compress,
    "a.csv": lambda data: data,
}


@pytest.mark.parametrize("name", PACK)
def test_a_small_file_of_one_endless_record_takes_no_memory(
    loader: Loader, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapwood.engine.csv_blocks.MOST_RECORD", 8 << 20)
    loader.write(name, PACK[name](b"a" * (20 << 20)))
    with pytest.raises(CopyError, match="A record has more than 8,388,608 bytes"):
        loader.copy()
    assert loader.rows() == []


@pytest.mark.parametrize("name", [name for name in PACK if name != "a.csv"])
def test_a_cut_off_file_changes_nothing(loader: Loader, name: str) -> None:
    packed = PACK[name](b"".join(f"a{number},b,{number}\n".encode() for number in range(5000)))
    loader.write(name, packed[: len(packed) // 2])
    with pytest.raises(CopyError, match="is cut off"):
        loader.copy()
    assert loader.rows() == []


def test_a_named_file_that_is_missing(loader: Loader) -> None:
    with pytest.raises(UnknownFileError, match=r"nope\.csv"):
        loader.copy(files=("nope.csv",))


def test_a_folder_that_is_missing(loader: Loader) -> None:
    loader.bench.run(CreateStage(loader.stage, url="/nowhere/at/all/", or_replace=True))
    with pytest.raises(UnknownFileError, match="/nowhere/at/all/"):
        loader.copy()


def test_files_and_pattern_choose(loader: Loader) -> None:
    for name in ("a.csv", "b.csv", "x/c.csv", "d.txt"):
        loader.write(name, f"{name},b,1\n")
    loader.copy(files=("b.csv",))
    loader.copy(pattern=r".*x/.*[.]csv")
    loader.copy(path="d.t")
    assert [row[0] for row in loader.rows()] == ["b.csv", "x/c.csv", "d.txt"]


def test_a_path_may_not_climb_out(loader: Loader, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,b,1\n")
    (loader.folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(AccessError):
        loader.copy(path="../secret.csv")
    assert loader.copy() == [{"status": NOTHING}]


@pytest.mark.parametrize(
    ("form", "line", "expected"),
    [
        ({}, "a,,1", ("a", None, 1)),
        ({"EMPTY_FIELD_AS_NULL": False}, "a,,1", ("a", "", 1)),
        ({"FIELD_OPTIONALLY_ENCLOSED_BY": '"'}, 'a,"",1', ("a", "", 1)),
        ({}, "a,\\N,1", ("a", None, 1)),
        ({"NULL_IF": ("NULL", "-")}, "-,NULL,1", (None, None, 1)),
        ({"TRIM_SPACE": True}, " a , b,1 ", ("a", "b", 1)),
        ({"TRIM_SPACE": True, "FIELD_OPTIONALLY_ENCLOSED_BY": '"'}, ' "a" , " b" ,1', ("a", " b", 1)),
        ({"FIELD_DELIMITER": "|"}, "a|b,c|1", ("a", "b,c", 1)),
        ({"FIELD_DELIMITER": "\\t"}, "a\tb\t1", ("a", "b", 1)),
        ({}, "a,b\\,c,1", ("a", "b,c", 1)),
        ({"ESCAPE_UNENCLOSED_FIELD": "NONE"}, "a,b\\c,1", ("a", "b\\c", 1)),
        ({"ESCAPE": "\\", "FIELD_OPTIONALLY_ENCLOSED_BY": '"'}, 'a,"b\\"c",1', ("a", 'b"c', 1)),
        ({"FIELD_OPTIONALLY_ENCLOSED_BY": "'"}, "a,'b, ''c''',1", ("a", "b, 'c'", 1)),
        ({"FIELD_OPTIONALLY_ENCLOSED_BY": '"'}, 'a,b"c",1', ("a", 'b"c"', 1)),
        ({"ENCODING": "ISO-8859-1"}, b"a,\xe9,1", ("a", "é", 1)),
        ({"RECORD_DELIMITER": ";"}, "a,b,1;", ("a", "b", 1)),
        ({}, "\ufeffa,b,1", ("a", "b", 1)),
        ({}, "a,b,1.555", ("a", "b", 1.56)),
        ({}, "a,b,1e1", ("a", "b", 10)),
    ],
)
def test_csv_options(loader: Loader, form: dict[str, Any], line: str | bytes, expected: tuple[Any, ...]) -> None:
    loader.write("a.csv", line)
    loader.copy(form)
    ((one, two, three),) = loader.rows()
    assert (one, two, float(three)) == expected


def test_blank_lines_are_skipped_on_request(loader: Loader) -> None:
    loader.write("a.csv", "a,b,1\n\nc,d,2\n")
    with pytest.raises(CopyError, match="line 2"):
        loader.copy()
    loader.copy({"SKIP_BLANK_LINES": True})
    assert len(loader.rows()) == 2


def test_values_of_other_types(loader: Loader) -> None:
    loader.table(Column("B", BOOLEAN), Column("D", DATE), Column("R", REAL))
    loader.write("a.csv", "yes,2024-02-29,1.5\n0,02/29/2024,-3e2\n")
    loader.copy()
    assert [(one, str(two), three) for one, two, three in loader.rows()] == [
        (True, "2024-02-29", 1.5),
        (False, "2024-02-29", -300.0),
    ]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (BOOLEAN, "maybe", "Boolean value 'maybe' is not recognized"),
        (DATE, "2024-13-01", "Date '2024-13-01' is not recognized"),
        (number(3, 0), "1000", "Numeric value '1000' is out of range"),
        (REAL, "1,5", "Numeric value '1,5' is not recognized"),
    ],
)
def test_values_that_do_not_convert(loader: Loader, column: Any, value: str, message: str) -> None:
    loader.table(Column("A", column))
    loader.write("a.csv", value + "\n")
    with pytest.raises(CopyError) as caught:
        loader.copy({"FIELD_DELIMITER": "NONE"})
    assert caught.value.msg.startswith(message)


def test_copys_options_go_before_the_stages_and_those_before_the_formats(loader: Loader) -> None:
    bench = loader.bench
    form = bench.name("F")
    bench.run(CreateFileFormat(form, {"FIELD_DELIMITER": "|", "SKIP_HEADER": 1, "TYPE": "CSV"}))
    bench.run(CreateStage(loader.stage, url=f"{loader.folder}/", format_name=form, or_replace=True))
    loader.write("a.csv", "h|h|h\na|b|1\n")
    loader.copy()
    loader.write("b.csv", "h;h;h\na;b;2\n")
    loader.copy({"FIELD_DELIMITER": ";"}, files=("b.csv",))
    assert [row[2] for row in loader.rows()] == [1, 2]


@pytest.mark.parametrize("kind", ["AVRO", "XML"])
def test_other_formats_are_refused_by_name(loader: Loader, kind: str) -> None:
    loader.write("a.json", "{}")
    with pytest.raises(UnsupportedError, match=kind):
        loader.copy({"TYPE": kind})


@pytest.mark.parametrize(
    ("form", "options", "error"),
    [
        ({"FIELD_DELIM": ","}, {}, "invalid parameter 'FIELD_DELIM'"),
        ({"SKIP_HEADER": "x"}, {}, "invalid value"),
        ({"FIELD_OPTIONALLY_ENCLOSED_BY": "x"}, {}, "invalid value"),
        ({}, {"ON_ERROR": "STOP"}, "invalid value"),
        ({}, {"VALIDATION_MODE": "RETURN_ALL"}, "invalid value"),
        ({}, {"MATCH_BY_COLUMN_NAME": "CASE_SENSITIVE"}, "PARSE_HEADER = TRUE and MATCH_BY_COLUMN_NAME"),
        ({"PARSE_HEADER": True}, {}, "PARSE_HEADER = TRUE and MATCH_BY_COLUMN_NAME"),
        ({"PARSE_HEADER": True, "SKIP_HEADER": 1}, {}, "can't be given together"),
    ],
)
def test_bad_options_are_refused_by_name(
    loader: Loader, form: dict[str, Any], options: dict[str, Any], error: str
) -> None:
    loader.write("a.csv", "a,b,1\n")
    with pytest.raises(ProgrammingError, match=error):
        loader.copy(form, options=options)
    assert loader.rows() == []


def test_an_unmapped_url_says_how_to_map_it(loader: Loader) -> None:
    loader.bench.run(CreateStage(loader.stage, url="s3://my-bucket/x/", or_replace=True))
    with pytest.raises(UnsupportedError) as caught:
        loader.copy()
    assert "s3://my-bucket/x/" in caught.value.msg
    assert "--map-url" in caught.value.hint


def test_the_longest_mapped_prefix_wins_and_is_told(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    stages = loader.bench.parts.config.stages
    object.__setattr__(stages, "map", {"s3://b/": "/nowhere", "s3://b/x/": str(loader.folder)})
    loader.write("a.csv", "a,b,1\n")
    loader.bench.run(CreateStage(loader.stage, url="s3://b/x/", or_replace=True))
    try:
        (row,) = loader.copy()
    finally:
        object.__setattr__(stages, "map", {})
    assert row["file"] == "s3://b/x/a.csv"
    assert loader.bench.last.notices == [f"s3://b/x/ is mapped to {loader.folder} by the setting stages.map."]


def test_put_compresses_lists_and_loads(loader: Loader) -> None:
    bench = loader.bench
    bench.run(CreateStage(bench.name("I")))
    source = loader.write("a.csv", "a,b,1\n")
    target = StagePath(bench.name("I"))
    (row,) = bench.rows(PutFiles(f"file://{source}", target))
    assert (row["source"], row["target"], row["status"], row["target_compression"]) == (
        "a.csv",
        "a.csv.gz",
        "UPLOADED",
        "GZIP",
    )
    assert bench.rows(PutFiles(f"file://{source}", target))[0]["status"] == "SKIPPED"
    assert [row["name"] for row in bench.rows(ListStage(target))] == ["i/a.csv.gz"]
    (copied,) = bench.rows(CopyInto(bench.name("T"), (), target, options={"PURGE": True}))
    assert (copied["file"], copied["rows_loaded"]) == ("i/a.csv.gz", 1)
    assert bench.rows(ListStage(target)) == []


def test_a_rollback_finds_the_files_that_were_to_be_purged(session: Session, folder: Path) -> None:
    (folder / "a.csv").write_text("1\n", encoding="utf-8")
    session.execute(f"create table n (a int); create stage i; put 'file://{folder}/a.csv' @i")
    session.execute("begin; copy into n from @i purge = true; rollback")
    session.execute("copy into n from @i purge = true")
    assert session.execute("select a from n")[-1].table.to_pylist() == [{"A": 1}]
    assert session.execute("list @i")[-1].table.num_rows == 0


def test_a_load_that_was_rolled_back_is_not_remembered(session: Session, folder: Path) -> None:
    (folder / "a.csv").write_text("1\n", encoding="utf-8")
    session.execute(f"create temporary table n (a int); create stage s url = 'file://{folder}/'")
    session.execute("begin; copy into n from @s; rollback; copy into n from @s")
    assert session.execute("select a from n")[-1].table.to_pylist() == [{"A": 1}]
    session.execute("begin; copy into n from @s; commit; copy into n from @s")
    assert session.execute("select count(*) as n from n")[-1].table.to_pylist() == [{"N": 1}]


def test_a_session_from_another_machine_reaches_mapped_folders_only(engine: Engine, folder: Path) -> None:
    (folder / "a.csv").write_text("1\n", encoding="utf-8")
    session = engine.open_session(is_remote=True)
    session.execute(f"create table n (a int); create stage s url = 'file://{folder}/'")
    for statement in (
        "list @s",
        "copy into n from @s",
        f"copy into n from 'file://{folder}/'",
        f"copy into n from '{folder}/a.csv'",
    ):
        with pytest.raises(AccessError, match="over the network"):
            session.execute(statement)
    assert session.execute("list 's3://sfquickstarts/'")[-1].table.num_rows > 0


def test_an_unknown_stage_and_an_unknown_format(loader: Loader) -> None:
    bench = loader.bench
    with pytest.raises(UnknownObjectError, match=r"Stage 'DB\.PUBLIC\.NOPE' does not exist"):
        bench.run(CopyInto(bench.name("T"), (), StagePath(bench.name("NOPE"))))
    with pytest.raises(UnknownObjectError, match="File format"):
        bench.run(CreateStage(bench.name("X"), format_name=Name("DB", "PUBLIC", "NOPE")))


def test_a_hundred_thousand_rows_in_seconds(loader: Loader) -> None:
    import time

    body = "".join(f'TR{number},"request number {number}, with a comma",{number}.5\n' for number in range(100_000))
    loader.write("a.csv", body)
    started = time.monotonic()
    (row,) = loader.copy({"FIELD_OPTIONALLY_ENCLOSED_BY": '"'})
    assert row["rows_loaded"] == 100_000
    assert time.monotonic() - started < 15


def test_copy_in_a_transaction_that_is_rolled_back_leaves_neither_rows_nor_history(loader: Loader) -> None:
    from sapwood.dialect.statements import Transaction

    loader.write("a.csv", "a,b,1\n")
    loader.bench.run(Transaction("BEGIN"))
    loader.copy()
    loader.bench.run(Transaction("ROLLBACK"))
    assert loader.rows() == []
    assert loader.copy()[0]["rows_loaded"] == 1


def test_the_error_tree_is_kept(loader: Loader) -> None:
    loader.write("a.csv", "a,b,x\n")
    with pytest.raises(Error) as caught:
        loader.copy()
    assert (caught.value.errno, caught.value.sqlstate) == (100038, "22018")


def test_put_and_get_of_another_machine_are_left_to_it(engine: Engine, folder: Path) -> None:
    (folder / "a.csv").write_text("1\n", encoding="utf-8")
    session = engine.open_session(is_remote=True)
    session.execute("create stage s")
    (put,) = session.execute(f"put 'file://{folder}/a.csv' @s/sub overwrite = true")
    assert put.transfer is not None and put.table.num_rows == 0
    assert (put.transfer.is_upload, put.transfer.local) == (True, f"{folder}/a.csv")
    assert put.transfer.is_on("OVERWRITE", default=False)
    assert not put.transfer.folder.exists()
    put.transfer.folder.mkdir(parents=True)
    (put.transfer.folder / "b.csv").write_text("2\n", encoding="utf-8")
    (get,) = session.execute("get @s 'file:///there/' pattern = '.*/b[.]csv'")
    assert get.transfer is not None
    assert (get.transfer.names, get.transfer.local) == (("sub/b.csv",), "/there/")
