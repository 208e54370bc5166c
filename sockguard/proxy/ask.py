"""Ask the Engine a short question of our own and read the whole JSON answer.

Must never ask anything that changes the Engine, nor keep an answer of unbounded size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sockguard.errors import Reason, Refusal
from sockguard.proxy.read_body import in_slices
from sockguard.proxy.upstream import EngineGone, read_response_head
from sockguard.wire.body import decoder_for
from sockguard.wire.document import decode_steps
from sockguard.wire.head import format_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sockguard.proxy.channel import Channel
    from sockguard.proxy.upstream import Upstream
    from sockguard.wire.document import Value

_OK = 200
LONGEST_ANSWER = 16 * 1024**2
"""Twice what one request can put into an object (`LONGEST_JSON`), and room for an image's part."""
OUR_HEADERS = (("Host", "docker"), ("User-Agent", "sockguard"))


class TooLong(Refusal):
    """An answer over its bound."""


class _Answer(NamedTuple):
    """A whole answer; `clean` says that its connection may carry another request."""

    status: int
    body: bytes
    clean: bool


async def ask(channel: Channel, target: str) -> tuple[int, Value]:
    """GET the target and return status and decoded JSON; raises a refusal when that fails."""
    answer = await _asked(channel, target)
    return answer.status, await in_slices(decode_steps(answer.body))


async def ask_over(upstream: Upstream, target: str) -> tuple[int, Value]:
    """Do as `read_over`, and decode the answer."""
    status, body = await read_over(upstream, target)
    return status, await in_slices(decode_steps(body))


async def read_over(
    upstream: Upstream, target: str, longest: int = LONGEST_ANSWER
) -> tuple[int, bytes]:
    """GET the target over a client's own connection to the Engine, which may be an idle one.

    Raises a refusal when that fails; the connection is kept only after a clean answer.
    """
    while True:
        channel = upstream.usable() or await upstream.renew()
        again = upstream.reused
        try:
            answer = await _get(channel, target, longest)
        except EngineGone as gone:
            upstream.engine_left()
            if again and not gone.began:
                continue  # an idle connection may have ended meanwhile
            raise _closed(target) from gone
        except BaseException:
            upstream.drop()
            raise
        if not answer.clean:
            upstream.drop()
        return answer.status, answer.body


async def ask_status(channel: Channel, target: str) -> int:
    """GET the target and return the status alone; raises a refusal when that fails."""
    return (await _asked(channel, target)).status


def _closed(target: str) -> Refusal:
    return Refusal(Reason.UPSTREAM, f"the Engine closed the connection on GET {target}")


async def _asked(channel: Channel, target: str) -> _Answer:
    try:
        return await _get(channel, target)
    except EngineGone as error:
        raise _closed(target) from error


async def _get(channel: Channel, target: str, longest: int = LONGEST_ANSWER) -> _Answer:
    """GET the target; raises EngineGone when there was no whole head, else a refusal."""
    channel.write(format_request("GET", target, OUR_HEADERS))
    head = await read_response_head(channel, "GET")
    decoder = decoder_for(head.framing)
    pieces = decoder.feed(channel.take())
    size = sum(map(len, pieces))
    while not decoder.done:
        piece = await channel.read()
        if not piece:
            decoder.finish()
            break
        came = decoder.feed(piece)
        pieces += came
        size += sum(map(len, came))
        if size > longest:
            raise TooLong(Reason.UPSTREAM, f"the Engine's answer to {target} is too long")
    clean = head.keep_alive and decoder.done and not decoder.rest and not channel.eof
    return _Answer(head.status, b"".join(pieces), clean)


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
    decoder = decoder_for(head.framing)
    while not decoder.done and (piece := await channel.read()):
        if came := b"".join(decoder.feed(piece)):
            yield came
