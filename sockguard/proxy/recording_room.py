"""The room that recordings take: how much each client has of it, and whose oldest go.

Must never let a client push out recordings of one that has less, nor keep another from beginning.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.audit.recording_store import Kept

FILE_BYTES = 4096
"""What a file takes beside what is in it: without, tiny ones would cost nothing."""

MOST_REMOVED = 100
"""So many go at one time: each is an event, and the loop waits for none of them."""

_FOR_OTHERS = "made room for others"

FULL = "all recordings together are at --recording-total"
OPEN = "those of this client that are open are at half of what others leave of --recording-total"


class Room:
    """Counts bytes by client: of sessions that are open, and of recordings that are closed."""

    __slots__ = ("_closed", "_kept", "_open", "_remove")

    def __init__(self, remove: Callable[[Kept, str], bool]) -> None:
        """`remove(recording, why)` tells of it and removes it; False: it could not be told."""
        self._remove = remove
        self._open: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._closed: dict[str, deque[Kept]] = {}

    def take(self, client: str, size: int, most: int) -> str:
        """Count more bytes of an open session of all that there may be; "", or why there is none.

        Open ones of a client get half of what those of others leave, so that there is some for the
        next one always.
        """
        mine = self._open[client]
        others = self._open.total() - mine
        if 2 * (mine + size) > most - others:
            return OPEN
        if not self.fits(size, most):
            return FULL
        self._open[client] += size
        return ""

    def fits(self, size: int, most: int) -> bool:
        """Tell whether so many bytes fit, once the oldest of who has most made room for them."""
        left = MOST_REMOVED
        while self._open.total() + self._kept.total() + size > most:
            if not (left and self._closed and self._let_go(self._largest(), _FOR_OTHERS)):
                return False
            left -= 1
        return True

    def leave(self, client: str, size: int) -> None:
        """Count a session no more that was open."""
        self._open[client] -= size

    def keep(self, client: str, recording: Kept) -> None:
        """Count one that is closed, the newest of its client."""
        self._closed.setdefault(client, deque()).append(recording)
        self._kept[client] += recording.size + FILE_BYTES

    def let_go_before(self, ended: float, why: str) -> None:
        """Let those go that ended before that, seconds since 1970; not all goes at once."""
        for _ in range(MOST_REMOVED):
            client = min(self._closed, key=self._oldest, default=None)
            if client is None or self._oldest(client) >= ended or not self._let_go(client, why):
                return

    def _oldest(self, client: str) -> float:
        return self._closed[client][0].ended

    def _largest(self) -> str:
        return max(self._closed, key=lambda client: self._open[client] + self._kept[client])

    def _let_go(self, client: str, why: str) -> bool:
        closed = self._closed[client]
        if not self._remove(closed[0], why):
            return False
        self._kept[client] -= closed.popleft().size + FILE_BYTES
        if not closed:
            del self._closed[client]
        return True
