"""Ports of the host in one normal form: `127.0.0.1:8000-8010/tcp`, `*:*/udp`.

Must never read an address or a number otherwise than the Engine does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

ANY = "*"
PROTOCOLS = ("tcp", "udp", "sctp")
_MOST = 65535
_NUMBER = r"[0-9]{1,5}"
_RANGE = re.compile(rf"({_NUMBER})(?:-({_NUMBER}))?", re.ASCII)
_TEXT = re.compile(
    r"(?:(?P<address>[0-9.]+|\[[0-9A-Fa-f:.]+\]|\*):)?(?P<ports>\*|[0-9]+(?:-[0-9]+)?)"
    r"(?:/(?P<protocol>[a-z]+|\*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of one address and protocol; `*` is all of them, 0 to 0 the Engine's own choice."""

    address: str = ANY
    first: int = 0
    last: int = 0
    protocol: str = ANY

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        ports = ANY
        if self.last:
            ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{address}:{ports}/{self.protocol}"

    def holds(self, asked: Ports) -> bool:
        """Tell whether all that is asked for lies within these; no number of these is any port."""
        return (
            self.address in (ANY, asked.address)
            and self.protocol in (ANY, asked.protocol)
            and (not self.last or self.first <= asked.first <= asked.last <= self.last)
        )


def normal_address(text: str) -> str | None:
    """Return an address in its shortest form, `*` for all of the host; None for what is none."""
    if not text:
        return ANY
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    return ANY if address.is_unspecified else str(address)


def read_range(text: str) -> tuple[int, int] | None:
    """Read a port or a range of ports; 0 to 0 for none, which leaves it to the Engine."""
    if not text:
        return 0, 0
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first = int(found[1])
    last = int(found[2] or found[1])
    if (first, last) != (0, 0) and not 0 < first <= last <= _MOST:
        return None
    return first, last


def read_ports(text: str) -> Ports | None:
    """Read `[ADDRESS:]PORT[-PORT][/PROTOCOL]`, where `*` is any; None for anything else."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    protocol = found["protocol"] or ANY
    written = (found["address"] or "").strip("[]")
    address = ANY if written == ANY else normal_address(written)
    ports = (0, 0) if found["ports"] == ANY else read_range(found["ports"])
    is_zero = ports == (0, 0) and found["ports"] != ANY
    if address is None or ports is None or is_zero or protocol not in (*PROTOCOLS, ANY):
        return None
    return Ports(address, *ports, protocol)
