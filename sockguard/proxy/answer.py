"""The head of the Engine's answer as the client gets it.

Must never pass a redirect, a hop-by-hop header or a version that the catalogue does not know.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sockguard.engine.version import NEWEST
from sockguard.errors import Reason, Refusal
from sockguard.wire.document import decode, encode
from sockguard.wire.head import Framing, FramingKind, format_response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.wire.document import Value
    from sockguard.wire.head import ResponseHead

SWITCHING = 101
_SUCCESS = range(200, 300)
_ERRORS = range(400, 600)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "content-length",
        "upgrade",
    }
)  # RFC 9110 section 7.6.1, and the framing that is written anew
_OF_THE_BODY = frozenset(
    {
        *("etag", "last-modified", "content-md5", "digest", "content-digest", "repr-digest"),
        *("content-encoding", "accept-ranges", "content-range", "vary"),
    }
)  # RFC 9110 sections 8.8 and 14, RFC 9530, RFC 1864
_RAW_STREAMS = frozenset(
    {"application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream"}
)
_API_VERSION = re.compile(r"1\.([0-9]{1,4})")


def check_answer(head: ResponseHead, *, upgrade_sent: bool) -> None:
    """Refuse (502) an answer that must not reach a client."""
    if head.status in _REDIRECTS:
        raise Refusal(Reason.UPSTREAM, f"the Engine answered with a redirect ({head.status})")
    if head.status == SWITCHING and not upgrade_sent:
        raise Refusal(Reason.UPSTREAM, "the Engine switched protocols without being asked")


def is_error(head: ResponseHead) -> bool:
    """Tell whether an answer says, in a body, why not."""
    return head.status in _ERRORS and head.framing.kind is not FramingKind.NONE


def is_document(head: ResponseHead) -> bool:
    """Tell whether an answer holds what was asked for, which is treated, or says why not.

    Raises a refusal for what is neither: its body might be the document nevertheless.
    """
    if head.framing.kind is FramingKind.NONE or head.status in _ERRORS:
        return False
    if head.status in _SUCCESS:
        return True
    raise Refusal(Reason.UPSTREAM, f"the Engine answered with {head.status}, which has no meaning")


def opens_tunnel(head: ResponseHead, *, tunnel_asked: bool, upgrade_sent: bool) -> bool:
    """Tell whether bytes flow both ways from here: a 101 to our Upgrade, or a raw stream."""
    if not tunnel_asked:
        return False
    if head.status == SWITCHING:
        return upgrade_sent
    return (
        head.status == 200  # noqa: PLR2004
        and head.framing.kind is FramingKind.UNTIL_CLOSE
        and head.first("content-type").lower() in _RAW_STREAMS
    )


def answer_framing(head: ResponseHead, *, http10: bool) -> Framing:
    """Return the framing towards the client: HTTP/1.0 knows no chunks."""
    if http10 and head.framing.kind is FramingKind.CHUNKED:
        return Framing(FramingKind.UNTIL_CLOSE)
    return head.framing


@lru_cache(maxsize=256)  # the same few heads within a second: 8 microseconds each if made anew
def answer_head(head: ResponseHead, framing: Framing, *, close: bool, head_request: bool) -> bytes:
    """Return the head to send for an answer with a body in this framing."""
    headers = [
        (name, _clamped(name, value))
        for name, value in head.headers
        if name.lower() not in _HOP_BY_HOP
    ]
    if framing.kind is FramingKind.LENGTH:
        headers.append(("Content-Length", str(framing.length)))
    elif framing.kind is FramingKind.CHUNKED:
        headers.append(("Transfer-Encoding", "chunked"))
    elif head_request and head.first("content-length"):
        headers.append(("Content-Length", head.first("content-length")))
    if close:
        headers.append(("Connection", "close"))
    return format_response(head.status, head.reason, headers)


def rewritten_head(head: ResponseHead, framing: Framing, *, close: bool) -> bytes:
    """Return the head for a body that is not the Engine's own: nothing in it tells of that one."""
    kept = tuple((name, value) for name, value in head.headers if name.lower() not in _OF_THE_BODY)
    return answer_head(replace(head, headers=kept), framing, close=close, head_request=False)


def tunnel_head(head: ResponseHead) -> bytes:
    """Return the head that opens a tunnel: the Engine's own, with the Upgrade it agreed to."""
    headers = [(name, value) for name, value in head.headers if name.lower() not in _HOP_BY_HOP]
    if head.status == SWITCHING:
        headers += [("Connection", "Upgrade"), ("Upgrade", head.first("upgrade"))]
    return format_response(head.status, head.reason, headers)


def clamp_version_document(body: bytes) -> bytes:
    """Return the answer to `/version` with no API version above what the catalogue knows.

    The bytes stay as they are where nothing is above it; raises a refusal for what is no JSON.
    """
    document = decode(body)
    clamped = False
    for told in _version_tables(document):
        version = told.get("ApiVersion")
        if isinstance(version, str) and _clamped("api-version", version) != version:
            told["ApiVersion"] = f"1.{NEWEST}"
            clamped = True
    return encode(document) if clamped else body


def _version_tables(document: Value) -> Iterator[dict[str, Value]]:
    """Yield the document itself and the details of each component, which repeat the version."""
    if not isinstance(document, dict):
        return
    yield document
    components = document.get("Components")
    for component in components if isinstance(components, list) else ():
        details = component.get("Details") if isinstance(component, dict) else None
        if isinstance(details, dict):
            yield details


def _clamped(name: str, value: str) -> str:
    """Let clients negotiate down to what the catalogue knows."""
    if name.lower() != "api-version":
        return value
    match = _API_VERSION.fullmatch(value)
    return f"1.{NEWEST}" if match and int(match[1]) > NEWEST else value
