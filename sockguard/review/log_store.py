"""The lines of an audit folder by the place where they stand.

Must never write there, nor remember a line: what is shown is what the log says now.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from sockguard.audit.read_store import parse_line
from sockguard.audit.segment_store import (
    DAMAGED,
    LINE_BYTES,
    PACKED,
    is_in_one_piece,
    read_file,
    segments,
)
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from sockguard.audit.segment_store import Segment

    Event = dict[str, object]

_MOST_OPEN = 16
_MOST_IN_MEMORY = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A segment as its folder shows it: by these, another file or other content is noticed."""

    name: str
    first: int
    inode: int
    size: int
    changed: int
    """When it was last written, in nanoseconds since 1970."""


class Log:
    """Reads segments from any byte on. AuditError: the folder, or a file in it, cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}

    def close(self) -> None:
        """Let all files go."""
        while self._open:
            self._open.popitem()[1].close()

    def look(self) -> list[Seen]:
        """List the segments, oldest first; one that makes room at this moment is left out.

        Files that were opened before are let go: they may have been packed or removed since.
        """
        self.close()
        try:
            found = segments(self._folder)
        except FileNotFoundError:
            raise AuditError(
                f"there is no audit folder {self._folder}: name it with --dir"
            ) from None
        except OSError as error:
            raise AuditError(
                f"the audit folder {self._folder} cannot be read: {error.strerror}"
            ) from error
        return [seen for segment in found if (seen := _seen(segment)) is not None]

    def lines(self, name: str, offset: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines from this byte on, each with its own; the last may lack its newline.

        What is damaged is a last line that says so. None at all: it is gone.
        """
        try:
            with read_file(self._folder / name) as file:
                yield from _lines(file, name, offset)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AuditError(f"{self._folder / name} cannot be read: {error.strerror}") from error

    def line(self, name: str, offset: int) -> bytes:
        """Return the line at this byte, b"" when it is gone."""
        try:
            file = self._open.get(name) or self._opened(name)
            file.seek(offset)
            return file.readline(LINE_BYTES)
        except FileNotFoundError:
            return b""
        except DAMAGED as error:
            return _told_damage(name, error)
        except OSError as error:
            raise AuditError(f"{self._folder / name} cannot be read: {error.strerror}") from error

    def event(self, name: str, offset: int) -> Event | None:
        """Return the event at this byte, None when it is gone."""
        line = self.line(name, offset)
        return parse_line(line) if line else None

    def _opened(self, name: str) -> BinaryIO:
        """Open a segment and keep it open. FileNotFoundError: it went."""
        file = read_file(self._folder / name)
        in_memory = is_in_one_piece(file)
        if in_memory:
            file.close()
            file = BytesIO(b"".join(line for _, line in self.lines(name, 0)))
        self._open[name] = file
        alike = [one for one, kept in self._open.items() if isinstance(kept, BytesIO) == in_memory]
        if len(alike) > (_MOST_IN_MEMORY if in_memory else _MOST_OPEN):
            self._open.pop(alike[0]).close()
        return file


def is_packed(name: str) -> bool:
    """Tell whether a segment is compressed: then its size says nothing about its lines."""
    return name.endswith(PACKED)


def _lines(file: BinaryIO, name: str, offset: int) -> Iterator[tuple[int, bytes]]:
    try:
        file.seek(offset)
        while line := file.readline(LINE_BYTES):
            yield offset, line
            offset += len(line)
    except DAMAGED as error:
        yield offset, _told_damage(name, error)


def _told_damage(name: str, error: Exception) -> bytes:
    return f"{name} is damaged: {error}".encode()


def _seen(segment: Segment) -> Seen | None:
    try:
        found = segment.path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditError(f"{segment.path} cannot be read: {error.strerror}") from error
    return Seen(segment.path.name, segment.first, found.st_ino, found.st_size, found.st_mtime_ns)
