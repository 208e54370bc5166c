"""A thread that does one thing after the other for the event loop.

Must never keep the process alive: a disk that hangs is no reason not to stop.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Worker:
    """Does what it is given in the order in which it comes; its thread starts with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._chores: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def do(self, chore: Callable[[], Result]) -> asyncio.Future[Result]:
        """Have it done; the future has what came of it. Call it where a loop is running."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()

        def work() -> None:
            try:
                told = partial(_finish, done, chore())
            except Exception as error:  # noqa: BLE001 - whatever it is, who asked must learn it
                told = partial(_fail, done, error)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(told)

        if self._thread is None:
            thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no more threads: a write that failed
                done.set_exception(OSError(str(error)))
                return done
            self._thread = thread
        self._chores.put(work)
        return done

    def _work(self) -> None:
        while True:
            self._chores.get()()


def _finish(done: asyncio.Future[Result], result: Result) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[Result], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
