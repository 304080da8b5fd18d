"""Text files that a command is given."""

from __future__ import annotations

from pathlib import Path

from sapwood.errors import UnknownFileError


def read_text(file: Path) -> str:
    """A file's text; UnknownFileError if it can't be read or is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UnknownFileError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnknownFileError(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error
