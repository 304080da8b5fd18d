"""The object store that clients see: grants, keys, and names that lead nowhere else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sapwood.engine.transfer import Transfer
from sapwood.server.client_program import Client, read_client
from sapwood.server.transfers import GRANT_S, Transfers, file_below

OLD, NEW = (read_client(f"PythonConnector/{version} (Linux)") for version in ("4.8.1", "5.2.0"))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transfers(tmp_path: Path, clock: Clock) -> Transfers:
    return Transfers(tmp_path / "uploads", clock)


@pytest.fixture
def store(transfers: Transfers) -> TestClient:
    return TestClient(Starlette(routes=transfers.routes()), base_url="http://store")


def upload(transfers: Transfers, folder: Path, **options: bool) -> tuple[str, dict[str, str]]:
    """Where a file x.csv goes, and the headers that say so."""
    transfer = Transfer(True, "/tmp/x.csv", folder, options=options)
    data = transfers.answer(transfer, "q", NEW, base="http://store")["data"]["stageInfo"]
    return f"/{data['location']}x.csv", {"authorization": f"Bearer {data['creds']['GCS_ACCESS_TOKEN']}"}


def test_a_file_is_taken_with_the_key_and_refused_without(
    transfers: Transfers, store: TestClient, tmp_path: Path
) -> None:
    path, headers = upload(transfers, tmp_path / "stage")
    assert store.put(path, content=b"1,2").status_code == 403
    assert store.put(path, content=b"1,2", headers={"authorization": "Bearer x"}).status_code == 403
    assert store.head(path, headers=headers).status_code == 404
    assert store.put(path, content=b"1,2", headers=headers).status_code == 200
    assert (tmp_path / "stage" / "x.csv").read_bytes() == b"1,2"
    assert store.head(path, headers=headers).status_code == 200
    assert store.get(path, headers=headers).status_code == 403, "an upload's key reads nothing"
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_file_is_replaced_only_where_the_statement_says_so(
    transfers: Transfers, store: TestClient, tmp_path: Path
) -> None:
    path, headers = upload(transfers, tmp_path / "stage")
    for content, status in ((b"1", 200), (b"1", 200), (b"2", 412)):
        assert store.put(path, content=content, headers=headers).status_code == status
    assert (tmp_path / "stage" / "x.csv").read_bytes() == b"1"
    path, headers = upload(transfers, tmp_path / "stage", OVERWRITE=True)
    assert store.put(path, content=b"2", headers=headers).status_code == 200
    assert (tmp_path / "stage" / "x.csv").read_bytes() == b"2"


@pytest.mark.parametrize(
    ("client", "protocol", "is_signed"), [(OLD, "http", True), (OLD, "https", False), (NEW, "http", False)]
)
def test_a_key_travels_in_the_address_only_where_it_must(
    transfers: Transfers, tmp_path: Path, client: Client, protocol: str, is_signed: bool
) -> None:
    info = transfers.answer(Transfer(True, "/tmp/x.csv", tmp_path), "q", client, base=f"{protocol}://store")["data"][
        "stageInfo"
    ]
    assert (info["presignedUrl"] is not None, "GCS_ACCESS_TOKEN" in info["creds"]) == (is_signed, not is_signed)
    assert info["endPoint"] == ("store" if protocol == "https" else "http://store")


def test_a_grant_ends(transfers: Transfers, store: TestClient, tmp_path: Path, clock: Clock) -> None:
    path, headers = upload(transfers, tmp_path / "stage")
    clock.now = GRANT_S + 1.0
    assert store.put(path, content=b"1", headers=headers).status_code == 403


def test_a_download_reads_its_own_files_only(transfers: Transfers, store: TestClient, tmp_path: Path) -> None:
    for name in ("a b.csv", "other.csv"):
        (tmp_path / name).write_text(name)
    data = transfers.answer(Transfer(False, "/tmp", tmp_path, ("a b.csv",)), "q", OLD, base="http://store")["data"]
    (address,) = data["presignedUrls"]
    assert store.get(address).text == "a b.csv"
    parts = urlsplit(address)
    assert store.get(parts.path.replace("a%20b", "other") + "?" + parts.query).status_code == 404
    assert store.put(address, content=b"x").status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a//b",
        "..",
        "",
        "a\\..\\b",
        "x\0y",
        "link/x",
        "x" * 256,
        "é" * 128,
        "x/" * 1001 + "x",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    assert file_below(folder, name) is None


def test_a_name_below_the_folder_is_found(tmp_path: Path) -> None:
    assert file_below(tmp_path, "sub/a b.csv") == tmp_path / "sub" / "a b.csv"
