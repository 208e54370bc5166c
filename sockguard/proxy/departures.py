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


_LOST = Refusal(Reason.AUDIT_FAILED, "the audit log cannot be kept: it failed just now")
"""Somebody else wrote what was buffered, and failed."""


class Departing(Protocol):
    """A request whose event is buffered."""

    def depart(self) -> None:
        """Go: the event is written."""

    def stay(self, failure: Refusal) -> None:
        """Be refused: it could not be written."""


class Departures:
    """Those that wait for the end of this turn of the loop."""

    __slots__ = ("_losses", "_recorder", "_waiting")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._waiting: list[Departing] = []
        self._losses = 0

    def add(self, departing: Departing) -> None:
        """Let it go at the end of this turn, or with `go`."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.go)
            self._losses = self._recorder.losses
        self._waiting.append(departing)

    def go(self) -> None:
        """Write what is buffered, and let all go that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._recorder.flush()
            failure = _LOST if self._recorder.losses != self._losses else None
        except Refusal as refusal:
            failure = refusal
        for each in waiting:
            each.depart() if failure is None else each.stay(failure)
