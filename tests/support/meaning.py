"""What an item of a policy says of a body, worked out anew from the language's description.

Must never import what loads or judges policies: it is the second opinion on both.

It takes the item as plain data, the body as a Go program read it, and the tables of fields in
`sockguard.engine.bodies`. It is never stricter than the language, and less strict only where it
says so.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sockguard.engine.shape import EMPTY, Field, Map, Scalar
from tests.support.view_meaning import GATHERED, MEANINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sockguard.engine.shape import Shape
    from tests.support.view_meaning import Asked

WORDS = ("each", "keys", "values", "entries", "fields")
"""Words that name parts of a value; every other one names all of it."""


@dataclass(frozen=True, slots=True)
class Namer:
    """Something in a policy that names a field: `steps` still to go, then a constraint."""

    steps: tuple[str, ...]
    constraint: Any = "any"


def objections(conditions: Mapping[str, Any], asked: Asked) -> list[str]:
    """Say why an item does not allow a request; [] where one of its alternatives does."""
    if "any_of" in conditions:
        shared = {key: one for key, one in conditions.items() if key != "any_of"}
        tried = [objections({**shared, **one}, asked) for one in conditions["any_of"]]
        return min(tried, key=len)
    body = conditions.get("body", {})
    namers = [] if body == "any" else [Namer(tuple(p.split(".")), c) for p, c in body.items()]
    views = {name: conditions[name] for name in MEANINGS if name in conditions}
    found: list[str] = []
    if body != "any":
        gathered = [Namer(steps) for name in views for steps in GATHERED[name](asked)]
        found += _unnamed(asked.shape, asked.seen, [*namers, *gathered], None, "")
        found += [namer.steps[-1] for namer in namers if not _is_met(namer, asked)]
    for name, constraint in views.items():
        for thing in MEANINGS[name](asked):
            if thing.beyond:
                if body != "any" and not _names(namers, thing.beyond):
                    found.append(f"{name}: {thing.beyond} is no part of it")
            elif not thing.fits(constraint):
                found.append(f"{name}: {thing}")
    return found


# --- what is named ---------------------------------------------------------------------------


def _unnamed(
    shape: Shape, value: Any, namers: list[Namer], power: Field | None, path: str
) -> Iterator[str]:
    """Yield each sensitive part that nothing names, below none that is named whole."""
    if value is None or any(map(_is_whole, namers)):
        return
    outer = power
    if isinstance(shape, Field):
        if shape.hands_over and not _among(value, shape.harmless):
            power = shape
        inner = shape.shape
    else:
        inner = shape
    by_entries = isinstance(inner, Map) and inner.plain_keys
    if power and not by_entries and not is_absent(shape, value) and not namers:
        yield path or "body"
    for step, one, inside, own in _within_value(inner, value, (outer, power)):
        below = _within(namers, step)
        told = f"{path}{step}" if step[0] in "[{" else f"{path}.{step}".lstrip(".")
        if own and not below and step.startswith("{"):
            yield told
        yield from _unnamed(inside, one, below, own, told)


def _within_value(
    shape: Shape, value: Any, powers: tuple[Field | None, Field | None]
) -> Iterator[tuple[str, Any, Shape, Field | None]]:
    """Yield step, value, shape and power of all that stands directly within a value."""
    outer, power = powers
    if isinstance(shape, list):
        yield from (("[]", item, shape[0], power) for item in value)
    elif isinstance(shape, Map):
        for key, item in value.items():
            yield f"{{{key}}}", item, shape.values, outer if key in shape.plain_keys else power
    elif isinstance(shape, Mapping):
        yield from ((key, item, shape[key], power) for key, item in value.items())


def _names(namers: list[Namer], steps: tuple[str, ...]) -> bool:
    """Tell whether something names what stands at these steps."""
    for step in steps:
        if any(map(_is_whole, namers)):
            return True
        namers = _within(namers, step)
    return bool(namers)


def _is_whole(namer: Namer) -> bool:
    if namer.steps:
        return False
    words = namer.constraint if isinstance(namer.constraint, dict) else {}
    telling = words.keys() - {"required"}
    return not telling or not telling <= set(WORDS)


def _within(namers: list[Namer], step: str) -> list[Namer]:
    return [inner for namer in namers for inner in _parts(namer, step)]


def _parts(namer: Namer, step: str) -> Iterator[Namer]:
    if namer.steps:
        if namer.steps[0] == step:
            yield Namer(namer.steps[1:], namer.constraint)
        return
    words = namer.constraint
    if step == "[]":
        if "each" in words:
            yield Namer((), words["each"])
    elif step.startswith("{"):
        if "keys" in words:
            yield Namer(("",))  # that the key may be there, and nothing within
        if "values" in words:
            yield Namer((), words["values"])
        if step[1:-1] in words.get("entries", {}):
            yield Namer((), words["entries"][step[1:-1]])
    elif step in words.get("fields", {}):
        yield Namer((), words["fields"][step])


# --- what is constrained ---------------------------------------------------------------------


def _is_met(namer: Namer, asked: Asked) -> bool:
    shape: Shape | None = asked.shape
    value = asked.seen
    for step in namer.steps:
        inner = _bare(shape)
        shape = inner[step] if isinstance(inner, Mapping) else None
        value = value.get(step) if isinstance(value, dict) else None
    assert shape is not None
    return satisfied(namer.constraint, shape, value)


def satisfied(constraint: Any, shape: Shape | None, value: Any) -> bool:
    """Tell whether a field is what a constraint asks for, absent ones included."""
    if isinstance(constraint, dict) and "always" in constraint:
        return value is not None and _same(value, constraint["always"])
    if value is None or is_absent(shape, value):
        return not _is_required(constraint, shape)
    return _holds(constraint, shape, value)


def _is_required(constraint: Any, shape: Shape | None) -> bool:
    if not isinstance(constraint, dict):
        return False
    if "required" in constraint or ("at_most" in constraint and _is_unlimited(shape)):
        return True
    return any(
        _is_required(one, _part_shape(shape, name))
        for word in ("entries", "fields")
        for name, one in constraint.get(word, {}).items()
    )


def _holds(constraint: Any, shape: Shape | None, value: Any) -> bool:
    if constraint == "any":
        return True
    if isinstance(constraint, list):
        return any(_same(value, one) for one in constraint)
    if not isinstance(constraint, dict):
        return _same(value, constraint)
    return all(_word(word, arg, shape, value) for word, arg in constraint.items())


def _word(word: str, arg: Any, shape: Shape | None, value: Any) -> bool:
    if word in WORDS:
        return _part_word(word, arg, shape, value)
    several = arg if isinstance(arg, list) and word != "equals" else [arg]
    lowest = 1 if _is_unlimited(shape) else min(arg, 0) if word == "at_most" else 0
    tests: Mapping[str, Callable[[], bool]] = {
        "equals": lambda: _same(value, arg),
        "one_of": lambda: any(_same(value, one) for one in several),
        "like": lambda: any(_like(value, one) for one in several),
        "under": lambda: any(_lies_under(value, one) for one in several),
        "at_most": lambda: lowest <= value <= arg,
        "at_least": lambda: value >= arg,
        "required": lambda: True,
    }
    return tests[word]()


def _part_word(word: str, arg: Any, shape: Shape | None, value: Any) -> bool:
    if word in ("entries", "fields"):
        return all(
            satisfied(one, _part_shape(shape, name), value.get(name)) for name, one in arg.items()
        )
    parts = value.values() if word == "values" else value
    inner = Scalar.TEXT if word == "keys" else _part_shape(shape, "")
    return bool(value) and all(_holds(arg, inner, one) for one in parts)


def is_absent(shape: Shape | None, value: Any) -> bool:
    """Tell whether the Engine takes a value as if nothing had been sent."""
    return _among(value, shape.absent if isinstance(shape, Field) else EMPTY)


def _among(value: Any, values: tuple[object, ...]) -> bool:
    return any(type(one) is type(value) and one == value for one in values)


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_same(value[key], other[key]) for key in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_same, value, other))
    numbers = (int, Decimal, float)
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    return (isinstance(value, numbers) == isinstance(other, numbers)) and bool(value == other)


def _like(text: str, glob: str) -> bool:
    parts = re.split(r"(\*\*|\*)", glob)
    any_of = {"**": r"[\s\S]*", "*": "[^/]*"}
    pattern = "".join(any_of.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(pattern, text) is not None


def _lies_under(text: str, folder: str) -> bool:
    if not text.startswith("/") or "\0" in text:
        return False
    path = posixpath.normpath("/" + text.lstrip("/"))
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _bare(shape: Shape | None) -> Shape | None:
    return shape.shape if isinstance(shape, Field) else shape


def _is_unlimited(shape: Shape | None) -> bool:
    return isinstance(shape, Field) and shape.unlimited


def _part_shape(shape: Shape | None, name: str) -> Shape | None:
    inner = _bare(shape)
    if isinstance(inner, list):
        return inner[0]
    if isinstance(inner, Map):
        return inner.values
    return inner.get(name) if isinstance(inner, Mapping) else None
