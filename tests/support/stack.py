"""A whole sockguard in this process, on real sockets, in a thread with its own event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

import uvloop

from sockguard.audit.closed_store import Keeping
from sockguard.audit.quota import Quota
from sockguard.audit.store import Store
from sockguard.cli.network import read_tls_files
from sockguard.policy.load import load_text
from sockguard.proxy.engine_facts import EngineRange
from sockguard.proxy.gate import Gate
from sockguard.proxy.network import Network
from sockguard.proxy.record import Recorder
from sockguard.proxy.reload import PolicyFiles, Reloader
from sockguard.proxy.server import Server
from sockguard.settings import Settings, Timeouts
from tests.support.audit_events import events_of
from tests.support.raw_client import connected
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping
    from pathlib import Path

    from sockguard.audit.sink import Sink
    from sockguard.identity.listener import NetworkListener
    from sockguard.policy.model import Policy

Result = TypeVar("Result")

EVERYTHING = "version: 1\nallow: [engine/everything]\n"
NO_LISTENERS: Mapping[NetworkListener, socket.socket] = {}
QUICK = Timeouts(
    handshake=0.5,
    look=0.1,
    head=0.5,
    body=0.7,
    connect=1.0,
    quick_answer=1.0,
    discard=0.5,
    hangup_poll=0.1,
    drain=1.0,
    stream_grace=0.3,
    tick=0.05,
)


class Stack(threading.Thread):
    """A server in a thread; `gate` may be read from the test's thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a server is made of
        self,
        folder: Path,
        settings: Settings,
        policy: Policy,
        most: int,
        sink: Sink | None,
        passed: Mapping[str, socket.socket],
    ) -> None:
        super().__init__()
        self._passed = passed
        self._files = read_tls_files(settings)
        self.folder = folder
        self._settings = settings
        self._policy = policy
        self._most = most
        self._sink = sink
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reloader: Reloader = cast("Reloader", None)
        self.text = ""
        self.failure: BaseException | None = None
        self.gate: Gate = cast("Gate", None)

    def run(self) -> None:
        """Serve until told to stop; called in the thread."""
        try:
            uvloop.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - shown by the test's thread
            self.failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        engine = EngineRange(self._settings.upstream, self._settings.timeouts.connect)
        recorder = Recorder(
            self._sink
            or Store.open(self.folder / "audit", now=time.time, keeping=Keeping(packed=True)),
            Quota(),
            lambda _line, _noteworthy: None,
            host="test",
            origin=lambda: (self.gate.policy.sha256, ""),
        )
        self.gate = Gate(self._settings, self._policy, engine, recorder)
        self.gate.recordings.look_back()
        server = Server(self.gate, self._most, self._passed)
        network = Network(self.gate, server.accept, self._files)
        files = PolicyFiles(lambda: load_text(self.text), lambda: 0, watch=False)
        self._reloader = Reloader(self.gate, server, files, lambda _policy: None)
        await server.start()
        await network.start(self._passed)
        self._ready.set()
        await self._over.wait()
        network.close()
        await server.stop()
        await network.stop()
        await self.gate.recordings.close()
        await recorder.close("test over")

    def begin(self) -> None:
        """Start and wait until it serves; raises what kept it from it."""
        self.start()
        self._ready.wait(10)
        if self.failure is not None:
            self.join()
            raise self.failure

    def end(self) -> None:
        """Stop as SIGTERM does; raises what went wrong meanwhile."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(15)
        assert not self.is_alive(), "the server did not stop"
        if self.failure is not None:
            raise self.failure

    def reload(self, text: str) -> None:
        """Serve this policy, if it can be served; returns when all it ends has been told."""
        self.text = text
        self.wait_for(self._reloader.reload())

    def wait_for(self, work: Coroutine[None, None, Result]) -> Result:
        """Let the server's thread, which alone may write the record, do this to its end."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def socket(self, name: str = "main") -> Path:
        """The path of one listener's socket."""
        return self.folder / "run" / name / "docker.sock"

    def url(self, name: str = "main") -> str:
        """The DOCKER_HOST of one listener."""
        return f"unix://{self.socket(name)}"

    def events(self, **wanted: object) -> list[dict[str, Any]]:
        """Every audit event so far whose fields have these values."""
        self._settle()
        events = events_of(self.folder / "audit")
        return [event for event in events if wanted.items() <= event.items()]

    def _settle(self) -> None:
        """Let the server's own thread, which alone may write the record, write what it holds."""
        with suppress(RuntimeError):  # the server has ended, and wrote all before
            self.call(self.gate.recorder.settle)

    def call(self, function: Callable[[], None]) -> None:
        """Call this in the server's thread and wait until it is done."""
        assert self._loop is not None
        done = threading.Event()

        def carry_out() -> None:
            function()
            done.set()

        self._loop.call_soon_threadsafe(carry_out)
        done.wait(5)

    def until_quiet(self) -> None:
        """Wait until no connection is left."""
        wait_until(lambda: not self.gate.connections, "connections to end")


@contextmanager
def running_stack(  # noqa: PLR0913 - one keyword per part that a test may want to replace
    folder: Path,
    upstream: Path,
    *,
    policy: str = EVERYTHING,
    timeouts: Timeouts = QUICK,
    sink: Sink | None = None,
    most_connections: int = 200,
    hints: str = "event",
    listen: Mapping[NetworkListener, socket.socket] = NO_LISTENERS,
    tls_dir: Path | None = None,
    tls_min: str = "1.3",
    recording_max_bytes: int = 64 * 1024**2,
    recording_total_bytes: int = 1024**3,
) -> Iterator[Stack]:
    """Run a server on `folder`/run until the block ends."""
    settings = Settings(
        policy="test",
        socket_dir=folder / "run",
        upstream=upstream,
        audit=str(folder / "audit"),
        hints=hints,
        timeouts=timeouts,
        listen=tuple(listen),
        tls_dir=tls_dir,
        tls_min=tls_min,
        recording_max_bytes=recording_max_bytes,
        recording_total_bytes=recording_total_bytes,
    )
    passed = {one.passed: sock for one, sock in listen.items()}
    stack = Stack(folder, settings, load_text(policy), most_connections, sink, passed)
    stack.begin()
    try:
        yield stack
    finally:
        stack.end()


def send(path: Path, data: bytes, *, end: bool = False, seconds: float = 5.0) -> bytes:
    """Send raw bytes and return everything that comes back until the peer closes.

    `end` half-closes after sending. A peer that keeps the connection open ends the reading
    after `seconds` of silence.
    """
    with connected(path, seconds) as peer:
        peer.sendall(data)
        if end:
            peer.shutdown(socket.SHUT_WR)
        return read_all(peer)


def read_all(peer: socket.socket) -> bytes:
    """Read until the peer's end, a reset or the time limit."""
    data = b""
    try:
        while piece := peer.recv(65536):
            data += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return data


def read_until(peer: socket.socket, end: bytes) -> bytes:
    """Read until the bytes end so; fails on an early end."""
    data = b""
    while not data.endswith(end):
        piece = peer.recv(65536)
        assert piece, f"ended early with {data[-200:]!r}"
        data += piece
    return data


def status_of(answer: bytes) -> int:
    """The status of the first response in the bytes, 0 when there is none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0
