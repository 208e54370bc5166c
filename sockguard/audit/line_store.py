"""Audit lines on their way to a file: numbered, chained, collected and written in one piece.

Must never hide a loss: what could not be written is counted by a `gap` event of its own.
"""

from __future__ import annotations

import math
import os
import select
from collections import deque
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sockguard.audit.chain import (
    CHECKPOINT_EVERY,
    End,
    digest_of,
    digest_of_remnant,
    whole,
    with_signature,
)
from sockguard.audit.event import Kind, encode, form_line, format_time
from sockguard.audit.sink import AuditError
from sockguard.audit.ulid import UlidSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.audit.chain import Signer

CHECKPOINT_SECONDS = 60.0
_PATIENCE_MS = 100  # all requests wait meanwhile
_NEWLINE = 10
_MOST_TOLD = 100
_START = End()


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


@dataclass(frozen=True, slots=True)
class _Gap:
    count: int
    text: str
    begins: int


class LineBuffer:
    """Numbers and chains lines and holds them until they are written.

    `now` gives seconds since 1970; `host` is the host field of the events made here; `end` is where
    the log before this buffer ends; `signer` signs checkpoints, of which there are none without it.
    `torn` says that the file now ends within a line: then the next write begins with a newline, so
    that the remnant stays as it is, alone.
    `missing` counts the events of this process's time that gap events tell of.
    `told` are the lines made here, gaps and checkpoints, that were written and not taken yet.
    `copy`, if any, is given the lines that have just been written, each once and in their order.
    """

    __slots__ = (
        *("_copy", "_due", "_head", "_host", "_lines", "_new_id", "_now", "_own", "_remnant"),
        *("_sealed", "_sealed_at", "_untold", "_unwritten_from", "_written_head"),
        *("missing", "seq", "signer", "told", "torn"),
    )

    def __init__(
        self,
        *,
        now: Callable[[], float],
        host: str,
        end: End = _START,
        signer: Signer | None = None,
        copy: Callable[[list[bytes]], None] | None = None,
    ) -> None:
        self._now = now
        self._copy = copy
        self._host = host
        self.signer = signer
        self._new_id = UlidSource(now)
        self._lines: list[bytes] = []
        self._own: list[bytes] = []
        self._untold: list[_Gap] = []
        self._unwritten_from = 0
        self._head = self._written_head = end.head
        self._remnant = end.remnant
        self._due: float = math.inf
        self._sealed, self._sealed_at = 0, now()  # what a killed writer left is to be signed too
        self.missing = 0
        self.seq = end.seq
        self.torn = end.unended
        self.told: deque[bytes] = deque(maxlen=_MOST_TOLD)
        self.seal_soon()

    def append(self, event: Mapping[str, object]) -> bytes:
        """Hold one event under the next number. ValueError: it cannot be encoded."""
        return self._hold(encode({**event, "seq": self.seq + 1, "prev": self._head}))

    def append_form(self, form: str, time: str, event_id: str, ended: str = "") -> bytes:
        """Hold, under the next number, one line by a form, as `event.form_line` writes it."""
        seq = self.seq = self.seq + 1
        line = form_line(seq, time, event_id, form, ended, self._head)
        self._head = sha256(line).hexdigest()
        self._lines.append(line)
        if seq >= self._due:
            self.seal()
        return line

    def _hold(self, line: bytes) -> bytes:
        self.seq += 1
        self._head = digest_of(line)
        self._lines.append(line)
        if self.seq >= self._due:
            self.seal()
        return line

    def seal_soon(self) -> None:
        """Hold a checkpoint behind the next line."""
        if self.signer is not None:
            self._due = self.seq

    def seal(self) -> None:
        """Hold a checkpoint, unless there is nothing new to sign, or no key."""
        if self.signer is None or self._sealed == self.seq:
            return
        self._due = self.seq + 1 + CHECKPOINT_EVERY
        event = {
            **self._stamp(Kind.CHECKPOINT, f"head {self._head}@{self.seq}"),
            "seq": self.seq + 1,
            "key": self.signer.name,
            "prev": self._head,
        }
        line = with_signature(encode(event), self.signer)
        self._own.append(line)
        self._hold(line)
        self._sealed, self._sealed_at = self.seq, self._now()

    def tell_gap(self, count: int, text: str, *, begins: int = 0) -> None:
        """Tell in an event, however often the write fails, of `count` numbers that are gone.

        `begins` is the first number that is left, where the oldest are those that went.
        """
        self.missing += count
        self._untold.append(_Gap(count, text, begins))

    def _append_gap(self, gap: _Gap) -> int:
        """Hold the event; return its place among those that are held."""
        place = len(self._lines)
        event = {
            **self._stamp(Kind.GAP, gap.text),
            "seq": self.seq + 1,
            "count": gap.count,
            "begins": gap.begins or None,
            "torn": "" if self._lines else digest_of_remnant(self._remnant),
            "prev": self._head,
        }
        line = encode(event)
        self._own.append(line)
        self._hold(line)
        return place

    def _stamp(self, kind: Kind, text: str) -> dict[str, object]:
        stamp = {"time": format_time(self._now()), "id": self._new_id()}
        return {**stamp, "kind": kind, "host": self._host, "text": text}

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

    def take_told(self) -> list[bytes]:
        """Return what `told` has, and forget it."""
        told = list(self.told)
        self.told.clear()
        return told

    def flush_to(self, room_for: Callable[[int], int]) -> int:
        """Write all that is held to the descriptor that `room_for(bytes)` gives; return how much.

        AuditError: some of it could not be written; those lines are dropped, and a `gap` event
        with their number is held to be written first next time.
        """
        if not (self._lines or self._untold):
            self.seal_if_old()
            if not self._lines:
                return 0
        written = 0
        places: list[int] = []
        try:
            descriptor = room_for(sum(map(len, self._lines)))
            if self._untold:
                places = [self._append_gap(gap) for gap in self._untold]
            if self.seq >= self._due:
                self.seal()
            data = b"".join(self._lines)
            if self.torn:
                data = b"\n" + data
            written = _write(descriptor, data)
            while written < len(data):
                written += _write(descriptor, data[written:])
        except (OSError, AuditError) as error:
            self._lose(written, places, error)
            raise AuditError(f"the audit log cannot be written: {error}") from error
        self._written_head = self._head
        if self._own:
            self._untold.clear()
            self._remnant = b""
            self.told.extend(self._own)
            self._own = []
        if self._copy is not None:
            self._copy(self._lines)
        self._lines = []
        self._unwritten_from = 0
        self.torn = False
        return written

    def seal_if_old(self) -> None:
        """Hold a checkpoint if the last one is a minute old, and something came since."""
        if self._sealed != self.seq and self.signer is not None:
            seconds = self._now() - self._sealed_at
            if not 0 <= seconds < CHECKPOINT_SECONDS:
                self.seal()

    def _lose(self, written: int, places: list[int], why: Exception) -> None:
        """Drop the held lines, of which (a repairing newline first) `written` bytes got through.

        A line that lacks its newline only is whole: the next write gives it one. `places` says
        which of the lines are the gaps that were untold.
        """
        data = b"\n" * self.torn + b"".join(self._lines)
        kept = data.count(b"\n", 0, written + 1) - self.torn
        start = self.first + kept if kept else self.first_unwritten
        torn = data[written - 1] != _NEWLINE if written else self.torn
        self._untold = [
            gap
            for number, gap in enumerate(self._untold)
            if number >= len(places) or places[number] >= kept
        ]
        self.missing += len(self._lines) - kept  # those before were counted when they were lost
        self._remember(data[self.torn : written], kept)
        if kept and self._copy is not None:
            self._copy(self._lines[:kept])
        self._lines, self._own = [], []
        self._unwritten_from = 0
        self.torn = torn
        count = self.seq + 1 - start
        if count:
            self._unwritten_from = start
            self.seal_soon()
            text = f"{count} events from seq {start} on were not written: {why}"
            self._append_gap(_Gap(count, text, 0))

    def _remember(self, written: bytes, kept: int) -> None:
        """Go back to the last of the `kept` whole lines; what else was written is a remnant."""
        if kept:
            self._written_head = digest_of(self._lines[kept - 1])
            self._remnant = written[sum(map(len, self._lines[:kept])) :]
        elif written:
            self._remnant = (whole(self._remnant) if self._remnant else b"") + written
        self._head = self._written_head
