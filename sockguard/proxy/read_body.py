"""A JSON request body, read whole within bounds and decoded strictly; streams stay unread.

Must never read more than the policy and the budget of buffered bodies allow.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from sockguard.engine.operation import BodyKind
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.judge import read_body_steps
from sockguard.policy.question import NO_BODY
from sockguard.wire.body import decoder_for
from sockguard.wire.document import decode_steps
from sockguard.wire.head import FramingKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from sockguard.policy.model import Client
    from sockguard.policy.question import Body
    from sockguard.proxy.connection import Connection
    from sockguard.proxy.intake import Request
    from sockguard.proxy.limits import Limiter
    from sockguard.wire.head import Framing

LONGEST_JSON = 4 * 1024**2
SLICE_SECONDS = 0.002
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Result = TypeVar("Result")


async def in_slices(steps: Generator[None, None, Result]) -> Result:
    """Drive the steps to their result, letting others run every 2 ms."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SLICE_SECONDS
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the generator's own return type
        if loop.time() >= until:
            await asyncio.sleep(0)
            until = loop.time() + SLICE_SECONDS


class BodyReader:
    """Reads the body of one request; gives its room back on `release`."""

    __slots__ = ("_client", "_connection", "_limiter", "_request", "_reserved", "sha256", "size")

    def __init__(
        self, connection: Connection, request: Request, client: Client, limiter: Limiter
    ) -> None:
        self._connection = connection
        self._request = request
        self._client = client
        self._limiter = limiter
        self._reserved = 0
        self.size = 0
        """Bytes of the body that was read whole."""
        self.sha256 = ""
        """Its hash in hex, "" where there was none."""

    @property
    def streamed(self) -> Framing | None:
        """The framing of a body that is relayed instead of read, None when there is none."""
        if self._request.has_body and self._request.operation.body in (BodyKind.TAR, BodyKind.RAW):
            return self._request.head.framing
        return None

    async def read(self, seconds: float) -> Body:
        """Return the judged form of the body; raises refusals (400, 408, 413)."""
        if not self._request.has_body:
            return NO_BODY
        if self._request.head.expect_continue:
            self._connection.channel.write(CONTINUE)
        if self.streamed is not None:
            self._check_length(self._client.limits.body)
            return NO_BODY
        data = await self._read_whole(seconds)
        if self._request.operation.body is not BodyKind.JSON:
            if data:
                raise Malformed(f"{self._request.operation.name} takes no body")
            return NO_BODY
        if not data:
            return NO_BODY
        self.size, self.sha256 = len(data), sha256(data).hexdigest()
        document = await in_slices(decode_steps(data))
        names = self._request.names
        return await in_slices(read_body_steps(self._request.operation, document, names))

    def check_limit(self, client: Client) -> None:
        """Hold what was read and what is to come against the limit of this client's policy."""
        limit = client.limits.body
        if limit is not None and self._reserved > limit:
            raise Refusal(Reason.TOO_LARGE, f"the body is over the limit of {limit} bytes")
        if self.streamed is not None:
            self._check_length(limit)

    def release(self) -> None:
        """Give the reserved room back."""
        self._limiter.unbuffer(self._client, self._reserved)
        self._reserved = 0

    def _limit(self) -> int:
        limit = self._client.limits.body
        return LONGEST_JSON if limit is None else min(limit, LONGEST_JSON)

    def _check_length(self, limit: int | None) -> None:
        framing = self._request.head.framing
        if limit is not None and framing.kind is FramingKind.LENGTH and framing.length > limit:
            raise Refusal(Reason.TOO_LARGE, f"the body is over the limit of {limit} bytes")

    async def _read_whole(self, seconds: float) -> bytes:
        limit = self._limit()
        self._check_length(limit)
        decoder = decoder_for(self._request.head.framing, tiny_chunks=False)
        self._connection.expect_within(
            seconds, lambda: Malformed(f"no whole body within {seconds:g} s", status=408)
        )
        pieces: list[bytes] = []
        size = 0
        data = self._connection.channel.take()
        while True:
            came = decoder.feed(data)
            size += sum(map(len, came))
            if size > limit:
                raise Refusal(Reason.TOO_LARGE, f"the body is over the limit of {limit} bytes")
            self._reserve(size)
            pieces += came
            if decoder.done:
                break
            data = await self._connection.read_more("the connection ended within the body")
        self._connection.body_was_read(decoder.rest)
        return b"".join(pieces)

    def _reserve(self, size: int) -> None:
        self._limiter.buffer(self._client, size - self._reserved)
        self._reserved = size
