"""The canonical request that the Engine gets, written anew from what was judged.

Must never copy a header that is not listed here: those of the operation's table come as judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.recognise import path_of
from sockguard.wire.head import FramingKind, format_request
from sockguard.wire.target import format_query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.proxy.intake import Request
    from sockguard.wire.head import Framing, RequestHead

_PASSING = frozenset({"accept", "user-agent"})
_HOST = ("Host", "docker")


def request_head(  # noqa: PLR0913 - the parts of one head
    request: Request,
    *,
    version: int,
    names: tuple[str, ...],
    pairs: Iterable[tuple[str, str]],
    framing: Framing,
    content_type: str,
    upgrade: bool,
    plain_json: bool,
) -> bytes:
    """Return the head to send: our Host, our framing, allowlisted headers, canonical target.

    `names` are those in the path, `plain_json` asks for the one form that we can treat.
    """
    target = f"/v1.{version}{path_of(request.asked.recognised, names)}"
    query = format_query(pairs)
    if query:
        target += "?" + query
    headers = [_HOST, *_passing_headers(request.head, plain_json), *request.headers]
    if content_type:
        headers.append(("Content-Type", content_type))
    if framing.kind is FramingKind.CHUNKED:
        headers.append(("Transfer-Encoding", "chunked"))
    elif framing.kind is FramingKind.LENGTH or request.head.method in ("POST", "PUT"):
        headers.append(("Content-Length", str(framing.length)))
    if upgrade:
        headers += [("Connection", "Upgrade"), ("Upgrade", request.operation.upgrade)]
    return format_request(request.head.method, target, headers)


def _passing_headers(head: RequestHead, plain_json: bool) -> Iterable[tuple[str, str]]:
    passing = ((name, value) for name, value in head.headers if name in _PASSING)
    if not plain_json:
        return passing
    others = ((name, value) for name, value in passing if name != "accept")
    return (*others, ("Accept", "application/json"))
