"""One judged request on its way to the Engine and its answer on the way back.

Must never send anything that was not judged, and never reuse a connection after an anomaly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.answer import (
    answer_framing,
    answer_head,
    check_answer,
    opens_tunnel,
    tunnel_head,
)
from sockguard.proxy.recording import is_framed, refuse_unseen
from sockguard.proxy.relay import BodyPump
from sockguard.proxy.sending import Sending
from sockguard.proxy.showing import Showing
from sockguard.proxy.tunnel import Tunnel
from sockguard.proxy.upstream import UNSENT_GRACE, EngineGone, read_response_head
from sockguard.wire.body import decoder_for
from sockguard.wire.head import FramingKind

if TYPE_CHECKING:
    import asyncio

    from sockguard.proxy.channel import Channel
    from sockguard.proxy.limits import AnswerRoom
    from sockguard.proxy.outgoing import Outgoing
    from sockguard.proxy.recording import Recording
    from sockguard.proxy.rewriting import Rewriting, Rewritings
    from sockguard.proxy.upstream import Upstream
    from sockguard.wire.head import ResponseHead


class Exchange:
    """Carries one request and its answer; afterwards tells what happened."""

    def __init__(
        self,
        client: Channel,
        upstream: Upstream,
        out: Outgoing,
        rewritings: Rewritings,
        room: AnswerRoom,
    ) -> None:
        """`rewritings` make the client's answer of the Engine's, `room` holds it meanwhile."""
        self._client = client
        self._upstream = upstream
        self._out = out
        self._rewritings = rewritings
        self._room = room
        self.showing: Showing | None = None
        self._done: asyncio.Future[None] | None = None
        self._finished = False
        self._engine: Channel | None = None
        self._outward: BodyPump | None = None
        self._sending: Sending | None = None
        self.tunnel: Tunnel | None = None
        self.recording: Recording | None = None
        self.answering = False
        """Whether the client has begun to get its answer."""
        self.status = 0
        self.ended = "complete"
        self.failure: Refusal | None = None
        """Why the request has to be refused although it was allowed."""
        self.reusable = False
        """Whether the client's connection may carry another request."""

    @property
    def bytes_in(self) -> int:
        """Decoded bytes that went to the Engine."""
        sent = self._sending.size if self._sending else 0
        return sent + (self.tunnel.inward.size if self.tunnel else 0)

    @property
    def bytes_out(self) -> int:
        """Decoded bytes that the Engine answered with."""
        pump = self.tunnel.outward if self.tunnel else self._outward or self.showing
        return pump.size if pump else 0

    @property
    def request_read(self) -> bool:
        """Whether the client's request has been read to its end."""
        return self._out.streamed is None or (self._sending is not None and self._sending.done)

    @property
    def engine_gone(self) -> bool:
        """Whether the Engine was not there, or left in the middle."""
        return self._engine is None or self.ended == "engine_gone"

    async def run(self, *, sent: bool = False) -> None:
        """Forward and relay; raises a refusal while none was answered. `sent`: it is under way."""
        try:
            engine, head = await self._send_and_read_head(sent=sent)
            check_answer(head, upgrade_sent=self._out.upgrade)
            await self._answer(engine, head)
        except Malformed as garbage:
            self._refused()
            raise self.failure or Refusal(
                Reason.UPSTREAM, f"the Engine's answer is not HTTP: {garbage.message}"
            ) from garbage
        except Refusal:
            self._refused()
            raise
        finally:
            self._release()

    def _refused(self) -> None:
        if self.ended == "complete":
            self.ended = "refused" if self._engine is not None else "engine_gone"

    def stop(self, ended: str, failure: Refusal | None = None) -> None:
        """End the exchange from outside: a time limit, a client that left, a shutdown."""
        if self.ended == "complete":
            self.ended = ended
            self.failure = failure
        if self._engine is not None:
            self._engine.close(UNSENT_GRACE)
            self._engine.interrupt()
        if self.showing is not None:
            self.showing.stop()
        self._finish()

    def answer_is_late(self, late: Refusal) -> None:
        """End the exchange unless the answer has begun: from then on it may take its time."""
        if not self.answering:
            self.stop("timeout", late)

    def client_left(self) -> None:
        """Tell the Engine, by closing, that the client is gone altogether."""
        self.stop("client_gone")

    # --- towards the Engine

    async def _send_and_read_head(self, *, sent: bool) -> tuple[Channel, ResponseHead]:
        while True:
            usable = self._upstream.channel if sent else self._upstream.usable()
            engine = self._engine = usable or await self._upstream.renew()
            self._check_goes_on()
            self._sending = Sending(self._client, engine, self._out, self)
            self._sending.start(sent=sent)
            try:
                return engine, await read_response_head(engine, self._out.request.method)
            except EngineGone as gone:
                if self.failure is not None:
                    raise self.failure from gone
                if self._may_retry(gone):
                    self._upstream.drop()
                    sent = False
                    continue
                if self.ended == "complete":
                    self.ended = "engine_gone"
                raise Refusal(
                    Reason.UPSTREAM, "the Engine closed the connection without an answer"
                ) from gone

    def _may_retry(self, gone: EngineGone) -> bool:
        return (
            self._upstream.reused
            and not gone.began
            and self.ended == "complete"
            and self._out.request.method in ("GET", "HEAD")
            and not self._client.lost
            and not self._is_early
        )

    # --- towards the client

    async def _answer(self, engine: Channel, head: ResponseHead) -> None:
        self.status = head.status
        if opens_tunnel(head, tunnel_asked=self._out.tunnel, upgrade_sent=self._out.upgrade):
            await self._open_tunnel(engine, head)
            return
        if self.recording is not None:
            refuse_unseen(head)
        if (rewriting := self._rewritings.of(head)) is not None:
            await self._relay_rewritten(engine, head, rewriting)
        else:
            await self._relay_body(engine, head)

    async def _relay_body(self, engine: Channel, head: ResponseHead) -> None:
        request = self._out.request
        framing = answer_framing(head, http10=request.http10)
        body_left = not self.request_read
        close = (
            self._out.close
            or body_left
            or self._is_early
            or framing.kind is FramingKind.UNTIL_CLOSE
        )
        opening = answer_head(head, framing, close=close, head_request=request.method == "HEAD")
        self.answering = True
        pump = self._outward = BodyPump(
            self._client,
            decoder_for(head.framing),
            self._finish,
            opening=opening,
            chunked=framing.kind is FramingKind.CHUNKED,
        )
        pump.start(engine.take())
        if not pump.done:
            engine.redirect(pump)
        await self._until_done()
        if pump.failure is not None and self.ended == "complete":
            self.ended = "engine_gone"
        self._keep_upstream(clean=head.keep_alive and not pump.rest)
        self._settle(close=close or body_left)

    async def _relay_rewritten(
        self, engine: Channel, head: ResponseHead, rewriting: Rewriting
    ) -> None:
        showing = self.showing = Showing(self._client, engine, head, rewriting, self._room)
        if rewriting.lines is not None:
            close = self._out.close or self._is_early or self._out.request.http10
            self.answering = True
            await showing.lines(rewriting.lines, http10=self._out.request.http10, close=close)
            self._keep_upstream(clean=showing.clean)
        else:
            await showing.read()
            if self._sending is not None:
                self._sending.watch.let_go()
            # What facts are asked for goes over the same connection, if it may be used again.
            self._keep_upstream(clean=showing.clean)
            await showing.treat()
            self._check_goes_on()
            close = self._out.close or self._is_early or not self.request_read
            self.answering = True
            showing.show(close=close)
        self._settle(close=close)

    def _check_goes_on(self) -> None:
        if self.ended != "complete":
            raise self.failure or Refusal(Reason.UPSTREAM, "ended before it was answered")

    def _settle(self, *, close: bool) -> None:
        usable = not (close or self._is_early or self._client_ended)
        self.reusable = usable and self.ended == "complete"

    def _keep_upstream(self, *, clean: bool) -> None:
        """Keep the Engine's connection for another request only if all on it went as it should."""
        whole = clean and self.ended == "complete" and self.request_read
        if not whole or self._client_ended:
            self._upstream.drop()

    async def _open_tunnel(self, engine: Channel, head: ResponseHead) -> None:
        held = self._sending.watch.held if self._sending is not None else b""
        self.answering = True
        self._client.write(tunnel_head(head))
        if self.recording is not None:
            framed = is_framed(head, self._out, tty=self.recording.tty)
            self.recording.open((self._client, engine), self.stop, framed=framed)
        self.tunnel = Tunnel(self._client, engine, self._finish, self._out, self.recording)
        self.tunnel.open(held)
        await self._until_done()
        if self.tunnel.failure is not None:
            self.stop(self.tunnel.ended, self.tunnel.failure)
        elif not self.tunnel.outward.done and self._client.eof:
            self.client_left()
        self._upstream.drop()

    # --- the end

    def peer_gone(self) -> bool:
        """Ask whether a side that sent its end is gone altogether; if so, end the exchange."""
        if (self._client.eof or self._client.silenced) and self._client.hung_up():
            self.client_left()
            return True
        if self.tunnel is not None and self.tunnel.engine_left():
            self._finish()
            return True
        return False

    @property
    def _is_early(self) -> bool:
        """Whether the client sent more before its answer was there."""
        return self._sending is not None and self._sending.watch.early

    @property
    def _client_ended(self) -> bool:
        return self._sending is not None and self._sending.watch.ended

    async def _until_done(self) -> None:
        if not self._finished:
            self._done = self._client.promise()
            await self._done

    def _finish(self) -> None:
        self._finished = True
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _release(self) -> None:
        for side in filter(None, (self._client, self._engine)):
            side.sink = None
            side.feeds(None)
