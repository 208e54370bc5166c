"""From the values that were seen of one parameter or field to the narrowest constraint for them.

Must never admit a value that was not seen, but by `any`, which says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.history.past import HIDDEN
from sockguard.policy.values import same

if TYPE_CHECKING:
    from collections.abc import Iterable

ANY = "any"
MOST_VALUES = 20
"""So many values are listed; of more, a list says little to those who read it."""


def constraint_for(values: Iterable[object]) -> tuple[object, str]:
    """Return the constraint, as YAML has it, and what was generalised ("" for nothing)."""
    found = distinct(values)
    if any(holds_hidden(value) for value in found):
        return ANY, "any, since the log hides what it was"
    if len(found) > MOST_VALUES:
        return ANY, f"any, of {len(found)} different values"
    if not found:
        return ANY, "any, since it was only given empty"
    if all(isinstance(value, str | int) for value in found):
        single = found[0] if found[0] != ANY else {"equals": ANY}
        return (single if len(found) == 1 else found), ""
    return {"one_of": found}, ""


def distinct(values: Iterable[object]) -> list[object]:
    """List values as YAML has them, each once, in the order in which they came."""
    found: list[object] = []
    for value in values:
        one = _plain(value)
        if len(found) <= MOST_VALUES and not any(same(one, other) for other in found):
            found.append(one)
    return found


def holds_hidden(value: object) -> bool:
    """Tell whether any text in a value is one that the log does not tell."""
    if isinstance(value, str):
        return HIDDEN in value
    if isinstance(value, dict):
        return any(map(holds_hidden, [*value, *value.values()]))
    return isinstance(value, list) and any(map(holds_hidden, value))


def common_beginning(names: Iterable[str]) -> str:
    """Return how all names begin, up to the last mark between words; "" where that is too short."""
    first, *others = sorted(names)
    if len(others) + 1 < _LEAST_NAMES:
        return ""
    last = others[-1]
    size = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    end = max(first.rfind(mark, 0, size) for mark in _MARKS)
    return first[: end + 1] if end + 1 >= _LEAST_LENGTH else ""


_LEAST_NAMES = 3
_LEAST_LENGTH = 3
_MARKS = "-_./:"


def _plain(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
