"""The files of an audit folder: their names, their order, their lock and how they are read.

Must never delete or rewrite what is in them.
"""

from __future__ import annotations

import calendar
import fcntl
import gzip
import io
import os
import re
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sockguard.audit.block_store import open_blocks
from sockguard.audit.sink import AuditError

LINE_BYTES = 1 << 20
"""No line is as long as this: each of the few texts takes at most six times `TEXT_BYTES`."""

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a packed segment raises whose content is not what was packed."""

PACKED = ".gz"
_LOCK = "audit.lock"
_FILE_MODE = 0o600
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"audit-([0-9]{15})-([0-9]{8}T[0-9]{6}Z)\.jsonl(\.gz)?")
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log; `first` is the `seq` of its first line, `stamp` when it was begun."""

    path: Path
    first: int
    stamp: str

    @property
    def packed(self) -> bool:
        """Whether it is compressed: then it is closed for good."""
        return self.path.name.endswith(PACKED)

    @property
    def began(self) -> float:
        """Seconds since 1970 at which it was begun; 0 for a time that there never was."""
        try:
            return calendar.timegm(time.strptime(self.stamp, _STAMP))
        except ValueError:
            return 0.0


def segments(folder: Path) -> list[Segment]:
    """List the segments of a folder, oldest first, and no other files. OSError: no folder.

    One that is there both as it was written and packed is being packed, and counts once.
    """
    found = {}
    for path in sorted(folder.iterdir(), reverse=True):  # packed ones first
        name = _NAME.fullmatch(path.name)
        if name:
            found[int(name[1]), name[2]] = Segment(path, int(name[1]), name[2])
    return [found[key] for key in sorted(found)]


def create_segment(folder: Path, first: int, seconds: float) -> int:
    """Create a segment and open it for appending. OSError: no room, or there is one already."""
    stamp = time.strftime(_STAMP, time.gmtime(seconds))
    path = folder / f"audit-{first:015d}-{stamp}.jsonl"
    return os.open(path, _OPEN | os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, _FILE_MODE)


def open_segment(segment: Segment) -> int:
    """Open an old segment for reading and appending."""
    return os.open(segment.path, _OPEN | os.O_RDWR | os.O_APPEND)


def read_segment(segment: Segment) -> BinaryIO:
    """Open a segment to read its lines, packed or not. FileNotFoundError: it made room.

    Reading may raise OSError, and DAMAGED.
    """
    return read_file(segment.path)


def read_file(path: Path) -> BinaryIO:
    """Open the segment that had this path when it was listed, as `read_segment` does."""
    if path.name.endswith(PACKED):
        return _unpacked(path)
    try:
        return path.open("rb")
    except FileNotFoundError:  # it was packed since it was listed
        return _unpacked(path.with_name(path.name + PACKED))


def is_in_one_piece(file: BinaryIO) -> bool:
    """Say of what `read_file` opened whether each step back in it begins from its first byte."""
    return isinstance(getattr(file, "raw", None), gzip.GzipFile)


def _unpacked(path: Path) -> BinaryIO:
    return open_blocks(path) or _unpacked_whole(path)


def _unpacked_whole(path: Path) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(gzip.GzipFile(path), LINE_BYTES))


def lock_folder(folder: Path) -> int:
    """Open the lock file of a folder; the lock lasts until it is closed or the process ends.

    AuditError: another process has it.
    """
    descriptor = os.open(folder / _LOCK, _OPEN | os.O_RDWR | os.O_CREAT, _FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except BlockingIOError:
        owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise AuditError(
            f"the audit folder {folder} is in use by another sockguard (pid {owner}): "
            "give each its own --audit-dir"
        ) from None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def lock_holder(folder: Path, locks: Path = Path("/proc/locks")) -> str:
    """Return the pid that holds the lock of a folder, as its holder wrote it; "" for none.

    The lock is not tried: that would keep a server from it that starts at this moment.
    """
    try:
        with (folder / _LOCK).open("rb") as file:
            written = file.read(20).decode("ascii", "replace").strip()
            found = os.fstat(file.fileno())
        lines = locks.read_text("ascii", "replace").splitlines()
    except OSError:
        return ""
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    for line in lines:
        # proc(5): ordinal, kind, ADVISORY, WRITE, pid, major:minor:inode, range
        match line.split():
            case [_, "FLOCK", _, _, pid, where, *_] if where.endswith(f":{found.st_ino}"):
                # Some file systems have other numbers for a disk there than stat(2) tells.
                if where.startswith(place) or pid == written:
                    return written or pid
    return ""
