"""A file's bytes to plain ones, block by block, so that no size of file needs more memory than another.

Raises EOFError for data that is cut off and ValueError for data that is not of its kind. Knows no stages and no names of
kinds but its own.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa

BLOCK = 4 << 20
"""Plain bytes that are handed on at once."""
_GZIP_START = b"\x1f\x8b"
_SUFFIXES = {
    ".gz": "GZIP",
    ".gzip": "GZIP",
    ".bz2": "BZ2",
    ".zst": "ZSTD",
    ".br": "BROTLI",
    ".deflate": "DEFLATE",
    ".raw_deflate": "RAW_DEFLATE",
}


def kind_of(name: str, start: bytes) -> str:
    """What AUTO takes a file for, by its name's suffix, or by its first bytes if they are those of gzip."""
    return _SUFFIXES.get(Path(name).suffix.lower()) or ("GZIP" if start.startswith(_GZIP_START) else "NONE")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes | None: ...


class HashedStream(io.RawIOBase):
    """A file that is read once from its start to its end, with the MD5 digest of what was read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.md5(usedforsecurity=False)

    @property
    def md5(self) -> str:
        """The digest of the bytes so far, in hex; a check for changes, not for safety."""
        return self._digest.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the file."""
        data = self._stream.read(len(buffer))
        self._digest.update(data)
        buffer[: len(data)] = data
        return len(data)

    def read_rest(self) -> None:
        """Read what a decompressor left, for the digest."""
        while data := self._stream.read(BLOCK):
            self._digest.update(data)


def plain_blocks(stream: Readable, kind: str) -> Iterator[bytes]:
    """The plain bytes of a stream of one of KINDS."""
    try:
        yield from KINDS[kind](stream)
    except EOFError:
        raise
    except (OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if "Truncated" in str(error):
            raise EOFError from error
        raise ValueError(f"not {kind}") from error


def _as_it_is(stream: Readable) -> Iterator[bytes]:
    while data := stream.read(BLOCK):
        yield data


def _by_arrow(codec: str) -> Callable[[Readable], Iterator[bytes]]:
    def blocks(stream: Readable) -> Iterator[bytes]:
        with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), codec) as plain:
            yield from _as_it_is(plain)

    return blocks


def _deflated(window_bits: int) -> Callable[[Readable], Iterator[bytes]]:
    def blocks(stream: Readable) -> Iterator[bytes]:
        engine = zlib.decompressobj(window_bits)
        while not engine.eof and (data := engine.unconsumed_tail or stream.read(BLOCK)):
            yield engine.decompress(data, BLOCK)
        if not engine.eof:
            raise EOFError

    return blocks


KINDS: Mapping[str, Callable[[Readable], Iterator[bytes]]] = {
    "NONE": _as_it_is,
    "GZIP": _by_arrow("gzip"),
    "BZ2": _by_arrow("bz2"),
    "ZSTD": _by_arrow("zstd"),
    "BROTLI": _by_arrow("brotli"),
    "DEFLATE": _deflated(zlib.MAX_WBITS),
    "RAW_DEFLATE": _deflated(-zlib.MAX_WBITS),
}
"""Kinds as COMPRESSION names them, each with what reads it."""


class Packer(Protocol):
    """A compressor: packed data for plain, and what is left of it at the end."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _NoPacker:
    """Keeps data as it is."""

    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


class _ArrowPacker:
    """Each piece is packed for itself; the formats let such pieces follow one another."""

    def __init__(self, codec: str) -> None:
        self._codec = pa.Codec(codec)

    def compress(self, data: bytes, /) -> bytes:
        return self._codec.compress(data, asbytes=True) if data else b""

    def flush(self) -> bytes:
        return b""


class _WholePacker:
    """Packs all at the end, for a format whose pieces can't follow one another."""

    def __init__(self, codec: str) -> None:
        self._codec = pa.Codec(codec)
        self._pieces: list[bytes] = []

    def compress(self, data: bytes, /) -> bytes:
        self._pieces.append(data)
        return b""

    def flush(self) -> bytes:
        return self._codec.compress(b"".join(self._pieces), asbytes=True)


PACKERS: Mapping[str, tuple[str, Callable[[], Packer]]] = {
    "NONE": ("", _NoPacker),
    "GZIP": (".gz", lambda: zlib.compressobj(wbits=31)),
    "BZ2": (".bz2", bz2.BZ2Compressor),
    "ZSTD": (".zst", lambda: _ArrowPacker("zstd")),
    "BROTLI": (".br", lambda: _WholePacker("brotli")),
    "DEFLATE": (".deflate", zlib.compressobj),
    "RAW_DEFLATE": (".raw_deflate", lambda: zlib.compressobj(wbits=-zlib.MAX_WBITS)),
}
"""The suffix of a packed file and its compressor, by kind."""
