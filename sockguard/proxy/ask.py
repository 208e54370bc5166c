"""Ask the Engine a short question of our own and read the whole JSON answer.

Must never ask anything that changes the Engine, nor keep an answer of unbounded size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.proxy.upstream import EngineGone, read_response_head
from sockguard.wire.body import decoder_for
from sockguard.wire.document import decode
from sockguard.wire.head import format_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sockguard.proxy.channel import Channel
    from sockguard.wire.document import Value

_OK = 200
LONGEST_ANSWER = 4 * 1024**2
OUR_HEADERS = (("Host", "docker"), ("User-Agent", "sockguard"))


async def ask(channel: Channel, target: str) -> tuple[int, Value]:
    """GET the target and return status and decoded JSON; raises a refusal when that fails."""
    status, body = await _get(channel, target)
    return status, decode(body)


async def ask_status(channel: Channel, target: str) -> int:
    """GET the target and return the status alone; raises a refusal when that fails."""
    status, _ = await _get(channel, target)
    return status


async def _get(channel: Channel, target: str) -> tuple[int, bytes]:
    channel.write(format_request("GET", target, OUR_HEADERS))
    try:
        head = await read_response_head(channel, "GET")
    except EngineGone as error:
        raise Refusal(
            Reason.UPSTREAM, f"the Engine closed the connection on GET {target}"
        ) from error
    decoder = decoder_for(head.framing)
    body = b"".join(decoder.feed(channel.take()))
    while not decoder.done:
        piece = await channel.read()
        if not piece:
            decoder.finish()
            break
        body += b"".join(decoder.feed(piece))
        if len(body) > LONGEST_ANSWER:
            raise Refusal(Reason.UPSTREAM, f"the Engine's answer to {target} is too long")
    return head.status, body


async def follow(channel: Channel, target: str) -> AsyncIterator[bytes]:
    """GET a stream: yield b"" once its head has come, then each piece as it comes, to its end."""
    channel.write(format_request("GET", target, OUR_HEADERS))
    try:
        head = await read_response_head(channel, "GET")
    except EngineGone as error:
        raise Refusal(Reason.UPSTREAM, f"the Engine closed on GET {target}") from error
    if head.status != _OK:
        raise Refusal(Reason.UPSTREAM, f"the Engine answered GET {target} with {head.status}")
    yield b""
    while piece := await channel.read():
        yield piece
