"""Listeners, accepted connections, the clock that looks after them, and the shutdown.

Must never serve a socket before the policy, the record and the limits are in place.
"""

from __future__ import annotations

import asyncio
import resource
from functools import partial
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal, SockguardError
from sockguard.policy.model import MAIN, SocketFile
from sockguard.proxy.channel import abort_lingering, lingering
from sockguard.proxy.connection import Connection
from sockguard.proxy.handshakes import MOST_HANDSHAKES
from sockguard.proxy.listeners import Listeners
from sockguard.proxy.network import MOST_LOOKUPS
from sockguard.proxy.places import Places
from sockguard.proxy.refusals import refusal_response
from sockguard.proxy.standing import Standing

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from sockguard.identity.caller import Caller
    from sockguard.policy.model import Policy
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.gate import Gate
    from sockguard.settings import Settings

MOST_CONNECTIONS = 10_000
FEWEST_CONNECTIONS = 64
RESERVED_DESCRIPTORS = 128 + MOST_HANDSHAKES + MOST_LOOKUPS
DESCRIPTORS_PER_CONNECTION = 3
TURNED_AWAY_SECONDS = 1.0
LAST_WORDS_SECONDS = 0.1
"""What cut requests get at a shutdown to write their outcome."""


def connection_limit() -> int:
    """Raise the descriptor limit to its hard value; return how many connections fit.

    Raises SockguardError when fewer than 64 do.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    limit = (
        MOST_CONNECTIONS
        if hard == resource.RLIM_INFINITY
        else min(MOST_CONNECTIONS, (hard - RESERVED_DESCRIPTORS) // DESCRIPTORS_PER_CONNECTION)
    )
    if limit < FEWEST_CONNECTIONS:
        raise SockguardError(
            f"only {hard} file descriptors are allowed, which is room for {max(limit, 0)} "
            "connections; raise the limit (ulimit -n 4096, or ulimits: nofile in compose)"
        )
    return limit


def wanted_sockets(settings: Settings, policy: Policy) -> dict[str, SocketFile]:
    """Return the sockets that a policy uses, by the names of their listeners."""
    main = SocketFile(settings.main_socket_mode, None, settings.main_socket_gid)
    wanted = {MAIN: main} if policy.uses_main else {}
    return wanted | {
        client.name: client.socket
        for client in policy.clients.values()
        if client.socket is not None
    }


class Server:
    """Serves every socket that the policy uses, from `start` to `stop`."""

    def __init__(
        self, gate: Gate, most_connections: int, passed: Mapping[str, socket.socket]
    ) -> None:
        """`passed` has the sockets that systemd made, by the name of the client or `main`."""
        self._gate = gate
        self.places = Places(most_connections)
        self._listeners = Listeners(gate.settings.socket_dir, self.accept, passed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open all sockets; raises SocketError, and then none is left open."""
        await self._listeners.change(
            wanted_sockets(self._gate.settings, self._gate.policy), lambda: None
        )
        self.places.share_among(self._gate.policy.clients)
        self._clock = asyncio.get_running_loop().create_task(self._tick())

    async def serve_policy(self, policy: Policy, record: Callable[[], None]) -> None:
        """Serve another policy on its sockets, all or nothing.

        `record` is called when nothing but itself can fail any more. Raises what it raises,
        SocketError or OSError; then everything is as before.
        """

        def commit() -> None:
            record()
            self._gate.serve_policy(policy)
            self.places.share_among(policy.clients)

        await self._listeners.change(wanted_sockets(self._gate.settings, policy), commit)

    def accept(self, channel: Channel, caller: Caller) -> None:
        """Serve the caller behind this channel, if there is room."""
        if self._gate.draining:
            channel.abort()
            return
        standing = Standing(caller)
        known = standing.under(self._gate.policy)
        client = known.name if known is not None else ""
        if not self._has_room_for(client):
            self._turn_away(channel, client)
            return
        connection = Connection(channel, standing, self._gate)
        self._gate.connections[connection] = None
        self.places.take(client, connection)
        task = asyncio.get_running_loop().create_task(connection.run())
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, connection))

    def _over(self, connection: Connection, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.places.leave(connection)

    def _has_room_for(self, client: str) -> bool:
        """End what only waits until there is room; peers that do not take their end go first."""
        while not self.places.has_room_for(client, lingering()):
            if lingering():
                abort_lingering(1)
                continue
            oldest = self.places.evict_for(client, self._gate.connections)
            if oldest is None:
                return False
            self._gate.connections.pop(oldest)
            oldest.dismiss()
        return True

    def _turn_away(self, channel: Channel, client: str) -> None:
        self.places.turn_away(client)
        refusal = Refusal(
            Reason.TOO_MANY_STREAMS,
            f"no connection is free: {self.places.most} may be open, "
            f"{self.places.kept} of them are kept for each client",
            detail="1",
        )
        channel.write(refusal_response(refusal, "", close=True))
        channel.write_eof()
        # A client that is still writing its request would miss the answer if we closed at once;
        # the next one that comes takes its place.
        channel.linger(TURNED_AWAY_SECONDS)

    async def _tick(self) -> None:
        """Look after time limits every second, after half-closed peers every few seconds."""
        loop = asyncio.get_running_loop()
        timeouts = self._gate.settings.timeouts
        poll_at = 0.0
        while True:
            await asyncio.sleep(timeouts.tick)
            now = loop.time()
            poll = now >= poll_at
            if poll:
                poll_at = now + timeouts.hangup_poll
            for connection in list(self._gate.connections):
                connection.tick(now, poll=poll)
            self._gate.recordings.tick()
            self._gate.recorder.settle()

    async def stop(self) -> None:
        """Refuse new connections, let requests finish, give streams a grace time, then cut."""
        gate, timeouts = self._gate, self._gate.settings.timeouts
        gate.draining = True
        self._listeners.close()
        for connection in list(gate.connections):
            if connection.idle:
                connection.dismiss()
        await self._wait_for(timeouts.drain, streams=False)
        await self._wait_for(timeouts.stream_grace, streams=True)
        for connection in list(gate.connections):
            connection.cut("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_WORDS_SECONDS)
        for task in self._tasks:
            task.cancel()
        if self._clock is not None:
            self._clock.cancel()
        abort_lingering()
        await asyncio.sleep(0)

    async def _wait_for(self, seconds: float, *, streams: bool) -> None:
        """Wait until nothing runs that is a stream or not, as asked; at most so long."""
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            if not any(streams or not each.streaming for each in self._gate.connections):
                return
            await asyncio.sleep(0.02)
