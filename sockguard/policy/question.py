"""A question and its answer: what is asked of a policy, and the decision that it gives.

Must never read a file or decide anything: `asked` and `judge` make questions, `decide` answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.references import references
from sockguard.engine.version import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sockguard.engine.facts import Need, Thing
    from sockguard.engine.inspection import Part, Steps
    from sockguard.engine.operation import Operation
    from sockguard.engine.references import Reference
    from sockguard.errors import Reason
    from sockguard.policy.model import ContainerMatch, Grant


class Effect(StrEnum):
    """What became of a question; the `decision` field of an event."""

    ALLOW = "allow"
    DENY = "deny"
    WOULD_DENY = "would_deny"
    WOULD_FILTER = "would_filter"
    WOULD_MASK = "would_mask"


QueryValue = str | int | bool | tuple[str, ...] | dict[str, frozenset[str]] | dict[str, object]


@dataclass(frozen=True, slots=True)
class Query:
    """A decoded query: judged values by name, and canonical text pairs to forward.

    A value is str, int, bool, a tuple of str, what JSON holds, or for `filters` a mapping of
    names to frozensets of str; parameters at a value that equals absence are not in `values`.
    `dropped` names what was left out (unknown on a read, or sent by clients but read by no Engine).
    `unknown` names parameters that the catalogue does not know on a write, `unknown_within` has the
    paths of unknown fields within JSON values, by parameter, `parts` what of the JSON values of
    sensitive parameters has to be named.
    """

    values: Mapping[str, QueryValue] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unknown_within: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)

    def with_pair(self, name: str, text: str) -> Query:
        """Return the query with one more text to forward, which nobody judges."""
        return replace(self, pairs=(*self.pairs, (name, text)))

    def with_text(self, name: str, write: Callable[[str], str]) -> Query:
        """Return the query with the texts of one parameter written otherwise."""
        pairs = tuple((key, write(text) if key == name else text) for key, text in self.pairs)
        return replace(self, pairs=pairs)


NO_QUERY = Query()


@dataclass(frozen=True, slots=True)
class OwnObjects:
    """What belongs to sockguard itself on the Engine, and what its clients are recognised by.

    The container id is the full one, image names are normalised and have a tag, image ids are 64
    hex digits. Of `repositories`, which are normalised names without tag, all is sockguard's.
    `paths` are directories and files of the host that hold its sockets, policy, keys and log,
    `engine_paths` the Engine's own: its sockets and its data. `callers` are the clients that are
    recognised by the container they run in, and by what of it.
    """

    container_id: str = ""
    container_names: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    image_ids: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    engine_paths: frozenset[str] = frozenset()
    callers: tuple[tuple[str, ContainerMatch], ...] = ()


NO_OBJECTS = OwnObjects()


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded JSON body. `document` has what is forwarded.

    `unknown` has the paths of fields that the catalogue does not know and whose value is not
    empty, `strange` says exactly where they stand; `dropped` has the paths of those that were left
    out, `sensitive` the parts that a policy must name. `values` says how many fields, entries and
    items it has.
    """

    document: object = None
    present: bool = False
    unknown: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    sensitive: tuple[Part, ...] = ()
    strange: tuple[Steps, ...] = ()
    values: int = 0


NO_BODY = Body()


@dataclass(frozen=True, slots=True)
class Question:
    """All that a verdict rests on, in the form in which it would be forwarded.

    `names` are the objects in the path, `own` what must be kept from every client, `version` the
    minor API version under which the request would be forwarded, `registries` the servers that
    credentials in its headers are for, `loose_headers` the headers that registries get as they
    are. `facts` has what the Engine told of objects so far. `stamps`
    says that whatever is made is to bear a stamp.
    """

    operation: Operation
    names: tuple[str, ...]
    query: Query
    body: Body
    own: OwnObjects = NO_OBJECTS
    version: int = NEWEST
    registries: tuple[str, ...] = ()
    loose_headers: tuple[str, ...] = ()
    facts: Mapping[Need, Thing | None] = field(default_factory=dict)
    stamps: bool = False


def references_of(question: Question) -> Iterator[Reference]:
    """Yield every object that the request names."""
    return references(
        question.operation.name, question.names, question.query.values, question.body.document
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict. `query`, `names` and `document` are what is forwarded and acted upon.

    `needs` names what the Engine has to be asked before there is a verdict; while it is not empty
    the effect is deny. `message` is one sentence for people, `hint` the smallest policy item that
    would allow what was refused ("" where none can). `absent` is set where the client is to be told
    only that there is no such object, in the Engine's words. `grants` are all alternatives that
    cover the request, `facts` what the Engine told of the objects that the verdict rests on.
    `recorded` says that what is typed and shown has to be kept.
    """

    effect: Effect
    reason: Reason | None = None
    detail: str = ""
    grants: tuple[Grant, ...] = ()
    message: str = ""
    hint: str = ""
    query: Query = NO_QUERY
    names: tuple[str, ...] = ()
    document: object = None
    absent: str = ""
    needs: frozenset[Need] = frozenset()
    facts: Mapping[Need, Thing | None] = field(default_factory=dict)
    recorded: bool = False

    @property
    def grant(self) -> Grant | None:
        """The line that allowed it, None where none did."""
        return self.grants[0] if self.grants else None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The query to forward, as canonical text."""
        return self.query.pairs

    @property
    def allowed(self) -> bool:
        """Whether the request is forwarded, be it against the policy in report mode."""
        return self.effect is not Effect.DENY
