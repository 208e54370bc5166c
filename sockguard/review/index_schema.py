"""The tables of the index: an entry for each request or other event, and the texts they share.

Must never hold what cannot be had from the log again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import Streaming
from sockguard.policy.question import Effect
from sockguard.review.fields import text_of, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 2
"""Counted up with every change below, of `fields.group_of`, and of what is a stream."""

SHAPE = (
    *("kind", "client", "role", "listener", "host", "operation", "method", "write", "mode"),
    *("decision", "refused", "reason", "detail", "group", "grant", "policy", "user_agent"),
)
"""Fields of which there are few different sets of values; they share a row."""

SHAPED_BY = (*(name for name in SHAPE if name not in ("write", "refused", "group")), "read_only")
"""The fields of an event that these come from."""

OFFSET_BITS = 40
"""A place is the number of its segment, and in so many lower bits the byte where its line is."""
OFFSETS = (1 << OFFSET_BITS) - 1

STREAMS = frozenset(
    name for name, operation in OPERATIONS.items() if operation.streaming is not Streaming.NONE
)
_LARGEST = (1 << 63) - 1

_SHAPE_COLUMNS = ", ".join(f'"{name}" TEXT' for name in SHAPE)

TABLES = f"""
CREATE TABLE segments (
  number INTEGER PRIMARY KEY, name TEXT, first INTEGER, inode INTEGER, size INTEGER,
  changed INTEGER, read INTEGER, head BLOB, lines BLOB, whole INTEGER, seq INTEGER
);
CREATE TABLE shapes (id INTEGER PRIMARY KEY, streams INTEGER,
  {_SHAPE_COLUMNS});
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE targets (id INTEGER PRIMARY KEY, object TEXT, target TEXT);
CREATE TABLE entries (
  place INTEGER PRIMARY KEY, seq INTEGER, time TEXT, id TEXT, shape INTEGER, target INTEGER,
  text INTEGER, caller INTEGER, count INTEGER, awaited INTEGER,
  outcome INTEGER, status TEXT, ended TEXT
);
CREATE INDEX by_shape ON entries (shape, seq, time, count, target);
CREATE INDEX by_id ON entries (id);
CREATE INDEX by_outcome ON entries (outcome) WHERE outcome IS NOT NULL;
CREATE INDEX by_awaited ON entries (awaited) WHERE awaited IS NOT NULL;
PRAGMA user_version = {VERSION};
"""
# Shapes, texts and targets have the number that `number_of` makes of their values. head: the hash
# of the first line. lines: what `chained` makes of all lines read so far. whole: the segment was
# held against it once it had its last line. awaited: the id, while the request has no outcome.

NAMES = ("segments", "shapes", "texts", "targets", "entries")


@dataclass(frozen=True, slots=True)
class Known:
    """A segment as the index has read it, up to the byte `read`."""

    number: int
    name: str
    first: int
    inode: int
    size: int
    changed: int
    read: int
    head: bytes
    lines: bytes
    whole: bool
    seq: int
    """The number of the last event up to there."""


def place_of(number: int, offset: int) -> int:
    """Join a segment's number and a byte."""
    return number << OFFSET_BITS | offset


def number_of(values: tuple[str, ...]) -> int:
    """Make a number of some texts, the same each time and for no others."""
    told = "\0".join(values).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big", signed=True)


def shape_of(event: Mapping[str, object]) -> tuple[str, ...]:
    """Return the values of SHAPE."""
    return tuple(stored(value_of(event, name)) for name in SHAPE)


def object_of(operation: str) -> str:
    """Return what kind of object an operation is about: `containers`, `images`."""
    return operation.partition(".")[0]


def awaits_outcome(event: Mapping[str, object]) -> bool:
    """Tell whether an event says that a request goes on, or is answered."""
    return event.get("kind") == Kind.DECISION


def passed(decision: str) -> bool:
    """Tell whether what was decided let the request through."""
    return decision not in ("", Effect.DENY)


def stored(text: str) -> str:
    """Return the text as a database can keep it: half a surrogate pair is spelled out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def counted_in(event: Mapping[str, object]) -> int | None:
    """Return how many refusals or missing events it stands for; what made room is not missing."""
    return None if "begins" in event else number_in(event, "count")


def texts_in(event: Mapping[str, object], names: tuple[str, ...]) -> list[str]:
    """Return fields as the database keeps them."""
    return [
        value if type(value) is str and value.isascii() else stored(text_of(value))
        for value in map(event.get, names)
    ]


def number_in(event: Mapping[str, object], name: str) -> int | None:
    """Return a whole number that the database can keep, None for anything else."""
    value = event.get(name)
    return value if type(value) is int and 0 <= value <= _LARGEST else None
