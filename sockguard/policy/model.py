"""The policy as data: what a loaded policy, a question and a decision are made of.

Must never read a file or decide anything: `load` makes these, `decide` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.version import NEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.operation import Operation
    from sockguard.errors import Reason
    from sockguard.policy.constraints import Constraint

MAIN = "main"
"""The client and role of a top-level `allow`, and the listener that clients can share."""


class Mode(StrEnum):
    """`enforce` refuses what the policy does not cover; `report` lets it through and says so."""

    ENFORCE = "enforce"
    REPORT = "report"


class Effect(StrEnum):
    """What became of a question; the `decision` field of an event."""

    ALLOW = "allow"
    DENY = "deny"
    WOULD_DENY = "would_deny"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line of a policy stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


QueryValue = str | int | bool | tuple[str, ...] | dict[str, frozenset[str]] | dict[str, object]


@dataclass(frozen=True, slots=True)
class Query:
    """A decoded query: judged values by name, and canonical text pairs to forward.

    A value is str, int, bool, a tuple of str, what JSON holds, or for `filters` a mapping of
    names to frozensets of str; parameters at a value that equals absence are not in `values`.
    `dropped` names what was left out (unknown on a read, or sent by clients but read by no Engine).
    `unknown` names parameters that the catalogue does not know on a write, `unknown_within` has the
    paths of unknown fields within JSON values, by parameter.
    """

    values: Mapping[str, QueryValue] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unknown_within: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_QUERY = Query()


@dataclass(frozen=True, slots=True)
class Grant:
    """One way in which one operation is allowed; several for one operation are alternatives.

    `item` is the text of the allow item that brought it: an operation or a set.
    `query_any` and `body_any` let sensitive and unknown values pass. `replaced` names the
    parameters that `always` sets in place of what was sent.
    """

    operation: str
    item: str
    source: Source
    query: Mapping[str, Constraint] = field(default_factory=dict)
    query_any: bool = False
    body_any: bool = False
    response_any: bool = False
    including_sockguard: bool = False
    replaced: frozenset[str] = frozenset()
    always: Query = NO_QUERY


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

    def describe(self) -> str:
        """Name it for people, as in `role main, from shipped/traefik`."""
        return f"role {self.name}" + (f", from {self.origin}" if self.origin else "")


@dataclass(frozen=True, slots=True)
class Match:
    """What must hold of the caller besides having opened the socket. Empty tuples ask nothing."""

    uid: tuple[int, ...] = ()
    gid: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SocketFile:
    """Owner and mode of a Unix socket; None leaves the owner as it comes."""

    mode: int = 0o666
    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """One caller with rights. `socket` is None for a client on the main listener.

    `mode` and `limits` are the effective ones: the client's own where set, else its role's.
    """

    name: str
    role: Role
    source: Source
    match: Match = field(default_factory=Match)
    socket: SocketFile | None = None
    mode: Mode = Mode.ENFORCE
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One case of `expect`: what must become of a request of this client under `enforce`.

    `body` is JSON as sent. `because` is a reason or a detail of the decision, "" asks for none.
    """

    client: Client
    method: str
    target: str
    body: bytes | None
    then: Effect
    because: str
    source: Source


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
        return any(client.socket is None for client in self.clients.values())


@dataclass(frozen=True, slots=True)
class OwnObjects:
    """What belongs to sockguard itself on the Engine; empty when it runs outside containers.

    The container id is the full one, image names are normalised and have a tag, image ids are 64
    hex digits. Of `repositories`, which are normalised names without tag, all is sockguard's.
    """

    container_id: str = ""
    container_names: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    image_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """All that a verdict rests on, in the form in which it would be forwarded.

    `names` are the objects in the path, `own` what must be kept from every client, `version` the
    minor API version under which the request would be forwarded.
    """

    operation: Operation
    names: tuple[str, ...]
    query: Query
    body: Body
    own: OwnObjects = field(default_factory=OwnObjects)
    version: int = NEWEST


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded JSON body. `document` has what is forwarded.

    `unknown` has the paths of fields that the catalogue does not know and whose value is not
    empty, `dropped` of those that were left out.
    """

    document: object = None
    present: bool = False
    unknown: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict. `query` is what is forwarded and acted upon, after `always`.

    `message` is one sentence for people, `hint` the smallest policy item that would allow what
    was refused ("" where none can).
    """

    effect: Effect
    reason: Reason | None = None
    detail: str = ""
    grant: Grant | None = None
    message: str = ""
    hint: str = ""
    query: Query = NO_QUERY

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The query to forward, as canonical text."""
        return self.query.pairs

    @property
    def allowed(self) -> bool:
        """Whether the request is forwarded, be it against the policy in report mode."""
        return self.effect is not Effect.DENY
