"""How many refusals are recorded one by one; all beyond that are counted.

Must never lose a number, read a clock, or grow with what clients send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERVAL = 10.0
MOST_BUCKETS = 1024
MOST_REMEMBERED = 512
"""Characters of a target and a detail together; what is longer is counted without them."""

OTHERS = "*"
"""Stands for all clients that found no bucket free; no client can have this name."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many may come at once, and so many a second later on."""

    burst: float
    per_second: float


IN_ALL = Rate(burst=100.0, per_second=10.0)
"""Of one client and reason, so that nobody can fill the disk."""

ALIKE = Rate(burst=20.0, per_second=1 / INTERVAL)
"""Of the same thing, so that a program which asks on and on hides nothing else in the log."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What makes refusals the same thing; `detail` is the parameter or field at fault."""

    client: str
    reason: str
    operation: str = ""
    target: str = ""
    detail: str = ""

    @property
    def short(self) -> bool:
        """Whether what the client chose freely is short enough to be remembered."""
        return len(self.target) + len(self.detail) <= MOST_REMEMBERED


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    tokens: float
    filled_at: float
    counted: int = 0

    def fill(self, now: float) -> None:
        passed = (now - self.filled_at) * self.rate.per_second
        self.tokens = min(self.rate.burst, self.tokens + passed)
        self.filled_at = now

    def has_one(self, now: float) -> bool:
        self.fill(now)
        return self.tokens >= 1

    @property
    def at_rest(self) -> bool:
        return self.tokens >= self.rate.burst and not self.counted


class Quota:
    """Token buckets, one for each client and reason and one for each thing that is refused.

    A refusal that finds either of its two empty is counted. All times are seconds of one clock
    that does not go back.
    """

    def __init__(self) -> None:
        self._in_all: dict[Refused, _Bucket] = {}
        self._alike: dict[Refused, _Bucket] = {}
        self._drained_at = 0.0

    def admit(self, refused: Refused, now: float) -> bool:
        """Say whether this refusal gets an event of its own; otherwise it has been counted."""
        flood = Refused(refused.client, refused.reason)
        others = Refused(OTHERS, refused.reason)
        in_all = _bucket(self._in_all, (flood, others), IN_ALL, now)
        may_pass = in_all.has_one(now)
        # What a client chose freely gets a bucket only while it is no flood.
        fine = (refused,) if may_pass and refused.short else ()
        coarse = Refused(refused.client, refused.reason, refused.operation)
        names = (*fine, coarse, others)
        alike = _bucket(self._alike, names, ALIKE, now)
        if not (alike.has_one(now) and may_pass):
            alike.counted += 1
            return False
        in_all.tokens -= 1
        alike.tokens -= 1
        return True

    def due(self, now: float) -> list[dict[str, object]]:
        """Drain the counters if INTERVAL has passed since the last time."""
        return self.drain(now) if now - self._drained_at >= INTERVAL else []

    def drain(self, now: float) -> list[dict[str, object]]:
        """Return an event for each thing that was counted, and count from 0 again.

        The events have no `time`, `id` and `host` yet.
        """
        self._drained_at = now
        found = [
            _counted(refused, one.counted) for refused, one in self._alike.items() if one.counted
        ]
        for bucket in self._alike.values():
            bucket.counted = 0
        self._in_all = _at_work(self._in_all, now)
        self._alike = _at_work(self._alike, now)
        return found


def _bucket(
    buckets: dict[Refused, _Bucket], names: tuple[Refused, ...], rate: Rate, now: float
) -> _Bucket:
    """Return the bucket of the first name that has one or finds room; the last always does."""
    for name in names:
        if name in buckets:
            return buckets[name]
        if len(buckets) < MOST_BUCKETS or name is names[-1]:
            break
    return buckets.setdefault(name, _Bucket(rate, rate.burst, now))


def _at_work(buckets: Mapping[Refused, _Bucket], now: float) -> dict[Refused, _Bucket]:
    for bucket in buckets.values():
        bucket.fill(now)
    return {name: bucket for name, bucket in buckets.items() if not bucket.at_rest}


def _counted(refused: Refused, count: int) -> dict[str, object]:
    names = {"": "unknown callers", OTHERS: "other clients"}
    who = names.get(refused.client, f"client '{refused.client}'")
    why = ": ".join(part for part in (refused.reason, refused.detail) if part)
    words = (refused.operation or "requests", refused.target, f"of {who}")
    what = " ".join(word for word in words if word)
    return {
        "kind": Kind.REFUSALS_COUNTED,
        "client": refused.client,
        "operation": refused.operation,
        "target": refused.target,
        "reason": refused.reason,
        "detail": refused.detail,
        "text": f"{what} refused {count} times more ({why}), beyond what is recorded one by one",
        "count": count,
    }
