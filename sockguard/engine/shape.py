"""Hold a JSON body against the fields the Engine knows: spelling, types and what is unknown.

Must never judge a value: whether a field may have it is the policy's to say.

A shape is a plain literal: a mapping of exact field names to shapes is an object, `[shape]` a list,
`Map(shape)` an object with free keys, and a `Scalar` everything else. Null fits every shape: the
Engine's decoder (encoding/json) takes it for an absent value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from sockguard.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


class Scalar(Enum):
    """What a single value may be; the value of each member is its name in messages."""

    TEXT = "a text"
    INTEGER = "a whole number of 64 bits"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Map:
    """An object whose keys are free (labels, options) and whose values have one shape."""

    values: Shape


@dataclass(frozen=True, slots=True)
class Alias:
    """A second spelling of a field that real clients or documents use; renamed to `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A field that real clients send although no Engine reads it: checked, then dropped."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A field that belongs inside the object `owner`; old Engines obey it here as well."""

    owner: str


Shape: TypeAlias = "Scalar | Map | Alias | Unread | Misplaced | list[Shape] | Mapping[str, Shape]"
Steps: TypeAlias = "Generator[None, None, object]"

TEXT = Scalar.TEXT
INTEGER = Scalar.INTEGER
NUMBER = Scalar.NUMBER
BOOLEAN = Scalar.BOOLEAN
ANYTHING = Scalar.ANYTHING

_INT64 = 1 << 63
_ELSEWHERE = (Alias, Misplaced)  # keys that stand for a field of another name or place
_LONGEST_NAME = 64  # of an unknown field, as it is reported
_SLICE = 500  # values between two pauses: about 1 ms


@dataclass(frozen=True, slots=True)
class ShapeReport:
    """What an inspection found.

    `unknown` has the paths of unknown fields with a value, `dropped` those of fields left out
    (unknown and empty, or read by no Engine), in the catalogue's form (`HostConfig.Mounts[].Type`)
    and each once. `document` is the body without them, fields in the order in which they came.
    """

    unknown: tuple[str, ...]
    dropped: tuple[str, ...]
    document: object


@dataclass(slots=True)
class _Notes:
    """What is found on the way; mappings serve as sets that keep their order."""

    unknown: dict[str, None] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)
    seen: int = 0

    def pause_is_due(self) -> bool:
        self.seen += 1
        return self.seen % _SLICE == 0


def inspect_body(shape: Shape, document: object, path: str = "") -> ShapeReport:
    """Hold a decoded body against a shape; Malformed for misspelt keys and wrong types.

    `path` is where the document stands, if it is no body: the name of a query parameter.
    """
    steps = inspect_steps(shape, document, path)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            report: ShapeReport = end.value
            return report


def inspect_steps(
    shape: Shape, document: object, path: str = ""
) -> Generator[None, None, ShapeReport]:
    """Do the same in slices: yields now and then, so that others can run in between."""
    notes = _Notes()
    kept = yield from _inspect(shape, document, path, notes)
    return ShapeReport(tuple(notes.unknown), tuple(notes.dropped), kept)


def fields_of(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    """Name every field of a shape: `HostConfig`, `HostConfig.Mounts[].Type`, `Labels{}`."""
    if isinstance(shape, Unread):
        yield from fields_of(shape.shape, path)
    for below, inner in _parts(shape, path):
        yield below, inner
        yield from fields_of(inner, below)


def _parts(shape: Shape, path: str) -> list[tuple[str, Shape]]:
    if isinstance(shape, list):
        return [(f"{path}[]", shape[0])]
    if isinstance(shape, Map):
        return [(f"{path}{{}}", shape.values)]
    if isinstance(shape, Mapping):
        named = [(key, part) for key, part in shape.items() if not isinstance(part, _ELSEWHERE)]
        return [(_below(path, key), part) for key, part in named]
    return []


def fold(key: str) -> str:
    """Fold as Go's encoding/json compares keys: by Unicode's simple folding.

    It takes U+017F for s and U+212A for k, and U+0130 for itself.
    """
    return key.lower() if key.isascii() else "".join(map(_fold_one, key))


def _fold_one(character: str) -> str:
    # Simple folding never changes the length: what folds to several characters stays (U+0130).
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def _below(path: str, key: str) -> str:
    name = key if len(key) <= _LONGEST_NAME else key[:_LONGEST_NAME] + "…"
    return f"{path}.{name}" if path else name


def _inspect(shape: Shape, value: object, path: str, notes: _Notes) -> Steps:
    if value is None:
        return None
    if isinstance(shape, Scalar):
        return _scalar(shape, value, path)
    if isinstance(shape, list):
        return (yield from _list(shape[0], value, path, notes))
    if isinstance(shape, Map):
        return (yield from _map(shape.values, value, path, notes))
    if isinstance(shape, Mapping):
        return (yield from _object(shape, value, path, notes))
    raise TypeError(f"{shape} stands for a field, not for a value")


def _scalar(shape: Scalar, value: object, path: str) -> object:
    if not _fits(shape, value):
        raise _wrong_type(path, shape.value)
    return value


def _fits(shape: Scalar, value: object) -> bool:
    if shape is ANYTHING:
        return True
    if shape is TEXT:
        return isinstance(value, str)
    if isinstance(value, bool) or shape is BOOLEAN:
        return isinstance(value, bool) and shape is BOOLEAN
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return shape is NUMBER and isinstance(value, Decimal)


def _list(inner: Shape, value: object, path: str, notes: _Notes) -> Steps:
    if not isinstance(value, list):
        raise _wrong_type(path, "a list")
    kept = []
    below = f"{path}[]"
    for item in value:
        if notes.pause_is_due():
            yield
        kept.append((yield from _inspect(inner, item, below, notes)))
    return kept


def _map(inner: Shape, value: object, path: str, notes: _Notes) -> Steps:
    if not isinstance(value, dict):
        raise _wrong_type(path, "an object")
    kept = {}
    below = f"{path}{{}}"
    for key, item in value.items():
        if notes.pause_is_due():
            yield
        kept[key] = yield from _inspect(inner, item, below, notes)
    return kept


def _object(fields: Mapping[str, Shape], value: object, path: str, notes: _Notes) -> Steps:
    if not isinstance(value, dict):
        raise _wrong_type(path, "an object")
    kept: dict[str, object] = {}
    met: set[str] = set()
    for key, item in value.items():
        if notes.pause_is_due():
            yield
        _check_spelling(fields, key, met, path)
        name, shape = _look_up(fields, key)
        below = _below(path, name)
        if isinstance(shape, Unread):
            yield from _inspect(shape.shape, item, below, notes)
        if _is_left_out(shape, item, below):
            notes.dropped[below] = None
        elif shape is None:
            notes.unknown[below] = None
            kept[name] = item
        else:
            kept[name] = yield from _inspect(shape, item, below, notes)
    return kept


def _look_up(fields: Mapping[str, Shape], key: str) -> tuple[str, Shape | None]:
    shape = fields.get(key)
    return (shape.name, fields[shape.name]) if isinstance(shape, Alias) else (key, shape)


def _is_left_out(shape: Shape | None, item: object, path: str) -> bool:
    if isinstance(shape, Misplaced) and item:
        raise Malformed(
            f"{path} stands at the wrong place: it belongs inside {shape.owner}", detail=path
        )
    return isinstance(shape, Unread) or (
        not item and (shape is None or isinstance(shape, Misplaced))
    )


def _check_spelling(fields: Mapping[str, Shape], key: str, met: set[str], path: str) -> None:
    """Refuse what the Engine would take for a known key or for one that was already there.

    Its decoder compares keys without regard to case and lets the last one win, or merges both.
    """
    folded = fold(key)
    exact = _exact_names(fields).get(folded)
    if exact is not None and key not in fields:
        raise Malformed(
            f"a field is misspelt: {_below(path, exact)} must be spelt exactly so",
            detail=_below(path, exact),
        )
    if folded in met:
        raise Malformed(
            f"a field stands twice: {_below(path, key)}, in two spellings",
            detail=_below(path, key),
        )
    met.add(folded)


_names_by_shape: dict[int, tuple[Mapping[str, Shape], dict[str, str]]] = {}


def _exact_names(fields: Mapping[str, Shape]) -> dict[str, str]:
    """Give the exact name of each folded one, worked out once for each table.

    The memo holds the table itself too, so that its id cannot come to mean another one.
    """
    memo = _names_by_shape.get(id(fields))
    if memo is None:
        aliases_first = sorted(fields, key=lambda name: not isinstance(fields[name], Alias))
        memo = (fields, {fold(name): name for name in aliases_first})
        _names_by_shape[id(fields)] = memo
    return memo[1]


def _wrong_type(path: str, expected: str) -> Malformed:
    return Malformed(f"wrong type: {path or 'the body'} must be {expected}", detail=path)
