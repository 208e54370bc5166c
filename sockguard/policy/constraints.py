"""The closed list of constraint words: from a policy's text to a test of one value.

Must never hold for a value of another type than the one asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sockguard.engine.cover import ANY_KEY, NOTHING, WHOLE, Cover, joined, within
from sockguard.engine.inspection import ITEM
from sockguard.engine.operation import ParameterKind
from sockguard.engine.shape import is_absent
from sockguard.policy import words
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.tree import refuse_unknown_keys, spelled
from sockguard.policy.values import Category, Subject, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.engine.shape import Shape
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node


@dataclass(frozen=True, slots=True)
class Constraint:
    """What one value must be. `text` is the constraint as the policy writes it.

    `holds` tests a value that is present; an absent one satisfies unless `required`. `always`,
    where `replaces`, takes the value's place before anything is judged. `cover` tells which parts
    of the value it names: of a sensitive one, the others stay refused. `exact` has all the values
    that it holds for, None where they cannot be listed; `item` is what it asks of each item of a
    list, `parts` of the named entries of a map or fields of an object.
    """

    text: str
    holds: Callable[[object], bool]
    required: bool = False
    replaces: bool = False
    always: object = None
    cover: Cover = WHOLE
    exact: tuple[object, ...] | None = None
    item: Constraint | None = None
    parts: Mapping[str, Constraint] = field(default_factory=dict)

    @property
    def admits_all(self) -> bool:
        """Whether this limits nothing, so that an Engine may as well not read the value."""
        return self.holds is words.anything and not self.required and not self.replaces

    def satisfied(self, shape: Shape | None, value: object) -> bool:
        """Tell whether a field is what it must be; a value that says as much as none is none."""
        return not self.required if is_absent(shape, value) else self.holds(value)


class _Reading(NamedTuple):
    """What one word asks of a value, and what is known of that, as in `Constraint`."""

    holds: Callable[[object], bool]
    required: bool = False
    cover: Cover = WHOLE
    exact: tuple[object, ...] | None = None
    item: Constraint | None = None
    parts: Mapping[str, Constraint] = MappingProxyType({})


_NO_READING = _Reading(words.nothing)


def read_constraint(node: Node, subject: Subject, complaints: Complaints) -> Constraint:
    """Read the constraint that a policy writes for one value.

    A scalar means equal, a list on a scalar value one of, a mapping the words that must all hold.
    """
    before = len(complaints.found)
    if node.value is None:
        complaints.add(node.source, f"{subject.name} has an empty constraint; write any")
        constraint = Constraint("", words.nothing)
    elif node.value == "any":
        constraint = Constraint("any", words.anything)
    elif isinstance(node.value, dict):
        constraint = _read_words(node, subject, complaints)
    elif isinstance(node.value, tuple) and subject.category in _SEVERAL:
        complaints.add(
            node.source,
            f"{subject.name} is not a single value: write {{equals: …}} for the whole of it or"
            " {each: …} for its items",
        )
        constraint = Constraint("", words.nothing)
    elif isinstance(node.value, tuple):
        values = words.one_of(node, subject, complaints)
        constraint = Constraint(spelled(node), words.among(values), exact=values)
    else:
        values = words.equals(node, subject, complaints)
        constraint = Constraint(spelled(node), words.among(values), exact=values)
    return constraint if len(complaints.found) == before else Constraint("", words.nothing)


def _read_words(node: Node, subject: Subject, complaints: Complaints) -> Constraint:
    given = node.value if isinstance(node.value, dict) else {}
    readings: list[_Reading] = []
    required = False
    if not given:
        complaints.add(node.source, f"{subject.name} has an empty constraint; write any")
    for word, entry in given.items():
        if word == "required":
            required = _read_required(entry, subject, complaints)
        elif word != "always":
            readings.append(_read_word(word, entry, subject, complaints))
    constraint = _together(spelled(node), readings, required=required)
    if "at_most" in given and subject.unlimited:
        bounded = words.all_of([words.positive, constraint.holds])
        constraint = replace(constraint, required=True, holds=bounded)
    if "always" in given:
        return _with_always(constraint, given["always"].value, subject, complaints)
    return constraint


def _together(text: str, readings: list[_Reading], *, required: bool) -> Constraint:
    """Join words that must all hold; where a part is required, so is what it is part of."""
    holds = words.all_of([reading.holds for reading in readings])
    listed = next((reading.exact for reading in readings if reading.exact is not None), None)
    return Constraint(
        text,
        holds,
        required or any(reading.required for reading in readings),
        cover=joined(*(reading.cover for reading in readings)) if readings else WHOLE,
        exact=None if listed is None else tuple(value for value in listed if holds(value)),
        item=next((reading.item for reading in readings if reading.item is not None), None),
        parts={name: one for reading in readings for name, one in reading.parts.items()},
    )


def _read_required(entry: Entry, subject: Subject, complaints: Complaints) -> bool:
    if entry.value.value is not True:
        complaints.add(entry.source, f"{subject.name}: required can only be true")
    return True


def _read_word(word: str, entry: Entry, subject: Subject, complaints: Complaints) -> _Reading:
    if word == "writable":
        complaints.add(entry.source, "writable belongs to the view host_paths")
        return _NO_READING
    if word not in WORDS:
        hint = did_you_mean(word, [*WORDS, "always", "required"])
        complaints.add(entry.source, f"{subject.name}: {word!r} is no constraint word{hint}")
        return _NO_READING
    categories, read = WORDS[word]
    if subject.category not in categories:
        complaints.add(entry.source, f"{subject.name}: {word} is not for {subject.describe()}")
        return _NO_READING
    return read(entry.value, subject, complaints)


def _with_always(
    constraint: Constraint, node: Node, subject: Subject, complaints: Complaints
) -> Constraint:
    value = typed(node, subject, complaints)
    if value is not None and not constraint.holds(value):
        complaints.add(
            node.source, f"{subject.name}: the value of always fails the words beside it"
        )
    return replace(
        constraint, replaces=True, always=value, cover=WHOLE, exact=(value,), item=None, parts={}
    )


# --- the words -------------------------------------------------------------------------------


def _whole(read: Callable[[Node, Subject, Complaints], Callable[[object], bool]]) -> _Reader:
    return lambda node, subject, complaints: _Reading(read(node, subject, complaints))


def _listed(read: Callable[[Node, Subject, Complaints], tuple[object, ...]]) -> _Reader:
    def listed(node: Node, subject: Subject, complaints: Complaints) -> _Reading:
        values = read(node, subject, complaints)
        return _Reading(words.among(values), exact=values)

    return listed


def _part(node: Node, subject: Subject, complaints: Complaints) -> Constraint:
    part = read_constraint(node, subject, complaints)
    if part.replaces:
        complaints.add(node.source, "always replaces a whole parameter or field, not parts of it")
    return part


def _inner(node: Node, subject: Subject, complaints: Complaints) -> Constraint:
    """Read what is asked of every item, key or value, of which there may be none."""
    if isinstance(node.value, dict) and "required" in node.value:
        complaints.add(node.source, f"{subject.name}: required is for what may be absent")
    return _part(node, subject, complaints)


def _each(node: Node, subject: Subject, complaints: Complaints) -> _Reading:
    inner = _inner(node, subject.item(), complaints)

    def holds(value: object) -> bool:
        return (
            isinstance(value, list | tuple | frozenset)
            and bool(value)
            and all(map(inner.holds, value))
        )

    return _Reading(holds, cover=within((ITEM,), inner.cover), item=inner)


def _keys(node: Node, subject: Subject, complaints: Complaints) -> _Reading:
    """Name the keys; what stands within a value needs words of its own."""
    key = Subject(f"{subject.name} key", ParameterKind.TEXT)
    test = _inner(node, key, complaints).holds
    return _Reading(
        lambda value: isinstance(value, dict) and bool(value) and all(map(test, value)),
        cover=within((ANY_KEY,), NOTHING if subject.value().category in _SEVERAL else WHOLE),
    )


def _values(node: Node, subject: Subject, complaints: Complaints) -> _Reading:
    inner = _inner(node, subject.value(), complaints)
    return _Reading(
        lambda value: (
            isinstance(value, dict) and bool(value) and all(map(inner.holds, value.values()))
        ),
        cover=within((ANY_KEY,), inner.cover),
    )


def _entries(node: Node, subject: Subject, complaints: Complaints) -> _Reading:
    return _named(node, subject, "{{{}}}", complaints)


def _fields(node: Node, subject: Subject, complaints: Complaints) -> _Reading:
    return _named(node, subject, "{}", complaints)


def _named(node: Node, subject: Subject, step: str, complaints: Complaints) -> _Reading:
    """Read constraints by name; `step` writes a name as the step to what it names."""
    if not isinstance(node.value, dict) or not node.value:
        complaints.add(node.source, "entries and fields take a mapping of names to constraints")
        return _NO_READING
    known = subject.fields
    if known is not None:
        refuse_unknown_keys(node.value, known, subject.name, complaints)
    parts = {
        key: _part(entry.value, subject.entry(key), complaints) for key, entry in node.value.items()
    }

    def fits(key: str, part: Constraint, value: dict[str, object]) -> bool:
        if known is not None:
            return part.satisfied(known.get(key), value.get(key))
        return part.holds(value[key]) if key in value else not part.required

    def holds(value: object) -> bool:
        return isinstance(value, dict) and all(
            fits(key, part, value) for key, part in parts.items()
        )

    covers = (within((step.format(key),), part.cover) for key, part in parts.items())
    required = any(part.required for part in parts.values())
    return _Reading(holds, required, joined(NOTHING, *covers), parts=parts)


_Reader: TypeAlias = "Callable[[Node, Subject, Complaints], _Reading]"

_SINGLE = frozenset({Category.TEXT, Category.NUMBER, Category.FLAG})
_SEVERAL = frozenset(Category) - _SINGLE
_ALL = frozenset(Category)
_TEXT = frozenset({Category.TEXT, Category.ANYTHING})
_NUMBER = frozenset({Category.NUMBER, Category.ANYTHING})
_LIST = frozenset({Category.LIST, Category.ANYTHING})
_MAP = frozenset({Category.MAP, Category.ANYTHING})
_OBJECT = frozenset({Category.OBJECT, Category.ANYTHING})

WORDS: Mapping[str, tuple[frozenset[Category], _Reader]] = {
    "equals": (_ALL, _listed(words.equals)),
    "one_of": (_ALL, _listed(words.one_of)),
    "like": (_TEXT, _whole(words.like)),
    "under": (_TEXT, _whole(words.under)),
    "at_most": (_NUMBER, _whole(words.at_most)),
    "at_least": (_NUMBER, _whole(words.at_least)),
    "each": (_LIST, _each),
    "keys": (_MAP, _keys),
    "values": (_MAP, _values),
    "entries": (_MAP, _entries),
    "fields": (_OBJECT, _fields),
}
"""What each word is for, and how it is read; `always` and `required` stand beside any."""
