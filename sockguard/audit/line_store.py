"""Audit lines on their way to a file: numbered, collected and written in one piece.

Must never hide a loss: what could not be written is counted by a `gap` event of its own.
"""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind, encode, format_time
from sockguard.audit.sink import AuditError
from sockguard.audit.ulid import UlidSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PATIENCE_MS = 100  # all requests wait meanwhile
_NEWLINE = 10


def _write(descriptor: int, data: bytes) -> int:
    """How much one system call took. OSError; TimeoutError: nobody reads the other end."""
    try:
        return os.write(descriptor, data)
    except BlockingIOError:
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        if not poll.poll(_PATIENCE_MS):
            raise TimeoutError("nobody reads the log") from None
        return 0


class LineBuffer:
    """Numbers lines and holds them until they are written.

    `now` gives seconds since 1970; `host` is the host field of the gap events made here; `seq` is
    the number of the last line before this buffer. `torn` says that the file now ends within a
    line: then the next write begins with a newline, so that the remnant stays as it is, alone.
    `missing` counts the events of this process's time that gap events tell of.
    """

    __slots__ = (
        *("_host", "_lines", "_new_id", "_now", "_untold", "_unwritten_from"),
        *("missing", "seq", "torn"),
    )

    def __init__(
        self, *, now: Callable[[], float], host: str, seq: int = 0, torn: bool = False
    ) -> None:
        self._now = now
        self._host = host
        self._new_id = UlidSource(now)
        self._lines: list[bytes] = []
        self._untold: list[tuple[int, str]] = []
        self._unwritten_from = 0
        self.missing = 0
        self.seq = seq
        self.torn = torn

    def append(self, event: Mapping[str, object]) -> bytes:
        """Hold one event under the next number. ValueError: it cannot be encoded."""
        line = encode({**event, "seq": self.seq + 1})
        self.seq += 1
        self._lines.append(line)
        return line

    def append_form(self, form: str, values: tuple[object, ...]) -> bytes:
        """Hold, under the next number, one line whose other places take these values."""
        self.seq += 1
        line = (form % (self.seq, *values)).encode("ascii")
        self._lines.append(line)
        return line

    def tell_gap(self, count: int, text: str) -> None:
        """Tell in an event, however often the write fails, of `count` numbers that are gone."""
        self.missing += count
        self._untold.append((count, text))

    def _append_gap(self, count: int, text: str) -> None:
        self.append(
            {
                "time": format_time(self._now()),
                "id": self._new_id(),
                "kind": Kind.GAP,
                "host": self._host,
                "text": text,
                "count": count,
            }
        )

    @property
    def held(self) -> int:
        """How many lines are held."""
        return len(self._lines)

    @property
    def first(self) -> int:
        """The number of the first line that is held, or of the next one when none is."""
        return self.seq + 1 - len(self._lines)

    @property
    def first_unwritten(self) -> int:
        """The same, or the first number of those that were dropped right before it."""
        return self._unwritten_from or self.first

    def flush_to(self, room_for: Callable[[int], int]) -> None:
        """Write all that is held to the descriptor that `room_for(bytes)` gives.

        AuditError: some of it could not be written; those lines are dropped, and a `gap` event
        with their number is held to be written first next time.
        """
        if not (self._lines or self._untold):
            return
        written = 0
        try:
            descriptor = room_for(sum(map(len, self._lines)))
            for count, text in self._untold:
                self._append_gap(count, text)
            data = b"\n" * self.torn + b"".join(self._lines)
            written = _write(descriptor, data)
            while written < len(data):
                written += _write(descriptor, data[written:])
        except (OSError, AuditError) as error:
            self._lose(written, error)
            raise AuditError(f"the audit log cannot be written: {error}") from error
        self._untold.clear()
        self._forget()

    def _forget(self) -> None:
        self._lines.clear()
        self._unwritten_from = 0
        self.torn = False

    def _lose(self, written: int, why: Exception) -> None:
        """Drop the held lines, of which (a repairing newline first) `written` bytes got through.

        A line that lacks its newline only is whole: the next write gives it one.
        """
        data = b"\n" * self.torn + b"".join(self._lines)
        whole = data.count(b"\n", 0, written + 1) - self.torn
        start = self.first + whole if whole else self.first_unwritten
        torn = data[written - 1] != _NEWLINE if written else self.torn
        if whole:  # then what was untold stands at the end of the lines
            del self._untold[: max(0, len(self._untold) - (len(self._lines) - whole))]
        self.missing += len(self._lines) - whole  # those before were counted when they were lost
        self._forget()
        self.torn = torn
        count = self.seq + 1 - start
        if count:
            self._unwritten_from = start
            self._append_gap(count, f"{count} events from seq {start} on were not written: {why}")
