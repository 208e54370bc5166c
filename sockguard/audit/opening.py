"""That somebody opens a recording: as an event, and as it is sent to the server that writes it.

Must never take a field that it does not know, nor name anything but a recording.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from sockguard.audit.event import TEXT_BYTES, Kind
from sockguard.audit.sink import AuditError

_NAME = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}\.cast")
_TYPES = {"by": str, "recording": str, "changed": bool, "folder": str}


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody is about to be shown a recording.

    `by` is who says so, in words of their own; `changed`: it is not what the log says, and is
    shown all the same; `folder` is the device and inode of the audit folder that is meant.
    """

    by: str
    recording: str
    changed: bool
    folder: str

    def fields(self) -> dict[str, object]:
        """Return the event's own fields; its id is that of the session."""
        changed = ", although it is not what was recorded" if self.changed else ""
        return {
            "kind": Kind.RECORDING_OPENED,
            "text": f"{self.by} opens the recording {self.recording}{changed}",
            "id": self.recording.partition(".")[0],
            "by": self.by,
            "recording": self.recording,
        }


def check_opening(said: Opening) -> None:
    """AuditError: nobody is named, or no recording, or a text is too long to be kept."""
    if not said.by or len(said.by.encode("utf-8", "surrogatepass")) > TEXT_BYTES // 2:
        raise AuditError("nobody is named who opens the recording")
    if not _NAME.fullmatch(said.recording):
        raise AuditError("that is no recording")


def write_opening(said: Opening) -> bytes:
    """Write it as the line that is sent."""
    return json.dumps(asdict(said)).encode("ascii") + b"\n"


def read_opening(line: bytes) -> Opening | None:
    """Read the line that was sent, None where it says something else."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or {name: type(one) for name, one in told.items()} != _TYPES:
        return None
    return Opening(**told)
