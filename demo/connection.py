"""One accepted connection: HTTP goes to aiohttp until a tunnel takes the bytes over.

Must never parse HTTP beyond finding where a request ended: aiohttp reads requests.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web_protocol import RequestHandler

    from demo.record import Entry, Link, Recorder

HIGH_WATER = 256 * 1024


class Connection(asyncio.Protocol):
    """A transport's protocol that hands bytes to aiohttp or to a tunnel.

    aiohttp closes a connection whose client half-closes; the Engine does not, so EOF is
    decided here.
    """

    def __init__(self, http: RequestHandler, recorder: Recorder) -> None:
        self.recorder = recorder
        self.link: Link = recorder.connect()
        self.gone = asyncio.Event()
        self.current: Entry | None = None
        self.body_arrived: Callable[[], bool] = bool
        self._http = http
        self._tunnel: Tunnel | None = None
        self._unread = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start reading HTTP."""
        self.transport = cast("asyncio.Transport", transport)
        self._http.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on to the tunnel if there is one, else to aiohttp."""
        self.recorder.note(lambda: self.link.received.feed(data))
        if self._tunnel:
            self._tunnel.reader.feed_data(data)
            return
        self._unread += data[: max(0, HIGH_WATER - len(self._unread))]
        self._http.data_received(data)

    def eof_received(self) -> bool:
        """Keep the connection open while it still owes the client something."""
        self.recorder.note(lambda: setattr(self.link, "eof", True))
        if self._tunnel:
            self._tunnel.reader.feed_eof()
            return True
        self.gone.set()
        return self.current is not None and self.body_arrived()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever serves this connection that nobody is there any more."""
        self.recorder.note(lambda: setattr(self.link, "closed", True))
        self.gone.set()
        self._writable.set()
        if self._tunnel:
            self._tunnel.reader.feed_eof()
        else:
            self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        """Make writers wait: the client reads too slowly."""
        self._writable.clear()
        if not self._tunnel:
            self._http.pause_writing()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()
        if not self._tunnel:
            self._http.resume_writing()

    async def drain(self) -> None:
        """Wait until the client has read enough; ConnectionResetError when it is gone."""
        await self._writable.wait()
        if self.transport.is_closing():
            raise ConnectionResetError("the client has closed the connection")

    def finish_request(self) -> None:
        """Forget the bytes of a request that has its answer."""
        self.current = None
        self._unread.clear()

    def open_tunnel(self, head: bytes) -> Tunnel:
        """Take the bytes away from aiohttp and send `head` as the answer.

        Client bytes that came before this moment are recorded as `early` and lost, as the
        Engine loses what its HTTP reader had buffered.
        """
        entry = self.current
        if entry is None:
            raise RuntimeError("a tunnel answers a request")
        early = _after_request(bytes(self._unread), entry)
        self.recorder.note(lambda: setattr(entry, "early", early))
        # aiohttp closes the transport it knows when told that the connection is lost.
        self._http.transport = None
        self._http.connection_lost(None)
        self.gone.clear()
        self._tunnel = Tunnel(self, entry)
        self.transport.resume_reading()
        if self.link.eof:
            self._tunnel.reader.feed_eof()
        self.transport.write(head)
        return self._tunnel


class Tunnel:
    """Raw bytes in both directions after an answer of 101, or of 200 without a length."""

    def __init__(self, connection: Connection, entry: Entry) -> None:
        self.connection = connection
        self.reader = asyncio.StreamReader(limit=HIGH_WATER)
        self.reader.set_transport(connection.transport)
        self._entry = entry

    async def read(self) -> bytes:
        """The client's next bytes; b"" once it has half-closed or gone."""
        data = await self.reader.read(65536)
        self.connection.recorder.note(lambda: self._entry.hijacked.feed(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes, waiting for a slow client; ConnectionResetError when it is gone."""
        self.connection.transport.write(data)
        await self.connection.drain()

    def write_eof(self) -> None:
        """Half-close: nothing more will be sent, reading goes on."""
        if not self.connection.transport.is_closing():
            self.connection.transport.write_eof()

    def close(self) -> None:
        """Close both directions after what was written is sent."""
        self.connection.transport.close()


def _after_request(raw: bytes, entry: Entry) -> bytes:
    """The bytes of `raw` that follow the request of `entry`."""
    start = raw.find(
        f"{entry.head.method} {entry.head.target} HTTP/".encode("utf-8", "surrogateescape")
    )
    head_end = raw.find(b"\r\n\r\n", max(start, 0))
    if head_end < 0:
        return b""
    names = {name.lower(): value for name, value in entry.head.headers}
    if "transfer-encoding" in names:
        last = raw.find(b"0\r\n\r\n", head_end)
        return raw[last + 5 :] if last >= 0 else b""
    return raw[head_end + 4 + int(names.get("content-length", "0")) :]
