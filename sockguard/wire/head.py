"""Strict recognisers and writers for the heads of HTTP/1.1 requests and responses.

Must never repair: a head outside the grammar is refused, and nothing written here can be split
into two messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sockguard.errors import Malformed
from sockguard.wire import grammar

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

MAX_HEAD: Final = 65536
"""Bytes of a head, its last empty line included."""
_MAX_LENGTH: Final = 2**63 - 1  # Go keeps lengths in an int64
_MAX_LENGTH_DIGITS: Final = 19
HEAD_END: Final = b"\r\n\r\n"
_LONGEST_OPENING: Final = max(map(len, grammar.OPENINGS))

_HTTP2_SETTINGS: Final = "http2-settings"  # named beside `upgrade` by clients that offer h2c
_CONNECTION_OPTIONS: Final = frozenset({"close", "keep-alive", "upgrade", _HTTP2_SETTINGS})
_NO_OPTIONS: Final[frozenset[str]] = frozenset()
_SINGLE: Final = frozenset({
    "authorization", "content-encoding", "content-length", "content-type", "expect", "host",
    "sec-websocket-key", "sec-websocket-version", "transfer-encoding", "upgrade",
})  # fmt: skip
_SINGLE_PREFIX: Final = "x-registry-"
_FORM_MARKS: Final = ("x-www-form-urlencoded", "multipart/")
_BODYLESS_METHODS: Final = frozenset({"GET", "HEAD"})
_BODYLESS_STATUS: Final = frozenset({204, 304})
_FIRST_FINAL_STATUS: Final = 200


class FramingKind(Enum):
    """How the end of a body is found."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"


@dataclass(frozen=True, slots=True)
class Framing:
    """The framing of one body; `length` counts bytes and means something for LENGTH alone."""

    kind: FramingKind
    length: int = 0


_NO_BODY: Final = Framing(FramingKind.NONE)
_CHUNKED: Final = Framing(FramingKind.CHUNKED)
_UNTIL_CLOSE: Final = Framing(FramingKind.UNTIL_CLOSE)


@dataclass(frozen=True, slots=True)
class RequestHead:
    """One request head. Header names are lower-case, values stripped, in the order received.

    `upgrade_asked` is set by any Upgrade header; `upgrade` holds its token as sent only where
    Connection names it too, on HTTP/1.1.
    """

    method: str
    target: str
    http10: bool
    headers: tuple[tuple[str, str], ...]
    framing: Framing
    keep_alive: bool
    expect_continue: bool
    upgrade_asked: bool
    upgrade: str

    def first(self, name: str) -> str:
        """Give the first value of the header `name` (lower-case), "" when there is none."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True, eq=False)  # parsed once, remembered by identity
class ResponseHead:
    """One response head. Header names are as sent, values stripped, in the order received."""

    status: int
    reason: str
    http10: bool
    headers: tuple[tuple[str, str], ...]
    framing: Framing
    keep_alive: bool

    def first(self, name: str) -> str:
        """Give the first value of the header `name` in any case, "" when there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


def find_head_end(buffer: bytes | bytearray, start: int = 0) -> int:
    """Find the index just past the head that begins `buffer`, -1 when more bytes are needed.

    `start` is how many bytes earlier calls have seen. Raises Malformed as soon as no further
    bytes can make a head of it: 431 when it is too long, else 400. A head that is found may
    still be refused by its parser.
    """
    found = buffer.find(HEAD_END, max(start - len(HEAD_END) + 1, 0), MAX_HEAD)
    if found >= 0:
        return found + len(HEAD_END)
    if _hopeless(buffer, start):
        raise _malformed_head(buffer)
    if len(buffer) >= MAX_HEAD:
        raise Malformed(f"the head is longer than {MAX_HEAD} bytes", status=431)
    return -1


def parse_request_head(data: bytes) -> RequestHead:
    """Recognise exactly one request head, its final empty line included; else Malformed."""
    found = grammar.REQUEST.fullmatch(data.decode("latin-1"))
    if found is None:
        raise _malformed_head(data)
    method, target, minor, lines = found.groups()
    http10 = minor == "0"
    headers = tuple(
        [(name.lower(), value.strip("\t ")) for name, value in grammar.HEADER.findall(lines)]
    )
    fields = dict(headers)
    if len(fields) != len(headers):
        _refuse_repeated(headers)
    if "host" not in fields and not http10:
        raise Malformed("HTTP/1.1 needs a Host header")
    _refuse_forms_and_trailers(fields)
    framing = _framing(fields, http10=http10)
    if framing.length and method in _BODYLESS_METHODS:
        raise Malformed(f"a {method} request has no body")
    options = _connection_options(headers) if "connection" in fields else _NO_OPTIONS
    if not options <= _CONNECTION_OPTIONS:
        # Naming another header here would make a proxy drop it (RFC 9110 section 7.6.1).
        raise Malformed("connection names something unknown", detail="connection")
    return RequestHead(
        method=method,
        target=target,
        http10=http10,
        headers=headers,
        framing=framing,
        keep_alive=not http10 and "close" not in options,
        expect_continue="expect" in fields and _expects_continue(fields, http10=http10),
        upgrade_asked="upgrade" in fields,
        upgrade=fields.get("upgrade", "") if "upgrade" in options and not http10 else "",
    )


def parse_response_head(data: bytes, request_method: str) -> ResponseHead:
    """Recognise exactly one response head to a request of this method; else Malformed.

    Source of the framing: RFC 9112 section 6.3, without its repairs.
    """
    found = grammar.RESPONSE.fullmatch(data.decode("latin-1"))
    if found is None:
        raise _malformed_head(data)
    minor, digits, reason, lines = found.groups()
    status, http10 = int(digits), minor == "0"
    headers = tuple([(name, value.strip("\t ")) for name, value in grammar.HEADER.findall(lines)])
    lowered = tuple([(name.lower(), value) for name, value in headers])
    fields = dict(lowered)
    if len(fields) != len(lowered):
        _refuse_repeated(lowered)
    framing = _framing(fields, http10=http10)
    if status < _FIRST_FINAL_STATUS or status in _BODYLESS_STATUS or request_method == "HEAD":
        framing = _NO_BODY
    elif framing is _NO_BODY:
        framing = _UNTIL_CLOSE
    closing = "connection" in fields and "close" in _connection_options(lowered)
    return ResponseHead(
        status=status,
        reason=reason or "",
        http10=http10,
        headers=headers,
        framing=framing,
        keep_alive=not http10 and not closing and framing is not _UNTIL_CLOSE,
    )


def format_request(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Write an HTTP/1.1 request head; ValueError for whatever our own parser would not read."""
    return _format(f"{method} {target} HTTP/1.1", headers, grammar.REQUEST)


def format_response(status: int, reason: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Write an HTTP/1.1 response head; ValueError for whatever our own parser would not read."""
    return _format(f"HTTP/1.1 {status} {reason}", headers, grammar.RESPONSE)


def _format(first_line: str, headers: Iterable[tuple[str, str]], shape: re.Pattern[str]) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    text = f"{first_line}\r\n{''.join(lines)}\r\n"
    if text.count("\n") != len(lines) + 2 or shape.fullmatch(text) is None:
        raise ValueError("a part of this head holds characters that would change its meaning")
    return text.encode("latin-1")


def _hopeless(buffer: bytes | bytearray, start: int) -> bool:
    """Whether an unfinished head is already wrong; looks at new bytes alone where it can."""
    opening = bytes(buffer[:_LONGEST_OPENING])
    if not any(opening.startswith(o) or o.startswith(opening) for o in grammar.OPENINGS):
        return True
    seen = max(start - 1, 0)
    if grammar.STRAY.search(buffer, seen):
        return True
    line_end = buffer.find(b"\r\n")
    return line_end >= seen and grammar.FIRST_LINE.fullmatch(buffer, 0, line_end) is None


def _malformed_head(head: bytes | bytearray) -> Malformed:
    return Malformed(f"the head cannot be read: {grammar.fault_in(head)}")


def _refuse_repeated(headers: tuple[tuple[str, str], ...]) -> None:
    seen = set()
    for name, _ in headers:
        if name in seen and (name in _SINGLE or name.startswith(_SINGLE_PREFIX)):
            raise Malformed(f"the header {name} is repeated", detail=name)
        seen.add(name)


def _refuse_forms_and_trailers(fields: Mapping[str, str]) -> None:
    """Refuse forms, since the Engine lets their values override the query (Go's ParseForm)."""
    media_type = fields.get("content-type")
    if media_type:
        # Go lowers U+0130 to "i", so that only ASCII can be compared safely.
        if not media_type.isascii():
            raise Malformed("the header content-type is not ASCII", detail="content-type")
        lowered = media_type.lower()
        if any(mark in lowered for mark in _FORM_MARKS):
            raise Malformed(
                "form and multipart bodies are not accepted: send Content-Type: application/json",
                detail="content-type",
            )
    if "trailer" in fields:
        raise Malformed("trailers are not accepted", detail="trailer")


def _framing(fields: Mapping[str, str], *, http10: bool) -> Framing:
    """Give the framing these headers announce, NONE when they are silent (RFC 9112 section 6)."""
    coding, length = fields.get("transfer-encoding"), fields.get("content-length")
    if coding is None:
        if length is None:
            return _NO_BODY
        return Framing(FramingKind.LENGTH, _length(length))
    if length is not None:
        raise Malformed("both content-length and transfer-encoding", detail="content-length")
    if http10 or coding.lower() != "chunked":
        raise Malformed(
            "transfer-encoding can only be chunked, on HTTP/1.1", detail="transfer-encoding"
        )
    return _CHUNKED


def _length(text: str) -> int:
    digits = text.lstrip("0")
    if text.isascii() and text.isdigit() and len(digits) <= _MAX_LENGTH_DIGITS:
        length = int(digits or "0")
        if length <= _MAX_LENGTH:
            return length
    raise Malformed("content-length is not a plain number", detail="content-length")


def _connection_options(headers: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Give the options named by all Connection lines, lower-case."""
    return _members(",".join([value for name, value in headers if name == "connection"]))


@lru_cache(maxsize=64)  # a handful of spellings makes up all traffic
def _members(text: str) -> frozenset[str]:
    return frozenset([member.strip("\t ").lower() for member in text.split(",")])


def _expects_continue(fields: Mapping[str, str], *, http10: bool) -> bool:
    """Whether 100 Continue is awaited; on HTTP/1.0 it never is (RFC 9110 section 10.1.1)."""
    if fields["expect"].lower() != "100-continue":
        raise Malformed("expect can only be 100-continue", detail="expect")
    return not http10
