"""Clients that ask until nobody answers, and the heads that a server printed meanwhile.

Must never ask for the same thing twice: what reached the Engine is told by its path.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from tests.support.raw_client import HEAD_END, connected, request

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.sockguard_process import Guard

CLIENTS = 6
MOST = 600
"""Requests of one client: together fewer than the demo engine remembers."""


class Load(threading.Thread):
    """One client that asks, on kept and on fresh connections, until nobody answers.

    Each request has a path of its own, which begins with the name of the client; `torn` counts
    answers that began and did not end.
    """

    def __init__(self, path: Path, name: str) -> None:
        super().__init__()
        self._path = path
        self._of = name
        self.answered = 0
        self.torn = 0

    def run(self) -> None:
        """Ask, a connection for every ten requests."""
        for turn in range(0, MOST, 10):
            try:
                with connected(self._path, 10) as peer:
                    for step in range(10):
                        self._ask(peer, f"{self._of}-{turn + step}", write=step % 5 == 4)
            except (OSError, EOFError):
                return

    def _ask(self, peer: socket.socket, name: str, *, write: bool) -> None:
        method, verb = ("POST", "stop") if write else ("GET", "json")
        peer.sendall(request(method, f"/v1.44/containers/{name}/{verb}"))
        data = b""
        while not whole(data):
            piece = peer.recv(65536)
            if not piece:
                self.torn += bool(data)
                raise EOFError
            data += piece
        self.answered += 1


def heads_in(guard: Guard) -> list[str]:
    """The flags that pin what was printed of the log: the heads of checkpoints."""
    heads = re.findall(r"head ([0-9a-f]{64}@[0-9]+)", guard.log.read_text())
    assert heads
    return [word for head in heads for word in ("--head", head)]


def whole(data: bytes) -> bool:
    """Whether a sized answer has come in full."""
    head, end, body = data.partition(HEAD_END)
    if not end:
        return False
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(sizes[0].partition(b":")[2])
