"""What the log says of itself, shown beside requests: gaps at once, checkpoints now and then.

Must never leave the last checkpoint out: whoever collects what is shown keeps the head of the log.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.audit.sink import Sink

CHECKPOINT_SECONDS = 10.0
"""At least so long between two checkpoints that are shown: under load there are many."""

_CHECKPOINT = f'"kind":"{Kind.CHECKPOINT}"'.encode()


class Told:
    """Shows the lines that a sink made on its own account."""

    __slots__ = ("_checkpoint", "_show", "_shown_at", "_sink")

    def __init__(self, sink: Sink, show: Callable[[bytes, bool], None]) -> None:
        self._sink = sink
        self._show = show
        self._checkpoint = b""
        """The last one that was not shown, b"" for none."""
        self._shown_at = -CHECKPOINT_SECONDS

    def show(self) -> None:
        """Show what is new."""
        told = self._sink.take_told()
        if not told and not self._checkpoint:
            return
        for line in told:
            if _CHECKPOINT in line:
                self._checkpoint = line
            else:
                self._show(line, True)
        if time.monotonic() - self._shown_at >= CHECKPOINT_SECONDS:
            self._show_checkpoint()

    def show_all(self) -> None:
        """Show what is new, and the checkpoint that is due later."""
        self.show()
        self._show_checkpoint()

    def _show_checkpoint(self) -> None:
        if self._checkpoint:
            self._show(self._checkpoint, True)
            self._checkpoint = b""
            self._shown_at = time.monotonic()
