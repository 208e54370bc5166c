from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.stack import read_all, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

POLICY = """
version: 1
clients:
  web: {allow: [containers.list]}
  host: {socket: main, allow: [system.ping]}
  near: {match: {from: 127.0.0.0/8, anyone_there: true}, allow: [system.ping]}
"""
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"


class Started:
    """`sockguard serve` as systemd would start it, with these sockets by name."""

    def __init__(self, folder: Path, sockets: dict[str, socket.socket], *flags: str) -> None:
        (folder / "policy.yaml").write_text(POLICY)
        numbers = [sock.fileno() for sock in sockets.values()]
        placed = " ".join(f"{3 + at}<&{number}" for at, number in enumerate(numbers))
        # LISTEN_PID is only known in the child, so a shell puts it in place and becomes sockguard.
        command = [
            *("bash", "-c", f'LISTEN_PID=$$ exec "$@" {placed}', "bash"),
            *(sys.executable, "-m", "sockguard", "serve"),
            *("--policy", str(folder / "policy.yaml"), "--socket-dir", str(folder / "run")),
            *("--upstream", f"unix://{folder}/engine.sock", "--audit", "stdout", *flags),
        ]
        self.process = subprocess.Popen(
            command,
            env={
                **os.environ,
                "LISTEN_FDS": str(len(numbers)),
                "LISTEN_FDNAMES": ":".join(sockets),
            },
            pass_fds=numbers,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def end(self) -> str:
        """Stop it; return what it said."""
        self.process.terminate()
        said, _ = self.process.communicate(timeout=20)
        return str(said.decode())


@pytest.fixture
def sockets(short_path: Path) -> Iterator[dict[str, socket.socket]]:
    """A Unix socket for the client web, one of the network named near."""
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(short_path / "web.sock"))
    unix.listen(16)
    network = socket.create_server(("127.0.0.1", 0))
    with unix, network:
        yield {"web": unix, "near": network}


def test_sockets_serve_whom_they_are_named_for(
    short_path: Path, sockets: dict[str, socket.socket], engine: RunningDemo
) -> None:
    started = Started(short_path, sockets, "--listen", "tcp://fd:near")
    try:
        # Whoever connects before sockguard is there waits: the sockets exist already.
        assert status_of(send(short_path / "web.sock", LIST, seconds=15)) == 200
        assert status_of(send(short_path / "web.sock", PING, seconds=15)) == 403
        wait_until((short_path / "run" / "main" / "docker.sock").exists, "the main socket")
        assert not (short_path / "run" / "web").exists()
        with socket.create_connection(sockets["near"].getsockname(), 15) as peer:
            peer.sendall(PING)
            assert status_of(read_all(peer)) == 200
    finally:
        said = started.end()
    assert started.process.returncode == 0, said
    assert (short_path / "web.sock").exists()
    assert [item.path for item in engine.received if "json" in item.path][-1:] != []


@pytest.mark.parametrize(
    ("name", "flags", "complaint"),
    [
        ("wbe", (), "systemd passes a socket named 'wbe'"),
        ("near", ("--listen", "tcp://fd:other"), "systemd passes no socket of this name"),
        ("web", ("--listen", "tcp://fd:web"), "that is a Unix socket"),
    ],
)
def test_a_name_that_fits_nothing_is_an_error(
    name: str,
    flags: tuple[str, ...],
    complaint: str,
    short_path: Path,
    sockets: dict[str, socket.socket],
) -> None:
    one = sockets["near" if name == "near" else "web"]
    started = Started(short_path, {name: one}, *flags)
    said = started.process.communicate(timeout=20)[0].decode()
    assert started.process.returncode != 0
    assert complaint in said


def test_a_plain_socket_that_is_open_to_others_is_refused(short_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as sock:
        started = Started(short_path, {"near": sock}, "--listen", "tcp://fd:near")
        said = started.process.communicate(timeout=20)[0].decode()
    assert started.process.returncode != 0
    assert "could read and forge requests" in said
