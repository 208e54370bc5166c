"""What an item says of the fields of a body: constraints by dotted path.

Must never name a field that the Engine does not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.cover import NOTHING, Cover, joined, within
from sockguard.engine.operation import BodyKind
from sockguard.engine.shape import Map, bare
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.constraints import read_constraint
from sockguard.policy.model import BodyTerm
from sockguard.policy.values import NO_FIELDS, subject_of

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation
    from sockguard.engine.shape import Shape
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node


@dataclass(frozen=True, slots=True)
class BodyWords:
    """What an item says of the body: constraints, what they name of it, or that all passes."""

    terms: tuple[BodyTerm, ...] = ()
    cover: Cover = NOTHING
    any: bool = False


NO_WORDS = BodyWords()


def read_body_words(operation: Operation, entry: Entry | None, complaints: Complaints) -> BodyWords:
    """Read `body: any` or `body: {Path: constraint}`."""
    if entry is None:
        return NO_WORDS
    if operation.body is not BodyKind.JSON or operation.shape is None:
        complaints.add(entry.source, f"{operation.name} has no use for body: it takes no JSON body")
        return NO_WORDS
    if entry.value.value == "any":
        return BodyWords(any=True)
    if not isinstance(entry.value.value, dict) or not entry.value.value:
        complaints.add(entry.source, "body is any, or a mapping of fields to constraints")
        return NO_WORDS
    terms = [
        term
        for path, one in entry.value.value.items()
        if (term := _read_term(operation.shape, path, one, complaints)) is not None
    ]
    cover = joined(NOTHING, *(within(term.steps, term.constraint.cover) for term in terms))
    return BodyWords(tuple(terms), cover)


def _read_term(shape: Shape, path: str, entry: Entry, complaints: Complaints) -> BodyTerm | None:
    found = _field_at(shape, path, entry, complaints)
    if found is None:
        return None
    if path in _NO_PATHS and _says(entry.value, "under"):
        complaints.add(
            entry.source,
            f"{path} holds more than paths: write host_paths: {{under: …}} beside body",
        )
    constraint = read_constraint(entry.value, subject_of(path, found), complaints)
    return BodyTerm(path, tuple(path.split(".")), found, constraint)


_NO_PATHS = frozenset({"HostConfig.Binds"})
"""Fields whose texts have a path before a colon: what follows could lead the whole elsewhere."""


def _says(node: Node, word: str) -> bool:
    """Tell whether a word stands anywhere in a constraint."""
    entries = node.value if isinstance(node.value, dict) else {}
    return word in entries or any(_says(entry.value, word) for entry in entries.values())


def _field_at(shape: Shape, path: str, entry: Entry, complaints: Complaints) -> Shape | None:
    """Follow a dotted path, which stops at lists and maps; a complaint and None if it leads off."""
    walked = ""
    for name in path.split("."):
        inner = bare(shape)
        if not isinstance(inner, Mapping):
            complaints.add(entry.source, _no_further(inner, walked, path))
            return None
        fields = {key: part for key, part in inner.items() if not isinstance(part, NO_FIELDS)}
        if name not in fields:
            where = walked or "the body"
            hint = did_you_mean(name, fields) or f"; it has {', '.join(sorted(fields))}"
            complaints.add(entry.source, f"{where} has no field {name!r}{hint}")
            return None
        walked = f"{walked}.{name}" if walked else name
        shape = fields[name]
    return shape


def _no_further(shape: Shape, walked: str, path: str) -> str:
    rest = path.removeprefix(f"{walked}.") if walked else path
    if isinstance(shape, list):
        return f"{walked} is a list: write {walked}: {{each: {{fields: {{{rest}: …}}}}}}"
    if isinstance(shape, Map):
        return f"{walked} is a map: write {walked}: {{entries: {{{rest}: …}}}}"
    return f"{walked or 'the body'} is a single value: nothing stands below it"
