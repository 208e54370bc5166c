"""The literals in which the fields of bodies are written: types, and what is sensitive.

Must never judge a value: whether a field may have it is the policy's to say.

A shape is a plain literal: a mapping of exact field names to shapes is an object, `[shape]` a list,
`Map(shape)` an object with free keys, `Field(shape)` says more about one field, and a `Scalar` is
everything else. Null fits every shape: the Engine's decoder (encoding/json) takes it for an absent
value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from sockguard.engine.level import Level

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scalar(Enum):
    """What a single value may be; the value of each member is its name in messages."""

    TEXT = "a text"
    INTEGER = "a whole number of 64 bits"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Map:
    """An object whose keys are free (labels, options) and whose values have one shape.

    Where a map is sensitive, an entry under one of its `plain_keys` is so only as far as its own
    fields are, and the map counts by its entries alone.
    """

    values: Shape
    plain_keys: frozenset[str] = frozenset()


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


EMPTY: tuple[object, ...] = ("", False, 0, [], {})
"""The values that equal absence unless a field says otherwise; null always does."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of which there is more to say than its shape.

    `hands_over` is empty for a plain field; for a sensitive one it is the sentence that says what
    naming it hands over, and `level` how much that is. All within a sensitive field is sensitive.
    `absent` holds the values that the Engine takes, for this operation, as if the field had not
    been sent. `harmless` holds other values of a sensitive field with which it hands over no more
    than the operation does by itself. `unlimited` says that absence, 0 or -1 means that there is
    no limit.
    """

    shape: Shape
    hands_over: str = ""
    level: Level = Level.ROOT
    absent: tuple[object, ...] = EMPTY
    harmless: tuple[object, ...] = ()
    unlimited: bool = False

    @property
    def sensitive(self) -> bool:
        """Whether a policy must name it to let it pass."""
        return bool(self.hands_over)

    def hands_over_with(self, value: object) -> bool:
        """Tell whether the field is sensitive and this value none of the harmless ones."""
        return self.sensitive and not _is_among(self.harmless, value)


Shape: TypeAlias = (
    "Scalar | Map | Alias | Unread | Misplaced | Field | list[Shape] | Mapping[str, Shape]"
)

TEXT = Scalar.TEXT
INTEGER = Scalar.INTEGER
NUMBER = Scalar.NUMBER
BOOLEAN = Scalar.BOOLEAN
ANYTHING = Scalar.ANYTHING

_INT64 = 1 << 63
_LONGEST_NAME = 64  # of an unknown field, as it is reported
_ELSEWHERE = (Alias, Misplaced)  # keys that stand for a field of another name or place
_BY_NAME = (Alias, Misplaced, Unread)  # said of the key, not of a value


def sensitive(
    shape: Shape,
    hands_over: str,
    level: Level = Level.ROOT,
    *,
    absent: tuple[object, ...] = EMPTY,
    harmless: tuple[object, ...] = (),
) -> Field:
    """Mark a field that a policy must name; one sentence says what that hands over."""
    return Field(shape, hands_over, level, absent, harmless)


def sensitive_within(
    fields: Mapping[str, Shape], hands_over: str, level: Level = Level.ROOT
) -> dict[str, Shape]:
    """Mark all fields of an object that is plain itself: clients send it with empty ones."""
    return {name: _marked(part, hands_over, level) for name, part in fields.items()}


def _marked(part: Shape, hands_over: str, level: Level) -> Shape:
    if isinstance(part, Mapping):
        return sensitive_within(part, hands_over, level)
    if isinstance(part, Field):
        return part if part.sensitive else replace(part, hands_over=hands_over, level=level)
    return part if isinstance(part, _BY_NAME) else sensitive(part, hands_over, level)


def limit(shape: Shape, *, absent: tuple[object, ...] = EMPTY) -> Field:
    """Mark a plain field whose absence, 0 or -1 means that there is no limit."""
    return Field(shape, absent=absent, unlimited=True)


def plain(shape: Shape, *, absent: tuple[object, ...]) -> Field:
    """Say of a plain field which values equal its absence."""
    return Field(shape, absent=absent)


def bare(shape: Shape) -> Shape:
    """Return a shape without what a `Field` says of it."""
    return shape.shape if isinstance(shape, Field) else shape


def is_absent(shape: Shape | None, value: object) -> bool:
    """Tell whether the Engine takes this value as if the field had not been sent."""
    if value is None:
        return True
    if type(value) is dict and value and _is_unsaid(shape, value):
        value = {}
    return _is_among(shape.absent if isinstance(shape, Field) else EMPTY, value)


def _is_unsaid(shape: Shape | None, value: Mapping[str, object]) -> bool:
    """Tell whether an object has no field but null ones, which for the Engine is an empty one."""
    fields = shape is not None and isinstance(bare(shape), Mapping)
    return fields and all(one is None for one in value.values())


def _is_among(values: tuple[object, ...], value: object) -> bool:
    for one in values:  # noqa: SIM110 - a generator costs more than all that is compared
        if type(value) is type(one) and value == one:
            return True
    return False


def fits(shape: Scalar, value: object) -> bool:
    """Tell whether a decoded value is of this kind."""
    if shape is ANYTHING:
        return True
    if shape is TEXT:
        return isinstance(value, str)
    if isinstance(value, bool) or shape is BOOLEAN:
        return isinstance(value, bool) and shape is BOOLEAN
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return shape is NUMBER and isinstance(value, Decimal)


def fields_of(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    """Name every field of a shape: `HostConfig`, `HostConfig.Mounts[].Type`, `Labels{}`."""
    if isinstance(shape, Unread):
        yield from fields_of(shape.shape, path)
    for inside, inner in _parts(bare(shape), path):
        yield inside, inner
        yield from fields_of(inner, inside)


def _parts(shape: Shape, path: str) -> list[tuple[str, Shape]]:
    if isinstance(shape, list):
        return [(f"{path}[]", shape[0])]
    if isinstance(shape, Map):
        return [(f"{path}{{}}", shape.values)]
    if isinstance(shape, Mapping):
        named = [(key, part) for key, part in shape.items() if not isinstance(part, _ELSEWHERE)]
        return [(below(path, key), part) for key, part in named]
    return []


def below(path: str, key: str) -> str:
    """Name a field of the object at `path`; a stranger's long name is cut."""
    name = key if len(key) <= _LONGEST_NAME else key[:_LONGEST_NAME] + "…"
    return f"{path}.{name}" if path else name


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
