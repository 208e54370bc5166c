"""The demo engine in a background thread, for tests that assert what an Engine received.

Must never share an event loop with the code under test.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.faults import Fault, Kind
from demo.seed import populate
from demo.server import DemoEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from demo.record import Received
    from demo.state import Settings


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demo engine that listens on `path`; every method may be called from any thread."""

    engine: DemoEngine
    path: str
    loop: asyncio.AbstractEventLoop

    @property
    def received(self) -> list[Received]:
        """All requests so far, oldest first; those for /demo/… are not among them."""
        return self.engine.recorder.received()

    @property
    def connections(self) -> list[dict[str, Any]]:
        """All connections so far: number, bytes received, EOF seen, closed."""
        return self.engine.recorder.connections()

    def sent(self, method: str, path: str) -> list[Received]:
        """The requests with this method and path (without version prefix)."""
        return [item for item in self.received if (item.method, item.path) == (method, path)]

    def wait_for(self, match: Callable[[Received], bool], timeout: float = 5.0) -> Received:
        """The first request that matches, waiting `timeout` seconds for it; TimeoutError."""
        return self.engine.recorder.wait_for(match, timeout)

    def fault(self, kind: Kind, **more: Any) -> None:
        """Order a fault for the next request; `more` are fields of demo.faults.Fault."""
        self.engine.faults.add(Fault(kind, **more))

    def populate(
        self, count: int, name: str = "many", body: dict[str, Any] | None = None
    ) -> list[str]:
        """Start `count` containers `name`-1, `name`-2 … like `body`; their ids."""
        work = populate(self.engine.world, count, name, body)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def clear(self) -> None:
        """Forget what was received and take back what was ordered."""
        self.engine.recorder.clear()
        self.engine.faults.clear()


@contextlib.contextmanager
def running_demo_engine(
    path: Path | str, settings: Settings | None = None
) -> Iterator[RunningDemo]:
    """A demo engine on the Unix socket `path`, with a thread and an event loop of its own."""
    engine = DemoEngine(str(path), settings)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="demo engine", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(engine.start(), loop).result(10)
        yield RunningDemo(engine, str(path), loop)
    finally:
        asyncio.run_coroutine_threadsafe(_end(engine), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(engine: DemoEngine) -> None:
    await engine.stop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
