"""The addresses that `serve` listens on, as `sockguard doctor` sees them.

Must never listen, nor send anything to who does.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.cli.finding import ok, problem, remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.cli.doctor_sockets import ServerSeen
    from sockguard.cli.finding import Finding
    from sockguard.settings import Settings

_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ListenerSeen:
    """One address and the flag that names it.

    `fault` says why nobody can listen there, "" where one can; `taken`: somebody does.
    """

    flag: str
    host: str
    port: int
    taken: bool = False
    fault: str = ""

    @property
    def address(self) -> str:
        """As it is typed: `127.0.0.1:9180`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def look_at_listeners(settings: Settings) -> tuple[ListenerSeen, ...]:
    """Look at each address that the settings name."""
    named = [] if settings.metrics is None else [("--metrics", *settings.metrics)]
    return tuple(_look(*one) for one in named)


def _look(flag: str, host: str, port: int) -> ListenerSeen:
    try:
        kind, _, _, _, (at, *_) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as ours:
            ours.bind((at, 0))  # whether the address is one of this machine's
        with socket.socket(kind, socket.SOCK_STREAM) as peer:
            peer.settimeout(_SECONDS)
            return ListenerSeen(flag, host, port, taken=peer.connect_ex((at, port)) == 0)
    except OSError as error:
        return ListenerSeen(flag, host, port, fault=error.strerror or str(error))


def judge_listener(seen: ListenerSeen, server: ServerSeen) -> Iterator[Finding]:
    """Say whether an address is free, or taken by the server that runs."""
    if seen.fault:
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
