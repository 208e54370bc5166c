"""Unix listening sockets: made with owner and mode in place before anyone can connect.

Must never take over a socket that somebody else is serving, nor remove one that is not ours.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.identity.caller import OVERFLOW_ID, Caller
from sockguard.policy.model import NETWORK, SocketFile

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.policy.model import Client

BACKLOG = 1024
_PEER_GROUPS = 59  # SO_PEERGROUPS, Linux 4.13; the socket module has no name for it
_MOST_GROUPS = 256  # socket.getsockopt gives at most 1,024 bytes
_NO_ID = 0xFFFFFFFF
_CREDENTIALS = struct.Struct("iII")  # struct ucred, unix(7)

VOLUME_LINES = """\
a named volume belongs to root when it is new; give each socket directory a volume like this:
  volumes:
    sockets:
      driver: local
      driver_opts: {type: tmpfs, device: tmpfs, o: "uid=65532,gid=65532,mode=0755"}"""


class SocketError(SockguardError):
    """A socket or its directory cannot be made as asked."""


class ListeningSocket:
    """One bound Unix socket; `remove` unlinks it if it is still the one that was made here."""

    __slots__ = ("_born", "_identity", "path", "sock")

    def __init__(self, path: Path, sock: socket.socket, born: tuple[int, int]) -> None:
        """`born` is the uid and gid that the file had when it was made."""
        self.path = path
        self.sock = sock
        self._born = born
        self._identity = _identity(path)

    def give_to(self, owner: SocketFile) -> None:
        """Change owner and mode of the file that is there; raises SocketError."""
        uid, gid = self._born
        whole = SocketFile(
            owner.mode,
            uid if owner.uid is None else owner.uid,
            gid if owner.gid is None else owner.gid,
        )
        try:
            if _identity(self.path) != self._identity:
                raise SocketError(f"{self.path} is no longer the socket that was made here")
            try:
                _own(self.path, whole)
            finally:
                self._identity = _identity(self.path)
        except OSError as error:
            raise SocketError(f"the socket {self.path} cannot be changed: {error}") from error

    def remove(self) -> None:
        """Unlink the file, unless another process has put its own in that place."""
        with suppress(OSError):
            if _identity(self.path) == self._identity:
                self.path.unlink()


class PassedSocket:
    """A listening socket that systemd made; owner, mode and removal are its business."""

    __slots__ = ("sock",)

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def give_to(self, owner: SocketFile) -> None:
        """Leave owner and mode as the socket unit has them."""

    def remove(self) -> None:
        """Leave the file to its maker."""


def _identity(path: Path) -> tuple[int, int]:
    """Return inode and change time: the number alone may be given to the next file."""
    found = path.lstat()
    return found.st_ino, found.st_ctime_ns


def make_directory(path: Path, mode: int, gid: int | None = None) -> None:
    """Create the directory with this mode and group unless it is there; raises SocketError."""
    try:
        if not path.is_dir():
            path.mkdir(parents=True, mode=mode)
            if gid is not None:
                os.chown(path, -1, gid)
    except OSError as error:
        raise SocketError(
            f"the socket directory {path} cannot be made: {error.strerror}; {VOLUME_LINES}"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise SocketError(
            f"the socket directory {path} cannot be written by uid {os.geteuid()}; {VOLUME_LINES}"
        )


def listen(path: Path, owner: SocketFile) -> ListeningSocket:
    """Return a socket that listens at the path; raises SocketError.

    It is bound with no permissions, and listens only when owner and mode are set.
    """
    _refuse_live(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o777)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
        try:
            made = path.lstat()
            _own(path, owner)
            sock.listen(BACKLOG)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None) or error
        raise SocketError(f"the socket {path} cannot be made: {reason}; {VOLUME_LINES}") from error
    except SocketError:
        sock.close()
        raise
    return ListeningSocket(path, sock, (made.st_uid, made.st_gid))


def _own(path: Path, owner: SocketFile) -> None:
    if owner.uid is not None or owner.gid is not None:
        try:
            os.chown(
                path, -1 if owner.uid is None else owner.uid, -1 if owner.gid is None else owner.gid
            )
        except PermissionError as error:
            raise SocketError(
                f"uid {os.geteuid()} may not give a socket to uid {owner.uid} gid {owner.gid}: "
                "run as root, or add the group to this process (group_add)"
            ) from error
    path.chmod(owner.mode)


def _refuse_live(path: Path) -> None:
    try:
        found = path.lstat()
    except OSError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise SocketError(
            f"{path} exists and is no socket: remove it or choose another --socket-dir"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except OSError as error:
            raise SocketError(f"{path} is in use ({error.strerror or error})") from error
    raise SocketError(f"another process serves {path}: stop it or choose another --socket-dir")


def caller_of(descriptor: int, listener: str) -> Caller:
    """Return the caller behind a connected Unix socket, from the kernel's credentials.

    Ids that the kernel cannot express in our user namespace count as unknown.
    """
    sock = socket.socket(fileno=descriptor)
    try:
        packed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, gid = _CREDENTIALS.unpack(packed)
        groups = _groups(sock)
    finally:
        sock.detach()
    known = pid if pid > 0 else None
    if groups is None:
        return Caller(listener, pid=known)
    return Caller(listener, _known(uid), _known(gid), groups, known)


def _groups(sock: socket.socket) -> tuple[int, ...] | None:
    """Return the supplementary groups; None for more than can be asked for: then nobody is known.

    Kernels that do not tell have none to match.
    """
    try:
        packed = sock.getsockopt(socket.SOL_SOCKET, _PEER_GROUPS, 4 * _MOST_GROUPS)
    except OSError as error:
        return () if error.errno == errno.ENOPROTOOPT else None
    return tuple(gid for (gid,) in struct.iter_unpack("I", packed) if gid != OVERFLOW_ID)


def _known(number: int) -> int | None:
    return None if number in (OVERFLOW_ID, _NO_ID) else number


def socket_path(socket_dir: Path, name: str) -> Path:
    """Return where a listener of this name has its socket."""
    return socket_dir / name / "docker.sock"


def place_of(socket_dir: Path, client: Client) -> str:
    """Say for people where a client is served."""
    if client.listener == NETWORK:
        return f"the network listeners, {client.match.describe()}"
    return f"unix://{socket_path(socket_dir, client.listener)}"
