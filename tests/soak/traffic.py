"""Clients of every kind, each in a thread of its own, for as long as a soak lasts.

Must never tolerate an answer that is not the right one: each client knows what it has to get.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.support.raw_client import HEAD_END, connected, read_head, request
from tests.support.stack import read_all, send, status_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

CLOSE = "Connection: close\r\n"
LIST = request("GET", "/v1.44/containers/json?all=1")
LIST_ONCE = request("GET", "/v1.44/containers/json", headers=CLOSE)
EVENTS = request("GET", "/v1.44/events")
LOGS = request("GET", "/v1.44/containers/web/logs?stdout=1&follow=1")
REFUSED = request("DELETE", "/v1.44/containers/db")
UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
UPLOAD_BYTES = 300_000
MALFORMED = (
    b"GET /v1.44/info HTTP/1.1\r\n\r\n",
    b"GET http://x/ HTTP/1.1\r\nHost: d\r\n\r\n",
    request("POST", "/v1.44/build", b"x", "Transfer-Encoding: chunked\r\n"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /" + b"x" * 70_000,
)
POLICY = """
version: 1
clients:
  all: {allow: [engine/everything]}
  few: {allow: [system/hello, containers.list]}
"""
CLIENTS = ("all", "few")


class WrongAnswer(Exception):
    """A client got something else than it had to."""


def expect(holds: object, what: str, got: bytes) -> None:
    """Fail with the beginning of what came."""
    if not holds:
        raise WrongAnswer(f"{what}: {got[:200]!r}")


def kept_lists(path: Path) -> int:
    """Many requests on one connection."""
    with connected(path, 10) as peer:
        for _ in range(25):
            peer.sendall(LIST)
            expect(status_of(sized_answer(peer)) == 200, "a list", b"")
    return 25


def sized_answer(peer: socket.socket) -> bytes:
    """One answer with a length; its head."""
    data = read_head(peer)
    head, _, body = data.partition(HEAD_END)
    lines = head.lower().split(b"\r\n")
    sizes = [line.partition(b":")[2] for line in lines if line.startswith(b"content-length:")]
    expect(sizes, "an answer with a length", data)
    missing = int(sizes[0]) - len(body)
    while missing > 0:
        piece = peer.recv(missing)
        expect(piece, "the rest of an answer", b"")
        missing -= len(piece)
    return head


def single_lists(path: Path) -> int:
    """One request for each connection."""
    answer = send(path, LIST_ONCE)
    expect(status_of(answer) == 200 and answer.endswith((b"]\n", b"]")), "a list", answer)
    return 1


def dropped_streams(path: Path) -> int:
    """Streams that are opened and left, some of them unread."""
    for stream in (EVENTS, LOGS):
        with connected(path, 10) as peer:
            peer.sendall(stream)
            expect(status_of(read_head(peer)) == 200, "a stream", b"")
        with connected(path, 10) as peer:
            peer.sendall(stream)
    return 4


def exec_tunnels(path: Path) -> int:
    """An exec whose input comes back; every other tunnel is left in the middle."""
    config = b'{"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true}'
    made = send(path, request("POST", "/v1.44/containers/web/exec", config, CLOSE))
    expect(status_of(made) == 201, "an exec", made)
    name = json.loads(made.partition(HEAD_END)[2])["Id"]
    with connected(path, 10) as peer:
        peer.sendall(request("POST", f"/v1.44/exec/{name}/start", b"{}", UPGRADE))
        expect(status_of(read_head(peer)) == 101, "a tunnel", b"")
        peer.sendall(b"hello\n" * 100)
        if name[0] in "01234567":
            peer.shutdown(1)
            echoed = read_all(peer)
            expect(b"hello" in echoed, "an echo", echoed)
    return 2


def uploads(path: Path) -> int:
    """A tar by length, one in chunks, one that is cut short."""
    head = "PUT /v1.44/containers/web/archive?path=/tmp HTTP/1.1\r\nHost: d\r\n"
    head += f"{CLOSE}Content-Type: application/x-tar\r\n"
    body = b"\0" * UPLOAD_BYTES
    sized = f"{head}Content-Length: {len(body)}\r\n\r\n".encode()
    chunk = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    for data in (sized + body, chunked + chunk):
        answer = send(path, data, seconds=15)
        expect(status_of(answer) in (200, 400), "an upload", answer)
    with connected(path, 10) as peer:
        peer.sendall(sized + body[:1000])
    return 3


def refusals(path: Path) -> int:
    """What the policy does not grant, on a connection that is kept."""
    with connected(path, 10) as peer:
        for _ in range(5):
            peer.sendall(REFUSED)
            expect(status_of(sized_answer(peer)) == 403, "a refusal", b"")
    return 5


def malformed_heads(path: Path) -> int:
    """What is no request."""
    for data in MALFORMED:
        answer = send(path, data, end=True)
        expect(status_of(answer) in (400, 431), "a complaint", answer)
    return len(MALFORMED)


def slow_clients(path: Path) -> int:
    """A head that is dripped, an answer that is sipped, a client that leaves within a head."""
    with connected(path, 10) as peer:
        for place in range(0, len(LIST_ONCE), 8):
            peer.sendall(LIST_ONCE[place : place + 8])
            time.sleep(0.01)
        sipped = b""
        while piece := peer.recv(64):
            sipped += piece
            if len(sipped) % 1024 == 0:
                time.sleep(0.001)
        expect(status_of(sipped) == 200, "a list", sipped)
    with connected(path, 10) as peer:
        peer.sendall(LIST[:30])
    return 2


KINDS: tuple[tuple[Callable[[Path], int], str, float], ...] = (
    (kept_lists, "all", 0.02),
    (kept_lists, "few", 0.02),
    (single_lists, "all", 0.005),
    (single_lists, "few", 0.005),
    (dropped_streams, "all", 0.05),
    (exec_tunnels, "all", 0.1),
    (uploads, "all", 0.1),
    (refusals, "few", 0.05),
    (malformed_heads, "few", 0.1),
    (slow_clients, "few", 0.05),
)
"""What each thread does over and over, as which client, and the seconds that it rests between."""


class Traffic:
    """All kinds at once, from `start` to `stop`."""

    def __init__(self, socket_of: Callable[[str], Path]) -> None:
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=[kind, socket_of(client), rest])
            for kind, client, rest in KINDS
        ]

    def start(self) -> None:
        """Let all begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let all finish what they are doing."""
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, kind: Callable[[Path], int], path: Path, rest: float) -> None:
        while not self._over.wait(rest):
            try:
                self.done[kind.__name__] += kind(path)
            except (WrongAnswer, OSError, ValueError) as error:
                self.failures.append(f"{kind.__name__}: {error}")
                self._over.wait(1)  # whatever is wrong, it need not be said often
