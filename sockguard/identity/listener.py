"""The addresses at which callers of the network arrive, as people write them.

Must never take a name for an address: what it stands for could change after it was checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_MOST = 65535
_LOCALHOST = "localhost"
_HOST_AND_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):([1-9][0-9]{0,4})")
_PASSED = re.compile(r"fd:([A-Za-z0-9_.-]{1,255})")


class Scheme(StrEnum):
    """How a caller has to speak: TLS with a certificate of its own, or plainly."""

    TLS = "tls"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class NetworkListener:
    """One network listener: an address and a port, or the name of a socket that is passed on.

    `passed` is the name that systemd gives the socket (FileDescriptorName=), "" for one that is
    made here. `str()` gives what was written, which is also the listener's name in events.
    """

    scheme: Scheme
    host: str = ""
    port: int = 0
    passed: str = ""

    def __str__(self) -> str:
        if self.passed:
            return f"{self.scheme}://fd:{self.passed}"
        return f"{self.scheme}://{joined(self.host, self.port)}"

    @property
    def loopback(self) -> bool:
        """Whether only this host can reach it; not known, so False, of one that is passed on."""
        return bool(self.host) and is_loopback(self.host)


def listener_of(text: str) -> NetworkListener:
    """Read `tls://0.0.0.0:2376` or `tls://fd:NAME`; raises ValueError with a sentence."""
    scheme, _, rest = text.partition("://")
    if scheme not in tuple(Scheme):
        raise ValueError("must begin with tls:// or tcp://, as in tls://0.0.0.0:2376")
    passed = _PASSED.fullmatch(rest)
    if passed:
        return NetworkListener(Scheme(scheme), passed=passed[1])
    host, port = host_and_port(rest)
    return NetworkListener(Scheme(scheme), "127.0.0.1" if host == _LOCALHOST else host, port)


def host_and_port(text: str) -> tuple[str, int]:
    """Read `127.0.0.1:9180`, `[::1]:9180` or `localhost:9180`; raises ValueError."""
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None or int(match[3]) > _MOST:
        raise ValueError("must be an address and a port, as in 127.0.0.1:9180 or [::1]:9180")
    host = match[1] or match[2]
    if host != _LOCALHOST:
        ip_address(host)  # ValueError says that it is none
    return host, int(match[3])


def joined(host: str, port: int) -> str:
    """Write an address and a port, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether an address, or `localhost`, is this host's own."""
    return host == _LOCALHOST or ip_address(host).is_loopback


def address_of(host: str) -> IPv4Address | IPv6Address:
    """Read a peer's address; one of IPv4 in the clothes of IPv6 comes out as what it is."""
    address = ip_address(host.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
