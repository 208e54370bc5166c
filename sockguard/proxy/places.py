"""Who may have another connection when many want one: some places are kept for each client.

Must never end a request that runs: only connections that wait for one make room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sockguard.policy.model import Client
    from sockguard.proxy.connection import Connection


class Places:
    """The places of one server, one for each connection, and who holds them.

    Half of the places are kept for the clients of the policy, equally many for each; the other
    half is for whoever comes first. "" stands for all callers that are no client: they have no
    places kept.
    """

    __slots__ = (
        *("_clients", "_holders", "_lacking"),
        *("evicted", "held", "kept", "most", "turned_away"),
    )

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept = 0
        """How many places are kept for each client."""
        self.held: dict[str, int] = {}
        """How many connections each client has; none is forgotten that ever had one."""
        self.turned_away: dict[str, int] = {}
        """Connections that found no room, by client."""
        self.evicted: dict[str, int] = {}
        """Idle connections that made room for another, by client."""
        self._holders: dict[Connection, str] = {}
        self._clients: Mapping[str, Client] = {}
        self._lacking = 0
        """Places that are kept and not yet taken, of all clients together."""

    def share_among(self, clients: Mapping[str, Client]) -> None:
        """Keep places for these clients; those who hold more than that now are left alone."""
        if clients is not self._clients:
            self._clients = clients
            self.kept = self.most // (2 * len(clients)) if clients else 0
            self._lacking = sum(map(self._lacks, clients))

    def has_room_for(self, client: str, others: int) -> bool:
        """Tell whether this client may have another place while `others` are in use besides."""
        taken = len(self._holders) + others
        if self._lacks(client):
            return taken < self.most
        return taken + self._lacking < self.most

    def take(self, client: str, connection: Connection) -> None:
        """Give a place to this client's connection."""
        if self._lacks(client):
            self._lacking -= 1
        self._holders[connection] = client
        self.held[client] = self.held.get(client, 0) + 1

    def leave(self, connection: Connection) -> None:
        """Take the place back; an evicted connection has none any more."""
        client = self._holders.pop(connection, None)
        if client is not None:
            self.held[client] -= 1
            if self._lacks(client):
                self._lacking += 1

    def count(self, which: Callable[[Connection], bool]) -> dict[str, int]:
        """Count the connections of each client of which this holds."""
        counts = dict.fromkeys(self.held, 0)
        for connection, client in self._holders.items():
            counts[client] += which(connection)
        return counts

    def evict_for(self, client: str, by_age: Iterable[Connection]) -> Connection | None:
        """Take the place of an idle connection so that this client may have one; None if none can.

        Of `by_age`, the longest idle first, that of the client with the most connections goes.
        Nobody gives way to somebody with more, nor gives up what is kept for it; but each may
        replace its own, and who is no client gives way to whoever is.
        """
        oldest: dict[str, Connection] = {}
        for connection in by_age:
            name = self._holders.get(connection)
            if name is not None and name not in oldest and connection.idle:
                oldest[name] = connection
        yielding = [name for name in oldest if name == client or self._yields(name, client)]
        if not yielding:
            return None
        name = max(yielding, key=self.held.__getitem__)
        self.leave(oldest[name])
        self.evicted[name] = self.evicted.get(name, 0) + 1
        return oldest[name]

    def _yields(self, holder: str, client: str) -> bool:
        if holder not in self._clients and client in self._clients:
            return True
        kept = self.kept if holder in self._clients else 0
        return self.held[holder] > max(kept, self.held.get(client, 0))

    def turn_away(self, client: str) -> None:
        """Count a connection that found no room."""
        self.turned_away[client] = self.turned_away.get(client, 0) + 1

    def _lacks(self, client: str) -> int:
        """How many of the places that are kept for it this client does not hold yet."""
        if client not in self._clients:
            return 0
        return max(0, self.kept - self.held.get(client, 0))
