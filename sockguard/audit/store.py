"""The audit log's writer: one folder of JSON-line segments with a size cap.

Must never lose a line unnoticed, rewrite one, or write where another process writes.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from sockguard.audit.line_store import LineBuffer
from sockguard.audit.segment_store import (
    create_segment,
    lock_folder,
    open_segment,
    read_tail,
    segments,
)
from sockguard.audit.sink import AuditError
from sockguard.audit.sync_store import SyncedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SEGMENT_BYTES = 16 << 20
TOTAL_BYTES = 256 << 20
LOOK_EVERY = 0.25
"""Seconds between two looks whether the segment is still there."""


class Store:
    """A sink that writes to a folder; `Store.open` makes one. One thread owns it, but for `sync`.

    Segments of at most `segment_bytes` (a larger batch gets one of its own); when they would take
    more than `total_bytes`, the oldest goes and a `gap` event tells which numbers went with it.
    """

    def __init__(
        self, folder: Path, lock: int, sizes: tuple[int, int], now: Callable[[], float], host: str
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._segment_bytes, self._total_bytes = sizes
        self._now = now
        self._looked_at = -LOOK_EVERY
        self._size = 0
        found = segments(folder)
        if not found:
            self._buffer = LineBuffer(now=now, host=host)
            self._first = self._oldest = 1
            self._file = SyncedFile(folder, create_segment(folder, 1, now()))
            return
        self._oldest, self._first = found[0].first, found[-1].first
        self._file = SyncedFile(folder, open_segment(found[-1]))
        self._size = os.fstat(self._file.current).st_size
        tail = read_tail(self._file.current, self._first)
        self._buffer = LineBuffer(now=now, host=host, seq=tail.seq, torn=tail.unended)
        if tail.torn:
            self._buffer.tell_gap(1, f"seq {tail.seq} is torn: its writer was cut off")
        self._make_room(self._segment_bytes)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        now: Callable[[], float],
        segment_bytes: int = SEGMENT_BYTES,
        total_bytes: int = TOTAL_BYTES,
        host: str = "",
    ) -> Store:
        """Open a folder for writing and make it if it is missing; `host` goes into gap events.

        A line that was cut off when the last writer died stays as evidence, and a `gap` event says
        so. AuditError: the folder cannot be written, or another process writes it.
        """
        if total_bytes < 2 * segment_bytes:
            raise AuditError("the audit folder must have room for two segments at least")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return cls._locked(folder, (segment_bytes, total_bytes), now, host)
        except OSError as error:
            raise _unwritable(folder, error) from error

    @classmethod
    def _locked(
        cls, folder: Path, sizes: tuple[int, int], now: Callable[[], float], host: str
    ) -> Store:
        lock = lock_folder(folder)
        try:
            store = cls(folder, lock, sizes, now, host)
            store.flush()
        except BaseException:
            os.close(lock)
            raise
        return store

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

    def append(self, event: Mapping[str, object]) -> bytes:
        """Buffer one event, as in `Sink`."""
        return self._buffer.append(event)

    def append_form(self, form: str, values: tuple[object, ...]) -> bytes:
        """Buffer one line, as in `Sink`."""
        return self._buffer.append_form(form, values)

    def flush(self) -> None:
        """Write all that is buffered with one system call, as in `Sink`."""
        self._buffer.flush_to(self._room_for)
        self._file.wrote()

    def sync(self) -> None:
        """Wait for the disk, as in `Sink`; from any thread."""
        self._file.sync()

    def close(self) -> None:
        """Flush, sync and let go, as in `Sink`."""
        try:
            self.flush()
            self.sync()
        finally:
            self._file.close()
            os.close(self._lock)

    def _room_for(self, size: int) -> int:
        """Return the descriptor to write so many bytes to. OSError, AuditError: there is none."""
        if self._is_removed():
            self._begin_anew()
        elif self._file.doubtful:
            self._begin_segment()
            self._buffer.tell_gap(0, "a sync failed: a power failure may have cost earlier events")
            self._file.trust()
        elif self._size and self._size + size > self._segment_bytes:
            self._begin_segment()
            self._make_room(max(size, self._segment_bytes))
        self._size += size
        return self._file.current

    def _is_removed(self) -> bool:
        """Look now and then whether somebody removed the segment; asking costs as much as writing.

        What was written in between is counted as removed with the rest of the segment.
        """
        now = self._now()
        if 0 <= now - self._looked_at < LOOK_EVERY:
            return False
        removed = os.fstat(self._file.current).st_nlink == 0
        self._looked_at = now - LOOK_EVERY if removed else now
        return removed

    def _begin_segment(self) -> None:
        first = self._buffer.first
        self._file.replace(create_segment(self._folder, first, self._now()))
        self._first = first
        self._size = 0
        self._buffer.torn = False

    def _begin_anew(self) -> None:
        """Go on after somebody removed the segment; in a removed folder nothing goes on."""
        if os.fstat(self._lock).st_nlink == 0:
            removed, self._lock = self._lock, lock_folder(self._folder)
            os.close(removed)
        start = self._first if segments(self._folder) else self._oldest
        end = self._buffer.first_unwritten
        self._begin_segment()
        if start == self._oldest:
            self._oldest = self._first
        self._buffer.tell_gap(end - start, f"somebody removed the events {start} to {end - 1}")

    def _make_room(self, size: int) -> None:
        """Remove the oldest segments until so many bytes fit under the cap."""
        old = [segment for segment in segments(self._folder) if segment.first < self._first]
        sizes = [segment.path.stat().st_size for segment in old]
        ends = [*(segment.first for segment in old[1:]), self._first]
        total = sum(sizes) + size
        for segment, bytes_, end in zip(old, sizes, ends, strict=False):
            if total <= self._total_bytes:
                return
            segment.path.unlink(missing_ok=True)
            total -= bytes_
            self._oldest = end
            self._buffer.tell_gap(
                end - segment.first,
                f"the events {segment.first} to {end - 1} made room: the folder is full",
            )


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
