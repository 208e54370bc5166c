"""Work that may never end, done in a process of its own, which can be stopped.

Must never wait longer than it is told, nor let the work take the machine's memory.
"""

from __future__ import annotations

import resource
import signal
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

_START_SECONDS = 30.0
_MEMORY = 1024**3

Result = TypeVar("Result")


def within(seconds: float, work: Callable[..., Result], *given: object) -> Result:
    """Return what the work comes to; raises TimeoutError where it takes longer, or too much memory.

    A match of Python's `re` keeps even signals waiting, so nothing less than a process will do.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, work, given), daemon=True)
    process.start()
    there.close()
    try:
        _next(here, _START_SECONDS)
        result: Result = _next(here, seconds)
    finally:
        process.kill()
        process.join()
        here.close()
    return result


def _next(pipe: Connection, seconds: float) -> Result:  # type: ignore[type-var]
    if not pipe.poll(seconds):
        raise TimeoutError
    try:
        result: Result = pipe.recv()
    except EOFError:  # it died, as for lack of memory
        raise TimeoutError from None
    return result


def _work(pipe: Connection, work: Callable[..., object], given: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    pipe.send(None)
    try:
        result = work(*given)
    except MemoryError:
        return
    pipe.send(result)
