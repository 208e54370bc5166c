"""What flows out of and into simulated processes: output with many readers, input with one.

Must never know HTTP; frames are the Engine's own format on a hijacked connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

STDIN, STDOUT, STDERR = 0, 1, 2
HISTORY_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that a process wrote to one of its streams; `time` in seconds since the epoch."""

    time: float
    stream: int
    data: bytes


def frame(piece: Piece) -> bytes:
    """Stream number, three zeros, length in four bytes big-endian, data."""
    return struct.pack(">BxxxL", piece.stream, len(piece.data)) + piece.data


class Subscription:
    """One reader of an output; it holds the process back when it reads too slowly."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Piece | None] = asyncio.Queue(16)
        self._ended = False

    async def put(self, piece: Piece | None) -> None:
        """Hand over the next piece; None is the end."""
        if not self._ended:
            await self._queue.put(piece)

    def end(self) -> None:
        """Take nothing more and let go of a writer that waits."""
        self._ended = True
        while not self._queue.empty():
            self._queue.get_nowait()

    async def __aiter__(self) -> AsyncIterator[Piece]:
        while (piece := await self._queue.get()) is not None:
            yield piece


class Output:
    """What a process writes: kept up to 4 MiB, and handed to everyone who subscribed."""

    def __init__(self) -> None:
        self.history: deque[Piece] = deque()
        self._kept = 0
        self._readers: list[Subscription] = []

    async def emit(self, stream: int, data: bytes) -> None:
        """Write to a stream; waits for the slowest reader."""
        if not data:
            return
        piece = Piece(time.time(), stream, data)
        self.history.append(piece)
        self._kept += len(data)
        while self._kept > HISTORY_BYTES and len(self.history) > 1:
            self._kept -= len(self.history.popleft().data)
        for reader in tuple(self._readers):
            await reader.put(piece)

    async def finish(self) -> None:
        """Tell all readers that nothing more will come; later subscribers wait for a restart."""
        for reader in tuple(self._readers):
            await reader.put(None)

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Read everything written from now on."""
        reader = Subscription()
        self._readers.append(reader)
        try:
            yield reader
        finally:
            self._readers.remove(reader)
            reader.end()


class Pipe:
    """A process's stdin: written by whoever attached, read by the process."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(16)
        self._closed = False
        self._abandoned = False
        self._eof = False
        self._rest = b""

    async def put(self, data: bytes) -> None:
        """Write bytes; they are dropped when nobody will ever read them."""
        if data and not self._closed and not self._abandoned:
            await self._queue.put(data)

    async def close(self) -> None:
        """End of input."""
        if not self._closed and not self._abandoned:
            self._closed = True
            await self._queue.put(b"")

    def abandon(self) -> None:
        """The reader is gone."""
        self._abandoned = True
        while not self._queue.empty():
            self._queue.get_nowait()

    async def read(self) -> bytes:
        """The next bytes; b"" at the end of input."""
        if self._rest:
            data, self._rest = self._rest, b""
            return data
        if self._eof:
            return b""
        data = await self._queue.get()
        self._eof = not data
        return data

    async def line(self) -> bytes:
        """The next line with its end, the rest without one at the end of input, b"" after."""
        held = bytearray()
        while b"\n" not in held:
            data = await self.read()
            if not data:
                return bytes(held)
            held += data
        end = held.index(b"\n") + 1
        self._rest = bytes(held[end:])
        return bytes(held[:end])


@dataclass(slots=True)
class LineSplitter:
    """Pieces of arbitrary length -> pieces of one line each, per stream."""

    _held: dict[int, bytes] = field(default_factory=dict)

    def feed(self, piece: Piece) -> list[Piece]:
        """The lines that this piece completes."""
        whole = self._held.pop(piece.stream, b"") + piece.data
        *lines, rest = whole.split(b"\n")
        if rest:
            self._held[piece.stream] = rest
        return [Piece(piece.time, piece.stream, line + b"\n") for line in lines]

    def rest(self, now: float) -> list[Piece]:
        """What has no line end yet."""
        return [Piece(now, stream, data) for stream, data in self._held.items()]
