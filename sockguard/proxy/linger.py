"""The end of a connection whose client may still be sending: it gets to see its answer.

Must never keep what still comes, nor wait for it without bounds.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.errors import Malformed
from sockguard.wire.body import decoder_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.proxy.channel import Channel
    from sockguard.wire.head import Framing

DISCARD_BYTES = 64 * 1024**2
SMALL_BODY = 64 * 1024


class Discard:
    """Takes what a refused client is still sending, up to a limit of bytes."""

    __slots__ = ("_done", "_left")

    def __init__(self, limit: int, done: Callable[[], None]) -> None:
        self._left = limit
        self._done = done

    def bytes_came(self, data: bytes) -> None:
        """Drop the bytes; be done at the limit."""
        self._left -= len(data)
        if self._left < 0:
            self._done()

    def eof_came(self) -> None:
        """Be done: the client has read the answer or left."""
        self._done()


def discard_body(channel: Channel, framing: Framing) -> bool:
    """Drop a body that has come with its head; tell whether all of it has.

    It keeps the connection of a client whose small request was refused; one that has more to
    send is told to close instead.
    """
    if channel.waiting_bytes > SMALL_BODY:
        return False
    decoder = decoder_for(framing, tiny_chunks=False)
    with suppress(Malformed):
        decoder.feed(channel.take())
    if decoder.done:
        channel.put_back(decoder.rest)
    return decoder.done


async def linger(channel: Channel, seconds: float) -> None:
    """Half-close, then discard what comes until the client ends, at most so long."""
    channel.write_eof()
    channel.hold_back(False)
    if channel.eof or channel.lost:
        return
    over = asyncio.get_running_loop().create_future()

    def done() -> None:
        if not over.done():
            over.set_result(None)

    channel.redirect(Discard(DISCARD_BYTES, done))
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await over
    channel.sink = None
