"""Strict JSON answers, element by element: read, treated by somebody else, written anew.

Must never pass on a byte that was not read as JSON, nor guess what it means: a key that stands
twice, a number that no float64 holds or another layout than was asked for is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from typing import Any, Final, NoReturn, TypeAlias

from sockguard.errors import Malformed

Treat: TypeAlias = Callable[[dict[str, object]], object | None]
"""From an element to what is passed on of it; None leaves it out."""
Treating: TypeAlias = Generator[None, None, bytes]

_BLANK: Final = re.compile(r"[ \t\n\r]*+")
_MARK: Final = re.compile(r"[ \t\n\r]*+([,:{}\[\]])[ \t\n\r]*+")


def document_steps(data: bytes, treat: Treat) -> Treating:
    """Treat one object; the body is empty where `treat` leaves it out."""
    text = _text_of(data)
    treated, end = _treated(text, _start(text), treat)
    yield
    _expect_end(text, end)
    return b"" if treated is None else treated


def list_steps(data: bytes, treat: Treat) -> Treating:
    """Treat the objects of a list at the top, with a pause after each; null is an empty list."""
    text = _text_of(data)
    written: list[bytes] = []
    end = yield from _list(text, _start(text), treat, written)
    _expect_end(text, end)
    return b"".join(written)


def wrapped_steps(data: bytes, wrapper: str, treat: Treat) -> Treating:
    """Treat the objects of the list in one field of an object; the other fields stay."""
    text = _text_of(data)
    position = _expect(text, _start(text), "{")
    written: list[bytes] = []
    found: set[str] = set()
    mark = ","
    while mark == ",":
        key, position = _key(text, position)
        if key in found:
            raise _fault(position, "a key stands twice")
        written += (b"," if found else b"{", _encode(key), b":")
        found.add(key)
        if key == wrapper:
            position = yield from _list(text, position, treat, written)
        elif key.casefold() == wrapper.casefold():
            raise _fault(position, f"this is no spelling of {wrapper}")
        else:
            value, position = _read(text, position)
            written.append(_encode(value))
        mark, position = _mark(text, position, ",}")
    _expect_end(text, position)
    if wrapper not in found:
        raise Malformed(f"the answer has no field {wrapper}")
    written.append(b"}")
    return b"".join(written)


def _list(
    text: str, position: int, treat: Treat, written: list[bytes]
) -> Generator[None, None, int]:
    """Treat a list, add what is written of it, and give the position after it."""
    if text.startswith("null", position):
        written.append(b"null")
        return position + len("null")
    position = _expect(text, position, "[")
    if text.startswith("]", position):
        written.append(b"[]")
        return position + 1
    written.append(b"[")
    before, mark = b"", ","
    while mark == ",":
        treated, position = _treated(text, position, treat)
        if treated is not None:
            written += (before, treated)
            before = b","
        yield
        mark, position = _mark(text, position, ",]")
    written.append(b"]")
    return position


def _treated(text: str, position: int, treat: Treat) -> tuple[bytes | None, int]:
    """Read, treat and write one object."""
    element, end = _read(text, position)
    if type(element) is not dict:
        raise _fault(position, "an object was expected")
    try:
        treated = treat(element)
    except RecursionError:
        raise _too_deep() from None
    return None if treated is None else _encode(treated), end


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("the answer is no JSON with one meaning: a key stands twice in an object")
    return found


def _no_number(word: str) -> NoReturn:
    raise Malformed(f"the answer is no JSON: {word} is no number")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_number)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=True, check_circular=False, allow_nan=False, separators=(",", ":")
)


def _read(text: str, position: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # JSONDecodeError, and an integer of more than 4,300 digits
        raise _fault(getattr(error, "pos", position), str(error)) from None


def _encode(value: object) -> bytes:
    try:
        return _ENCODER.encode(value).encode("ascii")
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Malformed("the answer holds a number that no float64 holds") from None


def _text_of(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"the answer is no JSON: byte {error.start} is not UTF-8") from None


def _start(text: str) -> int:
    return _after_blank(text, 0)


def _after_blank(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return position if found is None else found.end()


def _mark(text: str, position: int, marks: str) -> tuple[str, int]:
    found = _MARK.match(text, position)
    if found is None or found[1] not in marks:
        raise _fault(position, f"one of {marks} was expected")
    return found[1], found.end()


def _expect(text: str, position: int, mark: str) -> int:
    _, end = _mark(text, position, mark)
    return end


def _key(text: str, position: int) -> tuple[str, int]:
    key, end = _read(text, position)
    if not isinstance(key, str):
        raise _fault(position, "a key was expected")
    return key, _expect(text, end, ":")


def _expect_end(text: str, position: int) -> None:
    if _after_blank(text, position) != len(text):
        raise _fault(position, "something follows")


def _too_deep() -> Malformed:
    return Malformed("the answer is nested too deeply")


def _fault(position: int, what: str) -> Malformed:
    return Malformed(f"the answer is no JSON as expected, at character {position}: {what}")
