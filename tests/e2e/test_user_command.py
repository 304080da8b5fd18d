"""The command `sapwood user` as an administrator runs it, and the door that it opens."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sapwood.errors import AuthenticationError
from sapwood.server.authentication import Authenticator, Login
from sapwood.store.catalog import Catalog

WORD = "it's a \\ good word"


def run(*words: str, data: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sapwood", "user", *words, "--data", str(data)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)


def opens(data: Path, login: Login) -> bool:
    catalog = Catalog(f"sqlite:///{data}/catalog.sqlite")
    try:
        Authenticator(catalog, lambda: int(time.time() * 1000)).verify(login)
    except AuthenticationError:
        return False
    finally:
        catalog.close()
    return True


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = run("add", "anna", "--role", "sysadmin", data=tmp_path, stdin=WORD + "\n")
    assert (made.returncode, made.stdout) == (0, "User ANNA successfully created.\nStatement executed successfully.\n")
    return tmp_path


def test_a_user_is_added_disabled_and_removed(data: Path) -> None:
    login = Login("anna", password=WORD)
    assert opens(data, login)
    assert "ANNA" in run("list", data=data).stdout
    assert run("disable", "anna", data=data).returncode == 0
    assert not opens(data, login)
    run("disable", "anna", "--enable", data=data)
    assert opens(data, login)
    run("password", "anna", data=data, stdin="another word\n")
    assert not opens(data, login)
    assert run("rm", "anna", data=data).returncode == 0
    assert run("rm", "anna", data=data).returncode == 1


def test_a_token_is_printed_once_and_taken_back(data: Path) -> None:
    made = run("token", "anna", "ci", "--days", "2", "--role", "sysadmin", data=data)
    login = Login("ANNA", password=made.stdout.strip())
    assert opens(data, login)
    run("token", "anna", "ci", "--revoke", data=data)
    assert not opens(data, login)


def test_a_key_is_read_from_its_file(data: Path, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048).public_key()
    file = tmp_path / "key.pub"
    file.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert run("key", "anna", str(file), "--second", data=data).returncode == 0
    file.write_text("no key")
    refused = run("key", "anna", str(file), data=data)
    assert refused.returncode == 1 and "not valid" in refused.stderr
