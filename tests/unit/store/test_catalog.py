"""The catalogue: what is put can be had again, leases, one transaction a call, several processes at once."""

import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sapwood.errors import ConfigError, InternalError, JobError, ObjectExistsError, UnknownObjectError
from sapwood.store.catalog import Catalog
from sapwood.store.records import (
    AccessToken,
    FileFormat,
    Job,
    PrivilegeGrant,
    QueryRecord,
    RoleGrant,
    Stage,
    TunedModel,
    User,
)  # fmt: skip

FORMAT = FileFormat("DB", "PUBLIC", "CSV", options={"TYPE": "CSV", "SKIP_HEADER": 1}, created_on=5)
STAGE = Stage("DB", "PUBLIC", "ST", url="s3://a/b/", format_name="DB.PUBLIC.CSV", options={"TYPE": "CSV"}, comment="c")
MODEL = TunedModel(
    "DB", "PUBLIC", "M", "mistral-7b", "d0", "/a", "d1", created_on=7, aliases={"X": "V1"}, metrics={"loss": 0.5}
)
JOB = Job("j1", "finetune", "PENDING", 10, "mistral-7b", "DB.PUBLIC.M", "SELECT 1", spec={"rows": 3})


class Clock:
    """Epoch milliseconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path, clock: Clock) -> Iterator[Catalog]:
    made = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite", clock=clock)
    yield made
    made.close()


def test_what_is_put_is_there_after_a_restart(catalog: Catalog, tmp_path: Path) -> None:
    catalog.put_file_format(FORMAT)
    catalog.put_stage(STAGE)
    catalog.add_model(MODEL)
    catalog.add_job(JOB)
    catalog.close()
    again = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")
    assert again.file_format("DB", "PUBLIC", "CSV") == FORMAT
    assert again.stage("DB", "PUBLIC", "ST") == STAGE
    assert again.model("DB", "PUBLIC", "M") == MODEL
    assert again.job("j1") == JOB
    again.close()


def test_only_the_owner_may_read_the_files(catalog: Catalog, tmp_path: Path) -> None:
    catalog.put_stage(STAGE)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["catalog.sqlite"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_taken_name_is_an_error_a_skip_or_a_replacement(catalog: Catalog) -> None:
    other = replace(FORMAT, comment="new")
    assert catalog.put_file_format(FORMAT)
    with pytest.raises(ObjectExistsError, match="'CSV' already exists"):
        catalog.put_file_format(other)
    assert not catalog.put_file_format(other, if_not_exists=True)
    assert catalog.file_format("DB", "PUBLIC", "CSV") == FORMAT
    assert catalog.put_file_format(other, or_replace=True)
    assert catalog.file_formats() == [other]


def test_listing_is_by_database_and_schema_and_ordered(catalog: Catalog) -> None:
    for database, schema, name in [("B", "S", "X"), ("A", "T", "X"), ("A", "S", "Y"), ("A", "S", "X")]:
        catalog.put_stage(replace(STAGE, database=database, schema=schema, name=name))
    assert [(s.database, s.schema, s.name) for s in catalog.stages()] == [
        ("A", "S", "X"),
        ("A", "S", "Y"),
        ("A", "T", "X"),
        ("B", "S", "X"),
    ]
    assert [s.name for s in catalog.stages("A", "S")] == ["X", "Y"]


def test_dropping_says_whether_something_was_there(catalog: Catalog) -> None:
    catalog.put_stage(STAGE)
    assert catalog.drop_stage("DB", "PUBLIC", "ST")
    assert not catalog.drop_stage("DB", "PUBLIC", "ST")
    assert catalog.stage("DB", "PUBLIC", "ST") is None


def test_a_dropped_schema_takes_all_that_lies_in_it_and_nothing_else(catalog: Catalog) -> None:
    for schema in ("PUBLIC", "OTHER"):
        catalog.put_file_format(replace(FORMAT, schema=schema))
        catalog.put_stage(replace(STAGE, schema=schema))
        catalog.add_model(replace(MODEL, schema=schema))
    catalog.drop_schema("DB", "PUBLIC")
    assert [s.schema for s in catalog.stages()] == ["OTHER"]
    assert [f.schema for f in catalog.file_formats()] == ["OTHER"]
    assert [m.schema for m in catalog.models()] == ["OTHER"]
    catalog.drop_database("DB")
    assert catalog.stages() == catalog.file_formats() == catalog.models() == []


def test_a_taken_model_name_gets_a_number(catalog: Catalog) -> None:
    assert [catalog.add_model(MODEL).name for _ in range(3)] == ["M", "M_2", "M_3"]
    assert [m.name for m in catalog.models("DB", "PUBLIC")] == ["M", "M_2", "M_3"]


def test_a_model_is_renamed_only_to_a_free_name(catalog: Catalog) -> None:
    catalog.add_model(MODEL)
    catalog.add_model(replace(MODEL, name="TAKEN"))
    with pytest.raises(ObjectExistsError):
        catalog.replace_model(MODEL, replace(MODEL, name="TAKEN"))
    assert catalog.model("DB", "PUBLIC", "M") == MODEL
    moved = replace(MODEL, schema="S2", name="N", comment="moved")
    catalog.replace_model(MODEL, moved)
    assert catalog.model("DB", "PUBLIC", "M") is None
    assert catalog.model("DB", "S2", "N") == moved
    with pytest.raises(UnknownObjectError):
        catalog.replace_model(MODEL, moved)


def test_jobs_are_listed_newest_first(catalog: Catalog) -> None:
    for number, kind in [(1, "finetune"), (3, "finetune"), (2, "other")]:
        catalog.add_job(replace(JOB, id=f"j{number}", created_on=number, kind=kind))
    assert [job.id for job in catalog.jobs()] == ["j3", "j2", "j1"]
    assert [job.id for job in catalog.jobs("finetune")] == ["j3", "j1"]


def test_a_job_has_one_worker_until_its_lease_runs_out(catalog: Catalog, clock: Clock) -> None:
    catalog.add_job(JOB)
    claimed = catalog.claim_job("j1", "w1", 500)
    assert claimed == replace(JOB, status="IN_PROGRESS", worker="w1", lease_until=1_500)
    assert catalog.claim_job("j1", "w2", 500) is None
    clock.now = 1_500
    taken = catalog.claim_job("j1", "w2", 500)
    assert taken is not None
    assert (taken.worker, taken.lease_until) == ("w2", 2_000)
    with pytest.raises(JobError, match="w1 does not hold"):
        catalog.update_job("j1", "w1", progress=0.5)
    assert catalog.job("j1") == taken


def test_the_lease_of_a_dead_worker_is_ended_for_the_next_one(catalog: Catalog) -> None:
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", lease_ms=500)
    catalog.end_lease("j1", "another")
    assert catalog.claim_job("j1", "w2", lease_ms=500) is None
    catalog.end_lease("j1", "w1")
    assert catalog.claim_job("j1", "w2", lease_ms=500) is not None


def test_a_worker_renews_its_lease_and_reports(catalog: Catalog, clock: Clock) -> None:
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", 500)
    clock.now = 1_400
    job = catalog.update_job("j1", "w1", lease_ms=500, progress=0.25, detail="epoch 1", training_result={"loss": 1.5})
    assert (job.lease_until, job.progress, job.detail, job.training_result) == (1_900, 0.25, "epoch 1", {"loss": 1.5})
    assert catalog.update_job("j1", "w1").lease_until == 1_900


def test_what_a_job_was_asked_for_can_not_be_changed(catalog: Catalog) -> None:
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", 500)
    with pytest.raises(InternalError, match="spec"):
        catalog.update_job("j1", "w1", spec={})


def test_a_finished_job_has_its_model(catalog: Catalog, clock: Clock) -> None:
    catalog.add_model(MODEL)
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", 500)
    clock.now = 1_200
    job = catalog.finish_job("j1", "w1", status="SUCCESS", model=MODEL, trained_tokens=12)
    assert (job.status, job.model, job.progress, job.finished_on, job.trained_tokens) == (
        "SUCCESS",
        "DB.PUBLIC.M_2",
        1.0,
        1_200,
        12,
    )
    assert catalog.model("DB", "PUBLIC", "M_2") == replace(MODEL, name="M_2")
    assert catalog.claim_job("j1", "w2", 500) is None


def test_a_models_name_is_told_as_sql_writes_it(catalog: Catalog) -> None:
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", 500)
    named = replace(MODEL, schema="My Schema", name='a"b')
    assert catalog.finish_job("j1", "w1", status="SUCCESS", model=named).model == 'DB."My Schema"."a""b"'


def test_a_job_that_lost_its_worker_registers_no_model(catalog: Catalog, clock: Clock) -> None:
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", 500)
    clock.now = 2_000
    catalog.claim_job("j1", "w2", 500)
    with pytest.raises(JobError):
        catalog.finish_job("j1", "w1", status="SUCCESS", model=MODEL)
    assert catalog.models() == []


def test_a_cancelled_job_ends_without_a_model_even_if_it_was_just_done(catalog: Catalog) -> None:
    catalog.add_job(JOB)
    catalog.claim_job("j1", "w1", 500)
    asked = catalog.request_cancel("j1")
    assert (asked.status, asked.cancel_requested) == ("IN_PROGRESS", True)
    assert catalog.update_job("j1", "w1").cancel_requested
    assert catalog.finish_job("j1", "w1", status="SUCCESS", model=MODEL).status == "CANCELLED"
    assert catalog.models() == []


def test_a_job_that_nobody_works_on_is_cancelled_at_once(catalog: Catalog) -> None:
    catalog.add_job(JOB)
    job = catalog.request_cancel("j1")
    assert (job.status, job.finished_on) == ("CANCELLED", 1_000)
    assert catalog.claim_job("j1", "w1", 500) is None
    with pytest.raises(JobError, match="j9 does not exist"):
        catalog.request_cancel("j9")


def test_job_events_keep_their_order(catalog: Catalog, clock: Clock) -> None:
    catalog.add_job_event("j1", "start", {"pid": 1})
    clock.now = 1_001
    catalog.add_job_event("j1", "step", {"loss": 0.5})
    catalog.add_job_event("j2", "start", {})
    assert catalog.job_events("j1") == [(1_000, "start", {"pid": 1}), (1_001, "step", {"loss": 0.5})]


def test_account_objects_grants_and_parameters(catalog: Catalog) -> None:
    assert catalog.put_account_object("WAREHOUSE", "WH", comment="small")
    assert not catalog.put_account_object("WAREHOUSE", "WH", if_not_exists=True)
    assert [(o.name, o.comment) for o in catalog.account_objects("WAREHOUSE")] == [("WH", "small")]
    assert catalog.account_objects("ROLE") == []
    assert catalog.drop_account_object("WAREHOUSE", "WH")
    catalog.set_parameter("P", "1")
    catalog.set_parameter("P", "2")
    assert catalog.parameter("P") == "2"
    catalog.set_parameter("P", None)
    assert catalog.parameter("P") is None


def test_endpoints_and_local_models(catalog: Catalog) -> None:
    catalog.put_endpoint("e", "http://h/v1", "m", "KEY", {"context": 8})
    catalog.put_endpoint("e", "http://h/v2", "m", "KEY", {})
    assert [(e.name, e.url, e.key_env, e.limits) for e in catalog.endpoints()] == [("e", "http://h/v2", "KEY", {})]
    catalog.put_local_model("l", "/p", "d", 2048)
    assert [(m.name, m.path, m.digest, m.context) for m in catalog.local_models()] == [("l", "/p", "d", 2048)]
    assert catalog.drop_endpoint("e")
    assert catalog.drop_local_model("l")
    assert not catalog.drop_local_model("l")


def test_a_query_is_one_record_from_start_to_end(catalog: Catalog) -> None:
    started = QueryRecord("q1", "select 1", "ADMIN", "R", "RUNNING", 5)
    ended = replace(started, status="SUCCESS", finished_on=9, rows=1, usage={"tokens": 3})
    catalog.record_query(started)
    catalog.record_query(ended)
    catalog.record_query(replace(started, id="q2", started_on=6))
    assert catalog.queries() == [replace(started, id="q2", started_on=6), ended]
    assert [q.id for q in catalog.queries(limit=1)] == ["q2"]


def test_old_statements_are_forgotten(catalog: Catalog, clock: Clock) -> None:
    day = 86_400_000
    clock.now = 10 * day
    for number, started in enumerate((1 * day, 8 * day, 9 * day, 10 * day)):
        catalog.record_query(QueryRecord(f"q{number}", "select 1", "ADMIN", "R", "SUCCESS", started))
    catalog.keep_queries(days=2, statements=100)
    assert [q.id for q in catalog.queries()] == ["q3", "q2", "q1"]
    catalog.keep_queries(days=2, statements=2)
    assert [q.id for q in catalog.queries()] == ["q3", "q2"]


def test_a_long_history_is_cut_while_it_grows(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sapwood.store.account.RECORDS_A_PRUNE", 5)
    catalog.keep_queries(days=1, statements=2)
    for number in range(5):
        catalog.record_query(QueryRecord(f"q{number}", "select 1", "ADMIN", "R", "SUCCESS", number))
    assert [q.id for q in catalog.queries()] == ["q4", "q3"]


def test_statements_that_end_together_are_all_recorded(catalog: Catalog) -> None:
    def bring(first: int) -> None:
        for number in range(first, first + 25):
            catalog.record_query(QueryRecord(f"q{number}", "select 1", "ADMIN", "R", "SUCCESS", number))

    threads = [threading.Thread(target=bring, args=(first,)) for first in range(0, 200, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {q.id for q in catalog.queries(limit=1000)} >= {f"q{number}" for number in range(200)}


def test_no_statement_waits_for_its_record_and_none_is_lost_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapwood.store.account.GATHER_S", 0.2)
    url = f"sqlite:///{tmp_path / 'catalog.sqlite'}"
    catalog = Catalog(url)
    begun = time.monotonic()
    catalog.record_query(QueryRecord("q1", "select 1", "ADMIN", "R", "SUCCESS", 1))
    assert time.monotonic() - begun < 0.2
    catalog.close()
    other = Catalog(url)
    assert [query.id for query in other.queries()] == ["q1"]
    other.close()


def test_threads_wait_for_each_other(catalog: Catalog) -> None:
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda: names.extend(catalog.add_model(MODEL).name for _ in range(5))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == len(names) == 20


WRITER = """
import sys
from sapwood.store.catalog import Catalog
from sapwood.store.records import TunedModel
sys.stdin.readline()
catalog = Catalog(sys.argv[1])
for _ in range(10):
    catalog.add_model(TunedModel("DB", "S", "M", "b", "d", "", "", 1))
catalog.close()
"""


def test_processes_that_start_at_once_share_a_new_catalogue(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/catalog.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    results = [writer.communicate(b"go\n") for writer in writers]
    assert [(writer.returncode, stderr) for writer, (_, stderr) in zip(writers, results, strict=True)] == [(0, b"")] * 3
    catalog = Catalog(url)
    assert len(catalog.models()) == 30
    catalog.close()


def test_a_catalogue_of_a_newer_sapwood_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError, match="newer sapwood"):
        Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")


def test_a_users_tokens_and_roles_go_with_the_name_and_with_the_user(catalog: Catalog) -> None:
    anna = User("ANNA", "ANNA")
    catalog.put_user(anna)
    catalog.add_token(AccessToken("ANNA", "CI", "d", 0, 9))
    catalog.grant_role(RoleGrant("ROLE", "R", "USER", "ANNA"))
    catalog.replace_user(anna, replace(anna, name="EVA", login_name="EVA"))
    assert [token.name for token in catalog.tokens("EVA")] == ["CI"]
    assert catalog.roles_of_user("EVA") == {"R", "PUBLIC"}
    assert catalog.drop_user("EVA")
    assert catalog.token_of_digest("d") is None
    assert catalog.roles_of_user("EVA") == {"PUBLIC"}


def test_two_users_never_share_a_login_name(catalog: Catalog) -> None:
    catalog.put_user(User("ANNA", "A@B.C"))
    with pytest.raises(ObjectExistsError):
        catalog.put_user(User("EVA", "A@B.C"))


def test_a_change_of_a_user_who_changed_meanwhile_is_refused(catalog: Catalog) -> None:
    anna = User("ANNA", "ANNA")
    catalog.put_user(anna)
    catalog.replace_user(anna, replace(anna, disabled=True))
    with pytest.raises(UnknownObjectError):
        catalog.replace_user(anna, replace(anna, comment="enabled again by a stale copy"))


def test_a_new_catalogue_has_admin_and_the_roles_of_a_new_account(catalog: Catalog) -> None:
    assert [user.name for user in catalog.users()] == ["ADMIN"]
    assert catalog.roles_of_user("ADMIN") == {"ACCOUNTADMIN", "SYSADMIN", "SECURITYADMIN", "USERADMIN", "PUBLIC"}


def test_what_a_role_has_through_others_ends_with_them(catalog: Catalog) -> None:
    catalog.grant_role(RoleGrant("ROLE", "A", "USER", "U"))
    catalog.grant_role(RoleGrant("ROLE", "B", "ROLE", "A"))
    catalog.grant_role(RoleGrant("ROLE", "A", "ROLE", "B"))
    assert catalog.roles_of_user("U") == {"A", "B", "PUBLIC"}
    catalog.put_account_object("ROLE", "A")
    assert catalog.drop_role("A", heir="B")
    assert catalog.roles_of_user("U") == {"PUBLIC"}


def test_a_role_that_is_not_there_is_not_dropped(catalog: Catalog) -> None:
    assert not catalog.drop_role("SYSADMIN", heir="ACCOUNTADMIN")
    assert "SYSADMIN" in catalog.roles_of_user("ADMIN")


def test_what_a_dropped_role_owned_is_its_heirs(catalog: Catalog) -> None:
    catalog.put_account_object("ROLE", "A")
    catalog.put_stage(replace(STAGE, owner="A"))
    catalog.add_model(replace(MODEL, owner="A"))
    catalog.drop_role("A", heir="B")
    assert [each.owner for each in (*catalog.stages(), *catalog.models())] == ["B", "B"]


def test_grants_go_with_their_object(catalog: Catalog) -> None:
    on_t = PrivilegeGrant("SELECT", "TABLE", "DB", "S", "T", is_future=False, grantee="R")
    on_schema = PrivilegeGrant("USAGE", "SCHEMA", "DB", "S", "", is_future=False, grantee="R")
    catalog.grant_privileges([on_t, on_schema])
    catalog.rename_object(("TABLE", "DB", "S", "T"), ("TABLE", "DB", "S", "U"))
    assert catalog.privilege_grants(database="DB", grantee="R") == [on_schema, replace(on_t, name="U")]
    catalog.forget_object("TABLE", "DB", "S", "U")
    assert catalog.privilege_grants(database="DB") == [on_schema]
    catalog.forget_place("DB", "S")
    assert catalog.privilege_grants(database="DB") == []
