"""Which container calls: the one that runs at the caller's address, asked of the Engine each time.

Must never answer while the Engine's events are not followed, nor choose between two containers.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.proxy.ask import follow
from sockguard.proxy.container_lists import ContainerLists, in_time, unsaid
from sockguard.proxy.own_log import note_crash
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.identity.caller import CallingContainer
    from sockguard.identity.container import Address, ByAddress
    from sockguard.proxy.gate import Gate

_FAILURES = (Refusal, ValueError, OSError)  # TimeoutError is an OSError
_RETRY_SECONDS = 1.0
_CHANGED = "the container at the caller's address is another now, or has another name"
_BROKE_OFF = (
    "the Engine's events broke off, so it is not known which container calls; connect again"
)
_LEFT = "it ended what it sends before the Engine knew of one, so another may have its address now"
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each list: the Engine lists a container only after its first program has begun
(daemon/start.go)."""

_BEFORE = 60
"""Seconds of events from before: the Engine's answer begins before it takes note of new ones
(api/server/router/system)."""

_EVENTS = (
    "/events?since={}&filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%2C%22event%22%3A"
    "%5B%22start%22%2C%22die%22%2C%22rename%22%2C%22destroy%22%2C%22connect%22%2C%22disconnect%22"
    "%5D%7D"
)
"""All by which an address, a name or a label comes to a container, or leaves it."""


class CallingContainers:
    """Finds the container behind an address, and ends connections whose container has changed."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._lists = ContainerLists(gate.settings.upstream, gate.settings.timeouts.connect)
        self._asked = asyncio.Event()
        self._settled = asyncio.Event()  # whether events are followed is known
        self._following: object | None = None
        self._fault = ""

    @property
    def wanted(self) -> bool:
        """Whether any client is known by its container."""
        return any(client.match.container for client in self._gate.policy.clients.values())

    @property
    def _needed(self) -> bool:
        return self.wanted or any(each.caller.container for each in self._gate.connections)

    async def at(
        self, address: Address, ended: Callable[[], bool], *, patient: bool
    ) -> CallingContainer | None:
        """Return the one container at this address, None for none and for several.

        `patient` waits for one that is about to be listed, while the caller has not `ended`. What
        is returned holds until the caller waits for anything. Raises a refusal where the Engine
        does not say.
        """
        self._asked.set()
        await self._settled.wait()
        following = self._following
        if following is None:
            raise unsaid(self._fault)
        container = await self._one_at(address, ended, _PAUSES if patient else _PAUSES[:1])
        if container is None or not await self._lists.confirms(container, address):
            return None
        if self._following is not following:
            raise unsaid(self._fault or "its events broke off")
        return container if self._lists.latest.get(address) == [container] else None

    async def _one_at(
        self, address: Address, ended: Callable[[], bool], pauses: tuple[float, ...]
    ) -> CallingContainer | None:
        for pause in pauses:
            await asyncio.sleep(pause)
            found = (await self._lists.listed()).get(address, [])
            if pause and found and ended():
                raise unsaid(_LEFT)
            if found:
                return found[0] if len(found) == 1 else None
        return None

    async def watch(self) -> None:
        """Follow the Engine's events while any client is known by its container; never returns."""
        while True:
            if not self._needed:
                self._settled.clear()
                self._asked.clear()
                await self._asked.wait()
                continue
            try:
                await self._follow()
            except _FAILURES as error:
                self._broke_off(str(error))
            except Exception:  # noqa: BLE001 - unwatched, connections would go on for ever
                note_crash()
                self._broke_off("an error of sockguard itself, see its own log")
            else:
                continue
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self) -> None:
        """Return when it is needed no more; raises when the events end."""
        seconds = self._gate.settings.timeouts.connect
        channel = await connect(self._gate.settings.upstream, seconds)
        try:
            events = follow(channel, _EVENTS.format(int(time.time()) - _BEFORE))
            async with in_time(seconds):
                await anext(events)
            self._end(await self._lists.listed())
            self._following, self._fault = object(), ""
            self._settled.set()
            async for _ in events:
                if not self._needed:
                    return
                self._end(await self._lists.listed())
        finally:
            self._following = None
            channel.close(seconds)
        raise Refusal(Reason.UPSTREAM, "its events ended")

    def _broke_off(self, why: str) -> None:
        self._fault = f"its events cannot be followed: {why}"
        self._settled.set()
        for connection in list(self._gate.connections):
            if connection.caller.container is not None:
                connection.disown(_BROKE_OFF)

    def _end(self, containers: ByAddress) -> None:
        """End all whose container is not what it was."""
        for connection in list(self._gate.connections):
            caller = connection.caller
            if caller.container is None or caller.address is None:
                continue
            if containers.get(caller.address) != [caller.container]:
                connection.disown(_CHANGED)
