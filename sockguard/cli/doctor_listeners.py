"""The addresses that `serve` listens on, as `sockguard doctor` sees them.

Must never listen, nor connect to who does: the kernel tells who listens where.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from sockguard.cli.finding import ok, problem, remark
from sockguard.identity.listener import Scheme, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from ipaddress import IPv4Address, IPv6Address
    from pathlib import Path

    from sockguard.cli.doctor_sockets import ServerSeen
    from sockguard.cli.finding import Finding
    from sockguard.identity.listener import NetworkListener
    from sockguard.policy.model import Policy
    from sockguard.settings import Settings

    Place = tuple[IPv4Address | IPv6Address, int]

_TABLES = ("tcp", "tcp6")
_V4 = 4
_LISTEN = "--listen"


@dataclass(frozen=True, slots=True)
class ListenerSeen:
    """One address as it is written behind its flag.

    `fault` says why nobody can listen there, "" where one can; `taken`: somebody does. `passed`: it
    is a socket of systemd's, which is not looked at.
    """

    flag: str
    address: str
    taken: bool = False
    fault: str = ""
    passed: bool = False

    @property
    def may_admit(self) -> bool:
        """Whether clients can come there now, or it is not known."""
        return self.flag == _LISTEN and (self.taken or self.passed)


def look_at_listeners(settings: Settings, proc: Path) -> tuple[ListenerSeen, ...]:
    """Look at each address that the settings name; `proc` is /proc/self."""
    taken = [one for name in _TABLES for one in listening(_read(proc / "net" / name))]
    found = [_look_at(one, taken) for one in settings.listen]
    if settings.metrics is not None:
        host, port = settings.metrics
        address = "127.0.0.1" if host == "localhost" else host
        found.append(_look("--metrics", joined(host, port), (ip_address(address), port), taken))
    return tuple(found)


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("ascii", "replace")
    return ""


def listening(table: str) -> Iterator[Place]:
    """Yield where somebody listens, by the kernel's table of connections, proc(5)."""
    for line in table.splitlines():
        match line.split():
            case [_, local, _, "0A", *_]:
                address, _, port = local.partition(":")
                words = (bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8))
                packed = b"".join(word[:: -1 if sys.byteorder == "little" else 1] for word in words)
                yield ip_address(packed), int(port, 16)
            case _:
                pass


def _look_at(one: NetworkListener, taken: Iterable[Place]) -> ListenerSeen:
    if one.passed:
        return ListenerSeen(_LISTEN, str(one), passed=True)
    return _look(_LISTEN, str(one), (ip_address(one.host), one.port), taken)


def _look(flag: str, address: str, place: Place, taken: Iterable[Place]) -> ListenerSeen:
    host, _ = place
    family = socket.AF_INET if host.version == _V4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as ours:
            ours.bind((str(host), 0))  # whether the address is one of this machine's
    except OSError as error:
        return ListenerSeen(flag, address, fault=error.strerror or str(error))
    return ListenerSeen(flag, address, taken=any(_meet(place, one) for one in taken))


def _meet(one: Place, other: Place) -> bool:
    """Whether two cannot listen there at once; `::` takes what comes by IPv4 as well."""
    return one[1] == other[1] and (
        one[0] == other[0] or one[0].is_unspecified or other[0].is_unspecified
    )


def judge_wanting(policy: Policy, settings: Settings) -> Iterator[Finding]:
    """Name the clients that no listener of these settings could ever admit."""
    there = {one.scheme for one in settings.listen}
    for client in policy.clients.values():
        if client.match.cert is not None and Scheme.TLS not in there:
            yield problem(
                f"client '{client.name}' is recognised by certificate, and nobody listens for TLS",
                "--listen tls://0.0.0.0:2376 --tls-dir DIR, which sockguard certs issue makes",
            )
        elif client.match.by_network and not there:
            yield problem(
                f"client '{client.name}' comes over the network, and nobody listens there",
                "--listen tls://0.0.0.0:2376 --tls-dir DIR",
            )


def judge_listener(seen: ListenerSeen, server: ServerSeen) -> Iterator[Finding]:
    """Say whether an address is free, or taken by the server that runs."""
    if seen.passed:
        yield remark(f"{seen.address} is a socket that systemd opens and passes on")
    elif seen.fault:
        yield problem(
            f"nobody can listen at {seen.address}: {seen.fault}",
            f"{seen.flag} with an address of this machine",
        )
    elif not seen.taken and not server.runs:
        yield ok(f"{seen.address} is free")
    elif not seen.taken:
        yield remark(
            f"the sockguard that runs does not listen at {seen.address}",
            f"start it with {seen.flag} {seen.address}",
        )
    elif server.runs or server.unknown:
        yield ok(f"{seen.address} is listened at")
    else:
        yield problem(
            f"another process listens at {seen.address}", f"{seen.flag} with another port"
        )
