"""The command `sapwood serve` as a user runs it: first start, TLS, refusals, and `sapwood sql` beside it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
from wire_bench import Server, start_server


def sapwood(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sapwood", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def test_the_command_line_works_beside_the_server(server: Server) -> None:
    done = sapwood("sql", "select count(*) as n from support_tickets", "--data", str(server.data), "--format", "json")
    assert json.loads(done.stdout) == [{"N": 1000}], done.stderr


def test_a_second_server_on_the_same_data_is_refused(server: Server) -> None:
    done = sapwood("serve", "--data", str(server.data), "--port", "0")
    assert done.returncode == 1
    assert "in use by process" in done.stderr


def test_a_port_that_is_taken_is_named(server: Server, tmp_path: Path) -> None:
    done = sapwood("serve", "--data", str(tmp_path / "other"), "--port", str(server.port))
    assert done.returncode == 1
    assert f"can't listen on 127.0.0.1:{server.port}" in done.stderr


def test_other_machines_are_not_served_in_clear_text(tmp_path: Path) -> None:
    done = sapwood("serve", "--data", str(tmp_path / "data"), "--port", "0", "--host", "0.0.0.0")
    assert done.returncode == 1
    assert "--tls-cert" in done.stderr


def test_half_of_tls_is_refused(tmp_path: Path) -> None:
    done = sapwood("serve", "--data", str(tmp_path / "data"), "--port", "0", "--tls-cert", "cert.pem")
    assert done.returncode == 1
    assert "needs a certificate and its key" in done.stderr


def test_the_first_start_makes_a_password_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "sapwood", "serve", "--data", str(data), "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "SAPWOOD_ADMIN_PASSWORD"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    file = data / "admin.password"
    password = file.read_text().strip()
    body = {"data": {"LOGIN_NAME": "admin", "PASSWORD": password}}
    answer = httpx.post(url + "/session/v1/login-request", json=body, trust_env=False).json()
    process.terminate()
    _, notes = process.communicate(timeout=30)
    assert answer["success"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password in notes


def test_it_is_ready_within_seconds(tmp_path: Path) -> None:
    begun = time.monotonic()
    server = start_server(tmp_path / "data")
    assert httpx.get(server.url + "/healthz", trust_env=False).status_code == 200
    seconds = time.monotonic() - begun
    assert server.stop() == 0
    assert server.process.stdout is not None
    server.process.stdout.close()
    assert seconds < 10, "on a quiet machine it takes less than three; this one may be busy"
