"""How many refusals are recorded one by one; all beyond that are counted.

Must never lose a number, read a clock, or grow with what clients send.
"""

from __future__ import annotations

from dataclasses import dataclass

from sockguard.audit.event import Kind

PER_SECOND = 10.0
BURST = 100.0
INTERVAL = 10.0
MOST_BUCKETS = 1024
OTHERS = "*"
"""Stands for all clients that found no bucket free; no client can have this name."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    counted: int = 0

    def fill(self, now: float) -> None:
        self.tokens = min(BURST, self.tokens + (now - self.filled_at) * PER_SECOND)
        self.filled_at = now


class Quota:
    """A token bucket for each client and reason; refusals that find it empty are counted.

    All times are seconds of one clock that does not go back.
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._drained_at = 0.0

    def admit(self, client: str, reason: str, now: float) -> bool:
        """Say whether this refusal gets an event of its own; otherwise it has been counted."""
        bucket = self._bucket(client, reason, now)
        bucket.fill(now)
        if bucket.tokens < 1:
            bucket.counted += 1
            return False
        bucket.tokens -= 1
        return True

    def due(self, now: float) -> list[dict[str, object]]:
        """Drain the counters if INTERVAL has passed since the last time."""
        return self.drain(now) if now - self._drained_at >= INTERVAL else []

    def drain(self, now: float) -> list[dict[str, object]]:
        """Return an event for each client and reason with its number, and count from 0 again.

        The events have no `time`, `id` and `host` yet.
        """
        self._drained_at = now
        found = [
            _counted(client, reason, bucket.counted)
            for (client, reason), bucket in self._buckets.items()
            if bucket.counted
        ]
        for bucket in self._buckets.values():
            bucket.fill(now)
            bucket.counted = 0
        self._buckets = {key: one for key, one in self._buckets.items() if one.tokens < BURST}
        return found

    def _bucket(self, client: str, reason: str, now: float) -> _Bucket:
        key = (client, reason)
        if key not in self._buckets and len(self._buckets) >= MOST_BUCKETS:
            key = (OTHERS, reason)
        return self._buckets.setdefault(key, _Bucket(BURST, now))


def _counted(client: str, reason: str, count: int) -> dict[str, object]:
    names = {"": "unknown callers", OTHERS: "other clients"}
    who = names.get(client, f"client '{client}'")
    return {
        "kind": Kind.REFUSALS_COUNTED,
        "client": client,
        "reason": reason,
        "text": f"{count} more refusals of {who} ({reason}), beyond what is recorded one by one",
        "count": count,
    }
