"""What the server prints when it is ready. That clients take it as it is, tests/wire proves."""

from __future__ import annotations

import socket
import tomllib

from sapwood.server.snippets import snippet_by_client, snippets


def test_the_address_comes_first_and_each_client_below_it() -> None:
    lines = snippets("127.0.0.1", 8085, "http").splitlines()
    assert lines[0] == "sapwood serves on http://127.0.0.1:8085"
    named = [line.split()[1].strip(":,") for line in lines if line.startswith("# ")]
    assert named == ["Python", "Snowpark", "SQLAlchemy", "snow", "dbt", "openai"]


def test_settings_are_of_the_kind_that_clients_expect() -> None:
    (block,) = [text for name, text in snippet_by_client("db.example", 443, "https").items() if "toml" in name]
    settings = tomllib.loads(block)["connections"]["snowflake"]
    assert (settings["host"], settings["port"], settings["protocol"]) == ("db.example", 443, "https")


def test_clients_are_told_a_name_and_not_all_addresses() -> None:
    text = snippets("0.0.0.0", 8085, "https")
    assert text.startswith("sapwood serves on https://0.0.0.0:8085\n")
    assert text.count(f'"{socket.gethostname()}"') == 5
    assert f'"https://{socket.gethostname()}:8085/api' in text


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert snippets("::1", 8085, "http").startswith("sapwood serves on http://[::1]:8085\n")
