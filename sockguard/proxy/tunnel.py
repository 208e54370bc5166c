"""Two pipes between client and Engine, from the moment that the Engine agreed to a tunnel.

Must never open by itself: whether a request may end in a tunnel was judged before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.proxy.channel import Channel
    from sockguard.proxy.outgoing import Outgoing
    from sockguard.proxy.recording import Recording


class Pipe:
    """One direction of a tunnel: bytes as they come, an end as a half-close."""

    __slots__ = ("_ended", "_keep", "_limit", "_passing", "_target", "done", "failure", "size")

    def __init__(
        self,
        target: Channel,
        ended: Callable[[], None],
        *,
        passing: bool = True,
        limit: int | None = None,
        keep: Callable[[bytes], Refusal | None] | None = None,
    ) -> None:
        """`keep` takes what may pass, and says why it may not."""
        self._keep = keep
        self._target = target
        self._ended = ended
        self._passing = passing
        self._limit = limit
        self.size = 0
        self.done = False
        self.failure: Refusal | None = None

    def bytes_came(self, data: bytes) -> None:
        """Pass the bytes on, or drop them where only the half-close may pass."""
        if self.done or not self._passing:
            return
        self.size += len(data)
        if self._limit is not None and self.size > self._limit:
            self.failure = Refusal(
                Reason.TOO_LARGE, f"the stream is over this client's limit of {self._limit} bytes"
            )
        elif self._keep is not None:
            self.failure = self._keep(data)
        if self.failure is not None:
            self.done = True
            self._ended()
            return
        self._target.write(data)

    def eof_came(self) -> None:
        """Pass the end on."""
        if self.done:
            return
        self.done = True
        self._target.write_eof()
        self._ended()


class Tunnel:
    """Both directions; `ended` is called when they are over, or one broke its limit."""

    __slots__ = ("_client", "_ended", "_engine", "_recording", "inward", "outward")

    def __init__(
        self,
        client: Channel,
        engine: Channel,
        ended: Callable[[], None],
        out: Outgoing,
        recording: Recording | None,
    ) -> None:
        self._client = client
        self._engine = engine
        self._ended = ended
        self._recording = recording
        ended, limit = self._one_side_ended, out.limit
        typed, shown = (recording.typed, recording.shown) if recording else (None, None)
        self.inward = Pipe(engine, ended, passing=out.stdin, limit=limit, keep=typed)
        self.outward = Pipe(client, ended, limit=limit, keep=shown)

    def open(self, held: bytes) -> None:
        """Let bytes flow, those first that the client sent too early."""
        if held:
            self.inward.bytes_came(held)
        self._client.redirect(self.inward)
        self._engine.redirect(self.outward)

    @property
    def failure(self) -> Refusal | None:
        """Why a direction was ended before its time."""
        return self.inward.failure or self.outward.failure

    @property
    def ended(self) -> str:
        """The word for how a tunnel ended that was ended before its time."""
        return (self._recording.ended if self._recording else "") or "refused"

    def engine_left(self) -> bool:
        """Ask whether the Engine, having sent its end, is gone altogether."""
        return self.outward.done and self._engine.hung_up()

    def _one_side_ended(self) -> None:
        both = self.inward.done and self.outward.done
        if self.failure is not None or both or self.engine_left() or self._client.hung_up():
            self._ended()
