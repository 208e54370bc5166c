"""The lines of an audit folder by the place where they stand.

Must never write there, nor remember a line: what is shown is what the log says now.
"""

from __future__ import annotations

import gzip
import zlib
from contextlib import closing
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from sockguard.audit.read_store import parse_line
from sockguard.audit.segment_store import LINE_BYTES, segments
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.audit.segment_store import Segment

    Event = dict[str, object]

PACKED = ".gz"
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
_MOST_OPEN = 16
_MOST_UNPACKED = 3


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
        """List the segments, oldest first; one that makes room at this moment is left out."""
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

        What is damaged is a last line that says so.
        """
        file = self._opened(name)
        if file is None:
            return
        with closing(file):
            try:
                file.seek(offset)
                while line := file.readline(LINE_BYTES):
                    yield offset, line
                    offset += len(line)
            except _DAMAGED as error:
                yield offset, f"{name} is damaged: {error}".encode()

    def line(self, name: str, offset: int) -> bytes:
        """Return the line at this byte, b"" when it is gone."""
        file = self._open.get(name) or self._kept(name)
        if file is None:
            return b""
        file.seek(offset)
        return file.readline(LINE_BYTES)

    def event(self, name: str, offset: int) -> Event | None:
        """Return the event at this byte, None when it is gone."""
        line = self.line(name, offset)
        return parse_line(line) if line else None

    def _kept(self, name: str) -> BinaryIO | None:
        """Open a segment to read here and there in it; a packed one is unpacked into memory."""
        if is_packed(name):
            file: BinaryIO | None = BytesIO(b"".join(line for _, line in self.lines(name, 0)))
            most = _MOST_UNPACKED
        else:
            file, most = self._opened(name), _MOST_OPEN
        if file is None:
            return None
        self._open[name] = file
        alike = [one for one in self._open if is_packed(one) == is_packed(name)]
        if len(alike) > most:
            self._open.pop(alike[0]).close()
        return file

    def _opened(self, name: str) -> BinaryIO | None:
        """Open a segment, None when it made room meanwhile."""
        path = self._folder / name
        try:
            if is_packed(name):
                return cast("BinaryIO", BufferedReader(gzip.GzipFile(path), LINE_BYTES))
            return path.open("rb")
        except FileNotFoundError:  # it made room, or was packed, since the folder was looked at
            return None if is_packed(name) else self._opened(name + PACKED)
        except OSError as error:
            raise AuditError(f"{path} cannot be read: {error.strerror}") from error


def is_packed(name: str) -> bool:
    """Tell whether a segment is compressed: then its size says nothing about its lines."""
    return name.endswith(PACKED)


def _seen(segment: Segment) -> Seen | None:
    try:
        found = segment.path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditError(f"{segment.path} cannot be read: {error.strerror}") from error
    return Seen(segment.path.name, segment.first, found.st_ino, found.st_size, found.st_mtime_ns)
