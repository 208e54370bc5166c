"""Events that wait for one destination: bounded in number and bytes, and counted.

Must never make the one who adds wait, nor lose an event without counting it.
"""

# No lock: each number is written by one thread alone, the one that adds or the one that takes.

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sockguard.export.sending import Batch


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait."""

    events: int = 10_000
    size: int = 16 * 1024**2


BOUNDS = Bounds()


class Backlog:
    """Takes lines from one thread and gives them to another; what finds no room is dropped.

    The newest is what is dropped: the oldest tell how it began, and may be on their way already.
    """

    __slots__ = (
        *("_added", "_added_size", "_bounds", "_closing", "_ended", "_held", "_lines"),
        *("_taken", "_taken_size", "dropped"),
    )

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        self._lines: queue.SimpleQueue[Sequence[bytes] | None] = queue.SimpleQueue()
        self._added = self._added_size = 0
        self._taken = self._taken_size = 0
        self._held: deque[bytes] = deque()
        self._ended = False
        self._closing = threading.Event()
        self.dropped = 0
        """How many found no room."""

    @property
    def waiting(self) -> int:
        """How many wait, those that are on their way included."""
        return self._added - self._taken

    @property
    def is_long(self) -> bool:
        """Whether more wait than come together in a moment."""
        return self.waiting > self._bounds.events // 10

    def add(self, lines: Sequence[bytes]) -> None:
        """Let these lines wait, unless there is no room for them."""
        count, size = len(lines), sum(map(len, lines))
        if (
            self._added - self._taken + count > self._bounds.events
            or self._added_size - self._taken_size + size > self._bounds.size
        ):
            self.dropped += count
            return
        self._added += count
        self._added_size += size
        self._lines.put(lines)

    def end(self) -> None:
        """Say that no more come."""
        self._closing.set()
        self._lines.put(None)

    def take(self, batch: Batch) -> list[bytes]:
        """Wait for lines and return as many as make a batch; none once all is taken at the end.

        They wait on, as it is counted, until `done` is told of them.
        """
        if not self._held and not self._ended:
            self._hold(self._lines.get())
            if self.waiting < batch.events:
                self._closing.wait(batch.gather)
        found: list[bytes] = []
        size = 0
        while len(found) < batch.events and (self._held or self._fetched()):
            size += len(self._held[0])
            if found and size > batch.size:
                break
            found.append(self._held.popleft())
        return found

    def done(self, lines: Sequence[bytes]) -> None:
        """Make room: these lines wait no longer, whatever became of them."""
        self._taken += len(lines)
        self._taken_size += sum(map(len, lines))

    def _fetched(self) -> bool:
        while not self._held and not self._ended and not self._lines.empty():
            self._hold(self._lines.get())
        return bool(self._held)

    def _hold(self, lines: Sequence[bytes] | None) -> None:
        if lines is None:
            self._ended = True
        else:
            self._held.extend(lines)
