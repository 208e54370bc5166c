"""A client of few words, for what h2load does not measure: one request on one connection.

Must never take longer than the server does: it looks at no more than the ends of what comes.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.processes import BenchError
from bench.upstream import LAST_CHUNK, MEBIBYTE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 120.0
_ROOM = 1024**2
_GOOD = b"HTTP/1.1 20"


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    """Connect to a socket until the block ends."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(str(path))
        yield connection


def send(connection: socket.socket, line: str, *headers: str) -> None:
    """Send the head of a request."""
    connection.sendall("\r\n".join((f"{line} HTTP/1.1", "Host: docker", *headers, "", "")).encode())


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    """Read a good answer until a text has come that stands only once in it."""
    came = b""
    while mark not in came:
        data = connection.recv(_ROOM)
        came += data
        if not data or not came.startswith(_GOOD[: len(came)]):
            raise BenchError(f"another answer was expected: {came[:300]!r}")
    return came


def answers(path: Path) -> bool:
    """Tell whether a ping is answered there."""
    try:
        with connected(path) as connection:
            send(connection, "GET /_ping")
            read_until(connection, b"200 OK")
    except (OSError, BenchError):
        return False
    return True


def read_answer(connection: socket.socket) -> bytes:
    """Read a whole answer that has a length; return its body."""
    head, _, body = read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    if "content-length" not in fields:
        raise BenchError(f"an answer with a length was expected: {head!r}")
    rest = bytearray(int(fields["content-length"]) - len(body))
    view = memoryview(rest)
    while view:
        view = view[connection.recv_into(view) or len(view) :]
    return body + rest


def download(path: Path, mebibytes: int) -> None:
    """Save an image, in chunks."""
    with connected(path) as connection:
        send(connection, "GET /v1.41/images/proxy/get")
        room, read, end = bytearray(_ROOM), 0, b""
        while end != LAST_CHUNK:
            came = connection.recv_into(room)
            if not came:
                raise BenchError(f"the download ended after {read} bytes")
            end = (end + room[max(0, came - len(LAST_CHUNK)) : came])[-len(LAST_CHUNK) :]
            read += came
        if read < mebibytes * 1024**2:
            raise BenchError(f"only {read} bytes came")


def upload(path: Path, mebibytes: int) -> None:
    """Load an image, in chunks as the docker command sends it."""
    with connected(path) as connection:
        kind = ("Content-Type: application/x-tar", "Transfer-Encoding: chunked")
        send(connection, "POST /v1.41/images/load?quiet=1", *kind)
        for _ in range(mebibytes):
            connection.sendall(MEBIBYTE)
        connection.sendall(LAST_CHUNK)
        read_answer(connection)
