"""The upstream for what nginx cannot be: bulk both ways, streams that stay open, one long list.

Must never be what limits a measurement: it makes nothing up while it is asked.

It is run by itself: `upstream.py SOCKET [--mebibytes N] [--list FILE]`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

# Run as a file, Python looks for modules in this folder only, and they are named by the project's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import documents

CHUNK = 32 * 1024
"""Bytes that Go's io.Copy takes at once, and net/http makes one chunk of, in either direction."""
MEBIBYTE = b"8000\r\n%b\r\n" % (b"x" * CHUNK) * 32
LAST_CHUNK = b"0\r\n\r\n"
_BACKLOG = 16_384
_READ = 1024**2


@dataclass(frozen=True, slots=True)
class Answers:
    """What is sent for each path, and how many MiB an image has."""

    constants: dict[str, bytes]
    mebibytes: int


def answers(mebibytes: int, listed: bytes) -> Answers:
    """Make all that is constant, once."""
    texts = {
        "/_ping": b"OK",
        "/version": documents.version().encode(),
        "/info": documents.info().encode(),
        "/containers/json": listed,
    }
    return Answers({path: _whole(text) for path, text in texts.items()}, mebibytes)


def _head(framing: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nApi-Version: {documents.API_VERSION}\r\n"
        f"Content-Type: application/json\r\n{framing}\r\n\r\n"
    ).encode()


def _whole(body: bytes) -> bytes:
    return _head(f"Content-Length: {len(body)}") + body


class Connection:
    """One connection, whose requests are answered in turn."""

    def __init__(self, connection: socket.socket, answers: Answers) -> None:
        self._socket = connection
        self._answers = answers
        self._loop = asyncio.get_running_loop()
        self._came = b""

    async def serve(self) -> None:
        """Answer until the other side ends."""
        with self._socket, contextlib.suppress(ConnectionError):
            while head := await self._next_head():
                await self._answer(head)

    async def _next_head(self) -> str:
        while b"\r\n\r\n" not in self._came:
            data = await self._loop.sock_recv(self._socket, _READ)
            if not data:
                return ""
            self._came += data
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        return head.decode("latin-1")

    async def _answer(self, head: str) -> None:
        path = head.split(" ", 2)[1].partition("?")[0]
        path = path.removeprefix(f"/v{documents.API_VERSION}").removeprefix("/v1.41")
        if path == "/events":
            await self._stream()
        elif path.endswith("/get"):
            await self._send_image()
        elif path.endswith("/load"):
            await self._take_image()
        else:
            await self._send(self._answers.constants[path])

    async def _send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def _stream(self) -> None:
        """Send one event, and keep the stream open for as long as the other side does."""
        event = documents.event().encode() + b"\n"
        chunk = b"%x\r\n%b\r\n" % (len(event), event)
        await self._send(_head("Transfer-Encoding: chunked") + chunk)
        await self._loop.sock_recv(self._socket, 1)

    async def _send_image(self) -> None:
        await self._send(_head("Transfer-Encoding: chunked"))
        for _ in range(self._answers.mebibytes):
            await self._send(MEBIBYTE)
        await self._send(LAST_CHUNK)

    async def _take_image(self) -> None:
        """Read chunks, in which nothing looks like the last one, to their end."""
        room = bytearray(_READ)
        end = self._came[-len(LAST_CHUNK) :]
        while end != LAST_CHUNK:
            read = await self._loop.sock_recv_into(self._socket, room)
            if not read:
                return
            end = (end + room[max(0, read - len(LAST_CHUNK)) : read])[-len(LAST_CHUNK) :]
        self._came = b""
        await self._send(_whole(b"{}"))


async def serve(path: str, made: Answers) -> None:
    """Serve on a socket until the process is told to end."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        running = set()
        while True:
            connection, _ = await loop.sock_accept(listener)
            connection.setblocking(False)
            task = asyncio.create_task(Connection(connection, made).serve())
            running.add(task)
            task.add_done_callback(running.discard)


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("socket")
    parser.add_argument("--mebibytes", type=int, default=1)
    parser.add_argument("--list", type=Path)
    given = parser.parse_args()
    listed = given.list.read_bytes() if given.list else documents.container_list().encode()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(serve(given.socket, answers(given.mebibytes, listed)))


if __name__ == "__main__":
    main()
