"""Read an answer that is not passed on as it comes: whole, or event by event.

Must never hold more of it than there is room for, nor show any of it once it was stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.proxy.answer import rewritten_head
from sockguard.wire.body import LAST_CHUNK, decoder_for, encode_chunk
from sockguard.wire.head import Framing, FramingKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sockguard.proxy.channel import Channel
    from sockguard.proxy.limits import AnswerRoom
    from sockguard.proxy.rewriting import Rewriting
    from sockguard.proxy.treatment import Treatment
    from sockguard.wire.head import ResponseHead

LONGEST_EVENT = 1024**2
"""Bytes of one line; a longer one is not shown."""

_PLAIN_CODINGS = ("", "identity")


class Showing:
    """One answer on its way from the Engine to the client, through its treatment."""

    __slots__ = (
        "_body",
        "_client",
        "_decoder",
        "_engine",
        "_head",
        "_rewriting",
        "_room",
        "_stopped",
        "size",
    )

    def __init__(
        self,
        client: Channel,
        engine: Channel,
        head: ResponseHead,
        rewriting: Rewriting,
        room: AnswerRoom,
    ) -> None:
        """Raise a refusal for an answer that cannot be read because it is encoded."""
        codings = (value for name, value in head.headers if name.lower() == "content-encoding")
        if any(coding.strip().lower() not in _PLAIN_CODINGS for coding in codings):
            raise Refusal(
                Reason.UPSTREAM, "the Engine's answer is compressed, so that nothing can be masked"
            )
        self._client = client
        self._engine = engine
        self._head = head
        self._decoder = decoder_for(head.framing)
        self._rewriting = rewriting
        self._room = room
        self._body = b""
        self._stopped = False
        self.size = 0
        """Bytes that the Engine answered with."""

    @property
    def masked(self) -> str:
        """The places at which something was masked so far, in order, with blanks between."""
        return " ".join(sorted(self._rewriting.masked))

    @property
    def clean(self) -> bool:
        """Whether the answer was read to its end, nothing came behind it, and more may come."""
        return self._decoder.done and not self._decoder.rest and self._head.keep_alive

    def stop(self) -> None:
        """Show nothing more; a client that is slow to take what it got is not waited for."""
        self._stopped = True
        self._client.stop_waiting()

    # --- whole

    async def read(self) -> None:
        """Read the body; raises a refusal when it is cut or too long."""
        pieces = []
        async for piece in self._pieces():
            self._room.grow(len(piece))
            pieces.append(piece)
        self._body = b"".join(pieces)

    async def treat(self) -> None:
        """Make of the body what the client gets; raises a refusal."""
        self._body = await self._rewriting.whole(self._body)

    def show(self, *, close: bool) -> None:
        """Send it."""
        framing = Framing(FramingKind.LENGTH, len(self._body))
        self._client.write(rewritten_head(self._head, framing, close=close) + self._body)

    # --- line by line

    async def lines(self, treatment: Treatment, *, http10: bool, close: bool) -> None:
        """Show each event as it comes, as fast as the client takes them, to the stream's end."""
        framing = Framing(FramingKind.UNTIL_CLOSE if http10 else FramingKind.CHUNKED)
        self._client.write(rewritten_head(self._head, framing, close=close))
        try:
            await treatment.prepare()
            async for line in self._lines():
                shown = await treatment.line(line)
                if self._stopped:
                    break
                if shown:
                    data = shown + b"\n"
                    self._client.write(*([data] if http10 else encode_chunk([data])))
                    await self._client.drained()
        finally:
            treatment.close()
        if self._stopped:
            raise Refusal(Reason.UPSTREAM, "ended before all of it was shown")
        if not http10:
            self._client.write(LAST_CHUNK)

    async def _lines(self) -> AsyncIterator[bytes]:
        """Yield each line as it comes, without its end; empty and endless ones are left out.

        Whoever labels a container at great length must not end what others watch by that.
        """
        begun, endless = b"", False
        async for piece in self._pieces():
            *lines, begun = (begun + piece).split(b"\n")
            for line in lines:
                if line.strip() and not endless and len(line) <= LONGEST_EVENT:
                    yield line
                endless = False
            if len(begun) > LONGEST_EVENT:
                begun, endless = b"", True
        if begun.strip() and not endless:
            yield begun

    async def _pieces(self) -> AsyncIterator[bytes]:
        data = self._engine.take()
        while not self._stopped:
            for piece in self._decoder.feed(data) if data else []:
                self.size += len(piece)
                yield piece
            if self._decoder.done:
                return
            data = await self._engine.read()
            if not data:
                self._decoder.finish()
                return
