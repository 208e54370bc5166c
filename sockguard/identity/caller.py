"""Who is calling: what is known of the peer of one connection.

Must never ask anybody: the data plane fills it in once per connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from sockguard.identity.certificate import Certificate

OVERFLOW_ID = 65534
"""The kernel shows ids of another user namespace as this one: it identifies nobody."""


@dataclass(frozen=True, slots=True)
class CallingContainer:
    """The one running container that an address belongs to: full id, name without a slash."""

    full_id: str
    name: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """The peer of one connection.

    `listener` is `main` for the main Unix socket, the name of the client that owns the socket, or
    the address of a network listener as in `tls://0.0.0.0:2376`.
    `uid`, `gid` and `groups` (supplementary ids) come from socket credentials; None and () when
    the kernel gives none. `pid` is for the record only and never identifies anybody. `address` is
    the peer's on a network listener, never an IPv4 address in IPv6 clothes. `certificate` is set
    where TLS has verified it, `container` where exactly one runs at this address.
    """

    listener: str
    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    pid: int | None = None
    address: IPv4Address | IPv6Address | None = None
    certificate: Certificate | None = None
    container: CallingContainer | None = None

    def describe(self) -> str:
        """One word for the log: `uid=1000 gid=1000 pid=42`."""
        known = (("uid", self.uid), ("gid", self.gid), ("pid", self.pid))
        return " ".join(f"{name}={value}" for name, value in known if value is not None)
