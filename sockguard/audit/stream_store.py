"""Audit lines on a stream that is already open, such as standard output (`--audit stdout`).

Must never close the stream: it belongs to the process.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from sockguard.audit.line_store import LineBuffer
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STDOUT = 1
_CANNOT_SYNC = (errno.EINVAL, errno.EROFS)  # fsync(2): a pipe, a terminal or a socket


class StdoutSink:
    """A sink that writes to standard output, numbered from 1 in each process."""

    def __init__(
        self, *, now: Callable[[], float], host: str = "", descriptor: int = _STDOUT
    ) -> None:
        self._buffer = LineBuffer(now=now, host=host)
        self._descriptor = descriptor

    def append(self, event: Mapping[str, object]) -> None:
        """Buffer one event, as in `Sink`."""
        self._buffer.append(event)

    def append_line(self, line: bytes) -> None:
        """Buffer one line, as in `Sink`."""
        self._buffer.append_line(line)

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
        """Flush and sync, as in `Sink`; the stream stays open."""
        self.flush()
        self.sync()
