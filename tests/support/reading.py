"""A whole request read from bytes with the modules of `sockguard.wire`, as the proxy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.errors import Malformed
from sockguard.wire.body import decoder_for
from sockguard.wire.document import decode
from sockguard.wire.head import RequestHead, find_head_end, parse_request_head
from sockguard.wire.target import Target, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.wire.document import Value


@dataclass(frozen=True, slots=True)
class Read:
    """One request and the bytes behind it; `document` is None unless it was asked for."""

    head: RequestHead
    target: Target
    body: bytes
    rest: bytes
    document: Value = None


def read_request(raw: bytes, *, json: bool = False) -> Read:
    """Read one request from all that a client sends before it closes."""
    return read_pieces([raw], json=json)


def read_pieces(pieces: Iterable[bytes], *, json: bool = False) -> Read:
    """Read one request that arrives in these pieces."""
    arriving = iter(pieces)
    buffer = bytearray()
    end = -1
    while end < 0:
        seen = len(buffer)
        piece = next(arriving, None)
        if piece is None:
            raise Malformed("the head ends early")
        buffer += piece
        end = find_head_end(buffer, seen)
    head = parse_request_head(bytes(buffer[:end]))
    target = parse_target(head.target)
    decoder = decoder_for(head.framing)
    body = decoder.feed(bytes(buffer[end:]))
    for piece in arriving:
        body += decoder.feed(piece)
    decoder.finish()
    whole = b"".join(body)
    return Read(head, target, whole, decoder.rest, decode(whole) if json else None)
