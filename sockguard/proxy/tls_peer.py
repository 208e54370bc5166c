"""A peer that speaks TLS: sealed bytes on the side of the network, a transport to its channel.

Must never make a channel before the certificate is verified and holds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from sockguard.identity.listener import address_of
from sockguard.proxy.channel import Channel
from sockguard.wire.records import Records
from sockguard.wire.tls import TlsEnd, TlsError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from ipaddress import IPv4Address, IPv6Address
    from typing import Protocol

    from sockguard.identity.certificate import Certificate
    from sockguard.proxy.handshakes import Handshakes

    class Door(Protocol):
        """The listener that a peer came to."""

        handshakes: Handshakes

        def context(self) -> tuple[ssl.SSLContext, int]:
            """Return how TLS is spoken now, and which state of the files that is."""

        def vouch(self, names: dict[str, object], der: bytes, state: int) -> Certificate:
            """Return what a certificate says that was verified under this state of the files.

            TlsError where it counts no more.
            """

        def opened(self, channel: Channel, peer: TlsPeer, certificate: Certificate) -> None:
            """Serve this caller."""

        def refused(self, peer: TlsPeer, why: str) -> None:
            """Record that this one is not served."""


_NOT_TOLD = "the caller left within the handshake"
_RECORDS_AT_ONCE = 32
"""Records that are opened before others have their turn: of new keys each costs 0.1 ms."""
_MOST_WITHOUT_PLAIN = 32 * 1024
"""Bytes without a byte of the caller's own among them, which is two of the largest records."""
_MOST_UNSENT = 4 * 1024**2
"""Sealed bytes that wait to be sent, TLS's own answers among them; the channel stops far below."""


class TlsPeer(asyncio.Protocol, asyncio.Transport):
    """One connection from its first byte on; its channel comes to be with the verified peer."""

    __slots__ = (
        "_channel",
        "_door",
        "_end_told",
        "_end_written",
        "_fruitless",
        "_held",
        "_paused",
        "_raw",
        "_records",
        "_refused",
        "_state",
        "_tls",
        "address",
    )

    def __init__(self, door: Door) -> None:
        self._door = door
        self._channel: Channel | None = None
        context, self._state = door.context()
        self._tls = TlsEnd(context)
        self._records = Records()
        self._held = False  # reading is paused until the records that came are opened
        self._paused = False  # by the channel
        self._fruitless = 0
        self._raw: asyncio.Transport = cast("asyncio.Transport", None)
        self._refused = False
        self._end_told = False  # the channel knows that the peer sends no more
        self._end_written = False
        self.address: IPv4Address | IPv6Address = address_of("::")

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start: the peer is connected, and has so many seconds for its handshake."""
        self._raw = cast("asyncio.Transport", transport)
        self.address = address_of(transport.get_extra_info("peername")[0])
        self._door.handshakes.begin(self)

    def data_received(self, data: bytes) -> None:
        """Open what came and hand it on."""
        if self._tls.ended:
            return  # to be ignored: RFC 8446, section 6.1
        self._records.add(data)
        if not self._held:
            self._open()

    def eof_received(self) -> bool:
        """Cut a connection that ends without TLS saying so: somebody else may have ended it."""
        if self._channel is None:
            self.refuse(_NOT_TOLD)
        elif not self._tls.ended:
            self._raw.abort()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End: nothing can be sent any more."""
        if self._channel is None:
            self.refuse(_NOT_TOLD)
        else:
            self._channel.connection_lost(exc)

    def pause_writing(self) -> None:
        """Tell the channel that the peer is slow."""
        if self._channel is not None:
            self._channel.pause_writing()

    def resume_writing(self) -> None:
        """Tell the channel that the peer goes on."""
        if self._channel is not None:
            self._channel.resume_writing()

    # --- called by the channel

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send these bytes."""
        try:
            self._tls.write(data)
        except TlsError:
            self._raw.abort()
            return
        self._send()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send the pieces as one."""
        try:
            self._tls.write_pieces(list_of_data)
        except TlsError:
            self._raw.abort()
            return
        self._send()

    def write_eof(self) -> None:
        """Tell the peer, within TLS, that no more comes; what it sends still arrives."""
        if not self._end_written:
            self._end_written = True
            try:
                self._tls.write_end()
            except TlsError:
                self._raw.abort()
                return
            self._send()

    def close(self) -> None:
        """Close once all is sent, which ends with the end."""
        self.write_eof()
        self._raw.close()

    def abort(self) -> None:
        """Close at once."""
        self._raw.abort()

    def is_closing(self) -> bool:
        """Tell whether it is closed, or about to be."""
        return self._raw.is_closing()

    def pause_reading(self) -> None:
        """Let the kernel hold what comes."""
        self._paused = True
        self._read_or_not()

    def resume_reading(self) -> None:
        """Go on reading."""
        self._paused = False
        self._read_or_not()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say how much may wait to be sent, sealed, before the channel is told."""
        self._raw.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait to be sent, sealed."""
        return self._raw.get_write_buffer_size()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Return what the connection below knows, such as its `socket`."""
        return self._raw.get_extra_info(name, default)

    # --- records

    def _open(self) -> None:
        """Open some of the records that came; the rest when others had their turn."""
        self._held = False
        if self._refused or self._raw.is_closing():
            return
        try:
            self._take(self._records.take(_RECORDS_AT_ONCE))
        except TlsError as error:
            self._fail(str(error))
            return
        if self._records.waiting and not self._tls.ended:
            self._held = True
            asyncio.get_running_loop().call_soon(self._open)
        self._read_or_not()

    def _take(self, sealed: bytes) -> None:
        self._tls.feed(sealed)
        if self._channel is None and not self._shake():
            return
        self._fruitless = 0 if self._deliver() else self._fruitless + len(sealed)
        if self._fruitless > _MOST_WITHOUT_PLAIN or self.get_write_buffer_size() > _MOST_UNSENT:
            raise TlsError("the caller keeps TLS busy and sends nothing")

    def _read_or_not(self) -> None:
        if self._raw.is_closing():
            return
        if self._held or self._paused:
            self._raw.pause_reading()
        else:
            self._raw.resume_reading()

    # --- the handshake

    def refuse(self, why: str) -> None:
        """End a handshake that is under way; nothing happens to one that is over."""
        if self._channel is None and not self._refused:
            self._refused = True
            self._door.handshakes.done(self)
            self._door.refused(self, why)
            self._raw.close()

    def _shake(self) -> bool:
        if self._refused:
            return False
        try:
            if not self._tls.shake():
                return False
            if self._tls.resumed:
                raise TlsError("the caller took up an earlier session, which none may outlive")
            certificate = self._door.vouch(*self._tls.certificate(), self._state)
        finally:
            self._send()
        self._door.handshakes.done(self)
        self._channel = Channel(lambda channel: self._door.opened(channel, self, certificate))
        self._channel.connection_made(self)
        return True

    def _deliver(self) -> bool:
        """Hand on what the caller sent; return whether that was anything."""
        plain = self._tls.read()
        self._send()  # what TLS itself answers, such as new keys
        channel = self._channel
        if channel is None:
            return False
        if plain:
            channel.data_received(plain)
        if self._tls.ended and not self._end_told:
            self._end_told = True
            channel.eof_received()
        return bool(plain)

    def _send(self) -> None:
        sealed = self._tls.take()
        if sealed and not self._raw.is_closing():
            self._raw.write(sealed)

    def _fail(self, why: str) -> None:
        if self._channel is None:
            self.refuse(why)
        else:
            self._raw.abort()
