from __future__ import annotations

import os
import socket
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from sockguard.policy.model import SocketFile
from sockguard.proxy.sockets import SocketError, caller_of, listen, make_directory

if TYPE_CHECKING:
    from pathlib import Path


def bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    return sock


def test_a_stale_socket_file_is_replaced(short_path: Path) -> None:
    path = short_path / "docker.sock"
    bound(path).close()

    listening = listen(path, SocketFile())

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.connect(str(path))
    listening.sock.close()


def test_a_live_socket_is_left_to_whoever_serves_it(short_path: Path) -> None:
    path = short_path / "docker.sock"
    other = bound(path)
    other.listen(1)
    inode = path.stat().st_ino

    with pytest.raises(SocketError, match="another process serves"):
        listen(path, SocketFile())

    assert path.stat().st_ino == inode
    other.close()


def test_a_file_that_is_no_socket_is_not_removed(short_path: Path) -> None:
    path = short_path / "docker.sock"
    path.write_text("precious")

    with pytest.raises(SocketError, match="no socket"):
        listen(path, SocketFile())

    assert path.read_text() == "precious"


@pytest.mark.parametrize("mode", [0o660, 0o600, 0o666])
def test_the_mode_is_the_one_asked_for_whatever_the_umask(short_path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        listening = listen(short_path / "docker.sock", SocketFile(mode=mode))
    finally:
        os.umask(before)

    assert stat.S_IMODE(listening.path.stat().st_mode) == mode
    listening.sock.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_the_one_asked_for(short_path: Path) -> None:
    listening = listen(short_path / "docker.sock", SocketFile(0o660, uid=1234, gid=4321))

    found = listening.path.stat()
    assert (found.st_uid, found.st_gid) == (1234, 4321)
    assert [found.name for found in short_path.iterdir()] == ["docker.sock"]
    listening.sock.close()


@pytest.mark.parametrize("gid", [2**32, 2**64])
def test_a_socket_that_cannot_be_given_away_leaves_nothing_behind(
    short_path: Path, gid: int
) -> None:
    with pytest.raises(SocketError, match="cannot be made"):
        listen(short_path / "docker.sock", SocketFile(gid=gid))
    assert list(short_path.iterdir()) == []


def test_a_socket_that_may_not_be_given_away_leaves_nothing_behind(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(SocketError, match="may not give a socket to"):
        listen(short_path / "docker.sock", SocketFile(gid=1))
    assert list(short_path.iterdir()) == []


def test_a_successors_socket_is_not_unlinked(short_path: Path) -> None:
    path = short_path / "docker.sock"
    old = listen(path, SocketFile())
    old.sock.close()
    new = listen(path, SocketFile())

    old.remove()
    assert path.is_socket()
    new.remove()
    assert not path.exists()
    new.sock.close()


def test_a_directory_that_cannot_be_made_shows_the_volume_lines(short_path: Path) -> None:
    (short_path / "file").write_text("")

    with pytest.raises(SocketError, match="uid=65532,gid=65532,mode=0755"):
        make_directory(short_path / "file" / "main", 0o750)


def test_the_caller_is_who_the_kernel_says(short_path: Path) -> None:
    listening = listen(short_path / "docker.sock", SocketFile())
    listening.sock.setblocking(True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.connect(str(listening.path))
        accepted, _ = listening.sock.accept()
        caller = caller_of(accepted.fileno(), "main")
        accepted.close()
    listening.sock.close()

    assert (caller.uid, caller.gid, caller.pid) == (os.getuid(), os.getgid(), os.getpid())
    assert set(caller.groups) == set(os.getgroups())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_all_groups_of_a_caller_count(short_path: Path) -> None:
    short_path.chmod(0o755)
    groups = range(5000, 5256)
    assert set(_groups_seen(short_path / "some.sock", groups) or ()) == set(groups)
    assert _groups_seen(short_path / "many.sock", range(5000, 5300)) is None


def _groups_seen(path: Path, groups: range) -> tuple[int, ...] | None:
    """The groups of a caller who has these; None where it is nobody."""
    listening = listen(path, SocketFile(0o666))
    listening.sock.setblocking(True)
    listed = ",".join(map(str, groups))
    connect = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})"
    become = ["setpriv", "--reuid=1234", "--regid=1234", f"--groups={listed}"]
    subprocess.run([*become, "/usr/bin/python3", "-c", connect], check=True)
    accepted, _ = listening.sock.accept()
    caller = caller_of(accepted.fileno(), "main")
    accepted.close()
    listening.sock.close()
    return caller.groups if caller.uid is not None else None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_group_that_a_socket_is_given_to_can_reach_it(short_path: Path) -> None:
    short_path.chmod(0o755)
    folder = short_path / "run" / "reports"
    make_directory(folder, 0o750, gid=4321)
    listening = listen(folder / "docker.sock", SocketFile(0o660, gid=4321))

    def code_of(gid: int) -> int:
        become = ["setpriv", f"--reuid={gid}", f"--regid={gid}", "--clear-groups"]
        command = [*become, "test", "-w", str(listening.path)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert (code_of(4321), code_of(4322)) == (0, 1)
    listening.sock.close()
