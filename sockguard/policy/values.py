"""The types that values in a policy have: as parameters have them, spelled as YAML spells them.

Must never take one type for another: true is not 1, and 1 is no text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from sockguard.engine.inspection import inspect_body
from sockguard.engine.operation import ParameterKind
from sockguard.engine.shape import Alias, Field, Map, Misplaced, Scalar, Unread, bare
from sockguard.errors import Malformed
from sockguard.policy.tree import plain

if TYPE_CHECKING:
    from sockguard.engine.shape import Shape
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Node

UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


class Category(Enum):
    """What constraint words a value takes, and how it is called in messages."""

    TEXT = "text"
    NUMBER = "a number"
    FLAG = "true or false"
    LIST = "a list"
    MAP = "a map"
    OBJECT = "an object"
    ANYTHING = "a JSON value"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a constraint is about: a value's name for people and its kind.

    `unlimited` says that absence, 0 or -1 means that there is no limit, `shape` what a JSON value
    may hold, None where anything may stand.
    """

    name: str
    kind: ParameterKind
    unlimited: bool = False
    shape: Shape | None = None

    @property
    def category(self) -> Category:
        """The category of its values."""
        if self.kind is not ParameterKind.JSON:
            return _CATEGORY[self.kind]
        inner = bare(self.shape) if self.shape is not None else None
        if isinstance(inner, Scalar):
            return _SCALAR_CATEGORY[inner]
        kinds = {list: Category.LIST, Map: Category.MAP}
        other = Category.OBJECT if isinstance(inner, Mapping) else Category.ANYTHING
        return kinds.get(type(inner), other)

    @property
    def fields(self) -> Mapping[str, Shape] | None:
        """The fields that an object of this shape has, None where they are free."""
        inner = bare(self.shape) if self.shape is not None else None
        if not isinstance(inner, Mapping):
            return None
        return {name: part for name, part in inner.items() if not isinstance(part, NO_FIELDS)}

    def item(self) -> Subject:
        """Return the subject for one item of this list."""
        inner = bare(self.shape) if self.shape is not None else None
        return self._part("item", inner[0] if isinstance(inner, list) else None)

    def value(self) -> Subject:
        """Return the subject for any value of this map."""
        inner = bare(self.shape) if self.shape is not None else None
        return self._part("value", inner.values if isinstance(inner, Map) else None)

    def entry(self, name: str) -> Subject:
        """Return the subject for one value of this map or object."""
        fields = self.fields
        inner = bare(self.shape) if self.shape is not None else None
        values = inner.values if isinstance(inner, Map) else None
        return self._part(name, values if fields is None else fields.get(name))

    def _part(self, name: str, shape: Shape | None) -> Subject:
        if shape is not None:
            return subject_of(f"{self.name} {name}", shape)
        return Subject(f"{self.name} {name}", _PART_KIND.get(self.kind, self.kind))

    def describe(self) -> str:
        """Name the kind in words for people."""
        return _TYPES[self.kind][1] if self.kind in _TYPES else self.category.value


def subject_of(name: str, shape: Shape) -> Subject:
    """Return the subject for a value of a body."""
    inner = bare(shape)
    kind = _SCALAR_KIND.get(inner) if isinstance(inner, Scalar) else None
    unlimited = isinstance(shape, Field) and shape.unlimited
    return Subject(name, kind or ParameterKind.JSON, unlimited, shape)


NO_FIELDS = (Alias, Misplaced, Unread)
"""What stands among the fields of an object and is none that a policy could name."""

_PART_KIND = {
    ParameterKind.TEXTS: ParameterKind.TEXT,
    ParameterKind.FILTERS: ParameterKind.TEXTS,
}
_SCALAR_KIND = {
    Scalar.TEXT: ParameterKind.TEXT,
    Scalar.INTEGER: ParameterKind.INTEGER,
    Scalar.BOOLEAN: ParameterKind.BOOLEAN,
}
_CATEGORY = {
    ParameterKind.TEXT: Category.TEXT,
    ParameterKind.INTEGER: Category.NUMBER,
    ParameterKind.BOOLEAN: Category.FLAG,
    ParameterKind.STRICT_BOOLEAN: Category.FLAG,
    ParameterKind.TEXTS: Category.LIST,
    ParameterKind.FILTERS: Category.MAP,
}
_SCALAR_CATEGORY = {
    Scalar.TEXT: Category.TEXT,
    Scalar.INTEGER: Category.NUMBER,
    Scalar.NUMBER: Category.NUMBER,
    Scalar.BOOLEAN: Category.FLAG,
    Scalar.ANYTHING: Category.ANYTHING,
}

_TYPES: Mapping[ParameterKind, tuple[type, str]] = {
    ParameterKind.TEXT: (str, "text"),
    ParameterKind.INTEGER: (int, "a whole number"),
    ParameterKind.BOOLEAN: (bool, "true or false"),
    ParameterKind.STRICT_BOOLEAN: (bool, "true or false"),
    ParameterKind.TEXTS: (tuple, "a list of texts"),
    ParameterKind.FILTERS: (dict, "a mapping of names to lists of texts"),
}


def typed(node: Node, subject: Subject, complaints: Complaints) -> object:
    """Return a node's value as a query holds it; a complaint and None for another type."""
    value = plain(node)
    if subject.kind is ParameterKind.JSON:
        return _shaped(node, value, subject, complaints)
    wanted, name = _TYPES[subject.kind]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    if wanted is dict and isinstance(value, dict) and all(map(_is_texts, value.values())):
        return {key: frozenset(item) for key, item in value.items()}
    if (
        isinstance(value, wanted)
        and isinstance(value, bool) == (wanted is bool)
        and wanted is not dict
    ):
        return value
    quote = ": quote it" if wanted is str and isinstance(value, int | Decimal) else ""
    complaints.add(node.source, f"{subject.name} takes {name}, not {node.describe()}{quote}")
    return None


def _shaped(node: Node, value: object, subject: Subject, complaints: Complaints) -> object:
    """Hold a JSON value of the policy's against its shape, as those of clients are."""
    if subject.shape is None:
        return value
    try:
        report = inspect_body(subject.shape, value, subject.name)
    except Malformed as error:
        complaints.add(node.source, str(error))
        return None
    for path in report.unknown:
        complaints.add(node.source, f"{path} is no field that an Engine knows")
    return report.document


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_number(value: object) -> bool:
    """Tell whether a value is a number; true and false are none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def same(left: object, right: object) -> bool:
    """Compare values and their types, since Python's True equals 1."""
    if isinstance(left, frozenset | set) and isinstance(right, list | tuple):
        return left == set(right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def size_of(text: str) -> int | None:
    """Return `8GiB` and the like in bytes; None for any other text."""
    match = re.fullmatch(r"([0-9]{1,12})(KiB|MiB|GiB)", text)
    return int(match[1]) * UNITS[match[2]] if match else None
