"""Waits for the disk in a thread of its own; whoever asks meanwhile shares the next wait.

Must never keep the process alive: a disk that hangs is no reason not to stop.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Waiters = list["asyncio.Future[None]"]


class Syncer:
    """Calls `sync` for batches of waiters, one call at a time. Made where a loop is running."""

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._loop = asyncio.get_running_loop()
        self._waiting: Waiters = []
        self._busy = False
        self._batches: queue.SimpleQueue[Waiters] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="audit sync", daemon=True).start()

    async def synced(self) -> None:
        """Return once a sync that began after this call has ended; raises what it raised."""
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        if not self._busy:
            self._hand_over()
        await waiter

    def _hand_over(self) -> None:
        batch, self._waiting = self._waiting, []
        self._busy = True
        self._batches.put(batch)

    def _work(self) -> None:
        while True:
            batch = self._batches.get()
            failure: Exception | None = None
            try:
                self._sync()
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must learn it
                failure = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._settle, batch, failure)

    def _settle(self, batch: Waiters, failure: Exception | None) -> None:
        self._busy = False
        for waiter in batch:
            if waiter.done():
                continue
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(failure)
        if self._waiting:
            self._hand_over()
