"""The open file of the log, and those before it whose content is not yet known to be on disk.

Must never say that something is safe which another thread is still syncing, or which the storage
once failed to sync: the kernel reports such a failure one time only.
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_RETIRED = 8


class SyncedFile:
    """A descriptor that one thread writes and replaces while others call `sync`.

    `doubtful` says that a sync has failed: all further ones fail until the writer calls `trust`.
    """

    __slots__ = (
        *("_files", "_folder", "_retired", "_synced", "_syncing", "_written"),
        *("current", "doubtful"),
    )

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._folder = folder
        self._files = Lock()  # guards `current` and `_retired`, held for moments
        self._syncing = Lock()  # held while the disk works
        self._retired: list[int] = []
        self._written = 1
        self._synced = 0
        self.current = descriptor
        self.doubtful = False

    def wrote(self) -> None:
        """Something was written to `current`."""
        self._written += 1

    def replace(self, descriptor: int) -> None:
        """Go on with another file of the folder; the one before is closed once it is synced."""
        with self._files:
            self._retired.append(self.current)
            self.current = descriptor
        self._written += 1
        if len(self._retired) > _MOST_RETIRED:
            with suppress(AuditError):  # `doubtful` remembers it
                self.sync()

    def trust(self) -> None:
        """Let syncs count again: what may be lost has been told."""
        self.doubtful = False

    def sync(self) -> None:
        """Return when all that was written before is on disk. AuditError: it may not be."""
        with self._syncing:
            written = self._written
            if written == self._synced:
                return
            if self.doubtful:
                raise AuditError("the audit log could not be synced before")
            try:
                with self._files:
                    current = os.dup(self.current)
                    old, self._retired = self._retired, []
            except OSError as error:
                self.doubtful = True
                raise AuditError(f"the audit log cannot be synced: {error}") from error
            try:
                self._sync_all([*old, current])
            finally:
                for descriptor in (*old, current):
                    os.close(descriptor)
            self._synced = written

    def _sync_all(self, descriptors: list[int]) -> None:
        try:
            for descriptor in descriptors:
                os.fdatasync(descriptor)
            if self._synced == 0 or len(descriptors) > 1:
                self._sync_names()
        except OSError as error:
            self.doubtful = True
            raise AuditError(f"the audit log cannot be synced: {error}") from error

    def _sync_names(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Let go of all files; what was not synced is the kernel's to write."""
        with self._syncing, self._files:
            for descriptor in (*self._retired, self.current):
                os.close(descriptor)
            self._retired.clear()
