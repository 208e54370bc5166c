"""The canonical request that the Engine gets, written anew from what was judged.

Must never copy a header that is not listed here or in the operation's table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.wire.head import FramingKind, format_request
from sockguard.wire.target import format_query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.engine.operation import Operation
    from sockguard.proxy.intake import Request
    from sockguard.wire.head import Framing

_PASSING = frozenset({"accept", "user-agent"})
_HOST = ("Host", "docker")


def request_head(  # noqa: PLR0913 - the parts of one head
    request: Request,
    *,
    version: int,
    pairs: Iterable[tuple[str, str]],
    framing: Framing,
    content_type: str,
    upgrade: bool,
) -> bytes:
    """Return the head to send: our Host, our framing, allowlisted headers, canonical target."""
    target = f"/v1.{version}{request.asked.recognised.path}"
    query = format_query(pairs)
    if query:
        target += "?" + query
    headers = [_HOST, *_passing_headers(request)]
    if content_type:
        headers.append(("Content-Type", content_type))
    if framing.kind is FramingKind.CHUNKED:
        headers.append(("Transfer-Encoding", "chunked"))
    elif framing.kind is FramingKind.LENGTH or request.head.method in ("POST", "PUT"):
        headers.append(("Content-Length", str(framing.length)))
    if upgrade:
        headers += [("Connection", "Upgrade"), ("Upgrade", request.operation.upgrade)]
    return format_request(request.head.method, target, headers)


def _passing_headers(request: Request) -> Iterable[tuple[str, str]]:
    operation = request.operation
    for name, value in request.head.headers:
        if name in _PASSING or (operation.headers and _is_listed(operation, name)):
            yield name, value


def _is_listed(operation: Operation, name: str) -> bool:
    return any(
        name.startswith(listed[:-1]) if listed.endswith("*") else name == listed
        for listed in operation.headers
    )
