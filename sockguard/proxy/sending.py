"""One judged request on its way to the Engine, and what the client does meanwhile.

Must never send a byte that was not judged, nor pass on what comes behind the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sockguard.proxy.relay import BodyPump, Watch
from sockguard.wire.archive import PlainTar
from sockguard.wire.body import decoder_for
from sockguard.wire.head import FramingKind

if TYPE_CHECKING:
    from sockguard.errors import Refusal
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.outgoing import Outgoing


class Sender(Protocol):
    """Who is told when a request cannot be sent to its end."""

    def stop(self, ended: str, failure: Refusal | None = None) -> None:
        """End the exchange."""

    def client_left(self) -> None:
        """End the exchange since the client is gone."""

    def peer_gone(self) -> bool:
        """Ask whether a side is gone altogether."""


class Sending:
    """Sends head and body; from then on watches the client."""

    __slots__ = ("_client", "_engine", "_exchange", "_out", "_pump", "watch")

    def __init__(self, client: Channel, engine: Channel, out: Outgoing, exchange: Sender) -> None:
        self._client = client
        self._engine = engine
        self._out = out
        self._exchange = exchange
        self._pump: BodyPump | None = None
        self.watch = Watch(engine, exchange.client_left, exchange.peer_gone, holding=out.tunnel)

    @property
    def size(self) -> int:
        """Decoded bytes of body that went to the Engine."""
        return len(self._out.body) + (self._pump.size if self._pump else 0)

    @property
    def done(self) -> bool:
        """Whether the client's request has been read to its end."""
        return self._out.streamed is None or (self._pump is not None and self._pump.done)

    def start(self, *, sent: bool = False) -> None:
        """Send the head, and the body as far as it is there; `sent`: both were sent already."""
        self._client.feeds(self._engine)
        self._engine.feeds(self._client)
        if self._out.streamed is None:
            if not sent:
                self._engine.write(self._out.head + self._out.body)
            self._client.redirect(self.watch)
            return
        decoder = decoder_for(self._out.streamed, tiny_chunks=False)
        self._pump = BodyPump(
            self._engine,
            PlainTar(decoder) if self._out.plain_tar else decoder,
            self._body_ended,
            opening=self._out.head,
            chunked=self._out.streamed.kind is FramingKind.CHUNKED,
            limit=self._out.limit,
            eager=not self._out.plain_tar,
        )
        self._pump.start(self._client.take())
        if not self._pump.done:
            self._client.redirect(self._pump)

    def _body_ended(self) -> None:
        pump = self._pump
        if pump is None:
            return
        if pump.failure is None:
            if pump.rest:
                self.watch.bytes_came(pump.rest)
            self._client.redirect(self.watch)
            return
        self._exchange.stop("client_gone" if self._client.eof else "refused", pump.failure)
