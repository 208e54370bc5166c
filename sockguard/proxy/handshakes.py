"""Connections whose TLS handshake is under way: how many there may be, and for how long.

Must never let those who stall keep others from coming in.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from ipaddress import IPv6Address, ip_network
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from ipaddress import IPv4Address

    from sockguard.proxy.tls_peer import TlsPeer

MOST_HANDSHAKES = 256
_Waiting = TypeVar("_Waiting")
_PREFIX_OF_ONE = 64  # RFC 4291, section 2.5.1: one host has a whole /64 to choose from


class Handshakes:
    """At most 256 handshakes, each for a limited number of seconds.

    Where there is no room for another, the oldest of the address with the most gives way.
    """

    def __init__(self, seconds: float, most: int = MOST_HANDSHAKES) -> None:
        self._seconds = seconds
        self._most = most
        self._waiting: dict[TlsPeer, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, peer: TlsPeer) -> None:
        """Let this peer begin."""
        if len(self._waiting) >= self._most:
            self._crowded().refuse("too many handshakes are under way, most of this address")
        loop = asyncio.get_running_loop()
        late = f"no whole handshake within {self._seconds:g} s"
        self._waiting[peer] = loop.call_later(self._seconds, peer.refuse, late)

    def done(self, peer: TlsPeer) -> None:
        """Wait for this one no more; nothing happens where it was not waited for."""
        timer = self._waiting.pop(peer, None)
        if timer is not None:
            timer.cancel()

    def _crowded(self) -> TlsPeer:
        return oldest_of_most({peer: origin_of(peer.address) for peer in self._waiting})


def oldest_of_most(origins: Mapping[_Waiting, Hashable]) -> _Waiting:
    """Return the first of those of whose origin there are most; there has to be one."""
    most, _ = Counter(origins.values()).most_common(1)[0]
    return next(waiting for waiting, origin in origins.items() if origin == most)


def origin_of(address: IPv4Address | IPv6Address) -> Hashable:
    """Return what counts as one host: the address, of IPv6 the network that a host has."""
    if isinstance(address, IPv6Address):
        return ip_network((address, _PREFIX_OF_ONE), strict=False)
    return address
