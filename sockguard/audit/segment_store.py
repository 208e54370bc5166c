"""The files of an audit folder: their names, their order, their lock and their last line.

Must never delete or rewrite what is in them.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from sockguard.audit.sink import AuditError

LINE_BYTES = 1 << 20
"""No line is as long as this: each of the few texts takes at most six times `TEXT_BYTES`."""

_LOCK = "audit.lock"
_FILE_MODE = 0o600
_NAME = re.compile(r"audit-([0-9]{15})-[0-9]{8}T[0-9]{6}Z\.jsonl")
_MOST_SEQ = 10**15 - 1  # what fits the names
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log; `first` is the `seq` of its first line."""

    path: Path
    first: int


@dataclass(frozen=True, slots=True)
class Tail:
    """How a segment ends.

    `seq` is the number of the last line. `unended`: it lacks the newline. `torn`: it is no event,
    because its writer was cut off.
    """

    seq: int
    unended: bool = False
    torn: bool = False


def segments(folder: Path) -> list[Segment]:
    """List the segments of a folder, oldest first, and no other files. OSError: no folder."""
    named = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    found = [Segment(path, int(name[1])) for name, path in named if name]
    return sorted(found, key=lambda segment: (segment.first, segment.path.name))


def create_segment(folder: Path, first: int, seconds: float) -> int:
    """Create a segment and open it for appending. OSError: no room, or there is one already."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
    path = folder / f"audit-{first:015d}-{stamp}.jsonl"
    return os.open(path, _OPEN | os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, _FILE_MODE)


def open_segment(segment: Segment) -> int:
    """Open an old segment for reading and appending."""
    return os.open(segment.path, _OPEN | os.O_RDWR | os.O_APPEND)


def read_tail(descriptor: int, first: int) -> Tail:
    """How an open segment ends; `first` is the `seq` of its first line.

    Whole lines that are no events (torn ones of earlier times) count as one number each.
    """
    size = os.fstat(descriptor).st_size
    window = os.pread(descriptor, LINE_BYTES, max(0, size - LINE_BYTES))
    *lines, rest = window.split(b"\n")
    if rest:
        lines.append(rest)
    for behind, line in enumerate(reversed(lines)):
        seq = _seq_of(line)
        if seq:
            return Tail(max(first, seq + behind), bool(rest), torn=bool(rest) and behind > 0)
    return Tail(first - 1 + len(lines), bool(rest), torn=bool(rest))


def _seq_of(line: bytes) -> int:
    """Return the number of an event's line, 0 when it is no event."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return 0
    seq = event.get("seq") if isinstance(event, dict) else 0
    return seq if type(seq) is int and 0 < seq <= _MOST_SEQ else 0


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
