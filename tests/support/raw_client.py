"""A client that sends exact bytes over a Unix socket.

Must never interpret what it sends.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD_END = b"\r\n\r\n"


@contextlib.contextmanager
def connected(path: Path | str, timeout: float = 5.0) -> Iterator[socket.socket]:
    """A connected socket whose calls give up after `timeout` seconds."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout)
        client.connect(str(path))
        yield client


def read_to_end(client: socket.socket) -> bytes:
    """Everything until the other side closes; TimeoutError when it does not."""
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def read_head(client: socket.socket) -> bytes:
    """One response head and whatever came with it."""
    data = b""
    while HEAD_END not in data:
        piece = client.recv(65536)
        if not piece:
            break
        data += piece
    return data


def exchange(path: str, request: bytes, timeout: float = 5.0) -> bytes:
    """Send `request`, which must ask for the connection to be closed; the whole answer."""
    with connected(path, timeout) as client:
        client.sendall(request)
        return read_to_end(client)


def request(method: str, target: str, body: bytes = b"", headers: str = "") -> bytes:
    """A plain HTTP/1.1 request with a length; `headers` are whole lines."""
    lines = f"{method} {target} HTTP/1.1\r\nHost: docker\r\n{headers}"
    if body:
        lines += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return lines.encode() + b"\r\n" + body
