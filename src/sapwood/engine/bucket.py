"""Object stores behind stage URLs: s3, gcs and azure, through pyarrow.fs.

Which buckets are reached, and with what credentials, stands in one TOML file that only its owner may read (the setting
stages.credentials): a section a URL prefix. A section without keys takes the credentials of the environment, as the
store's own tools do. Secrets never stand in SQL, and a URL without a section is never asked for.

    ["s3://tickets/incoming/"]
    access_key = "..."
    secret_key = "..."
    region = "eu-central-1"

    ["azure://myaccount.blob.core.windows.net/container/"]
    account_key = "..."
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sapwood.engine.storage import Bucket, told
from sapwood.errors import ConfigError

TIMEOUT_S = 20


@dataclass(frozen=True)
class Store:
    """A kind of object store: the keys of its section with pyarrow's names for them, and what opens it.

    `opened` gets those keys and the host of the URL, which is the bucket of s3 and gcs, and the account of azure.
    """

    keys: Mapping[str, str]
    opened: Callable[[dict[str, Any], str], Any]
    has_account: bool = False


def _s3(given: dict[str, Any], host: str) -> Any:
    from pyarrow import fs

    return fs.S3FileSystem(**given, request_timeout=TIMEOUT_S, connect_timeout=TIMEOUT_S)


def _gcs(given: dict[str, Any], host: str) -> Any:
    from pyarrow import fs

    if "endpoint" in given:
        scheme, authority = _address(given.pop("endpoint"))
        given |= {"scheme": scheme, "endpoint_override": authority}
    return fs.GcsFileSystem(**given, retry_time_limit=timedelta(seconds=TIMEOUT_S))


def _azure(given: dict[str, Any], host: str) -> Any:
    from pyarrow import fs

    account = host.partition(".")[0]
    if "endpoint" in given:
        scheme, authority = _address(given.pop("endpoint"))
        given |= {f"{door}_storage_scheme": scheme for door in ("blob", "dfs")}
        given |= {f"{door}_storage_authority": authority for door in ("blob", "dfs")}
    return fs.AzureFileSystem(account_name=account, **given)


def _address(endpoint: str) -> tuple[str, str]:
    """Scheme and authority of an endpoint; https if it names none.

    >>> _address("http://127.0.0.1:80"), _address("store.example")
    (('http', '127.0.0.1:80'), ('https', 'store.example'))
    """
    scheme, mark, authority = endpoint.partition("://")
    return (scheme, authority) if mark else ("https", endpoint)


_S3 = Store(
    {
        "access_key": "access_key",
        "secret_key": "secret_key",
        "session_token": "session_token",
        "role_arn": "role_arn",
        "external_id": "external_id",
        "region": "region",
        "endpoint": "endpoint_override",
        "anonymous": "anonymous",
    },
    _s3,
)
STORES: Mapping[str, Store] = {
    "s3": _S3,
    "s3gov": _S3,
    "s3china": _S3,
    "s3compat": _S3,
    "gcs": Store({"anonymous": "anonymous", "endpoint": "endpoint", "project": "project_id"}, _gcs),
    "azure": Store({"account_key": "account_key", "sas_token": "sas_token", "endpoint": "endpoint"}, _azure, True),
}  # fmt: skip
"""Kinds of object stores by the protocol of their URLs."""


def bucket_of(url: str, credentials: str) -> tuple[Bucket, str] | None:
    """The bucket behind a URL and the path in it; None if no section of the file of credentials is about it."""
    parts = re.match(r"(?P<kind>\w+)://(?P<host>[^/]+)/?(?P<path>.*)", url)
    section = _section(url, credentials) if parts is not None and credentials else None
    if parts is None or section is None or parts["kind"] not in STORES:
        return None
    store = STORES[parts["kind"]]
    unknown = set(section) - set(store.keys)
    if unknown:
        raise ConfigError(f"unknown key '{min(unknown)}' in {credentials}", hint=f"Known: {', '.join(store.keys)}.")
    with told(url):
        system = store.opened({store.keys[name]: value for name, value in section.items()}, parts["host"])
    container, _, path = parts["path"].partition("/") if store.has_account else (parts["host"], "", parts["path"])
    return Bucket(system, container), path


def _section(url: str, credentials: str) -> dict[str, Any] | None:
    """The section of the longest prefix of a URL."""
    sections = _read(Path(credentials).expanduser())
    hits = [prefix for prefix in sections if url.startswith(prefix) or url == prefix.rstrip("/")]
    return sections[max(hits, key=len)] if hits else None


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"others may read the credentials {path}", hint=f"chmod 600 {path}")
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the credentials {path} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the credentials {path} are no TOML: {error}") from None
    for prefix, section in found.items():
        if not isinstance(section, dict) or not prefix.endswith("/"):
            raise ConfigError(f"'{prefix}' in {path} is no section of a URL that ends with a slash")
    return found
