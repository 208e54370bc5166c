"""An acknowledgment as an event, and as it is sent to the server that writes the log.

Must never take a field that it does not know, nor a text that an event would cut.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sockguard.audit.event import TEXT_BYTES, Kind
from sockguard.audit.sink import AuditError

LONGEST = 32 * 1024
"""Bytes of a line that is sent: all texts at their longest, as JSON may spell them."""


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """Somebody has reviewed the events up to a number, of those that `filter` matches.

    `by` is who says so, in words of their own; `folder` is the device and inode of the audit
    folder that is meant.
    """

    by: str
    note: str
    up_to: int
    filter: str
    folder: str

    def fields(self) -> dict[str, object]:
        """Return the event's own fields."""
        of = f" of {self.filter}" if self.filter else ""
        return {
            "kind": Kind.ACKNOWLEDGED,
            "text": f"{self.by} has reviewed the events up to seq {self.up_to}{of}",
            "by": self.by,
            "note": self.note,
            "up_to": self.up_to,
            "filter": self.filter,
        }


def check(said: Acknowledgment, last_seq: int) -> None:
    """AuditError: a text is too long to be kept, or the number is none of the log's."""
    for name in ("by", "note", "filter"):
        text = getattr(said, name)
        if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
            raise AuditError(f"the {name} is longer than {TEXT_BYTES} bytes")
    if not said.by:
        raise AuditError("nobody is named who has reviewed")
    if not 0 < said.up_to <= last_seq:
        raise AuditError(f"the log has no event {said.up_to}: its last is {last_seq}")


def write_said(said: Acknowledgment) -> bytes:
    """Write it as the line that is sent."""
    return json.dumps(asdict(said)).encode("ascii") + b"\n"


def read_said(line: bytes) -> Acknowledgment:
    """Read the line that was sent. AuditError: it is none."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    types = {"by": str, "note": str, "up_to": int, "filter": str, "folder": str}
    if not isinstance(told, dict) or {name: type(value) for name, value in told.items()} != types:
        raise AuditError("that is no acknowledgment")
    return Acknowledgment(**told)
