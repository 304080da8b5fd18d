"""One file of a stage, read once from its start to its end: plain bytes out, and the digest of the file itself.

Errors are told with the file's name as the vendor shows it. Knows no format.
"""

from __future__ import annotations

from collections.abc import Iterator

from sapwood.engine.compression import HashedStream, kind_of, plain_blocks
from sapwood.engine.location import StageFile
from sapwood.errors import CopyError, UnknownFileError


class FileBytes:
    """The plain bytes of a file in blocks. `md5` is that of the file, known once all blocks were read."""

    def __init__(self, file: StageFile, compression: str) -> None:
        self._file = file
        self._compression = compression
        self.md5 = ""

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._file.open() as stream:
                yield from self._blocks(HashedStream(stream))
        except UnicodeError:
            raise
        except EOFError:
            raise CopyError(
                f"The file '{self._file.label}' is cut off: its compressed data ends too early",
                errno=100079,
                hint="Get the whole file, put it in this one's place and run COPY again.",
            ) from None
        except ValueError:
            raise CopyError(
                f"The file '{self._file.label}' can't be decompressed as {self._kind}",
                errno=100079,
                hint="Set COMPRESSION to what the file is.",
            ) from None
        except OSError as error:
            raise UnknownFileError(f"The file '{self._file.label}' can't be read ({error.strerror})") from None

    def _blocks(self, stream: HashedStream) -> Iterator[bytes]:
        yield from plain_blocks(stream, self._kind)
        stream.read_rest()
        self.md5 = stream.md5

    @property
    def _kind(self) -> str:
        if self._compression != "AUTO":
            return self._compression
        with self._file.open() as stream:
            return kind_of(self._file.name, stream.read(2))


def wrong_encoding(file: StageFile, encoding: str) -> CopyError:
    """The error of a file whose bytes are no text of an encoding."""
    return CopyError(f"The file '{file.label}' is not in the encoding {encoding}", errno=100144)
