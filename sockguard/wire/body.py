"""Bodies by their framing: incremental decoders for both directions, and chunks to send.

Must never look past the end that the framing gives: what follows is kept apart as `rest`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.wire.grammar import NAME
from sockguard.wire.head import FramingKind

if TYPE_CHECKING:
    from sockguard.wire.head import Framing

LAST_CHUNK: Final = b"0\r\n\r\n"
_ONLY_CHUNK_END: Final = b"\r\n" + LAST_CHUNK
MAX_CHUNK: Final = 2**40
MAX_EXTENSION: Final = 256
"""Bytes of extensions on one chunk; all chunks of a body share MAX_EXTENSIONS."""
MAX_EXTENSIONS: Final = 16 * 1024
FREE_CHUNKS: Final = 1024
"""Chunks that a client's body may have for nothing; each further one takes BYTES_PER_CHUNK."""
BYTES_PER_CHUNK: Final = 64

# RFC 9112 section 7.1, without its blanks and quoted pairs.
_VALUE = rf'(?:{NAME}|"[\t !#-\[\]-~]*+")'
_SIZE_LINE = rf"([0-9A-Fa-f]{{1,16}}+)((?:;{NAME}(?:={_VALUE})?)*+)\r\n"
_SIZE_START = r"(?:[0-9A-Fa-f]{1,16}+(?:;[\t -~]{0,255}+)?\r?)?"
_FIRST_SIZE: Final = re.compile(_SIZE_LINE.encode())
_NEXT_SIZE: Final = re.compile(rf"\r\n{_SIZE_LINE}".encode())
_FIRST_START: Final = re.compile(_SIZE_START.encode())
_NEXT_START: Final = re.compile(rf"(?:\r(?:\n{_SIZE_START})?)?".encode())
_LONGEST_LINE: Final = 2 + 16 + MAX_EXTENSION + 2


class Decoder(Protocol):
    """A body that arrives in pieces."""

    @property
    def done(self) -> bool:
        """Whether the end of the body has been seen."""

    @property
    def rest(self) -> bytes:
        """The bytes received after the end of the body."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes received; give the pieces of body in them, none of them empty."""

    def finish(self) -> None:
        """Note that the sender will send no more; Malformed if the body is not complete."""


def decoder_for(framing: Framing, limit: int | None = None, *, tiny_chunks: bool = True) -> Decoder:
    """Make a decoder for one body; over `limit` bytes the body is refused at once (413).

    Without `tiny_chunks` a body of very many chunks of a few bytes each is Malformed: an Engine's
    log lines come so, a client's body never does, and each chunk costs as much as a kilobyte.
    """
    match framing.kind:
        case FramingKind.CHUNKED:
            return ChunkedDecoder(limit, tiny_chunks=tiny_chunks)
        case FramingKind.UNTIL_CLOSE:
            return UntilCloseDecoder(limit)
        case FramingKind.LENGTH | FramingKind.NONE:
            return LengthDecoder(framing.length, limit)


def encode_chunk(pieces: list[bytes]) -> list[bytes]:
    """Frame all pieces as one chunk, and no bytes as nothing: an empty chunk ends a body."""
    size = sum(map(len, pieces))
    return [b"%x\r\n" % size, *pieces, b"\r\n"] if size else []


def whole_size(framing: Framing, data: bytes) -> int:
    """Return the decoded size of data that is one whole body framed as we frame it, else -1."""
    if framing.kind is not FramingKind.CHUNKED:
        return framing.length if len(data) == framing.length else -1
    if not data.endswith(_ONLY_CHUNK_END):
        return 0 if data == LAST_CHUNK else -1
    start = data.find(b"\r\n") + 2
    size = len(data) - start - len(_ONLY_CHUNK_END)
    return size if size > 0 and data[:start] == b"%x\r\n" % size else -1


class LengthDecoder:
    """A body of a known number of bytes."""

    __slots__ = ("_missing", "done", "rest")

    def __init__(self, length: int, limit: int | None = None) -> None:
        _charge(length, limit)
        self._missing = length
        self.done = not length
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes received; give the pieces of body in them."""
        if len(data) > self._missing:
            self.rest += data[self._missing :]
            data = data[: self._missing]
        self._missing -= len(data)
        self.done = not self._missing
        return [data] if data else []

    def finish(self) -> None:
        """Note that the sender will send no more."""
        if not self.done:
            raise Malformed(f"the body ends {self._missing} bytes early")


class UntilCloseDecoder:
    """A body that ends with the connection."""

    __slots__ = ("_limit", "done", "rest")

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes received; give the pieces of body in them."""
        self._limit = _charge(len(data), self._limit)
        return [data] if data else []

    def finish(self) -> None:
        """Note that the sender will send no more."""
        self.done = True


class ChunkedDecoder:
    """A chunked body: extensions are dropped, trailers and loose line ends refused.

    `_line` is the pattern of the line expected next, None when the empty last one is.
    """

    __slots__ = (
        *("_chunks_left", "_extensions", "_kept", "_limit", "_line", "_missing", "_paid"),
        *("done", "rest"),
    )

    def __init__(self, limit: int | None = None, *, tiny_chunks: bool = True) -> None:
        self._limit = limit
        self._chunks_left: int | None = None if tiny_chunks else FREE_CHUNKS
        self._paid = 0  # bytes of body that have not bought a further chunk yet
        self._line: re.Pattern[bytes] | None = _FIRST_SIZE
        self._missing = 0  # bytes of the current chunk
        self._kept = b""  # the beginning of a line
        self._extensions = 0
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes received; give the pieces of body in them."""
        pieces: list[bytes] = []
        position = self._complete_kept_line(data) if self._kept else 0
        while position < len(data) and not self.done:
            if self._missing:
                piece = data[position : position + self._missing]
                pieces.append(piece)
                position += len(piece)
                self._missing -= len(piece)
            else:
                position = self._read_line(data, position)
        self.rest += data[position:]
        return pieces

    def finish(self) -> None:
        """Note that the sender will send no more."""
        if not self.done:
            raise Malformed("the chunked body ends early")

    def _complete_kept_line(self, data: bytes) -> int:
        """Join the kept bytes with just enough new ones; how many of these were used."""
        kept, self._kept = self._kept, b""
        line = kept + data[:_LONGEST_LINE]
        used = self._read_line(line, 0) - len(kept)
        if self._kept:
            return len(data)
        return used

    def _read_line(self, data: bytes, position: int) -> int:
        """Read the line at `position`, or keep its beginning; the position after it."""
        if self._line is None:
            return self._read_last_line(data, position)
        found = self._line.match(data, position)
        if found is None:
            start = _FIRST_START if self._line is _FIRST_SIZE else _NEXT_START
            if start.fullmatch(data, position) is None:
                raise Malformed("the framing of the chunked body is wrong")
            self._kept = data[position:]
            return len(data)
        self._open_chunk(int(found[1], 16), len(found[2]))
        return found.end()

    def _open_chunk(self, size: int, extension: int) -> None:
        self._extensions += extension
        if extension > MAX_EXTENSION or self._extensions > MAX_EXTENSIONS:
            raise Malformed("the chunked body has too many extensions")
        if size > MAX_CHUNK:
            raise Malformed(f"a chunk is larger than {MAX_CHUNK} bytes")
        self._count_chunk(size)
        self._limit = _charge(size, self._limit)
        self._missing = size
        self._line = _NEXT_SIZE if size else None

    def _count_chunk(self, size: int) -> None:
        if self._chunks_left is None:
            return
        bought, self._paid = divmod(self._paid + size, BYTES_PER_CHUNK)
        self._chunks_left += bought - 1
        if self._chunks_left < 0:
            raise Malformed(f"the body comes in too many chunks of under {BYTES_PER_CHUNK} bytes")

    def _read_last_line(self, data: bytes, position: int) -> int:
        line = data[position : position + 2]
        if line == b"\r\n":
            self.done = True
        elif line == b"\r":
            self._kept = line
        else:
            raise Malformed("trailers are not accepted, and the last chunk ends in an empty line")
        return position + len(line)


def _charge(size: int, limit: int | None) -> int | None:
    """Take `size` bytes from `limit` and give what is left; Refusal (413) when it falls short."""
    if limit is None:
        return None
    if size > limit:
        raise Refusal(Reason.TOO_LARGE, "the body is larger than it may be")
    return limit - size
