"""Bulk: an image is saved and loaded through each server, as one stream.

Must never let a round's bytes go unread: speed is that of the last byte.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.client import download, upload
from bench.contenders import ONE_CLIENT, REFERENCE, everyone, own_upstream, serving
from bench.figures import Table
from bench.measure import ratio
from bench.processes import cpu_seconds, memory_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.contenders import Server

_MEBIBYTES = 2048
_QUICK = 256
_ROUNDS = 3

Samples = dict[str, list[tuple[float, float]]]
"""By server, what each round took: seconds, and seconds of CPU."""


def bulk(folder: Path, *, quick: bool) -> Table:
    """Measure 2 GiB in each direction."""
    mebibytes = _QUICK if quick else _MEBIBYTES
    upstream = own_upstream(f"--mebibytes={mebibytes}")
    with serving(folder, everyone(ONE_CLIENT, writes=True), upstream) as servers:
        down = transfers(servers, lambda socket: download(socket, mebibytes))
        up = transfers(servers, lambda socket: upload(socket, mebibytes))
        memory = {server.contender.name: memory_of(server.process) for server in servers}
    return Table(
        f"{mebibytes / 1024:g} GiB as one stream, in ratios to '{REFERENCE}'",
        ("down: MB/s", "speed", "CPU", "up: MB/s", "speed", "CPU", "memory after it"),
        {
            name: (
                *_cells(down, name, mebibytes),
                *_cells(up, name, mebibytes),
                f"{memory[name] / 1e6:.0f} MB",
            )
            for name in down
        },
    )


def transfers(servers: Sequence[Server], transfer: Callable[[Path], None]) -> Samples:
    """Transfer a few times through each server, in turn."""
    samples: Samples = {server.contender.name: [] for server in servers}
    for _ in range(_ROUNDS):
        for server in servers:
            began, used = time.perf_counter(), cpu_seconds(server.process)
            transfer(server.socket)
            taken = time.perf_counter() - began
            samples[server.contender.name].append((taken, cpu_seconds(server.process) - used))
    return samples


def _cells(samples: Samples, name: str, mebibytes: int) -> tuple[str, str, str]:
    seconds, cpu = zip(*samples[name], strict=True)
    their_seconds, their_cpu = zip(*samples[REFERENCE], strict=True)
    speed = mebibytes * 1024**2 / 1e6 / median(seconds)
    return f"{speed:,.0f}", f"{ratio(their_seconds, seconds):.2f}", f"{ratio(cpu, their_cpu):.2f}"
