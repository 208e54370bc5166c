"""One byte stream with back-pressure and half-close, over an asyncio transport.

Must never look into the bytes: who reads them decides what they mean.
"""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

READ_AHEAD = 256 * 1024
"""Bytes kept for a slow reader before the kernel is asked to hold the rest."""


_lingering: dict[Channel, None] = {}


def lingering() -> int:
    """How many channels wait for their peer to take the last bytes."""
    return len(_lingering)


def abort_lingering(most: int | None = None) -> None:
    """Cut them, the longest waiting first: all, or as many as asked for."""
    for channel in list(_lingering)[:most]:
        _lingering.pop(channel, None)
        channel.abort()


class Sink(Protocol):
    """Where arriving bytes go while nobody awaits them."""

    def bytes_came(self, data: bytes) -> None:
        """Take the next piece."""

    def eof_came(self) -> None:
        """Learn that the peer sends no more."""


class Channel(asyncio.Protocol):
    """One connected peer. Bytes are read with `read`, or go to `sink` while one is set."""

    __slots__ = (
        "_ahead",
        "_ended",
        "_given_up",
        "_held",
        "_held_back",
        "_loop",
        "_on_lost",
        "_on_open",
        "_record_is_slow",
        "_size",
        "_waiter",
        "eof",
        "full",
        "lost",
        "sink",
        "source",
        "target",
        "transport",
    )

    def __init__(
        self,
        on_open: Callable[[Channel], None] | None = None,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        self._on_open = on_open
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()  # asking anew costs a system call each time
        self._held: list[bytes] = []
        self._size = 0
        self._ahead = False  # more has come than anybody wanted to read
        self._held_back = False  # the target of what comes is slow
        self._record_is_slow = False  # what has come has to be written down first
        self.full = False  # the peer is slow to take what is written
        self._ended = False  # the peer was told the end
        self._given_up = False  # nobody waits for the peer any more
        self.target: Channel | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.source: Channel | None = None
        self.eof = False
        self.lost = False
        self.sink: Sink | None = None
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start: the peer is connected."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=READ_AHEAD)
        if self._on_open is not None:
            self._on_open(self)

    def data_received(self, data: bytes) -> None:
        """Hand the piece to the sink, else keep it for `read`."""
        if self.sink is not None:
            self.sink.bytes_came(data)
            return
        self._held.append(data)
        self._size += len(data)
        if self._size > READ_AHEAD and not self._ahead:
            self._ahead = True
            self._read_or_not()
        self._wake()

    def eof_received(self) -> bool:
        """Note the peer's half-close; ours stays open until we close it."""
        self.eof = True
        self._wake()
        if self.sink is not None:
            self.sink.eof_came()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End: nothing can be written any more."""
        del exc
        self.lost = True
        _lingering.pop(self, None)
        self._tell_source(False)
        self.source = None
        if not self.eof:
            self.eof_received()
        self._wake()
        if self._on_lost is not None:
            self._on_lost()

    def pause_writing(self) -> None:
        """Stop the source of what is written here while the peer is slow."""
        self.full = True
        self._tell_source(True)

    def resume_writing(self) -> None:
        """Let the source go on."""
        self.full = False
        self._tell_source(False)
        self._wake()

    # --- called by the data plane

    async def read(self) -> bytes:
        """Return what has arrived, at least one byte, or b"" at the peer's end."""
        while not self._held:
            if self.eof:
                return b""
            await self._wait()
        return self.take()

    def take(self) -> bytes:
        """Return what has arrived and was not read yet, without waiting."""
        held = self._held
        data = held[0] if len(held) == 1 else b"".join(held)
        self._held = []
        self._size = 0
        if self._ahead:
            self._ahead = False
            self._read_or_not()
        return data

    @property
    def waiting_bytes(self) -> int:
        """How many bytes have arrived and were not read yet."""
        return self._size

    def put_back(self, data: bytes) -> None:
        """Return what was read too far; the next read starts with it."""
        if data:
            self._held.insert(0, data)
            self._size += len(data)

    def redirect(self, sink: Sink) -> None:
        """Send what has arrived, and all that will, to the sink."""
        self.sink = sink
        if self._held:
            sink.bytes_came(self.take())
        if self.eof and self.sink is sink:
            sink.eof_came()

    async def drained(self) -> None:
        """Wait while the peer is slow to take what was written."""
        while self.full and not (self.lost or self._given_up):
            await self._wait()

    def stop_waiting(self) -> None:
        """Let whoever waits for a slow peer go on: nothing more will be written."""
        self._given_up = True
        self._wake()

    def feeds(self, target: Channel | None) -> None:
        """Read from here only as fast as the target's peer takes it; None: as fast as it comes."""
        self.target = target
        if target is not None:
            target.source = self
        self.hold_back(target is not None and target.full)

    def _tell_source(self, held_back: bool) -> None:
        """Hold back or release whoever feeds this channel still, and nobody that once did."""
        if self.source is not None and self.source.target is self:
            self.source.hold_back(held_back)

    def write(self, *pieces: bytes) -> None:
        """Queue the pieces for the peer; nothing happens when it is gone or was told the end."""
        if self.lost or self._ended:
            return
        if len(pieces) == 1:
            self.transport.write(pieces[0])
        else:
            self.transport.writelines(pieces)

    def write_eof(self) -> None:
        """Half-close: the peer reads an end after all that was written."""
        if not (self._ended or self.lost or self.transport.is_closing()):
            self._ended = True
            self.transport.write_eof()

    def hold_back(self, held_back: bool) -> None:
        """Stop reading from the peer while whoever it feeds is slow, or go on."""
        if held_back is not self._held_back:
            self._held_back = held_back
            self._read_or_not()

    def wait_for_record(self, slow: bool) -> None:
        """Stop reading from the peer while what came is not written down, or go on."""
        if slow is not self._record_is_slow:
            self._record_is_slow = slow
            self._read_or_not()

    @property
    def silenced(self) -> bool:
        """Whether nothing is read at present, so that not even the peer's end can be seen."""
        return self._ahead or self._held_back or self._record_is_slow

    def _read_or_not(self) -> None:
        if self.lost or self.transport.is_closing():
            return
        if self.silenced:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def close(self, grace: float) -> None:
        """Close after all that was written has gone out, or cut after so many seconds."""
        self.transport.close()
        if not self.lost and self.transport.get_write_buffer_size():
            self.linger(grace)

    def linger(self, seconds: float) -> None:
        """Leave the peer so much time to read what was written, then cut."""
        _lingering[self] = None
        self._loop.call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close at once."""
        self.transport.abort()

    def interrupt(self) -> None:
        """Wake whoever reads as if the peer had ended."""
        self.eof = True
        self._wake()

    def hung_up(self) -> bool:
        """Ask the kernel whether the peer is gone altogether, which no event reports."""
        if self.lost:
            return True
        sock = self.transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return True
        poller = select.poll()
        poller.register(sock.fileno(), 0)
        return any(events & (select.POLLHUP | select.POLLERR) for _, events in poller.poll(0))

    def promise(self) -> asyncio.Future[None]:
        """Return a future of the loop that this channel lives on."""
        return self._loop.create_future()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
