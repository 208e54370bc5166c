"""What every destination of audit lines offers, and the one error they raise.

Must never write anything itself: the stores do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sockguard.errors import SockguardError

if TYPE_CHECKING:
    from collections.abc import Mapping


class AuditError(SockguardError):
    """The audit log cannot be opened, written or read; the text says what to do about it."""


class Sink(Protocol):
    """A destination of audit lines, owned by one thread; only `sync` may run in another."""

    @property
    def seq(self) -> int:
        """The number of the last event, be it written or buffered; 0 when there is none."""

    @property
    def held(self) -> int:
        """How many lines are buffered."""

    @property
    def missing(self) -> int:
        """How many events `gap` events have told of since the sink was opened."""

    def take_told(self) -> list[bytes]:
        """Return the lines of the sink's own, gaps and checkpoints, written since the last time."""

    def append(self, event: Mapping[str, object]) -> bytes:
        """Buffer one event (names as in `event.FIELDS`, no `seq`), and return its line.

        ValueError: no such field.
        """

    def append_form(self, form: str, time: str, event_id: str, ended: str = "") -> bytes:
        """Buffer one line by a form of `event`; all texts are as `event.form_line` takes them."""

    def flush(self) -> None:
        """Hand all that is buffered to the kernel.

        AuditError: some of it was not taken. That is dropped, and a `gap` event counts it as soon
        as storage works again.
        """

    def sync(self) -> None:
        """Make all that was flushed before this survive a power failure. AuditError: not so."""

    def close(self) -> None:
        """Flush, sync and let go. AuditError as above, but everything is let go in any case."""
