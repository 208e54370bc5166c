"""Remembered requests that leave together: one write of the log for all that came in one turn.

Must never let one go before its event is with the kernel.
"""

# At ten busy connections about five requests come per turn of the loop, and each write of the log
# takes a system call; for a single connection the wait for the turn's end costs about as much.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from sockguard.errors import Reason, Refusal

if TYPE_CHECKING:
    from sockguard.proxy.record import Recorder


class Departing(Protocol):
    """A request whose event is buffered."""

    def depart(self) -> None:
        """Go: the event is written."""

    def stay(self, failure: Refusal) -> None:
        """Be refused: it could not be written."""


class Departures:
    """Those that wait for the end of this turn of the loop."""

    __slots__ = ("_recorder", "_waiting")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._waiting: list[tuple[Departing, int]] = []
        """With how often what was buffered had been lost when its event was."""

    def add(self, departing: Departing) -> None:
        """Let it go at the end of this turn, or with `go`."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.go)
        self._waiting.append((departing, self._recorder.losses))

    def go(self) -> None:
        """Write what is buffered, and let all go that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        failure = "the audit log cannot be kept: it failed just now"  # for who wrote it before
        try:
            self._recorder.flush()
        except Refusal as refusal:
            failure = refusal.message
        losses = self._recorder.losses
        for each, before in waiting:
            if before == losses:
                each.depart()
            else:
                each.stay(Refusal(Reason.AUDIT_FAILED, failure))
