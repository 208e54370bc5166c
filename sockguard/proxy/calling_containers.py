"""Which container calls: the one that runs at the caller's address, asked of the Engine each time.

Must never answer from memory, nor choose between two containers.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.identity.caller import CallingContainer
from sockguard.proxy.ask import ask, follow
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Address, IPv6Address

    from sockguard.proxy.gate import Gate
    from sockguard.wire.document import Value

    Address = IPv4Address | IPv6Address
    ByAddress = Mapping[Address, list[CallingContainer]]

_OK = 200
_FAILURES = (Refusal, ValueError, OSError)  # TimeoutError is an OSError
_RETRY_SECONDS = 1.0
_CHANGED = "the container at the caller's address is another now, or has another name"
_EVENTS = "/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D"


class CallingContainers:
    """Finds the container behind an address, and ends connections whose container has changed."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._running: asyncio.Task[ByAddress] | None = None
        self._next: asyncio.Task[ByAddress] | None = None

    @property
    def wanted(self) -> bool:
        """Whether any client is known by its container."""
        return any(client.match.container for client in self._gate.policy.clients.values())

    async def at(self, address: Address) -> CallingContainer | None:
        """Return the one container at this address, None for none and for several.

        Raises a refusal where the Engine does not say.
        """
        found = (await self._listed()).get(address, [])
        return found[0] if len(found) == 1 else None

    async def watch(self) -> None:
        """Follow the Engine's events while any client is known by its container; never returns."""
        while True:
            if self.wanted:
                try:
                    await self._follow()
                except _FAILURES:
                    self._end(None)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self) -> None:
        seconds = self._gate.settings.timeouts.connect
        events = await connect(self._gate.settings.upstream, seconds)
        try:
            async for _ in follow(
                events, _EVENTS
            ):  # first comes the head: from then on all is seen
                self._end(await self._listed())
                if not self.wanted:
                    return
        finally:
            events.close(seconds)

    def _end(self, containers: ByAddress | None) -> None:
        """End all whose container is not what it was; None: all, as nothing is known any more."""
        for connection in list(self._gate.connections):
            caller = connection.caller
            if caller.container is None or caller.address is None:
                continue
            if containers is None or containers.get(caller.address) != [caller.container]:
                connection.disown(_CHANGED)

    async def _listed(self) -> ByAddress:
        """List what runs, beginning after this was called; many who wait share one list."""
        if self._next is None:
            self._next = asyncio.create_task(self._list_after(self._running))
        try:
            return await asyncio.shield(self._next)
        except _FAILURES as error:
            raise Refusal(
                Reason.FACT_FAILED, f"the Engine does not say which container calls: {error}"
            ) from error

    async def _list_after(self, before: asyncio.Task[ByAddress] | None) -> ByAddress:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        seconds = self._gate.settings.timeouts.connect
        async with asyncio.timeout(seconds):
            channel = await connect(self._gate.settings.upstream, seconds)
            try:
                status, document = await ask(channel, "/containers/json")
            finally:
                channel.close(seconds)
        if status != _OK:
            raise ValueError(f"it answered {status}")
        return by_address(document)


def by_address(document: Value) -> dict[Address, list[CallingContainer]]:
    """Read a list of containers: who has each address; raises ValueError where it is none."""
    match document:
        case [*listed]:
            pass
        case _:
            raise ValueError("it did not answer with a list")
    found: dict[Address, list[CallingContainer]] = {}
    for each in listed:
        container, networks = _container(each)
        for address in set(_addresses(networks)):
            found.setdefault(address, []).append(container)
    return found


def _container(document: Value) -> tuple[CallingContainer, object]:
    match document:
        case {"Id": str(identity), "Names": list(names), **rest}:
            own = [one[1:] for one in map(str, names) if one.count("/") == 1]  # others are links
            labels = rest.get("Labels")
            pairs = labels.items() if isinstance(labels, dict) else ()
            texts = tuple(sorted((key, text) for key, text in pairs if isinstance(text, str)))
            settings = rest.get("NetworkSettings")
            networks = settings.get("Networks") if isinstance(settings, dict) else None
            return CallingContainer(identity, own[0] if len(own) == 1 else "", texts), networks
        case _:
            raise ValueError("it listed something that is no container")


def _addresses(networks: object) -> Iterator[Address]:
    for endpoint in networks.values() if isinstance(networks, dict) else ():
        for name in ("IPAddress", "GlobalIPv6Address"):
            text = endpoint.get(name) if isinstance(endpoint, dict) else None
            if isinstance(text, str) and text:
                yield ip_address(text)
