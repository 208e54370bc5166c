"""The policy as data: clients, roles, grants and limits.

Must never read a file or decide anything: `load` makes these, `decide` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.cover import NOTHING
from sockguard.policy.question import NO_QUERY
from sockguard.policy.response import MASKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from ipaddress import IPv4Network, IPv6Network

    from sockguard.engine.cover import Cover
    from sockguard.engine.facts import Thing
    from sockguard.engine.inspection import Steps
    from sockguard.engine.shape import Shape
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.question import Effect, Query
    from sockguard.policy.response import Response
    from sockguard.policy.target import Target
    from sockguard.policy.view import ViewConstraint

MAIN = "main"
"""The client and role of a top-level `allow`, and the Unix listener that clients can share."""

NETWORK = "the network"
"""Stands for all network listeners, which their clients share; no client can be called so."""


class Mode(StrEnum):
    """`enforce` refuses what the policy does not cover; `report` lets it through and says so."""

    ENFORCE = "enforce"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line of a policy stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class BodyTerm:
    """What one field of the body must be; `path` and `steps` say where it stands."""

    path: str
    steps: Steps
    shape: Shape
    constraint: Constraint


@dataclass(frozen=True, slots=True)
class Grant:
    """One way in which one operation is allowed; several for one operation are alternatives.

    `item` is the text of the allow item that brought it: an operation or a set.
    `query_any` and `body_any` let sensitive and unknown values pass. `replaced` names the
    parameters that `always` sets in place of what was sent. `target_any` is of operations on execs:
    it admits those that somebody else made. `record` says that what is typed and shown is kept.
    """

    operation: str
    item: str
    source: Source
    query: Mapping[str, Constraint] = field(default_factory=dict)
    query_any: bool = False
    body: tuple[BodyTerm, ...] = ()
    body_any: bool = False
    body_cover: Cover = NOTHING
    views: Mapping[str, ViewConstraint] = field(default_factory=dict)
    target: Target | None = None
    target_any: bool = False
    response: Response = MASKED
    shared: bool = False
    compressed: bool = False
    including_sockguard: bool = False
    record: bool = False
    replaced: frozenset[str] = frozenset()
    always: Query = NO_QUERY

    @property
    def meaning(self) -> str:
        """All that it says but the line that it stands in: two of one meaning allow the same."""
        flags = (self.query_any, self.body_any, self.target_any, self.shared, self.compressed)
        parts = [
            *sorted(f"query {name}: {one.text}" for name, one in self.query.items()),
            *(f"body {term.path}: {term.constraint.text}" for term in self.body),
            *sorted(f"{name}: {one.text}" for name, one in self.views.items()),
            f"target: {self.target.text if self.target else ''}",
            f"response: {self.response.text}",
            f"{flags} {self.including_sockguard} {self.always.pairs}",
            *(["record"] if self.record else []),
        ]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `tokens` per `seconds`, starting full."""

    tokens: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one client; None means not set by the policy. `body` is in decoded bytes."""

    requests: Rate | None = None
    streams: int | None = None
    body: int | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """Whether a client is kept to objects of its own, and what it may name besides."""

    only: bool = False
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Role:
    """A named list of grants by operation name.

    `origin` names the shipped role that stands behind one of another name, "" where none does.
    """

    name: str
    grants: Mapping[str, tuple[Grant, ...]]
    source: Source
    mode: Mode = Mode.ENFORCE
    limits: Limits = field(default_factory=Limits)
    origin: str = ""
    own: Own = Own()

    def describe(self) -> str:
        """Name it for people, as in `role main, from shipped/traefik`."""
        return f"role {self.name}" + (f", from {self.origin}" if self.origin else "")

    def still_says(self, operation: str, meaning: str) -> bool:
        """Tell whether one of its lines for this operation means what one of them meant before."""
        return any(grant.meaning == meaning for grant in self.grants.get(operation, ()))


@dataclass(frozen=True, slots=True)
class CertMatch:
    """The names that a certificate must have: of each kind that is a key, one that fits."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContainerMatch:
    """What the calling container must be called, as globs of which one fits, and its labels."""

    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """What must hold of the caller besides having reached the listener; all that is set must.

    `networks` is the `from` of the policy. `anyone_there` says that they are meant to be all that
    is asked.
    """

    uid: tuple[int, ...] = ()
    gid: tuple[int, ...] = ()
    cert: CertMatch | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    container: ContainerMatch | None = None
    anyone_there: bool = False

    @property
    def by_network(self) -> bool:
        """Whether this is about callers of the network listeners; all others are on Unix ones."""
        return self.cert is not None or bool(self.networks) or self.container is not None

    def describe(self) -> str:
        """Say for people by what a caller on the network is recognised."""
        parts = []
        if self.cert is not None:
            kinds = (f"{kind} {_either(names)}" for kind, names in self.cert.names.items())
            parts.append(f"by certificate {' and '.join(kinds)}")
        if self.networks:
            parts.append(f"from {_either(map(str, self.networks))}")
        if self.container is not None:
            labels = (f"label {key}={value}" for key, value in self.container.labels.items())
            named = [f"name {_either(self.container.names)}"] if self.container.names else []
            parts.append(f"by container {' and '.join([*named, *labels])}")
        return ", ".join(parts)


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)


@dataclass(frozen=True, slots=True)
class SocketFile:
    """Owner and mode of a Unix socket; None leaves the owner as it comes."""

    mode: int = 0o666
    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """One caller with rights. `socket` is None for a client without a Unix socket of its own.

    `mode`, `limits` and `own` are the effective ones: the client's own where set, else its role's.
    """

    name: str
    role: Role
    source: Source
    match: Match = field(default_factory=Match)
    socket: SocketFile | None = None
    mode: Mode = Mode.ENFORCE
    limits: Limits = field(default_factory=Limits)
    own: Own = Own()

    @property
    def listener(self) -> str:
        """Where it is admitted: MAIN, NETWORK, or the socket of its own, by its name."""
        if self.match.by_network:
            return NETWORK
        return MAIN if self.socket is None else self.name


@dataclass(frozen=True, slots=True)
class Expectation:
    """One case of `expect`: what must become of a request of this client under `enforce`.

    `body` is JSON as sent. `because` is a reason or a detail of the decision, "" asks for none.
    `given` has what the Engine would tell of objects, by kind, None for one that it does not have.
    """

    client: Client
    method: str
    target: str
    body: bytes | None
    then: Effect
    because: str
    source: Source
    given: Mapping[str, Thing | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. `sha256` is the hash of the bytes that it was read from, in hex.

    `roles` holds the policy's own roles by name and those that came with the package as
    `shipped/NAME`.
    """

    clients: Mapping[str, Client]
    roles: Mapping[str, Role]
    sha256: str
    generation: int = 1
    expectations: tuple[Expectation, ...] = ()

    @property
    def uses_main(self) -> bool:
        """Whether any client is reached through the main listener."""
        return any(client.listener == MAIN for client in self.clients.values())

    @property
    def uses_network(self) -> bool:
        """Whether any client is reached through a network listener."""
        return any(client.listener == NETWORK for client in self.clients.values())

    @property
    def stamps(self) -> bool:
        """Whether creates set a stamp: some client is kept to objects of its own."""
        return any(client.own.only for client in self.clients.values())

    @property
    def callers(self) -> tuple[tuple[str, ContainerMatch], ...]:
        """The clients that are recognised by the container they run in, and by what of it."""
        matches = ((client.name, client.match.container) for client in self.clients.values())
        return tuple((name, match) for name, match in matches if match is not None)
