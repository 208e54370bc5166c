"""Event lines on standard output, written by a thread of their own.

Must never hold a request up: what a stuck reader does not take is counted, not waited for.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING

from sockguard.audit.text import line_of, may_colour
from sockguard.cli.say import encodable

if TYPE_CHECKING:
    from sockguard.settings import Settings

MOST_WAITING = 10_000
_LAST_SECONDS = 1.0


class Show:
    """Prints the event lines that the settings ask for."""

    def __init__(self, settings: Settings) -> None:
        self._nothing = settings.audit == "stdout"
        self._everything = settings.log == "all"
        self._denied = settings.log == "denied"
        self._json = settings.log_format == "json"
        self._colour = may_colour(os.environ, terminal=sys.stdout.isatty())
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._missed = 0
        self._thread = threading.Thread(target=self._print_all, daemon=True)
        self._thread.start()

    def __call__(self, line: bytes, noteworthy: bool) -> None:
        """Queue one line of the log unless nobody asked for its kind."""
        if self._nothing or not (noteworthy or self._everything):
            return
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._missed += 1

    def close(self) -> None:
        """Print what is left, for a second at most."""
        if not self._waiting.full():
            self._waiting.put_nowait(None)
        self._thread.join(_LAST_SECONDS)

    def _print_all(self) -> None:
        while (line := self._waiting.get()) is not None:
            text = self._text(line)
            if self._missed:
                missed, self._missed = self._missed, 0
                text += f"sockguard: {missed} lines are in the audit log only\n"
            try:
                sys.stdout.write(encodable(text))
                sys.stdout.flush()
            except OSError:
                return

    def _text(self, line: bytes) -> str:
        event = json.loads(line)
        if self._denied and event.get("decision") == "allow":
            return ""
        if self._json:
            return line.decode("ascii")
        return line_of(event, colour=self._colour) + "\n"
