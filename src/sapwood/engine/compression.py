"""Compressed bytes to plain ones, never more than a limit: a small file may unpack to more than all memory.

Raises EOFError for data that is cut off, TooLargeError beyond the limit, and the library's own error for anything else
that is wrong. Knows no files and no names of kinds but its own.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO

import pyarrow as pa


class TooLargeError(Exception):
    """The data unpacks to more than the limit."""


def decompress(kind: str, data: bytes, *, limit: int) -> bytes:
    """The plain bytes of data of a kind of KINDS; at most `limit` of them."""
    content = KINDS[kind](data, limit + 1)
    if len(content) > limit:
        raise TooLargeError
    return content


def _gzip(data: bytes, most: int) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(data)) as stream:
        return stream.read(most)


def _bz2(data: bytes, most: int) -> bytes:
    with bz2.BZ2File(BytesIO(data)) as stream:
        return stream.read(most)


def _zstd(data: bytes, most: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        try:
            return stream.read(most)
        except OSError as error:
            if "Truncated" in str(error):
                raise EOFError from error
            raise


def _deflate(window_bits: int) -> Callable[[bytes, int], bytes]:
    def decompress(data: bytes, most: int) -> bytes:
        engine = zlib.decompressobj(window_bits)
        content = engine.decompress(data, most)
        if not engine.eof and len(content) < most:
            raise EOFError
        return content

    return decompress


KINDS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "GZIP": _gzip,
    "BZ2": _bz2,
    "ZSTD": _zstd,
    "DEFLATE": _deflate(zlib.MAX_WBITS),
    "RAW_DEFLATE": _deflate(-zlib.MAX_WBITS),
}
"""Kinds as COMPRESSION names them. Each gets the data and how many bytes it may give."""
