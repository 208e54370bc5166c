"""Move bytes between client and Engine: bodies by their framing, tunnels as they come.

Must never decide what may pass: by the time bytes move here, the request was judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.wire.body import LAST_CHUNK, encode_chunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.proxy.channel import Channel
    from sockguard.wire.body import Decoder

HELD_FOR_TUNNEL = 64 * 1024


class Target(Protocol):
    """Where a pump writes to."""

    def write(self, *pieces: bytes) -> None:
        """Take the next pieces."""


class BodyPump:
    """Carries one body: decoded from the source's framing, written in the target's.

    `opening` (a head) goes out together with the first piece, or alone at once if `eager`. `size`
    counts decoded bytes. `failure` tells why the body ended before its framing says so.
    """

    __slots__ = (
        "_chunked",
        "_decoder",
        "_eager",
        "_ended",
        "_limit",
        "_opening",
        "_target",
        "done",
        "failure",
        "size",
    )

    def __init__(  # noqa: PLR0913 - where from, where to, and how
        self,
        target: Target,
        decoder: Decoder,
        ended: Callable[[], None],
        *,
        opening: bytes = b"",
        chunked: bool = False,
        limit: int | None = None,
        eager: bool = True,
    ) -> None:
        self._target = target
        self._decoder = decoder
        self._ended = ended
        self._opening = opening
        self._chunked = chunked
        self._limit = limit
        self._eager = eager
        self.size = 0
        self.done = False
        self.failure: Refusal | None = None

    def start(self, data: bytes) -> None:
        """Send the opening and what is there of the body already."""
        self.bytes_came(data)
        if self._opening and self._eager:
            self._target.write(self._opening)
            self._opening = b""

    def bytes_came(self, data: bytes) -> None:
        """Decode, count, write on; notice the end."""
        if self.done:
            return
        try:
            pieces = self._decoder.feed(data)
            self._count(pieces)
        except Refusal as refusal:
            self._finish(refusal)
            return
        if self._opening and not (pieces or self._decoder.done or self._eager):
            return
        out = [self._opening] if self._opening else []
        self._opening = b""
        if pieces:
            out += encode_chunk(pieces) if self._chunked else pieces
        if self._decoder.done and self._chunked:
            out.append(LAST_CHUNK)
        if out:
            self._target.write(*out)
        if self._decoder.done:
            self._finish(None)

    def eof_came(self) -> None:
        """End a body that lasts until the end; for any other it is a cut."""
        if self.done:
            return
        try:
            self._decoder.finish()
        except Malformed as cut:
            self._finish(cut)
            return
        if self._chunked:
            self._target.write(LAST_CHUNK)
        self._finish(None)

    @property
    def rest(self) -> bytes:
        """Bytes that came behind the body's end."""
        return self._decoder.rest

    def _count(self, pieces: list[bytes]) -> None:
        self.size += sum(map(len, pieces))
        if self._limit is not None and self.size > self._limit:
            raise Refusal(
                Reason.TOO_LARGE, f"the body is over this client's limit of {self._limit} bytes"
            )

    def _finish(self, failure: Refusal | None) -> None:
        self.done = True
        self.failure = failure
        self._ended()


class Watch:
    """Stands on the client's side while its answer is on the way.

    Bytes that come now are either held for a tunnel or thrown away; an end is told to the Engine.
    """

    __slots__ = ("_half_closed", "_holding", "_too_much", "_upstream", "early", "ended", "held")

    def __init__(
        self,
        upstream: Channel,
        too_much: Callable[[], None],
        half_closed: Callable[[], object],
        *,
        holding: bool,
    ) -> None:
        self._upstream: Channel | None = upstream
        self._too_much = too_much
        self._half_closed = half_closed
        self._holding = holding
        self.held = b""
        self.early = False
        self.ended = False

    def let_go(self) -> None:
        """Keep the client's end to ourselves: the Engine has answered, and is asked for facts."""
        self._upstream = None

    def bytes_came(self, data: bytes) -> None:
        """Hold the bytes when a tunnel may follow, up to 64 KiB; else note and drop them."""
        self.early = True
        if not self._holding:
            return
        self.held += data
        if len(self.held) > HELD_FOR_TUNNEL:
            self.held = b""
            self._holding = False
            self._too_much()

    def eof_came(self) -> None:
        """Pass the half-close on, or keep it with the bytes that are held for a tunnel."""
        self.ended = True
        if not self._holding and self._upstream is not None:
            self._upstream.write_eof()
        self._half_closed()
