"""A sink for audit lines on storage that fails when a test says so.

Must never write anything anywhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.audit.event import form_line
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Mapping


class FailingSink:
    """A disk that is full while `full` is set, and remembers the order of what it was asked."""

    def __init__(self) -> None:
        self.full = False
        self.sync_fails = False
        self.lines: list[bytes] = []
        self._pending: list[bytes] = []
        self.synced = 0
        self.seq = 0
        self.held = 0
        self.missing = 0

    def take_told(self) -> list[bytes]:
        return []

    def append(self, event: Mapping[str, object]) -> bytes:
        self._pending.append(json.dumps(event).encode())
        return self._pending[-1]

    def append_form(self, form: str, time: str, event_id: str, ended: str = "") -> bytes:
        self._pending.append(form_line(0, time, event_id, form, ended, ""))
        return self._pending[-1]

    def flush(self) -> None:
        pending, self._pending = self._pending, []
        if self.full and pending:
            raise AuditError("the audit log cannot be written: No space left on device")
        self.lines += pending

    def sync(self) -> None:
        if self.sync_fails:
            raise AuditError("the audit log cannot be synced: Input/output error")
        self.synced += 1

    def close(self) -> None:
        self.flush()
