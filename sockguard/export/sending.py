"""What every way of sending events offers, and how it says what became of them.

Must never send anything itself: the senders do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sockguard.errors import SockguardError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ExportError(SockguardError):
    """A destination that cannot be used as it is written; the text says what would mend it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a batch: of its first `taken` lines, `cut` were cut and `refused` thrown away.

    Those that were thrown away were so by the destination.
    """

    taken: int
    cut: int = 0
    refused: int = 0


_NOTHING = Sent(0)


class Undelivered(Exception):
    """The destination does not take all of a batch now; `sent` is what it took."""

    def __init__(self, why: str, sent: Sent = _NOTHING) -> None:
        super().__init__(why)
        self.sent = sent


class Unwanted(Exception):
    """The destination will never take this batch as it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How much is sent at once: `gather` is how many seconds are waited for more."""

    events: int
    size: int
    gather: float


class Sender(Protocol):
    """A way to one destination, used by one thread."""

    @property
    def batch(self) -> Batch:
        """How much it likes to send at once."""

    def send(self, lines: Sequence[bytes], stuck: Callable[[float], None]) -> Sent:
        """Send lines of the log in their order, and return once they are taken.

        `stuck` is called with the seconds for which nothing moved, again and again; what it
        raises ends the sending. Undelivered, Unwanted.
        """

    def close(self) -> None:
        """Let the connection go, if there is one."""
