"""What a server holds at one moment, so that a test can see that nothing of it stays.

Must never count what is still ending as leaked: whoever compares waits a moment.
"""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.proxy.channel import Channel, lingering
from sockguard.proxy.connection import Connection
from sockguard.proxy.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.stack import Stack

PAGE = 4096
OF_A_CONNECTION = (Channel, Connection, Exchange)
LOOKED_AT_LAST = 4
"""The server's clock still knows the connection that it looked at last, with all that it has."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one process with a Stack holds; `objects` are those made anew for each connection."""

    descriptors: int
    tasks: int
    connections: int
    lingering: int
    buffered: int
    streams: int
    objects: int


def footprint(stack: Stack) -> Footprint:
    """Count now; may be called from the test's thread."""
    assert stack._loop is not None
    gc.collect()
    uses = stack.gate.limiter.uses.values()
    return Footprint(
        descriptors=_descriptors(stack.gate.settings.upstream),
        tasks=len(asyncio.all_tasks(stack._loop)),
        connections=len(stack.gate.connections),
        lingering=lingering(),
        buffered=stack.gate.limiter.buffered + sum(use.buffered for use in uses),
        streams=sum(use.streams for use in uses),
        objects=sum(isinstance(one, OF_A_CONNECTION) for one in gc.get_objects()),
    )


def _descriptors(upstream: Path) -> int:
    """This process's, but for the side of an Engine in it: one that hangs keeps its sockets."""
    theirs = {
        f"socket:[{inode}]"
        for *_, inode, path in map(str.split, Path("/proc/net/unix").read_text().splitlines())
        if path == str(upstream)
    }
    return sum(target not in theirs for target in descriptors_of("self"))


@contextmanager
def nothing_stays(stack: Stack, seconds: float = 5.0) -> Iterator[None]:
    """Fail when the block leaves behind what was not there before."""
    before = footprint(stack)
    yield
    until = time.monotonic() + seconds
    while more := grown(stack, before):
        assert time.monotonic() < until, f"still there after {seconds:g} s: {more}"
        time.sleep(0.02)


def grown(stack: Stack, before: Footprint) -> dict[str, int]:
    """What there is more of than before, by name."""
    now, then = asdict(footprint(stack)), asdict(before)
    then["objects"] += LOOKED_AT_LAST
    return {name: now[name] - then[name] for name in then if now[name] > then[name]}


def descriptors_of(pid: int | str) -> list[str]:
    """What the open descriptors of a process lead to."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:  # the one that read the folder
            continue
    return found


def sockets_of(pid: int) -> int:
    """How many sockets a process has open."""
    return sum(target.startswith("socket:") for target in descriptors_of(pid))


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE
