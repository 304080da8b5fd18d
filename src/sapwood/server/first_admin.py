"""The first password of ADMIN: given, or made and written to a file that only the owner of the data can read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from sapwood.credentials import hash_password, make_password
from sapwood.store.catalog import Catalog

PASSWORD_FILE = "admin.password"
"""In the data directory. It is read by people alone; to change the password: ALTER USER ADMIN SET PASSWORD."""


@dataclass(frozen=True)
class FirstPassword:
    """A password that was made up, to be shown once, and where it was written down."""

    password: str = field(repr=False)
    file: Path


def ensure_admin_password(catalog: Catalog, data: Path, *, given: str | None) -> FirstPassword | None:
    """See to it that ADMIN has a password; what was made up, or None if ADMIN had one or it was given.

    Raises InvalidCredentialError if the given one is too short.
    """
    admin = catalog.user("ADMIN")
    if admin is None or admin.password_hash:
        return None
    made = None if given else FirstPassword(make_password(), data / PASSWORD_FILE)
    if made is not None:
        _write_private(made.file, made.password)
    password = given if made is None else made.password
    catalog.replace_user(admin, replace(admin, password_hash=hash_password(str(password))))
    return made


def _write_private(file: Path, text: str) -> None:
    """Written before it counts, so that a crash in between costs nothing."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
