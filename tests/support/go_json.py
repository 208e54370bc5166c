"""JSON as a Go program reads it into its types: encoding/json, with all that it lets pass.

Must never import what judges: it is the second opinion on what a judged body means.

A type is one of the shapes in `sockguard.engine.bodies`, of which only the form counts: exact names
of fields, lists, maps and scalars. What a Go struct of the Engine's has no field for is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from sockguard.engine.shape import Alias, Field, Map, Misplaced, Scalar, Unread

if TYPE_CHECKING:
    from sockguard.engine.shape import Shape

_BLANK = re.compile(r"[ \t\r\n]*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INT64 = 1 << 63


class GoError(ValueError):
    """What the Engine answers with 400."""


class Members(list[tuple[str, object]]):
    """The members of an object in their order, each as often as it stands there."""


def go_read(data: bytes, shape: Shape, *, null_clears: bool = True) -> object:
    """Decode a request's body as the Engine does: the first document, and one byte behind it.

    A Go struct comes back as a mapping of exact names, without what was not set. `null_clears`
    says what null does to what an earlier duplicate set: it empties pointers, maps and lists,
    and leaves all else as it was; a struct may hold its objects either way.
    """
    text = data.decode("utf-8", errors="replace")
    decoder = json.JSONDecoder(
        object_pairs_hook=Members, parse_float=Decimal, parse_constant=_no_constant
    )
    try:
        document, end = decoder.raw_decode(text, _after_blanks(text, 0))
    except (ValueError, RecursionError) as error:
        raise GoError(str(error)) from error
    behind = text[_after_blanks(text, end) :]
    if behind and behind[0] not in "}]":
        raise GoError("more than one document")
    return _Reader(null_clears).read(shape, document, None)


def go_fold(key: str) -> str:
    """Fold a key to what all spellings share that Go takes for one name of ASCII letters.

    Only two characters beyond ASCII fold to one within (unicode.SimpleFold): long s and Kelvin.
    """
    plain = key.replace("\u017f", "s").replace("\u212a", "k")
    return "".join(one.lower() if one.isascii() else one for one in plain)


def go_zero(shape: Shape) -> object:
    """Give what a list or map holds where null was sent."""
    while isinstance(shape, Field | Unread):
        shape = shape.shape
    zeros: dict[Scalar, object] = {Scalar.TEXT: "", Scalar.BOOLEAN: False}
    if isinstance(shape, Scalar):
        return zeros.get(shape, 0)
    return [] if isinstance(shape, list) else {}


class _Reader:
    """Reads values into what earlier duplicates left behind."""

    def __init__(self, null_clears: bool) -> None:
        self._null_clears = null_clears

    def read(self, shape: Shape, value: object, old: object) -> object:
        while isinstance(shape, Field | Unread):
            shape = shape.shape
        if value is None:
            cleared = self._null_clears and not isinstance(shape, Scalar)
            return None if cleared else old
        if isinstance(shape, list):
            return self._list(shape[0], value, old)
        if isinstance(shape, Map):
            return self._map(shape.values, value, old)
        if isinstance(shape, Mapping):
            return self._struct(shape, value, old)
        assert isinstance(shape, Scalar)
        return _scalar(shape, value)

    def _list(self, inner: Shape, value: object, old: object) -> list[object]:
        if isinstance(value, Members) or not isinstance(value, list):
            raise GoError("cannot unmarshal into a slice")
        left = old if isinstance(old, list) else []  # its elements are decoded into
        behind = [*left, *(None for _ in value)]
        read = [self.read(inner, one, behind[at]) for at, one in enumerate(value)]
        return [go_zero(inner) if one is None else one for one in read]

    def _map(self, inner: Shape, value: object, old: object) -> dict[str, object]:
        if not isinstance(value, Members):
            raise GoError("cannot unmarshal into a map")
        entries = dict(old) if isinstance(old, dict) else {}
        for key, one in value:
            read = self.read(inner, one, None)
            entries[_text(key)] = go_zero(inner) if read is None else read
        return entries

    def _struct(self, fields: Mapping[str, Shape], value: object, old: object) -> dict[str, object]:
        if not isinstance(value, Members):
            raise GoError("cannot unmarshal into a struct")
        set_before = dict(old) if isinstance(old, dict) else {}
        for key, one in value:
            name = _field(fields, _text(key))
            if name:
                shape = fields[name]
                # Old Engines read these here too, and then as what they are elsewhere.
                inner = Scalar.ANYTHING if isinstance(shape, Misplaced) else shape
                set_before[name] = self.read(inner, one, set_before.get(name))
        return {name: one for name, one in set_before.items() if one is not None}


def _field(fields: Mapping[str, Shape], key: str) -> str:
    """Find the field that a key sets: the exact name first, else the first that folds alike."""
    names = [name for name, one in fields.items() if not isinstance(one, Alias | Unread)]
    if key in names:
        return key
    return next((name for name in names if go_fold(name) == go_fold(key)), "")


def _scalar(shape: Scalar, value: object) -> object:
    if isinstance(value, str):
        value = _text(value)
    if shape is Scalar.ANYTHING:
        return _plain(value)
    fits = {
        Scalar.TEXT: isinstance(value, str),
        Scalar.BOOLEAN: isinstance(value, bool),
        Scalar.INTEGER: type(value) is int and -_INT64 <= value < _INT64,
        Scalar.NUMBER: type(value) in (int, Decimal),
    }
    if not fits[shape]:
        raise GoError(f"cannot unmarshal into {shape.value}")
    return value


def _plain(value: object) -> object:
    if isinstance(value, Members):
        return {_text(key): _plain(one) for key, one in value}
    return list(map(_plain, value)) if isinstance(value, list) else value


def _text(text: str) -> str:
    return _LONE_SURROGATE.sub("\ufffd", text)


def _after_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _no_constant(word: str) -> NoReturn:
    raise GoError(f"invalid character in {word}")
