"""One accepted connection: HTTP goes to aiohttp until a tunnel takes the bytes over.

Must never parse HTTP beyond finding where a request ended: aiohttp reads requests.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web_protocol import RequestHandler

    from demo.record import Entry, Link, Recorder

HIGH_WATER = 256 * 1024
HEAD_LIMIT = 1 << 20
HEAD_END = re.compile(rb"\r?\n\r?\n")
LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,18})")
CHUNKED = re.compile(rb"(?im)^transfer-encoding:")


class Connection(asyncio.Protocol):
    """A transport's protocol that hands bytes to aiohttp or to a tunnel.

    aiohttp closes a connection whose client half-closes; the Engine does not, so EOF is
    decided here.
    """

    def __init__(
        self, http: RequestHandler, recorder: Recorder, forget: Callable[[Connection], None]
    ) -> None:
        self.recorder = recorder
        self._forget = forget
        self.link: Link = recorder.connect()
        self.gone = asyncio.Event()
        self.current: Entry | None = None
        self.body_arrived: Callable[[], bool] = bool
        self._http = http
        self._tunnel: Tunnel | None = None
        self._held = bytearray()
        self._owed: int | None = 0
        self._fed = False
        self._writable = asyncio.Event()
        self._writable.set()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start reading HTTP."""
        self.transport = cast("asyncio.Transport", transport)
        self._http.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on to the tunnel if there is one, else to aiohttp."""
        self.recorder.note(lambda: self.link.feed(data))
        if self._tunnel:
            self._tunnel.reader.feed_data(data)
            return
        self._held += data
        self._feed()

    def eof_received(self) -> bool:
        """Keep the connection open while it still owes the client something."""
        self.recorder.note(lambda: setattr(self.link, "eof", True))
        if self._tunnel:
            self._tunnel.reader.feed_eof()
            return True
        self.gone.set()
        return self.body_arrived() if self.current else self._fed

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever serves this connection that nobody is there any more."""
        self.recorder.note(lambda: setattr(self.link, "closed", True))
        self._forget(self)
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

    def begin_request(self, entry: Entry, body_arrived: Callable[[], bool]) -> None:
        """Serve a request; close when its client has half-closed within its body."""
        self.current, self.body_arrived = entry, body_arrived
        if self.link.eof and not body_arrived():
            self.transport.close()

    def finish_request(self) -> None:
        """Go on with the next request."""
        self.current, self._fed, self._owed = None, False, 0
        self._feed()

    def release(self) -> None:
        """Let aiohttp have all bytes that come: it answers as a websocket."""
        self._owed = None
        self._feed()

    def _feed(self) -> None:
        """Give aiohttp one request at a time: it drops a good one if the next is none."""
        if not self._fed and (end := HEAD_END.search(self._held)):
            head = bytes(self._held[: end.end()])
            length = LENGTH.search(head)
            self._owed = None if CHUNKED.search(head) else int(length[1]) if length else 0
            self._fed = True
            self._give(len(head))
        elif not self._fed and len(self._held) > HEAD_LIMIT:
            self._give(len(self._held))
        if self._fed and self._owed is None:
            self._give(len(self._held))
        elif self._fed and self._owed:
            given = min(self._owed, len(self._held))
            self._owed -= given
            self._give(given)

    def _give(self, count: int) -> None:
        data = bytes(self._held[:count])
        del self._held[:count]
        self._http.data_received(data)

    def open_tunnel(self, head: bytes) -> Tunnel:
        """Take the bytes away from aiohttp and send `head` as the answer.

        Client bytes that came before this moment are recorded as `early` and lost, as the
        Engine loses what its HTTP reader had buffered.
        """
        entry = self.current
        if entry is None:
            raise RuntimeError("a tunnel answers a request")
        early = bytes(self._held)
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
