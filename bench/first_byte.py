"""The first byte: how long a client waits, on a connection of its own, for an answer to begin.

Must never count the rest of an answer, which is for `bulk` and `traffic`.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.client import connected, read_until, send
from bench.contenders import ONE_CLIENT, REFERENCE, everyone, own_upstream, serving
from bench.figures import Table
from bench.measure import ratio

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contenders import Server

_KINDS = {
    "an event": ("GET /v1.41/events", b'"Action"'),
    "an image": ("GET /v1.41/images/proxy/get", b"xx"),
}
"""What is asked, and the beginning of the body by which it is known."""
_ROUNDS = 300
_QUICK_ROUNDS = 60
_WARM_UP = 10


def first_byte(folder: Path, *, quick: bool) -> Table:
    """Measure the first event of a stream, and the first bytes of an image."""
    rounds = _QUICK_ROUNDS if quick else _ROUNDS
    with serving(folder, everyone(ONE_CLIENT, writes=True), own_upstream()) as servers:
        found = {kind: _rounds(servers, *asked, rounds) for kind, asked in _KINDS.items()}
    columns = [
        column
        for kind in _KINDS
        for column in (f"{kind}: median", "slowest of 20", f"ratio to '{REFERENCE}'")
    ]
    names = [server.contender.name for server in servers]
    rows = {name: tuple(cell for waits in found.values() for cell in _cells(waits, name))
            for name in names}  # fmt: skip
    return Table("To the first byte of a body, on a new connection", tuple(columns), rows)


def _rounds(servers: list[Server], line: str, mark: bytes, rounds: int) -> dict[str, list[float]]:
    waits: dict[str, list[float]] = {server.contender.name: [] for server in servers}
    for number in range(_WARM_UP + rounds):
        for server in servers:
            waited = _wait(server.socket, line, mark)
            if number >= _WARM_UP:
                waits[server.contender.name].append(waited)
    return waits


def _wait(path: Path, line: str, mark: bytes) -> float:
    began = time.perf_counter()
    with connected(path) as connection:
        send(connection, line)
        read_until(connection, mark)
        return time.perf_counter() - began


def _cells(waits: dict[str, list[float]], name: str) -> tuple[str, str, str]:
    slow = sorted(waits[name])[len(waits[name]) * 19 // 20]
    return (
        f"{median(waits[name]) * 1e3:.2f} ms",
        f"{slow * 1e3:.2f} ms",
        f"{ratio(waits[name], waits[REFERENCE]):.2f}",
    )
