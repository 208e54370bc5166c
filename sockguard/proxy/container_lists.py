"""Ask the Engine what runs, and whether a container still has its address.

Must never answer with a list that was begun before it was asked for.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.identity.container import by_address, runs_at
from sockguard.proxy.ask import ask
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sockguard.identity.caller import CallingContainer
    from sockguard.identity.container import Address, ByAddress
    from sockguard.wire.document import Value

_OK, _ABSENT = 200, 404
_FAILURES = (Refusal, ValueError, OSError)  # TimeoutError is an OSError
_INSPECTIONS = 16
"""So many connections to the Engine at one time are for inspections."""


def unsaid(why: object) -> Refusal:
    """Return the refusal of a caller of whom the Engine does not tell."""
    return Refusal(Reason.FACT_FAILED, f"the Engine does not say which container calls: {why}")


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """Let the block take so long; raises a TimeoutError that says so."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise TimeoutError(f"no answer within {seconds:g} s") from error


class ContainerLists:
    """What runs, by address."""

    def __init__(self, path: Path, seconds: float) -> None:
        """`path` is the Engine's; it gets so many seconds for each answer."""
        self._path = path
        self._seconds = seconds
        self._running: asyncio.Task[ByAddress] | None = None
        self._next: asyncio.Task[ByAddress] | None = None
        self._room = asyncio.Semaphore(_INSPECTIONS)
        self.latest: ByAddress = {}
        """What the list that came last says."""

    async def listed(self) -> ByAddress:
        """List what runs, beginning after this was called; many who wait share one list.

        Raises a refusal where the Engine does not say.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._list_after(self._running))
        try:
            return await asyncio.shield(self._next)
        except _FAILURES as error:
            raise unsaid(error) from error

    async def confirms(self, container: CallingContainer, address: Address) -> bool:
        """Tell whether it runs at this address now: a list tells what the Engine wrote down last.

        What it wrote down is late while a container ends or begins (daemon/monitor.go,
        daemon/start.go: CheckpointTo).
        """
        try:
            async with self._room:
                status, document = await self._ask(f"/containers/{container.full_id}/json")
            return status != _ABSENT and runs_at(_content(status, document), container, address)
        except _FAILURES as error:
            raise unsaid(error) from error

    async def _list_after(self, before: asyncio.Task[ByAddress] | None) -> ByAddress:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        self.latest = by_address(_content(*await self._ask("/containers/json")))
        return self.latest

    async def _ask(self, target: str) -> tuple[int, Value]:
        async with in_time(self._seconds):
            channel = await connect(self._path, self._seconds)
            try:
                return await ask(channel, target)
            finally:
                channel.close(self._seconds)


def _content(status: int, document: Value) -> Value:
    if status != _OK:
        raise ValueError(f"it answered {status}")
    return document
