"""Audit lines on a stream that is already open, such as standard output (`--audit stdout`).

Must never close the stream: it belongs to the process.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from sockguard.audit.line_store import LineBuffer
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STDOUT = 1
_CANNOT_SYNC = (errno.EINVAL, errno.EROFS)  # fsync(2): a pipe, a terminal or a socket


def _impatient(descriptor: int) -> int:
    """Open the same stream again so that a write to it fails rather than waits for its reader.

    Setting that on the descriptor itself would change it for the other processes that share it.
    A file is used as it is, because opened again it would have a place of its own to write at and
    overwrite what others write to it; so is a socket, which cannot be opened again.
    """
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    flags = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(f"/proc/self/fd/{descriptor}", flags)
    except OSError:
        return descriptor


class StdoutSink:
    """A sink that writes to standard output, numbered from 1 in each process."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        host: str = "",
        descriptor: int = _STDOUT,
        copy: Callable[[list[bytes]], None] | None = None,
    ) -> None:
        """`copy` is given the lines that were written."""
        self._buffer = LineBuffer(now=now, host=host, copy=copy)
        self._given = descriptor
        self._descriptor = _impatient(descriptor)

    @property
    def seq(self) -> int:
        """The number of the last event, as in `Sink`."""
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
        """Write all that is buffered, as in `Sink`."""
        self._buffer.flush_to(lambda _size: self._descriptor)

    def sync(self) -> None:
        """Wait for the disk if the stream is a file, as in `Sink`."""
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                raise AuditError(f"the audit log cannot be synced: {error}") from error

    def close(self) -> None:
        """Flush and sync, as in `Sink`; the stream that was given stays open."""
        try:
            self.flush()
            self.sync()
        finally:
            if self._descriptor != self._given:
                os.close(self._descriptor)
                self._descriptor = self._given
