"""Receivers of syslog on real sockets, with a reader of RFC 5424 that is not the product's.

Must never be lenient: what is no frame or no message fails the test.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.wait import wait_until

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

MESSAGE = re.compile(
    rb"<(?P<pri>[0-9]{1,3})>1 (?P<time>\S+) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48})"
    rb" (?P<process>[!-~]{1,128}) (?P<kind>[!-~]{1,32}) "
    rb'\[(?P<id>[^ =\]"]{1,32})(?P<data>(?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]'
    rb"(?: (?P<text>.*))?",
    re.DOTALL,
)
PARAMETER = re.compile(rb' ([^ =\]"]+)="((?:[^"\\\]]|\\["\\\]])*)"')


@dataclass(frozen=True, slots=True)
class Message:
    """One message as RFC 5424 has it."""

    facility: int
    severity: int
    time: str
    host: str
    app: str
    kind: str
    data: dict[str, str]
    text: bytes


def read_message(raw: bytes) -> Message:
    """Take one message apart; fails on what is none."""
    found = MESSAGE.fullmatch(raw)
    assert found, raw[:300]
    priority = int(found["pri"])
    return Message(
        facility=priority // 8,
        severity=priority % 8,
        time=found["time"].decode(),
        host=found["host"].decode(),
        app=found["app"].decode(),
        kind=found["kind"].decode(),
        data={
            name.decode(): re.sub(rb'\\(["\\\]])', rb"\1", value).decode()
            for name, value in PARAMETER.findall(found["data"])
        },
        text=found["text"] or b"",
    )


def split_frames(data: bytes) -> tuple[list[bytes], bytes]:
    """The frames of octet counting (RFC 6587, section 3.4.1), and what is left."""
    frames = []
    while (match := re.match(rb"([1-9][0-9]*) ", data)) is not None:
        end = match.end() + int(match[1])
        if len(data) < end:
            break
        frames.append(data[match.end() : end])
        data = data[end:]
    assert re.fullmatch(rb"|[1-9][0-9]*|[1-9][0-9]* .*", data, re.DOTALL), data[:80]
    return frames, data


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """The frames that end with a newline (RFC 6587, section 3.4.2), and what is left."""
    *frames, rest = data.split(b"\n")
    return frames, rest


@dataclass(slots=True)
class Receiver:
    """What came, in its order."""

    raw: list[bytes] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [read_message(one) for one in self.raw]

    @property
    def lines(self) -> list[bytes]:
        """The lines of the log that came."""
        return [one.text + b"\n" for one in self.messages]

    def wait_for(self, count: int, seconds: float = 5.0) -> None:
        wait_until(lambda: len(self.raw) >= count, f"{count} messages", seconds)


@contextmanager
def datagrams(sock: socket.socket) -> Iterator[Receiver]:
    """Receive on a bound socket of datagrams until the block ends."""
    receiver = Receiver()
    sock.settimeout(0.05)
    over = threading.Event()

    def receive() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                receiver.raw.append(sock.recv(300_000))

    with sock, _running(receive, over):
        yield receiver


@contextmanager
def stream(
    listener: socket.socket,
    context: ssl.SSLContext | None = None,
    split: Callable[[bytes], tuple[list[bytes], bytes]] = split_frames,
) -> Iterator[Receiver]:
    """Accept and receive on a listening socket until the block ends."""
    receiver = Receiver()
    listener.settimeout(0.05)
    over = threading.Event()
    threads: list[threading.Thread] = []

    def receive(peer: socket.socket) -> None:
        rest = b""
        with ExitStack() as closing, suppress(OSError):
            talking = closing.enter_context(peer)
            if context is not None:
                talking = closing.enter_context(context.wrap_socket(peer, server_side=True))
                receiver.connections.append(talking)
            while piece := talking.recv(65536):
                frames, rest = split(rest + piece)
                receiver.raw += frames

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                peer, _ = listener.accept()
                peer.settimeout(20)
                receiver.connections.append(peer)
                threads.append(threading.Thread(target=receive, args=(peer,)))
                threads[-1].start()

    with listener, _running(accept, over):
        yield receiver
        for peer in receiver.connections:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(5)


@contextmanager
def _running(work: Callable[[], None], over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)


def udp() -> socket.socket:
    """A socket of UDP on loopback."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(("127.0.0.1", 0))
    return sock


def tcp(port: int = 0) -> socket.socket:
    """A listener of TCP on loopback."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen()
    return sock


def unix(path: Path, kind: socket.SocketKind) -> socket.socket:
    """A Unix socket of this kind, listening if it can."""
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(path))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port
