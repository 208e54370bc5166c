"""Read an answer that is not passed on as it comes: whole, or event by event.

Must never hold more of it than there is room for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.wire.body import LAST_CHUNK, decoder_for, encode_chunk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sockguard.proxy.channel import Channel
    from sockguard.proxy.limits import AnswerRoom
    from sockguard.proxy.treatment import Treatment
    from sockguard.wire.head import ResponseHead

LONGEST_EVENT = 1024**2

_PLAIN_CODINGS = ("", "identity")


class Reading:
    """One answer, read from the Engine in pieces."""

    __slots__ = ("_decoder", "_engine", "_room", "size")

    def __init__(self, engine: Channel, head: ResponseHead, room: AnswerRoom) -> None:
        """Raise a refusal for an answer that cannot be read because it is encoded."""
        if head.first("content-encoding").lower() not in _PLAIN_CODINGS:
            raise Refusal(
                Reason.UPSTREAM, "the Engine's answer is compressed, so that nothing can be masked"
            )
        self._engine = engine
        self._decoder = decoder_for(head.framing)
        self._room = room
        self.size = 0

    @property
    def clean(self) -> bool:
        """Whether the answer was read to its end, and nothing came behind it."""
        return self._decoder.done and not self._decoder.rest

    async def whole(self) -> bytes:
        """Return the body; raises a refusal when it is cut or too long."""
        pieces = []
        async for piece in self._pieces():
            self._room.grow(len(piece))
            pieces.append(piece)
        return b"".join(pieces)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield each line as it comes, without its end; empty ones are left out."""
        begun = b""
        async for piece in self._pieces():
            *lines, begun = (begun + piece).split(b"\n")
            for line in lines:
                if line.strip():
                    yield line
            if len(begun) > LONGEST_EVENT:
                raise Refusal(Reason.UPSTREAM, "the Engine sent an event over 1 MiB")
        if begun.strip():
            yield begun

    async def _pieces(self) -> AsyncIterator[bytes]:
        data = self._engine.take()
        while True:
            for piece in self._decoder.feed(data) if data else []:
                self.size += len(piece)
                yield piece
            if self._decoder.done:
                return
            data = await self._engine.read()
            if not data:
                self._decoder.finish()
                return


async def show_lines(
    reading: Reading, treatment: Treatment, client: Channel, *, chunked: bool
) -> None:
    """Show the client each event as it comes, as fast as it takes them, to the stream's end."""
    try:
        await treatment.prepare()
        async for line in reading.lines():
            shown = await treatment.line(line)
            if shown:
                data = shown + b"\n"
                client.write(*(encode_chunk([data]) if chunked else [data]))
                await client.drained()
    finally:
        treatment.close()
    if chunked:
        client.write(LAST_CHUNK)
