"""The closed list of constraint words: from a policy's text to a test of one value.

Must never hold for a value of another type than the one asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sockguard.engine.operation import ParameterKind
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.globs import compile_glob, is_clean_folder, lies_under
from sockguard.policy.tree import refuse_unknown_keys, spelled
from sockguard.policy.values import Subject, is_number, same, size_of, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

LISTS = frozenset({ParameterKind.TEXTS, ParameterKind.JSON})
MAPS = frozenset({ParameterKind.FILTERS, ParameterKind.JSON})
TEXT = frozenset({ParameterKind.TEXT, ParameterKind.JSON})
NUMBERS = frozenset({ParameterKind.INTEGER, ParameterKind.JSON})
ALL = frozenset(ParameterKind)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What one value must be. `text` is the constraint as the policy writes it.

    `holds` tests a value that is present; an absent one satisfies unless `required`. `always`,
    where `replaces`, takes the value's place before anything is judged.
    """

    text: str
    holds: Callable[[object], bool]
    required: bool = False
    replaces: bool = False
    always: object = None

    @property
    def admits_all(self) -> bool:
        """Whether this limits nothing, so that an Engine may as well not read the value."""
        return self.holds is _anything and not self.required and not self.replaces


def read_constraint(node: Node, subject: Subject, complaints: Complaints) -> Constraint:
    """Read the constraint that a policy writes for one value.

    A scalar means equal, a list on a scalar value one of, a mapping the words that must all hold.
    """
    before = len(complaints.found)
    if node.value == "any":
        constraint = Constraint("any", _anything)
    elif isinstance(node.value, dict):
        constraint = _read_words(node, subject, complaints)
    elif isinstance(node.value, tuple) and subject.kind in LISTS | MAPS:
        complaints.add(
            node.source,
            f"{subject.name} is not a single value: write {{equals: …}} for the whole of it or"
            " {each: …} for its items",
        )
        constraint = Constraint("", _nothing)
    elif isinstance(node.value, tuple):
        constraint = Constraint(spelled(node), _one_of(node, subject, complaints))
    else:
        constraint = Constraint(spelled(node), _equals(node, subject, complaints))
    return constraint if len(complaints.found) == before else Constraint("", _nothing)


def _read_words(node: Node, subject: Subject, complaints: Complaints) -> Constraint:
    words = node.value if isinstance(node.value, dict) else {}
    tests: list[Callable[[object], bool]] = []
    required = False
    if not words:
        complaints.add(node.source, f"{subject.name} has an empty constraint; write any")
    for word, entry in words.items():
        if word == "required":
            required = _read_required(entry, subject, complaints)
        elif word != "always":
            tests.append(_read_word(word, entry, subject, complaints))
    constraint = Constraint(spelled(node), _all_of(tests), required)
    if "at_most" in words and subject.unlimited:
        constraint = replace(constraint, required=True, holds=_all_of([_positive, *tests]))
    if "always" in words:
        return _with_always(constraint, words["always"].value, subject, complaints)
    return constraint


def _read_required(entry: Entry, subject: Subject, complaints: Complaints) -> bool:
    if entry.value.value is not True:
        complaints.add(entry.source, f"{subject.name}: required can only be true")
    return True


def _read_word(
    word: str, entry: Entry, subject: Subject, complaints: Complaints
) -> Callable[[object], bool]:
    if word == "writable":
        complaints.add(entry.source, "writable belongs to host paths, not to a parameter")
        return _nothing
    if word not in _WORDS:
        hint = did_you_mean(word, [*_WORDS, "always", "required"])
        complaints.add(entry.source, f"{subject.name}: {word!r} is no constraint word{hint}")
        return _nothing
    kinds, read = _WORDS[word]
    if subject.kind not in kinds:
        complaints.add(entry.source, f"{subject.name}: {word} is not for {subject.describe()}")
        return _nothing
    return read(entry.value, subject, complaints)


def _with_always(
    constraint: Constraint, node: Node, subject: Subject, complaints: Complaints
) -> Constraint:
    value = typed(node, subject, complaints)
    if value is not None and not constraint.holds(value):
        complaints.add(
            node.source, f"{subject.name}: the value of always fails the words beside it"
        )
    return replace(constraint, replaces=True, always=value)


# --- the words -------------------------------------------------------------------------------


def _anything(_: object) -> bool:
    return True


def _nothing(_: object) -> bool:
    return False


def _positive(value: object) -> bool:
    return is_number(value) and value > 0  # type: ignore[operator]


def _all_of(tests: list[Callable[[object], bool]]) -> Callable[[object], bool]:
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _equals(node: Node, subject: Subject, complaints: Complaints) -> Callable[[object], bool]:
    wanted = typed(node, subject, complaints)
    return lambda value: same(value, wanted)


def _one_of(node: Node, subject: Subject, complaints: Complaints) -> Callable[[object], bool]:
    wanted = [typed(item, subject, complaints) for item in _some(node, "one_of", complaints)]
    return lambda value: any(same(value, one) for one in wanted)


def _some(node: Node, word: str, complaints: Complaints) -> tuple[Node, ...]:
    """Return the items of a list that must not be empty."""
    if isinstance(node.value, tuple) and node.value:
        return node.value
    complaints.add(node.source, f"{word} takes a list of at least one value")
    return ()


def _texts(node: Node, word: str, complaints: Complaints) -> list[str]:
    """Return one text or a list of texts as a list."""
    items = node.value if isinstance(node.value, tuple) and node.value else (node,)
    texts = [item.value for item in items if isinstance(item.value, str) and item.value]
    if len(texts) != len(items):
        complaints.add(node.source, f"{word} takes a text or a list of texts")
    return texts


def _like(node: Node, _: Subject, complaints: Complaints) -> Callable[[object], bool]:
    globs = [compile_glob(text) for text in _texts(node, "like", complaints)]
    return lambda value: isinstance(value, str) and any(glob(value) for glob in globs)


def _under(node: Node, _: Subject, complaints: Complaints) -> Callable[[object], bool]:
    folders = _texts(node, "under", complaints)
    for folder in folders:
        if not is_clean_folder(folder):
            complaints.add(node.source, f"under takes absolute, clean paths, not {folder!r}")
    return lambda value: (
        isinstance(value, str) and any(lies_under(value, folder) for folder in folders)
    )


def _bound(node: Node, word: str, complaints: Complaints) -> int | Decimal:
    value = size_of(node.value) if isinstance(node.value, str) else node.value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    complaints.add(node.source, f"{word} takes a number or a size such as 8GiB")
    return 0


def _at_most(node: Node, _: Subject, complaints: Complaints) -> Callable[[object], bool]:
    """Take what is below zero only if the bound is: the Engine reads -1 as forever."""
    bound = _bound(node, "at_most", complaints)
    least = min(bound, 0)
    return lambda value: is_number(value) and least <= value <= bound  # type: ignore[operator]


def _at_least(node: Node, _: Subject, complaints: Complaints) -> Callable[[object], bool]:
    bound = _bound(node, "at_least", complaints)
    return lambda value: is_number(value) and value >= bound  # type: ignore[operator]


def _each(node: Node, subject: Subject, complaints: Complaints) -> Callable[[object], bool]:
    holds = read_constraint(node, subject.item(), complaints).holds
    return lambda value: (
        isinstance(value, list | tuple | frozenset) and bool(value) and all(map(holds, value))
    )


def _keys(node: Node, subject: Subject, complaints: Complaints) -> Callable[[object], bool]:
    holds = read_constraint(
        node, Subject(f"{subject.name} key", ParameterKind.TEXT), complaints
    ).holds
    return lambda value: isinstance(value, dict) and bool(value) and all(map(holds, value))


def _values(node: Node, subject: Subject, complaints: Complaints) -> Callable[[object], bool]:
    holds = read_constraint(node, subject.value(), complaints).holds
    return lambda value: isinstance(value, dict) and bool(value) and all(map(holds, value.values()))


def _entries(node: Node, subject: Subject, complaints: Complaints) -> Callable[[object], bool]:
    if not isinstance(node.value, dict) or not node.value:
        complaints.add(node.source, "entries and fields take a mapping of names to constraints")
        return _nothing
    known = subject.fields
    if known is not None:
        refuse_unknown_keys(node.value, known, subject.name, complaints)
    parts = {
        key: read_constraint(entry.value, subject.entry(key), complaints)
        for key, entry in node.value.items()
    }
    for key, entry in node.value.items():
        if parts[key].replaces:
            complaints.add(entry.source, "always replaces whole parameters, not parts of them")

    def holds(value: object) -> bool:
        return isinstance(value, dict) and all(
            part.holds(value[key]) if key in value else not part.required
            for key, part in parts.items()
        )

    return holds


_WORDS: Mapping[
    str,
    tuple[
        frozenset[ParameterKind], Callable[[Node, Subject, Complaints], Callable[[object], bool]]
    ],
] = {
    "equals": (ALL, _equals),
    "one_of": (ALL, _one_of),
    "like": (TEXT, _like),
    "under": (TEXT, _under),
    "at_most": (NUMBERS, _at_most),
    "at_least": (NUMBERS, _at_least),
    "each": (LISTS, _each),
    "keys": (MAPS, _keys),
    "values": (MAPS, _values),
    "entries": (MAPS, _entries),
    "fields": (frozenset({ParameterKind.JSON}), _entries),
}
