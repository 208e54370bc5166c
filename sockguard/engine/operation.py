"""What one operation of the Engine API is: its routes, parameters, body and streams.

Must never decide anything: these are facts that tables in `catalogue/` fill in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.level import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.answer import Answer
    from sockguard.engine.shape import Shape


class Risk(StrEnum):
    """The worst that an operation amounts to, as `routes.json` rates it."""

    READ_META = "read-meta"
    READ_SECRET = "read-secret"  # noqa: S105 - a rating, not a password
    EXFILTRATE = "exfiltrate"
    WRITE = "write"
    HOST_ROOT = "host-root"


class Streaming(StrEnum):
    """Which direction may stay open or be large."""

    NONE = "none"
    REQUEST = "request"
    RESPONSE = "response"
    HIJACK = "hijack"
    H2C = "h2c"


class BodyKind(StrEnum):
    """What a request body holds."""

    NONE = "none"
    JSON = "json"
    TAR = "tar"
    RAW = "raw"


class ParameterKind(Enum):
    """How the Engine reads a query parameter (`httputils.BoolValue` and its like)."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"  # BoolValue: "", 0, no, false, none are false, all else is true
    STRICT_BOOLEAN = "strict boolean"  # Go's strconv.ParseBool
    TEXTS = "list of texts"  # repeated: all values count
    FILTERS = "filters"  # JSON: map to list, or map to map of booleans
    JSON = "json"  # a JSON document in a query value (buildargs, labels, cachefrom...)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter.

    `hands_over` is empty for a plain one; for a sensitive one it is the sentence that says what
    naming it hands over, and `level` how much that is. `dropped` marks what real clients send
    although no Engine reads it: accepted, never forwarded. `absent` holds the texts that the Engine
    takes for a parameter that was not sent; a boolean is absent whenever it is false, and where it
    is `on_by_default` when it is blank. `names` is the kind of object that the value names, a key
    of `names.IN_QUERY`. `shape` has the known fields of a JSON value. `since` is the minor API
    version below which the Engine may not read it, 0 for none. `unlimited` says that absence, 0 or
    -1 means that there is no limit.
    """

    name: str
    kind: ParameterKind = ParameterKind.TEXT
    hands_over: str = ""
    level: Level = Level.ROOT
    dropped: bool = False
    absent: frozenset[str] = frozenset({""})
    on_by_default: bool = False
    names: str = ""
    shape: Shape | None = None
    since: int = 0
    unlimited: bool = False

    @property
    def sensitive(self) -> bool:
        """Whether a policy must name it to let it pass."""
        return bool(self.hands_over)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, named `<objects>.<verb>` as in policies."""

    name: str
    risk: Risk
    """The worst that it can amount to, whatever it is given."""
    level: Level
    """The strongest that granting it bare amounts to: nothing sensitive named, no view."""
    writes: bool
    hands_over: str
    """One sentence: what granting this operation gives away."""
    streaming: Streaming = Streaming.NONE
    body: BodyKind = BodyKind.NONE
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    headers: frozenset[str] = frozenset()
    """Lower-case request header names the Engine acts on, beyond those that always pass.
    A name that ends in `*` is a prefix."""
    upgrade: str = ""
    """The one Upgrade token that the request may carry (`tcp`, `websocket`, `h2c`)."""
    shape: Shape | None = None
    """Known fields of a JSON body; None when there is no JSON body."""
    answer: Answer | None = None
    """Fields of a JSON answer; None for what is no JSON, or shows nothing of any object."""
    bulk_read: bool = False
    """The answer carries files or free text away: its event is synced before forwarding."""
    quick: bool = False
    """The Engine answers at once: the response head has a time limit."""
    refused: str = ""
    """Why this operation is always refused; empty for all that a policy can grant."""

    @property
    def masks(self) -> bool:
        """Whether its answer holds anything that only a policy's word shows."""
        return self.answer is not None and self.answer.masks

    def says(self, *, shown: bool) -> str:
        """Say what it hands over, and that part of it is masked only unless all of it is shown."""
        shows, _, rest = self.hands_over.partition("; ")
        return f"{shows}." if shown and rest.endswith(" masked.") else self.hands_over


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path template.

    A variable is called after what it names (`{container}`, `{network}`); one that ends in `...`
    (`{image...}`, `{plugin...}`) may hold slashes.
    """

    method: str
    template: tuple[str, ...]
    operation: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """A request whose operation is known.

    `route` is the one it took, `names` the object names in its path, percent-decoded, in the order
    of the template's variables.
    """

    operation: Operation
    route: Route
    names: tuple[str, ...]
    path: str
    """Canonical path below the version prefix, ready to send: `/containers/web/json`."""
