"""The constraint words for single values: texts, paths and numbers.

Must never hold for a value of another type than the one asked for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sockguard.policy.globs import compile_glob, is_clean_folder, lies_under
from sockguard.policy.values import is_number, same, size_of, typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Node
    from sockguard.policy.values import Subject

    Test = Callable[[object], bool]
    Values = tuple[object, ...]


def anything(_: object) -> bool:
    """Hold for every value."""
    return True


def nothing(_: object) -> bool:
    """Hold for no value: what stands in for a constraint that was complained about."""
    return False


def positive(value: object) -> bool:
    """Hold for numbers above zero."""
    return is_number(value) and value > 0  # type: ignore[operator]


def all_of(tests: list[Test]) -> Test:
    """Hold where all tests do."""
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def equals(node: Node, subject: Subject, complaints: Complaints) -> Values:
    """Read the one value that is taken."""
    return (typed(node, subject, complaints),)


def one_of(node: Node, subject: Subject, complaints: Complaints) -> Values:
    """Read the values one of which is taken."""
    return tuple(typed(item, subject, complaints) for item in some(node, "one_of", complaints))


def among(values: Values) -> Test:
    """Take one of these values."""
    return lambda value: any(same(value, one) for one in values)


def some(node: Node, word: str, complaints: Complaints) -> tuple[Node, ...]:
    """Return the items of a list that must not be empty."""
    if isinstance(node.value, tuple) and node.value:
        return node.value
    complaints.add(node.source, f"{word} takes a list of at least one value")
    return ()


def texts(node: Node, word: str, complaints: Complaints) -> list[str]:
    """Return one text or a list of texts as a list."""
    items = node.value if isinstance(node.value, tuple) and node.value else (node,)
    found = [item.value for item in items if isinstance(item.value, str) and item.value]
    if len(found) != len(items):
        complaints.add(node.source, f"{word} takes a text or a list of texts")
    return found


def like(node: Node, _: Subject, complaints: Complaints) -> Test:
    """Take a text that one of these globs matches."""
    globs = [compile_glob(text) for text in texts(node, "like", complaints)]
    return lambda value: isinstance(value, str) and any(glob(value) for glob in globs)


def under(node: Node, _: Subject, complaints: Complaints) -> Test:
    """Take a path that lies at or below one of these folders."""
    folders = texts(node, "under", complaints)
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
    complaints.add(
        node.source, f"{word} takes a number or a size such as 512MiB or 8GiB, not {node.value!r}"
    )
    return 0


def at_most(node: Node, _: Subject, complaints: Complaints) -> Test:
    """Take what is below zero only if the bound is: the Engine reads -1 as forever."""
    bound = _bound(node, "at_most", complaints)
    least = min(bound, 0)
    return lambda value: is_number(value) and least <= value <= bound  # type: ignore[operator]


def at_least(node: Node, _: Subject, complaints: Complaints) -> Test:
    """Take a number that is this large."""
    bound = _bound(node, "at_least", complaints)
    return lambda value: is_number(value) and value >= bound  # type: ignore[operator]
