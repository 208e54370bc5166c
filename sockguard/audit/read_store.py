"""Reads the events of an audit folder while it may be written.

Must never write or lock there, and never pass over what it cannot read: that becomes an event of
the kind `unreadable`, which no writer writes.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, BinaryIO

from sockguard.audit.segment_store import DAMAGED, LINE_BYTES, read_segment, segments
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from sockguard.audit.segment_store import Segment

    Event = dict[str, object]

UNREADABLE = "unreadable"
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{1,26}")
_SHOWN_IDS = 5
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
    return _Reader(folder, containing).read(_stop)


def follow(folder: Path, wait: Callable[[], bool]) -> Iterator[Event]:
    """Yield all events, and then each new one as it is written.

    `wait` is called when there is none; it returns after a moment, or False to end.
    """
    return _Reader(folder, b"").read(wait)


def find(folder: Path, prefix: str) -> list[Event]:
    """Return all events of the one id that begins so; none when no id does.

    AuditError: several ids begin so, no id can, or the folder cannot be read.
    """
    wanted = prefix.upper()
    if not _ID.fullmatch(wanted):
        raise AuditError(f"{prefix!r} is not the beginning of an event id")
    found = [
        event
        for event in events(folder, containing=b'"id":"' + wanted.encode())
        if str(event.get("id", "")).startswith(wanted)
    ]
    ids = sorted({str(event["id"]) for event in found})
    if len(ids) > 1:
        more = ", …" if len(ids) > _SHOWN_IDS else ""
        raise AuditError(f"several events begin so: {', '.join(ids[:_SHOWN_IDS])}{more}")
    return found


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


def _stop() -> bool:
    return False


def _segments(folder: Path) -> list[Segment]:
    try:
        return segments(folder)
    except FileNotFoundError:
        raise AuditError(f"there is no audit folder {folder}: name it with --dir") from None
    except OSError as error:
        raise AuditError(f"the audit folder {folder} cannot be read: {error.strerror}") from error


class _Reader:
    """Walks from segment to segment; `after` is where the next one must begin."""

    def __init__(self, folder: Path, containing: bytes) -> None:
        self._folder = folder
        self._containing = containing
        self._after = 0

    def read(self, wait: Callable[[], bool]) -> Iterator[Event]:
        going_on = True
        while going_on:
            segment = self._next()
            if segment:
                going_on = yield from self._segment(segment, wait)
            else:
                going_on = wait()

    def _next(self) -> Segment | None:
        """Step to the next segment; None when there is none yet."""
        later = [one for one in _segments(self._folder) if one.first >= self._after]
        if not later:
            return None
        self._after = later[0].first + 1
        return later[0]

    def _segment(self, segment: Segment, wait: Callable[[], bool]) -> Generator[Event, None, bool]:
        """Read a segment to its end, which is known once there is a later one.

        Returns False when `wait` ended it.
        """
        try:
            file = read_segment(segment)
        except FileNotFoundError:  # it made room meanwhile
            return True
        except OSError as error:
            raise AuditError(f"{segment.path} cannot be read: {error.strerror}") from error
        with file:
            while True:
                followed = self._is_followed()
                try:
                    yield from self._lines(file)
                    if followed:
                        yield from _remnant(file)
                except DAMAGED as error:
                    yield {"kind": UNREADABLE, "text": f"{segment.path.name} is damaged: {error}"}
                    return True
                if followed:
                    return True
                if not wait():
                    return False

    def _is_followed(self) -> bool:
        return any(one.first >= self._after for one in _segments(self._folder))

    def _lines(self, file: BinaryIO) -> Iterator[Event]:
        """Read on to the last newline, and stand behind it."""
        while line := file.readline(LINE_BYTES):
            if not line.endswith(b"\n") and len(line) < LINE_BYTES:
                file.seek(-len(line), 1)
                return
            if self._containing in line:
                yield parse_line(line)


def _remnant(file: BinaryIO) -> Iterator[Event]:
    line = file.readline(LINE_BYTES)
    if line:
        yield parse_line(line)
