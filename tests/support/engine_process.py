"""The demo engine as a process of its own, so that a test can kill it, stop it and start it again.

Must never be stopped by anything but its own pid.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.support.processes import DIES_WITH_US
from tests.support.raw_client import exchange
from tests.support.sockguard_process import accepts
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.processes import Process

ENGINE = (*DIES_WITH_US, sys.executable, "-m", "demo", "--quiet", "--socket")


class EngineProcess:
    """A demo engine on `path`, steered over its own socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process: Process | None = None

    def start(self) -> None:
        """Start it and wait until it accepts."""
        self._process = subprocess.Popen(
            [*ENGINE, str(self.path)], stdin=subprocess.DEVNULL, start_new_session=True
        )
        wait_until(lambda: accepts(self.path), "the demo engine", 10)

    def kill(self) -> None:
        """End it as a crash does: no goodbye, and its socket stays behind."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Let it hang: the kernel still accepts for it, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def fault(self, **order: Any) -> None:
        """Order a fault by the fields of demo.faults.Fault."""
        self._ask("POST", "/demo/fault", order)

    def populate(self, count: int, **more: Any) -> list[str]:
        """Start `count` containers; `more` are the arguments of demo.seed.populate."""
        found: list[str] = self._ask("POST", "/demo/containers", {"count": count} | more)
        return found

    def received(self) -> list[dict[str, Any]]:
        """What it received so far, oldest first."""
        found: list[dict[str, Any]] = self._ask("GET", "/demo/received")["requests"]
        return found

    def wait_for(self, match: Callable[[dict[str, Any]], object]) -> None:
        """Wait until it has received a request that matches."""
        wait_until(lambda: any(match(item) for item in self.received()), "the Engine to receive it")

    def _ask(self, method: str, path: str, order: object = None) -> Any:
        body = b"" if order is None else json.dumps(order).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n"
        answer = exchange(
            str(self.path), f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        assert answer.startswith(b"HTTP/1.1 200"), answer
        return json.loads(answer.partition(b"\r\n\r\n")[2])


@contextmanager
def engine_process(path: Path) -> Iterator[EngineProcess]:
    """A running demo engine; whatever runs of it at the end is killed."""
    engine = EngineProcess(path)
    try:
        engine.start()
        yield engine
    finally:
        engine.kill()
