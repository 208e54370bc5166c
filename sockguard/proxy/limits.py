"""Token buckets and counters per client, given the time by whoever asks.

Must never read a clock and never wait: it answers yes or no.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal

if TYPE_CHECKING:
    from sockguard.policy.model import Client, Rate

BUFFERED_IN_ALL = 64 * 1024**2
BUFFERED_PER_CLIENT = 16 * 1024**2
ANSWERS_IN_ALL = 256 * 1024**2
ANSWERS_PER_CLIENT = 64 * 1024**2
"""Bytes of answers that are read whole, since something of them is masked or left out."""


class Bucket:
    """A token bucket that starts full."""

    __slots__ = ("_rate", "_tokens", "_updated")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = float(rate.tokens)
        self._updated = now

    def take(self, now: float) -> float:
        """Take one token; return 0, or the seconds until there is one."""
        per_second = self._rate.tokens / self._rate.seconds
        gained = max(0.0, now - self._updated) * per_second
        self._tokens = min(float(self._rate.tokens), self._tokens + gained)
        self._updated = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / per_second


@dataclass(slots=True)
class _Use:
    bucket: Bucket | None = None
    rate: Rate | None = None
    streams: int = 0
    buffered: int = 0
    answers: int = 0


@dataclass(slots=True)
class Limiter:
    """What each client uses right now, by client name."""

    uses: dict[str, _Use] = field(default_factory=dict)
    buffered: int = 0
    answers: int = 0

    def _use(self, client: Client) -> _Use:
        use = self.uses.get(client.name)
        if use is None:
            use = self.uses[client.name] = _Use()
        return use

    def admit(self, client: Client, now: float) -> None:
        """Count one request; raise a refusal whose detail is the Retry-After in seconds."""
        rate = client.limits.requests
        if rate is None:
            return
        use = self._use(client)
        if use.bucket is None or use.rate != rate:
            use.bucket, use.rate = Bucket(rate, now), rate
        wait = use.bucket.take(now)
        if wait > 0:
            seconds = int(wait) + 1
            raise Refusal(
                Reason.RATE_LIMITED,
                f"client '{client.name}' is over its {rate.tokens} requests per "
                f"{rate.seconds} s; try again in {seconds} s",
                detail=str(seconds),
            )

    def open_stream(self, client: Client) -> None:
        """Count one running stream; raise a refusal over the client's limit."""
        use = self._use(client)
        limit = client.limits.streams
        if limit is not None and use.streams >= limit:
            raise Refusal(
                Reason.TOO_MANY_STREAMS,
                f"client '{client.name}' has its {limit} streams open already",
                detail="1",
            )
        use.streams += 1

    def close_stream(self, client: Client) -> None:
        """Give one stream back."""
        self._use(client).streams -= 1

    def buffer(self, client: Client, size: int) -> None:
        """Reserve room for a request body; raise a refusal when there is none."""
        use = self._use(client)
        if use.buffered + size > BUFFERED_PER_CLIENT or self.buffered + size > BUFFERED_IN_ALL:
            raise Refusal(
                Reason.TOO_LARGE,
                f"no room to read a body of client '{client.name}': "
                f"{use.buffered // 1024} KiB of its bodies are being read already",
            )
        use.buffered += size
        self.buffered += size

    def unbuffer(self, client: Client, size: int) -> None:
        """Give the room back."""
        self._use(client).buffered -= size
        self.buffered -= size

    def hold_answer(self, client: Client, size: int) -> None:
        """Reserve room for a part of an answer; raise a refusal when there is none."""
        use = self._use(client)
        if use.answers + size > ANSWERS_PER_CLIENT or self.answers + size > ANSWERS_IN_ALL:
            raise Refusal(
                Reason.UPSTREAM,
                f"no room to read the Engine's answer to client '{client.name}', of which something"
                f" is masked: {use.answers // 1024**2} MiB of its answers are being read already",
            )
        use.answers += size
        self.answers += size

    def let_answer_go(self, client: Client, size: int) -> None:
        """Give the room back."""
        self._use(client).answers -= size
        self.answers -= size


class AnswerRoom:
    """The room that one answer takes while it is read whole."""

    __slots__ = ("_client", "_limiter", "_size")

    def __init__(self, limiter: Limiter, client: Client) -> None:
        self._limiter = limiter
        self._client = client
        self._size = 0

    def grow(self, size: int) -> None:
        """Take room for so many bytes more; raises a refusal."""
        self._limiter.hold_answer(self._client, size)
        self._size += size

    def release(self) -> None:
        """Give all of it back."""
        self._limiter.let_answer_go(self._client, self._size)
        self._size = 0
