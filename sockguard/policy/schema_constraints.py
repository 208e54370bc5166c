"""The JSON Schema of constraints: which words a value of each category takes.

Must never know an operation: the words are those of `constraints`, one definition a category.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sockguard.policy.constraints import WORDS
from sockguard.policy.values import Category

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Json: TypeAlias = "dict[str, object]"


def ref(name: str) -> Json:
    """Refer to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def closed(
    properties: Mapping[str, object], *, required: Sequence[str] = (), **more: object
) -> Json:
    """Describe a mapping that has no other keys."""
    needs = {"required": list(required)} if required else {}
    known = dict(properties)
    return {"type": "object", "properties": known, "additionalProperties": False, **needs, **more}


def text_of(**more: object) -> Json:
    """Describe a text."""
    return {"type": "string", **more}


def listed(item: object) -> Json:
    """Describe a list that is not empty."""
    return {"type": "array", "items": item, "minItems": 1}


def one_or_more(item: object) -> Json:
    """Describe one thing or a list of some."""
    return {"anyOf": [item, listed(item)]}


def constraint_of(category: Category) -> Json:
    """Refer to what may be asked of a value of a category."""
    return ref(_NAME[category])


_NAME: Mapping[Category, str] = {
    Category.TEXT: "constraint.text",
    Category.NUMBER: "constraint.number",
    Category.FLAG: "constraint.flag",
    Category.LIST: "constraint.list",
    Category.MAP: "constraint.map",
    Category.OBJECT: "constraint.object",
    Category.ANYTHING: "constraint.anything",
}
_VALUE: Mapping[Category, object] = {
    Category.TEXT: {"type": "string"},
    Category.NUMBER: {"type": "number"},
    Category.FLAG: {"type": "boolean"},
    Category.LIST: {"type": "array"},
    Category.MAP: {"type": "object"},
    Category.OBJECT: {"type": "object"},
    Category.ANYTHING: True,
}
_TEXT = constraint_of(Category.TEXT)
_ANY = constraint_of(Category.ANYTHING)
_BY_NAME: Json = {"type": "object", "additionalProperties": _ANY, "minProperties": 1}
_BOUND: Json = {"anyOf": [{"type": "number"}, text_of(pattern="^[0-9]{1,12}(KiB|MiB|GiB)$")]}
_SAYS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "equals": (lambda value: value, "This value, whole."),
    "one_of": (listed, "One of these values."),
    "like": (lambda _: one_or_more(text_of()), "Globs: * stops at a slash, ** does not."),
    "under": (lambda _: one_or_more(text_of(pattern="^/")), "A path at or below these folders."),
    "at_most": (
        lambda _: _BOUND,
        "A number no larger than this; where none is no limit, required.",
    ),
    "at_least": (lambda _: _BOUND, "A number no smaller than this."),
    "each": (lambda _: _ANY, "What every item of the list has to be."),
    "keys": (lambda _: _TEXT, "What every key of the map has to be."),
    "values": (lambda _: _ANY, "What every value of the map has to be."),
    "entries": (lambda _: _BY_NAME, "What entries of the map have to be, by key."),
    "fields": (lambda _: _BY_NAME, "What fields of the object have to be, by name."),
}


def _constraint(category: Category) -> Json:
    value = _VALUE[category]
    words = {
        word: _described(*_SAYS[word], value)
        for word, (categories, _) in WORDS.items()
        if category in categories
    }
    words["always"] = _described(lambda it: it, "Replaces whatever was sent.", value)
    words["required"] = {"const": True, "description": "It has to be sent."}
    return {"anyOf": [*_bare(category, value), closed(words, minProperties=1)]}


def _described(make: Callable[[object], object], says: str, value: object) -> object:
    made = make(value)
    return {**made, "description": says} if isinstance(made, dict) else {"description": says}


def _bare(category: Category, value: object) -> list[object]:
    """Describe what may stand without a word: `any`, a value, one of some values."""
    if category is Category.ANYTHING:
        return [{"type": ["string", "number", "boolean", "array"]}]
    if category in (Category.LIST, Category.MAP, Category.OBJECT):
        return [{"const": "any"}]
    return [{"const": "any"}, value, listed(value)]


CONSTRAINTS: Mapping[str, Json] = {_NAME[category]: _constraint(category) for category in Category}
