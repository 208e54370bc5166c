"""Reads the events of an audit folder while it may be written.

Must never write or lock there, and never pass over what it cannot read: that becomes an event of
the kind `unreadable`, which no writer writes.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from sockguard.audit.segment_store import DAMAGED, LINE_BYTES, read_segment, segments
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.audit.segment_store import Segment

    Event = dict[str, object]

UNREADABLE = "unreadable"
_SHOWN_BYTES = 200


def parse_line(line: bytes) -> Event:
    """Read one line. An `unreadable` event stands for what is not an event."""
    try:
        event = json.loads(line.decode())
    except (ValueError, RecursionError):
        event = None
    if isinstance(event, dict):
        return event
    return {"kind": UNREADABLE, "text": line[:_SHOWN_BYTES].decode("utf-8", "replace").rstrip("\n")}


def events(folder: Path, *, containing: bytes = b"") -> Iterator[Event]:
    """Yield all events, oldest first; only lines with these bytes in them, where any are given.

    AuditError: the folder cannot be read.
    """
    after = 0
    while segment := _next(folder, after):
        after = segment.first + 1
        yield from _events_of(segment, folder, containing)


def last_event(folder: Path) -> Event | None:
    """Return the event that was written last, None where there is none.

    AuditError: the folder cannot be read.
    """
    for segment in reversed(_segments(folder)):
        try:
            with read_segment(segment) as file:
                if not segment.packed:
                    file.seek(max(0, file.seek(0, os.SEEK_END) - LINE_BYTES))
                lines = file.read().splitlines()
        except DAMAGED:
            continue
        except OSError as error:
            raise AuditError(f"{segment.path} cannot be read: {error.strerror}") from error
        for line in reversed(lines):
            event = parse_line(line)
            if event.get("kind") != UNREADABLE:
                return event
    return None


def _segments(folder: Path) -> list[Segment]:
    try:
        return segments(folder)
    except FileNotFoundError:
        raise AuditError(f"there is no audit folder {folder}: name it with --dir") from None
    except OSError as error:
        raise AuditError(f"the audit folder {folder} cannot be read: {error.strerror}") from error


def _next(folder: Path, after: int) -> Segment | None:
    """Return the segment that begins with that number or the next one after it, if any does."""
    return next((one for one in _segments(folder) if one.first >= after), None)


def _events_of(segment: Segment, folder: Path, containing: bytes) -> Iterator[Event]:
    """Read a segment to its end, which its last newline is while no later one began."""
    try:
        file = read_segment(segment)
    except FileNotFoundError:  # it made room meanwhile
        return
    except OSError as error:
        raise AuditError(f"{segment.path} cannot be read: {error.strerror}") from error
    with file:
        is_ended = _next(folder, segment.first + 1) is not None
        try:
            while line := file.readline(LINE_BYTES):
                is_whole = line.endswith(b"\n")
                if not (is_whole or len(line) == LINE_BYTES or is_ended):
                    return
                if containing in line or not is_whole:
                    yield parse_line(line)
        except DAMAGED as error:
            yield {"kind": UNREADABLE, "text": f"{segment.path.name} is damaged: {error}"}
