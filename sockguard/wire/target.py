"""From the target of a request line to API version, path segments and query, and back.

Must never decode twice nor normalise: a path that could be read in two ways is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

from sockguard.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PARAMETERS: Final = 1000

# pchar and the slash (RFC 3986 section 3.3) in the path; in the query everything printable but
# the characters on which readers disagree: `#` (Go keeps it, others cut there) and `;`.
_TARGET: Final = re.compile(
    r"/(?:v1\.(0|[1-9][0-9]{0,2})(/|(?=\?|\Z)))?"
    r"([A-Za-z0-9\-._~!$&'()*+,;=:@%/]*+)(?:\?([!-~]*+))?"
)
_VERSION_LIKE: Final = re.compile(r"[vV][0-9.]+")  # the Engine's router: v{version:[0-9.]+}
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_IN_PATH: Final = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
_BAD_IN_QUERY: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~]*")  # unreserved, RFC 3986 section 2.3


@dataclass(frozen=True, slots=True)
class Target:
    """A target taken apart.

    `version` is N of `/v1.N`, None for a bare path. `segments` are what follows it, decoded
    once, `literal` the same as sent; a trailing slash leaves a last empty segment. `query`
    holds the decoded pairs in their order; a parameter without `=` has the value "".
    """

    version: int | None
    segments: tuple[str, ...]
    literal: tuple[str, ...]
    query: tuple[tuple[str, str], ...]


def parse_target(text: str) -> Target:
    """Take an origin-form target apart; Malformed unless it has exactly one reading."""
    found = _TARGET.fullmatch(text)
    if found is None:
        raise Malformed("the target is no plain path and query", detail="target")
    minor, separator, path, query = found.groups()
    literal = () if separator == "" else tuple(path.split("/"))
    segments = tuple([_decoded_segment(part) for part in literal]) if "%" in path else literal
    _refuse_ambiguous(segments)
    if minor is None and _VERSION_LIKE.fullmatch(segments[0]):
        raise Malformed("the API version must read /v1.N in plain digits", detail="version")
    return Target(
        version=None if minor is None else int(minor),
        segments=segments,
        literal=literal,
        query=_parse_query(query) if query else (),
    )


def quote_segment(text: str) -> str:
    """Write one path segment, percent-encoded so that parsing gives `text` back."""
    return quote(text, safe=":@")


def format_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Write a query without its `?`, percent-encoded so that parsing gives the pairs back."""
    return "&".join([f"{_quote_text(name)}={_quote_text(value)}" for name, value in pairs])


def _quote_text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


def _decode(text: str, detail: str) -> str:
    if _BAD_PERCENT.search(text):
        raise Malformed("a percent sign without two hexadecimal digits", detail=detail)
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("percent-encoded bytes are not UTF-8", detail=detail) from None


def _decoded_segment(literal: str) -> str:
    if "%" not in literal:
        return literal
    segment = _decode(literal, "path")
    if _BAD_IN_PATH.search(segment):
        raise Malformed("the path hides a slash or a control character", detail="path")
    return segment


def _refuse_ambiguous(segments: tuple[str, ...]) -> None:
    """Refuse what a router would clean away: the Engine answers 301 to it, others follow it."""
    if "" in segments[:-1]:
        raise Malformed("the path holds an empty segment", detail="path")
    if "." in segments or ".." in segments:
        raise Malformed("the path holds a dot segment", detail="path")


def _parse_query(query: str) -> tuple[tuple[str, str], ...]:
    if ";" in query or "#" in query:
        raise Malformed("the query holds a raw ; or #", detail="query")
    if query.count("&") >= MAX_PARAMETERS:
        raise Malformed(f"the query has more than {MAX_PARAMETERS} parameters", detail="query")
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = _decoded_text(name), _decoded_text(value)
        if not name:
            raise Malformed("the query holds a parameter without a name", detail="query")
        pairs.append((name, value))
    return tuple(pairs)


def _decoded_text(text: str) -> str:
    decoded = _decode(text.replace("+", " "), "query")
    if _BAD_IN_QUERY.search(decoded):
        raise Malformed("the query hides a control character", detail="query")
    return decoded
