"""The audit log's writer: one folder of JSON-line segments with a size cap.

Must never lose a line unnoticed, rewrite one, or write where another process writes.
"""

from __future__ import annotations

import errno
import os
from functools import partial
from typing import TYPE_CHECKING

from sockguard.audit.closed_store import DAY_SECONDS, ClosedSegments, Keeping
from sockguard.audit.end_store import read_end
from sockguard.audit.key_store import open_key, publish
from sockguard.audit.line_store import LineBuffer
from sockguard.audit.segment_store import (
    DAMAGED,
    create_segment,
    lock_folder,
    open_segment,
    segments,
)
from sockguard.audit.sink import AuditError
from sockguard.audit.sync_store import SyncedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sockguard.audit.chain import End
    from sockguard.audit.segment_store import Segment

LOOK_EVERY = 0.25
"""Seconds between two looks whether the segment is still there."""

_KEEPING = Keeping()


class Store:
    """A sink that writes to a folder; `Store.open` makes one. One thread owns it, but for `sync`.

    A segment ends at its size (a larger batch gets one of its own) and with the day in UTC. When
    they take too much room, or are too old, the oldest goes and a `gap` event tells which numbers
    went with it.
    """

    def __init__(
        self,
        folder: Path,
        lock: int,
        keeping: Keeping,
        buffer: Callable[[End], LineBuffer],
        now: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._segment_bytes = keeping.segment_bytes
        self._now = now
        self._looked_at = -LOOK_EVERY
        self._closed = ClosedSegments(folder, keeping)
        found = segments(folder)
        end = read_end(found)
        self._buffer = buffer(end)
        self._oldest, self._first = (found[0].first, found[-1].first) if found else (1, 1)
        self._size = 0
        self._day, self._day_is_over = now() // DAY_SECONDS, False
        self._file = SyncedFile(folder, self._open_last(found))
        if end.missing:
            text = f"seq {end.seq + 1 - end.missing} is torn or missing: its writer was cut off"
            self._buffer.tell_gap(end.missing, text)
        self._make_room(self._segment_bytes, partial(self._closed.told_to_begin, found))
        self._closed.pack_all(self._first, self.sync)

    @classmethod
    def open(  # noqa: PLR0913  # each keyword stands for what may be left out
        cls,
        folder: Path,
        *,
        now: Callable[[], float],
        keeping: Keeping = _KEEPING,
        host: str = "",
        key: Path | None = None,
        copy: Callable[[list[bytes]], None] | None = None,
    ) -> Store:
        """Open a folder for writing and make it if it is missing.

        `host` goes into the events made here. `key` is the file of the key that signs checkpoints,
        and is made if it is missing; there are no checkpoints without one. `copy` is given the
        lines that were written. A line that was cut off when the last writer died stays as
        evidence, and a `gap` event says so.
        AuditError: the folder cannot be written, or another process writes it.
        """
        if keeping.total_bytes < 2 * keeping.segment_bytes:
            raise AuditError("the audit folder must have room for two segments at least")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            lock = lock_folder(folder)
            try:
                signer = None if key is None else open_key(key, folder)
                store = cls(
                    folder,
                    lock,
                    keeping,
                    lambda end: LineBuffer(now=now, host=host, end=end, signer=signer, copy=copy),
                    now,
                )
                store.flush()
            except BaseException:
                os.close(lock)
                raise
        except OSError as error:
            raise _unwritable(folder, error) from error
        except DAMAGED as error:
            raise AuditError(
                f"the audit folder {folder} holds a file that is damaged: {error}"
            ) from error
        return store

    def _open_last(self, found: list[Segment]) -> int:
        """Open the segment to go on with, which is a new one where the last is closed for good."""
        if found and not found[-1].packed:
            descriptor = open_segment(found[-1])
            self._size = os.fstat(descriptor).st_size
            self._day = found[-1].began // DAY_SECONDS if self._size else self._day
            return descriptor
        self._first = self._buffer.first
        self._buffer.torn = False
        return create_segment(self._folder, self._first, self._now())

    @property
    def seq(self) -> int:
        """The number of the last event, 0 when there is none."""
        return self._buffer.seq

    @property
    def held(self) -> int:
        """How many lines are buffered, as in `Sink`."""
        return self._buffer.held

    @property
    def missing(self) -> int:
        """How many events gap events tell of, as in `Sink`."""
        return self._buffer.missing

    def take_told(self) -> list[bytes]:
        """Return the lines that were made here, as in `Sink`."""
        return self._buffer.take_told()

    def append(self, event: Mapping[str, object]) -> bytes:
        """Buffer one event, as in `Sink`."""
        return self._buffer.append(event)

    def append_form(self, form: str, time: str, event_id: str, ended: str = "") -> bytes:
        """Buffer one line, as in `Sink`."""
        return self._buffer.append_form(form, time, event_id, ended)

    def flush(self) -> None:
        """Write all that is buffered with one system call, as in `Sink`."""
        try:
            written = self._buffer.flush_to(self._room_for)
            self._size += written
            self._file.wrote()
        except AuditError:
            self._size = os.fstat(self._file.current).st_size
            raise
        finally:
            if self._closed.going:
                self._closed.remove_going(self.sync)

    def sync(self) -> None:
        """Wait for the disk, as in `Sink`; from any thread."""
        self._file.sync()

    def close(self) -> None:
        """Flush, sync and let go, as in `Sink`."""
        try:
            self._buffer.seal()
            self.flush()
            self.sync()
        finally:
            self._closed.close()
            self._file.close()
            os.close(self._lock)

    def _room_for(self, size: int) -> int:
        """Return the descriptor to write so many bytes to. OSError, AuditError: there is none."""
        now = self._now()
        if not 0 <= now - self._looked_at < LOOK_EVERY and self._is_removed(now):
            self._begin_anew()
        elif self._file.doubtful:
            self._begin_segment()
            self._buffer.tell_gap(0, "a sync failed: a power failure may have cost earlier events")
            self._file.trust()
        elif self._size and (self._size + size > self._segment_bytes or self._day_is_over):
            self._begin_segment()
            self._make_room(max(size, self._segment_bytes))
            self._closed.pack_all(self._first, self.sync)
        return self._file.current

    def _is_removed(self, now: float) -> bool:
        """Look whether somebody removed the segment, and whether its day is over.

        That is done now and then: it costs as much as writing. What was written in between is
        counted as removed with the rest of the segment.
        """
        self._buffer.seal_if_old()
        removed = os.fstat(self._file.current).st_nlink == 0
        self._looked_at = now - LOOK_EVERY if removed else now
        day = now // DAY_SECONDS  # a clock that is set back a little changes nothing
        self._day_is_over = day > self._day or day < self._day - 1
        return removed

    def _begin_segment(self) -> None:
        first, now = self._buffer.first, self._now()
        self._file.replace(create_segment(self._folder, first, now))
        self._first = first
        self._size = 0
        self._day, self._day_is_over = now // DAY_SECONDS, False
        self._buffer.torn = False
        self._buffer.seal_soon()

    def _begin_anew(self) -> None:
        """Go on after somebody removed the segment; in a removed folder nothing goes on."""
        if os.fstat(self._lock).st_nlink == 0:
            removed, self._lock = self._lock, lock_folder(self._folder)
            os.close(removed)
            if self._buffer.signer is not None:
                publish(self._folder, self._buffer.signer.public)
        start = self._first if segments(self._folder) else self._oldest
        end = self._buffer.first_unwritten
        self._begin_segment()
        if start == self._oldest:
            self._oldest = self._first
        self._buffer.tell_gap(end - start, f"somebody removed the events {start} to {end - 1}")

    def _make_room(self, size: int, told: Callable[[], int] = int) -> None:
        """Let the oldest segments go until so many bytes fit under the cap, and tell of them.

        Those before the number that `told` gives were told of before.
        """
        found = self._closed.make_room(size, self._oldest, self._first, self._now())
        before = told() if found else 0
        for going in found:
            self._oldest = going.end
            if going.end > before:
                self._buffer.tell_gap(going.count, going.text, begins=going.end)


def _unwritable(folder: Path, error: OSError) -> AuditError:
    return AuditError(
        f"the audit folder {folder} cannot be written: {error.strerror}.\n"
        f"It must belong to uid {os.geteuid()}. "
        "In a compose file, give sockguard a volume for it:\n"
        "    services:\n"
        "      sockguard:\n"
        "        volumes:\n"
        f"          - sockguard-audit:{folder}\n"
        "    volumes:\n"
        "      sockguard-audit: {}\n"
        f"A folder of the host mounted there needs `chown {os.geteuid()}:{os.getegid()}`; "
        "`--audit stdout` needs no folder."
    )
