"""The grammar of the heads that sockguard accepts, and sentences for whatever breaks it.

Must never accept more than one spelling of a line end or a name: what is tolerated here, the
Engine may read in another way.
"""

from __future__ import annotations

import re
from typing import Final

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")

NAME: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"  # token, RFC 9110 section 5.6.2
_METHOD = f"(?:{'|'.join(METHODS)})"
_TEXT = r"[\t -~\x80-\xff]*+"  # field-vchar, obs-text and blanks, RFC 9110 section 5.5
_HEADERS = rf"((?:{NAME}:{_TEXT}\r\n)*+)\r\n"
_REQUEST_LINE = rf"({_METHOD}) (/[!-~]*+) HTTP/1\.([01])"
_STATUS_LINE = rf"HTTP/1\.([01]) ([1-9][0-9]{{2}})(?: ({_TEXT}))?"

REQUEST: Final = re.compile(rf"{_REQUEST_LINE}\r\n{_HEADERS}")
"""Groups: method, target, minor version, header lines."""
RESPONSE: Final = re.compile(rf"{_STATUS_LINE}\r\n{_HEADERS}")
"""Groups: minor version, status, reason, header lines."""
HEADER: Final = re.compile(r"([^:]++):([^\r]*+)\r\n")
"""One line of a header block that REQUEST or RESPONSE has matched: name, value with blanks."""

FIRST_LINE: Final = re.compile(rf"{_REQUEST_LINE}|{_STATUS_LINE}".encode("latin-1"))
OPENINGS: Final = (*(f"{method} /".encode() for method in METHODS), b"HTTP/1.")
"""How the first bytes of a head can read; the longest has 9 bytes."""

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_LINE_END = r"(?<!\r)\n|\r(?!\n|\Z)"
STRAY: Final = re.compile(rf"{_CONTROL}|{_LINE_END}".encode("latin-1"))
"""A byte that no head may hold: a control character, or a CR or LF without the other."""

_FAULTS: Final = (
    (re.compile(r"\x16").match, "this is a TLS handshake, and the socket speaks plain HTTP"),
    (re.compile(r"PRI ").match, "this is HTTP/2, which sockguard does not speak"),
    (re.compile(r"[\r\n]").match, "an empty line stands before the request line"),
    (re.compile(_LINE_END).search, "a line ends in something else than CR LF"),
    (re.compile(_CONTROL).search, "it holds a control character"),
    (
        re.compile(rf"(?!{_METHOD} |HTTP/)").match,
        f"it does not begin with one of the methods {', '.join(METHODS)}",
    ),
    (re.compile(r"[A-Z]+ (?!/)").match, "the target must begin with a slash"),
    (
        re.compile(rf"(?!(?:{_REQUEST_LINE}|{_STATUS_LINE})\r)").match,
        "the first line must read METHOD /target HTTP/1.1 (or 1.0), with single blanks",
    ),
    (re.compile(r"\r\n[\t ]").search, "a header line is folded or begins with a blank"),
    (re.compile(rf"\r\n(?!{NAME}:|\r\n|\Z)").search, "a header line must read Name: value"),
)


def fault_in(head: bytes | bytearray) -> str:
    """Say what keeps `head`, or the beginning of one, from being a head."""
    text = head.decode("latin-1")
    for finds, sentence in _FAULTS:
        if finds(text):
            return sentence
    return "it is not one HTTP/1.1 head"
