"""What stands at a path, whose it is, and who listens there.

Must never change anything: no file is made or opened for writing.
"""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.proxy.sockets import caller_of

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 1.0
_PARTS = ((0o100, 0o200), (0o010, 0o020), (0o001, 0o002))
"""For owner, group and all others: the bits to enter a folder and to open a socket."""


class Kind(StrEnum):
    """What stands at a path; `hidden` is behind a folder that this process may not enter."""

    MISSING = "missing"
    HIDDEN = "hidden"
    SOCKET = "socket"
    FOLDER = "folder"
    OTHER = "other"


class Ear(StrEnum):
    """Who listens on a socket: somebody, nobody any more, or it may not be opened to find out."""

    LIVE = "live"
    STALE = "stale"
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class FileSeen:
    """What stands at a path. `identity` is device and inode; `fits`: this process may write it.

    A folder fits if files can be made in it, a missing path if a folder can be made there.
    """

    kind: Kind
    uid: int = 0
    gid: int = 0
    mode: int = 0
    fits: bool = False
    identity: tuple[int, int] = (0, 0)


def look_at_file(path: Path, *, through_links: bool = True) -> FileSeen:
    """Look at a path, or at the link itself that stands there."""
    try:
        found = path.stat(follow_symlinks=through_links)
    except PermissionError:
        return FileSeen(Kind.HIDDEN)
    except OSError:
        return FileSeen(Kind.MISSING, fits=_may_be_made(path))
    kind = Kind.OTHER
    if stat.S_ISSOCK(found.st_mode):
        kind = Kind.SOCKET
    elif stat.S_ISDIR(found.st_mode):
        kind = Kind.FOLDER
    wanted = os.W_OK | (os.X_OK if kind is Kind.FOLDER else os.R_OK)
    return FileSeen(
        kind,
        found.st_uid,
        found.st_gid,
        stat.S_IMODE(found.st_mode),
        os.access(path, wanted),
        (found.st_dev, found.st_ino),
    )


def _may_be_made(path: Path) -> bool:
    """Whether the nearest folder above that is there takes new ones."""
    for above in path.parents:
        if above.exists():
            return above.is_dir() and os.access(above, os.W_OK | os.X_OK)
    return False


def who_listens(path: Path) -> tuple[Ear, int | None]:
    """Connect, say nothing and leave; return who listens, with its pid where the kernel tells."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(_SECONDS)
        try:
            peer.connect(str(path))
        except PermissionError:
            return Ear.BARRED, None
        except (ConnectionRefusedError, FileNotFoundError):
            return Ear.STALE, None
        except OSError:
            return Ear.LIVE, None  # too busy to answer is not gone
        return Ear.LIVE, caller_of(peer.fileno(), "").pid


def who_may_open(file: FileSeen, folder: FileSeen) -> str:
    """Say in words whom a socket and the folder that it lies in let in."""
    openers, enterers = _admitted(file, 1), _admitted(folder, 0)
    if openers is None or enterers is None or openers == enterers:
        return _words(openers if enterers is None else enterers)
    return f"{_words(openers)}, if they may enter its folder, which is for {_words(enterers)}"


def _admitted(one: FileSeen, use: int) -> list[str] | None:
    """Return whom the mode names; None stands for everybody."""
    owner, group, others = (bool(one.mode & bits[use]) for bits in _PARTS)
    if others:
        return None
    return [f"uid {one.uid}"] * owner + [f"group {one.gid}"] * group


def _words(admitted: list[str] | None) -> str:
    if admitted is None:
        return "everybody"
    return " and ".join(admitted) or "root alone"
