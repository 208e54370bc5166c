"""How many refusals are recorded one by one; all beyond that are counted.

Must never lose a number, read a clock, or grow with what clients send.
"""

from __future__ import annotations

from dataclasses import dataclass

PER_SECOND = 10.0
BURST = 100.0
INTERVAL = 10.0
MOST_BUCKETS = 1024
OTHERS = "*"
"""Stands for all clients that found no bucket free; no client can have this name."""


@dataclass(frozen=True, slots=True)
class Counted:
    """So many refusals of one client for one reason that have no event of their own."""

    client: str
    reason: str
    count: int

    @property
    def text(self) -> str:
        """One sentence for people."""
        who = "other clients" if self.client == OTHERS else f"client '{self.client}'"
        return f"{self.count} more refusals of {who} ({self.reason}), beyond what is recorded"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    counted: int = 0


class RefusalQuota:
    """A token bucket for each client and reason; refusals that find it empty are counted.

    All times are seconds of one clock that does not go back.
    """

    def __init__(self, now: float) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._collected_at = now

    def admits(self, client: str, reason: str, now: float) -> bool:
        """Whether this refusal gets an event of its own; otherwise it has been counted."""
        bucket = self._bucket(client, reason, now)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.filled_at) * PER_SECOND)
        bucket.filled_at = now
        if bucket.tokens < 1:
            bucket.counted += 1
            return False
        bucket.tokens -= 1
        return True

    def due(self, now: float) -> list[Counted]:
        """Collect what was counted, once per INTERVAL; in between, nothing."""
        return self.collect(now) if now - self._collected_at >= INTERVAL else []

    def collect(self, now: float) -> list[Counted]:
        """Return what was counted since the last time; the counters start again."""
        self._collected_at = now
        found = [
            Counted(client, reason, bucket.counted)
            for (client, reason), bucket in self._buckets.items()
            if bucket.counted
        ]
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if not _full(bucket, now)
        }
        for bucket in self._buckets.values():
            bucket.counted = 0
        return found

    def _bucket(self, client: str, reason: str, now: float) -> _Bucket:
        key = (client, reason)
        if key not in self._buckets and len(self._buckets) >= MOST_BUCKETS:
            key = (OTHERS, reason)
        return self._buckets.setdefault(key, _Bucket(BURST, now))


def _full(bucket: _Bucket, now: float) -> bool:
    return bucket.tokens + (now - bucket.filled_at) * PER_SECOND >= BURST
