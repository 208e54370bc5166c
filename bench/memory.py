"""Memory: of a server that has nothing to do, and of one with many open streams of events.

Must never count streams that do not run: each has brought its first event.
"""

from __future__ import annotations

import resource
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench.client import connected, read_until, send
from bench.contenders import ONE_CLIENT, everyone, own_upstream, serving
from bench.figures import Table
from bench.processes import BenchError, memory_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contenders import Server

_STREAMS = (1_000, 10_000)
_QUICK_STREAMS = (1_000,)
_DESCRIPTORS_PER_STREAM = 3
_SPARE = 1024
"""Descriptors that each server needs for itself, or keeps free: sockguard 640."""
_SETTLE = 1.5


def memory(folder: Path, *, quick: bool) -> Table:
    """Measure each server alone, first idle, then with more and more streams."""
    room = allow_descriptors(max(_STREAMS) * _DESCRIPTORS_PER_STREAM + _SPARE)
    most = (room - _SPARE) // _DESCRIPTORS_PER_STREAM
    counts = sorted({min(count, most) for count in (_QUICK_STREAMS if quick else _STREAMS)})
    rows = {}
    with serving(folder, everyone(ONE_CLIENT), own_upstream()) as servers:
        for server in servers[:-1]:
            rows[server.contender.name] = _row(server, counts)
    heads = tuple(f"{count:,} streams" for count in counts)
    return Table("Resident memory", ("idle", *heads, "per stream"), rows)


def allow_descriptors(wanted: int) -> int:
    """Raise the limit of open files for all that is started; return what it is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        except (ValueError, PermissionError):
            continue
        return limit
    raise BenchError("the limit of open files cannot be set")


def _row(server: Server, counts: list[int]) -> tuple[str, ...]:
    """Return the cells of one server; a dash where it does not hold so many as it is set up."""
    measured = [memory_of(server.process)]
    with ExitStack() as open_streams:
        held = 0
        for count in counts:
            try:
                for _ in range(count - held):
                    _open(server.socket, open_streams)
            except (OSError, BenchError):
                break
            held = count
            time.sleep(_SETTLE)
            measured.append(memory_of(server.process))
    shown = [f"{size / 1e6:.0f} MB" for size in measured]
    missing = ["-"] * (len(counts) + 1 - len(shown))
    each = f"{(measured[-1] - measured[0]) / held / 1e3:.0f} KB" if held else "-"
    return (*shown, *missing, each)


def _open(path: Path, stack: ExitStack) -> None:
    connection = stack.enter_context(connected(path))
    connection.settimeout(5)
    send(connection, "GET /v1.41/events")
    read_until(connection, b'"Action"')
