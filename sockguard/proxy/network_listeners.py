"""Listeners of the network: who comes there gets a channel once it is known as far as it can be.

Must never serve a caller of a TLS listener without its verified certificate.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sockguard.identity.caller import Caller
from sockguard.identity.listener import address_of
from sockguard.proxy.channel import Channel
from sockguard.proxy.network_sockets import listen_at
from sockguard.proxy.sockets import BACKLOG
from sockguard.proxy.tls_peer import TlsPeer

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping

    from sockguard.identity.certificate import Certificate
    from sockguard.identity.listener import NetworkListener
    from sockguard.proxy.handshakes import Handshakes
    from sockguard.proxy.tls_files import TlsFiles

    Accept = Callable[[Channel, Caller], None]


class TlsDoor:
    """One TLS listener."""

    def __init__(
        self,
        listener: NetworkListener,
        files: TlsFiles,
        handshakes: Handshakes,
        accept: Accept,
        refused: Callable[[Caller, str], None],
    ) -> None:
        self._name = str(listener)
        self._files = files
        self._accept = accept
        self._refused = refused
        self.handshakes = handshakes

    def context(self) -> tuple[ssl.SSLContext, int]:
        """Return how TLS is spoken now, and which state of the files that is."""
        return self._files.context()

    def vouch(self, names: dict[str, object], der: bytes, state: int) -> Certificate:
        """Return what a certificate says that was verified under this state of the files.

        Raises TlsError where it holds no more.
        """
        return self._files.vouch(names, der, state)

    def opened(self, channel: Channel, peer: TlsPeer, certificate: Certificate) -> None:
        """Serve this caller."""
        self._accept(channel, Caller(self._name, address=peer.address, certificate=certificate))

    def refused(self, peer: TlsPeer, why: str) -> None:
        """Record that this one is not served."""
        self._refused(Caller(self._name, address=peer.address), why)


class NetworkListeners:
    """All listeners of the network, from `start` to `close`; a policy does not change them."""

    def __init__(self, doors: Mapping[NetworkListener, TlsDoor | None], accept: Accept) -> None:
        """`doors` has None for a plain listener."""
        self._doors = doors
        self._accept = accept
        self._open: list[tuple[socket.socket, asyncio.Server]] = []

    async def start(self, passed: Mapping[str, socket.socket], *, plain_anywhere: bool) -> None:
        """Listen everywhere; raises SockguardError, and then nowhere."""
        try:
            for listener, door in self._doors.items():
                sock = listen_at(listener, passed, plain_anywhere=plain_anywhere)
                self._open.append((sock, await self._serve(sock, str(listener), door)))
        except BaseException:
            self.close()
            raise
        for _, server in self._open:
            await server.start_serving()

    def close(self) -> None:
        """Close all; connections go on."""
        for sock, server in self._open:
            server.close()
            sock.close()
        self._open.clear()

    async def _serve(self, sock: socket.socket, name: str, door: TlsDoor | None) -> asyncio.Server:
        def made() -> asyncio.Protocol:
            return (
                Channel(lambda channel: self._plain(channel, name))
                if door is None
                else TlsPeer(door)
            )

        loop = asyncio.get_running_loop()
        return await loop.create_server(made, sock=sock, backlog=BACKLOG, start_serving=False)

    def _plain(self, channel: Channel, name: str) -> None:
        peer = channel.transport.get_extra_info("peername")
        self._accept(channel, Caller(name, address=address_of(peer[0])))
