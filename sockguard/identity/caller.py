"""Who is calling: what is known of the peer of one connection.

Must never ask anybody: the data plane fills it in once per connection.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Address, IPv6Address

    from sockguard.identity.certificate import Certificate

OVERFLOW_ID = 65534
"""The kernel shows ids of another user namespace as this one: it identifies nobody."""
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")
_SHORT = 12


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
    where TLS has verified it, `container` where exactly one runs at this address. `unsaid` is why
    the Engine did not say which container that is, "" where it did.
    """

    listener: str
    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    pid: int | None = None
    address: IPv4Address | IPv6Address | None = None
    certificate: Certificate | None = None
    container: CallingContainer | None = None
    unsaid: str = ""

    def describe(self) -> str:
        """Say all that is known, for the log: `uid=1000 gid=1000 pid=42`, or names and address.

        No name can pass for another field: what is not plain stands in quotes.
        """
        return " ".join(f"{name}={value}" for name, value in self._known() if value)

    def _known(self) -> Iterator[tuple[str, str]]:
        for name, number in (("uid", self.uid), ("gid", self.gid), ("pid", self.pid)):
            yield name, "" if number is None else str(number)
        yield "address", "" if self.address is None else _told(str(self.address))
        if (held := self.certificate) is not None:
            yield "spiffe", _told(held.spiffe)
            yield "dns", ",".join(map(_told, held.dns))
            yield "email", ",".join(map(_told, held.email))
            yield "common_name", _told(held.common_name)
            yield "sha256", _told(held.sha256)
        if (runs := self.container) is not None:
            yield "container", f"{_told(runs.name)}/{_told(runs.full_id[:_SHORT])}"


def _told(text: str) -> str:
    plain = not text or _PLAIN.fullmatch(text)
    return text if plain else json.dumps(text)
