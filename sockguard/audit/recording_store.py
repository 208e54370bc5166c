"""The recordings beside the log: how their files are named, made, written, measured and removed.

Must never open what somebody else put there under one of our names, nor change a closed one.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "recordings"
CLOSED = ".cast"
BEING_WRITTEN = ".cast.open"

_ULID = "[0-9A-HJKMNP-TV-Z]{26}"
_NAME = re.compile(rf"({_ULID})\.cast(\.open)?")
_HERE = os.O_CLOEXEC | os.O_NOFOLLOW
_PIECE = 1 << 20
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording as it lies there: `session` is the id of its request, `ended` when it ended."""

    session: str
    size: int
    ended: float
    closed: bool

    @property
    def name(self) -> str:
        """The name that the log has for it, which its file has once it is closed."""
        return self.session + CLOSED

    @property
    def file(self) -> str:
        """What its file is called now."""
        return self.session + (CLOSED if self.closed else BEING_WRITTEN)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a recording holds: its SHA-256 in hexadecimal and its size."""

    sha256: str
    size: int


class RecordingFile:
    """A recording that is being written; made by `create`. One thread at a time may use it."""

    __slots__ = ("_folder", "_hash", "_open", "session", "size")

    def __init__(self, session: str, folder: int, descriptor: int) -> None:
        self.session = session
        self.size = 0
        self._folder = folder
        self._open = descriptor
        self._hash = sha256()

    @property
    def name(self) -> str:
        """The name that the log has for it."""
        return self.session + CLOSED

    def write(self, data: bytes) -> None:
        """Write all of it. OSError: it cannot be written, or is not there any more."""
        if os.fstat(self._open).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "somebody removed it")
        left = memoryview(data)
        while left:
            count = os.write(self._open, left)
            self._hash.update(left[:count])
            self.size += count
            left = left[count:]

    def settle(self) -> Measure:
        """Wait for the disk and say what was written. OSError: that is not what lies there."""
        os.fsync(self._open)
        found = os.fstat(self._open)
        if found.st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "somebody removed it")
        if found.st_size != self.size:
            raise OSError(errno.EIO, "somebody else wrote to it")
        return Measure(self._hash.hexdigest(), self.size)

    def left(self) -> Measure:
        """Say what lies there, whoever wrote it. OSError: it cannot be read."""
        return _measure(self._open)

    def keep(self) -> None:
        """Give it the name of a closed one and let go. OSError: it stays as it is."""
        try:
            _rename(self._folder, self.session)
        finally:
            self.let_go()

    def discard(self) -> None:
        """Remove it and let go: nothing was recorded."""
        with suppress(OSError):
            os.unlink(self.session + BEING_WRITTEN, dir_fd=self._folder)
        self.let_go()

    def let_go(self) -> None:
        """Close it."""
        os.close(self._open)
        os.close(self._folder)


def create(audit: Path, session: str) -> RecordingFile:
    """Make the file for a session, in a folder that is made if it is missing. OSError: no way."""
    (audit / FOLDER).mkdir(mode=0o700, exist_ok=True)
    folder = _open_folder(audit)
    try:
        flags = _HERE | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL
        descriptor = os.open(session + BEING_WRITTEN, flags, 0o600, dir_fd=folder)
    except OSError:
        os.close(folder)
        raise
    return RecordingFile(session, folder, descriptor)


def kept(audit: Path) -> tuple[list[Kept], list[str]]:
    """List the recordings of an audit folder, oldest first, and what else lies among them.

    OSError: they cannot be listed.
    """
    found, strange = [], []
    try:
        paths = sorted((audit / FOLDER).iterdir())
    except FileNotFoundError:
        return [], []
    for path in paths:
        match = _NAME.fullmatch(path.name)
        try:
            told = path.lstat()
        except FileNotFoundError:  # it was closed, or removed, since it was listed
            continue
        if match and stat.S_ISREG(told.st_mode):
            found.append(Kept(match[1], told.st_size, told.st_mtime, not match[2]))
        else:
            strange.append(path.name)
    return found, strange


def measure(audit: Path, file: str) -> Measure:
    """Say what a recording holds. OSError: it cannot be read, or is a link."""
    with opened(audit, file) as descriptor:
        return _measure(descriptor)


def title_of(audit: Path, session: str) -> str:
    """Return the title in the first line of a closed one, "" where there is none."""
    try:
        with opened(audit, session + CLOSED) as descriptor:
            head = json.loads(os.pread(descriptor, _HEAD_BYTES, 0).partition(b"\n")[0])
    except (OSError, ValueError, RecursionError):
        return ""
    title = head.get("title") if isinstance(head, dict) else None
    return title if isinstance(title, str) else ""


@contextmanager
def opened(audit: Path, file: str) -> Iterator[int]:
    """Open the file of a recording for reading. OSError: it is not there, or is a link."""
    with _folder_of(audit) as folder:
        descriptor = os.open(file, _HERE | os.O_RDONLY | os.O_NONBLOCK, dir_fd=folder)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def close_left(audit: Path, session: str) -> None:
    """Give what a killed server left the name of a closed one. OSError: it stays as it is."""
    with _folder_of(audit) as folder:
        _rename(folder, session)


def remove(audit: Path, session: str) -> None:
    """Remove a closed one. OSError: it stays."""
    with _folder_of(audit) as folder:
        os.unlink(session + CLOSED, dir_fd=folder)


@contextmanager
def _folder_of(audit: Path) -> Iterator[int]:
    folder = os.open(audit / FOLDER, _HERE | os.O_DIRECTORY)
    try:
        yield folder
    finally:
        os.close(folder)


def _open_folder(audit: Path) -> int:
    """Open the folder to write in it, if nobody else can have put anything there."""
    folder = os.open(audit / FOLDER, _HERE | os.O_DIRECTORY)
    if os.fstat(folder).st_uid != os.geteuid():
        os.close(folder)
        raise PermissionError(errno.EPERM, f"its folder does not belong to uid {os.geteuid()}")
    return folder


def _rename(folder: int, session: str) -> None:
    before, after = session + BEING_WRITTEN, session + CLOSED
    os.rename(before, after, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def _measure(descriptor: int) -> Measure:
    found, at = sha256(), 0
    while piece := os.pread(descriptor, _PIECE, at):
        found.update(piece)
        at += len(piece)
    return Measure(found.hexdigest(), at)
