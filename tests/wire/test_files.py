"""PUT and GET: the official connectors move files between their machine and stages."""

from __future__ import annotations

import secrets
from pathlib import Path

import httpx
from wire_bench import ClientPython, Server


def test_files_go_to_a_stage_and_come_back(client: ClientPython, tmp_path: Path) -> None:
    stage = f"st_{secrets.token_hex(4)}"
    out = client.run(
        f"""
        import gzip, os, pathlib
        place = pathlib.Path({str(tmp_path)!r})
        for index in range(3):
            (place / f"a b{{index}}.csv").write_text("a,b\\n1,x\\n2,y\\n")
        (place / "out").mkdir()
        cursor = connect().cursor()
        cursor.execute("create stage {stage}")
        out["put"] = [[row[0], row[1], row[6]] for row in cursor.execute(f"put 'file://{{place}}/a b*.csv' @{stage}/sub").fetchall()]
        out["plain"] = cursor.execute(f"put 'file://{{place}}/a b0.csv' @{stage} auto_compress = false").fetchone()[6]
        (place / "a b0.csv").write_text("changed")
        cursor.execute(f"put 'file://{{place}}/a b0.csv' @{stage} auto_compress = false overwrite = true")
        out["listed"] = [row[0] for row in cursor.execute("list @{stage}").fetchall()]
        out["got"] = [row[2] for row in cursor.execute(f"get @{stage} 'file://{{place}}/out/'").fetchall()]
        out["back"] = [gzip.open(place / "out" / "a b1.csv.gz", "rt").read(), (place / "out" / "a b0.csv").read_text()]
        cursor.execute("create temporary table loaded (a int, b varchar)")
        cursor.execute("copy into loaded from @{stage}/sub file_format = (type = csv skip_header = 1)")
        out["loaded"] = cursor.execute("select count(*), sum(a) from loaded").fetchone()
        cursor.execute("remove @{stage}")
        out["left"] = cursor.execute("list @{stage}").fetchall()
        """
    )
    assert out == {
        "put": [[f"a b{index}.csv", f"a b{index}.csv.gz", "UPLOADED"] for index in range(3)],
        "plain": "UPLOADED",
        "listed": [f"{stage}/a b0.csv", *(f"{stage}/sub/a b{index}.csv.gz" for index in range(3))],
        "got": ["DOWNLOADED"] * 4,
        "back": ["a,b\n1,x\n2,y\n", "changed"],
        "loaded": [6, 9],
        "left": [],
    }


def test_a_server_s_own_files_are_out_of_reach(client: ClientPython, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("1\n")
    out = client.run(
        f"""
        cursor = connect().cursor()
        cursor.execute("create temporary table reached (a int)")
        cursor.execute("create or replace stage outside url = 'file://{tmp_path}/'")
        for text in ("copy into reached from 'file://{tmp_path}/secret.csv'", "copy into reached from @outside", "list @outside",
                     "put file:///nothing/here @~/../../climbing", "select * from read_text('/etc/hostname')"):
            try:
                out[text] = cursor.execute(text).fetchall()
            except snowflake.connector.errors.Error as error:
                out[text] = "refused"
        """
    )
    assert set(out.values()) == {"refused"}, out


def test_an_address_of_files_is_worth_nothing_without_its_key(server: Server) -> None:
    for method in ("PUT", "GET", "HEAD"):
        assert httpx.request(method, f"{server.url}/transfer/guess/x", content=b"x", trust_env=False).status_code == 403
