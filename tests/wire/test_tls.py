"""TLS: the official connectors reach a server whose authority they are told to trust, and no other."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from certificates import Certificates, make_certificates
from wire_bench import ClientPython, Server, environment, start_server

CONNECT = """
import os
def connect_safely(**more):
    return connect(protocol="https", host="localhost", login_timeout=8, **more)
"""
TRUST = {
    "connector4": "os.environ['REQUESTS_CA_BUNDLE'] = {authority!r}\ntrust = {{}}\n",
    "connector5": "trust = dict(custom_root_store_path={authority!r})\n",
}
"""How each line of the connector is told of an authority."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Generator[Server]:
    data = tmp_path_factory.mktemp("tls") / "data"
    server = start_server(data, "--tls-cert", str(certificates.cert), "--tls-key", str(certificates.key))
    yield server
    code = server.stop()
    assert server.process.stdout is not None
    server.process.stdout.close()
    assert code == 0


def test_a_certificate_makes_it_https(safe: Server, certificates: Certificates) -> None:
    trusted = ssl.create_default_context(cafile=str(certificates.authority))
    answer = httpx.get(f"https://localhost:{safe.port}/healthz", verify=trusted, trust_env=False)
    assert answer.json()["status"] == "ok"


@pytest.mark.parametrize("name", TRUST)
def test_a_connector_works_over_tls(safe: Server, certificates: Certificates, name: str, tmp_path: Path) -> None:
    """Results in chunks and files go over TLS too; a file that is there is skipped, unless OVERWRITE says otherwise."""
    client = ClientPython(environment(name), safe)
    script = f"""
import pathlib
place = pathlib.Path({str(tmp_path)!r})
(place / "a.csv").write_text("1\\n")
cursor = connect_safely(**trust).cursor()
out["rows"] = len(cursor.execute("select seq4() from table(generator(rowcount => 20000))").fetchall())
cursor.execute("create or replace stage {name}_files")
put = f"put 'file://{{place}}/a.csv' @{name}_files auto_compress = false"
out["put"] = [cursor.execute(put + more).fetchone()[6] for more in ("", "", " overwrite = true")]
(place / "back").mkdir()
cursor.execute(f"get @{name}_files 'file://{{place}}/back/'")
out["back"] = (place / "back" / "a.csv").read_text()
"""
    out = client.run(CONNECT + TRUST[name].format(authority=str(certificates.authority)) + script, server=safe)
    assert out == {"rows": 20_000, "put": ["UPLOADED", "SKIPPED", "UPLOADED"], "back": "1\n"}


@pytest.mark.parametrize("name", TRUST)
def test_a_connector_that_does_not_trust_sends_no_password(safe: Server, name: str) -> None:
    client = ClientPython(environment(name), safe)
    script = """
try:
    connect_safely()
    out["error"] = None
except snowflake.connector.errors.Error as error:
    out["error"] = type(error).__name__
"""
    assert client.run(CONNECT + script, server=safe)["error"] is not None
