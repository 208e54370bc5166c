"""Strict JSON in, canonical JSON out, both in steps so that long documents never hold up a loop.

Must never guess: duplicate keys, other encodings and whatever RFC 8259 leaves open are refused.
"""

from __future__ import annotations

import re
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from sockguard.errors import Malformed
from sockguard.wire.number import read_number
from sockguard.wire.plain_document import read_plain

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Value: TypeAlias = "bool | int | Decimal | str | list[Value] | dict[str, Value] | None"
_Result = TypeVar("_Result")

MAX_DEPTH: Final = 64

_BATCH: Final = 500  # values and escapes between two pauses: about a millisecond
_BLANK = r"[ \t\n\r]*+"
_PLAIN = r'"([^"\\\x00-\x1f]*+)"'
_KEY: Final = re.compile(rf"{_BLANK}{_PLAIN}{_BLANK}:")
_VALUE: Final = re.compile(
    rf"{_BLANK}(?:{_PLAIN}"
    r"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    r"|(true|false|null)"
    rf"|(\{{{_BLANK}\}}|\[{_BLANK}\])"
    r"|([{\[])"
    r'|("))'
)
_TEXT, _NUMBER, _WORD, _EMPTY, _OPENING, _QUOTE = range(1, 7)  # the groups of _VALUE
_WORDS: Final = {"true": True, "false": False, "null": None}
_AFTER_VALUE: Final = re.compile(rf"{_BLANK}([,}}\]])")
_AFTER_KEY: Final = re.compile(rf"{_BLANK}:")
_OPENING_QUOTE: Final = re.compile(rf'{_BLANK}"')
_CLOSING_QUOTE: Final = re.compile('"')
_END: Final = re.compile(rf"{_BLANK}\Z")
_STRING_PART: Final = re.compile(
    r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})){1,1000}+'
)
_ESCAPE: Final = re.compile(r"\\(?:u(....)|(.))")
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def decode(data: bytes) -> Value:
    """Read one JSON document in UTF-8; Malformed says what is wrong at which byte."""
    return _run(decode_steps(data))


def encode(value: Value) -> bytes:
    """Write compact JSON in ASCII, keys in their order; ValueError for what JSON cannot say."""
    return _run(encode_steps(value))


def decode_steps(data: bytes) -> Generator[None, None, Value]:
    """Decode as a generator that pauses about every millisecond and returns the value."""
    text = _text_of(data)
    plain = read_plain(text)
    return (yield from _read_steps(text)) if plain is None else plain.value


def _read_steps(text: str) -> Generator[None, None, Value]:
    reader = _Reader(text)
    while True:
        reader.spent += 1
        if reader.spent >= _BATCH:
            reader.spent = 0
            yield
        if type(reader.inside) is dict:
            plain = reader.match(_KEY)
            reader.name_next(plain[1] if plain else (yield from _escaped_key(reader)))
        found = reader.expect(_VALUE, "a value was expected")
        kind = found.lastindex
        if kind == _OPENING:
            reader.enter(found[_OPENING])
            continue
        if kind == _TEXT:
            value: Value = found[_TEXT]
        elif kind == _NUMBER:
            value = reader.number(found[_NUMBER])
        elif kind == _WORD:
            value = _WORDS[found[_WORD]]
        elif kind == _EMPTY:
            value = reader.fresh(found[_EMPTY][0])
        else:
            value = yield from _escaped_string(reader)
        if reader.put(value):
            return reader.document


def encode_steps(value: Value) -> Generator[None, None, bytes]:
    """Encode as a generator that pauses about every millisecond and returns the bytes."""
    done: list[bytes] = []
    out: list[str] = []
    outer: list[tuple[Iterator[tuple[str, Value]], str]] = []
    members, closing = iter([("", value)]), ""
    spent = 0
    while True:
        for prefix, member in members:
            spent += 1
            if not spent % _BATCH:
                done.append("".join(out).encode("ascii"))
                out.clear()
                yield
            if isinstance(member, dict | list):
                outer.append((members, closing))
                opening, members, closing = _taken_apart(member)
                out.append(prefix + opening)
                break
            out.append(prefix + _scalar_text(member))
        else:
            out.append(closing)
            if not outer:
                done.append("".join(out).encode("ascii"))
                return b"".join(done)
            members, closing = outer.pop()


class _Reader:
    """One document being read: the position in it and the containers open there."""

    __slots__ = ("_key", "_outer", "_position", "_text", "document", "inside", "spent")

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._outer: list[tuple[list[Value] | dict[str, Value] | None, str]] = []
        self._key = ""
        self.inside: list[Value] | dict[str, Value] | None = None
        self.document: Value = None
        self.spent = 0

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._position)
        if found is not None:
            self._position = found.end()
        return found

    def expect(self, pattern: re.Pattern[str], otherwise: str) -> re.Match[str]:
        found = pattern.match(self._text, self._position)
        if found is None:
            raise self.fault(otherwise)
        self._position = found.end()
        return found

    def fault(self, what: str) -> Malformed:
        offset = len(self._text[: self._position].encode())
        return Malformed(f"the JSON document is wrong at byte {offset}: {what}")

    def fresh(self, opening: str) -> list[Value] | dict[str, Value]:
        if len(self._outer) == MAX_DEPTH:
            raise self.fault(f"it is nested deeper than {MAX_DEPTH} levels")
        return {} if opening == "{" else []

    def number(self, text: str) -> int | Decimal:
        try:
            return read_number(text)
        except ValueError as error:
            raise self.fault(str(error)) from None

    def enter(self, opening: str) -> None:
        container = self.fresh(opening)
        self._outer.append((self.inside, self._key))
        self.inside = container

    def name_next(self, key: str) -> None:
        if key in self.inside:  # type: ignore[operator]  # called inside an object alone
            raise self.fault(f"the key {key[:80]!a} appears a second time before this")
        self._key = key

    def put(self, value: Value) -> bool:
        """Place a complete value and close what ends after it; True at the document's end."""
        while (inside := self.inside) is not None:
            if isinstance(inside, dict):
                inside[self._key] = value
                closing = "}"
            else:
                inside.append(value)
                closing = "]"
            mark = self.expect(_AFTER_VALUE, f"a comma or {closing} was expected")[1]
            if mark == ",":
                return False
            if mark != closing:
                raise self.fault(f"{closing} was expected before this, not {mark}")
            value = inside
            self.inside, self._key = self._outer.pop()
        self.expect(_END, "something follows the document")
        self.document = value
        return True


def _run(steps: Generator[None, None, _Result]) -> _Result:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _Result = end.value
            return result


def _text_of(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"the JSON document is wrong at byte {error.start}: it is not UTF-8"
        ) from None
    if text.startswith("\ufeff"):
        raise Malformed("the JSON document is wrong at byte 0: it begins with a byte order mark")
    return text


def _escaped_key(reader: _Reader) -> Generator[None, None, str]:
    reader.expect(_OPENING_QUOTE, "a key in double quotes was expected")
    key = yield from _escaped_string(reader)
    reader.expect(_AFTER_KEY, "a colon was expected")
    return key


def _escaped_string(reader: _Reader) -> Generator[None, None, str]:
    """Read a string on from its opening quote and resolve its escapes."""
    parts: list[str] = []
    while part := reader.match(_STRING_PART):
        parts.append(_ESCAPE.sub(_unescape, part[0]))
        reader.spent += part[0].count("\\")
        if reader.spent >= _BATCH:
            reader.spent = 0
            yield
    reader.expect(_CLOSING_QUOTE, "the string has no end, a wrong escape or a control character")
    text = "".join(parts)
    try:
        # Escaped surrogates of one pair are two characters until UTF-16 joins them.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise reader.fault("the string before this holds half a surrogate pair") from None


def _unescape(escape: re.Match[str]) -> str:
    code, letter = escape.groups()
    return chr(int(code, 16)) if code else _ESCAPED.get(letter, letter)


def _taken_apart(
    container: list[Value] | dict[str, Value],
) -> tuple[str, Iterator[tuple[str, Value]], str]:
    """Give opening bracket, members with what stands before each, closing bracket."""
    if isinstance(container, dict):
        return "{", _object_members(container), "}"
    return "[", _array_members(container), "]"


def _object_members(container: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    comma = ""
    for key, member in container.items():
        yield f"{comma}{_quoted(key)}:", member
        comma = ","


def _array_members(container: list[Value]) -> Iterator[tuple[str, Value]]:
    comma = ""
    for member in container:
        yield comma, member
        comma = ","


def _scalar_text(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite():
        text = str(value)
        return f"{text}E+0" if text.lstrip("-").isdigit() else text  # stays no integer
    raise ValueError(f"JSON cannot say {type(value).__name__} {value!r}")


def _quoted(text: str) -> str:
    if not text.isascii():
        text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return encode_basestring_ascii(text)
