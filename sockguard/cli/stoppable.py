"""Work that may never end, done in a process of its own, which can be stopped.

Must never wait longer than it is told, nor let the work take the machine's memory.
"""

from __future__ import annotations

import resource
import signal
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar, cast

from sockguard.errors import SockguardError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

_START_SECONDS = 30.0
_MEMORY = 1024**3

Result = TypeVar("Result")


def within(seconds: float, work: Callable[..., Result], *given: object) -> Result:
    """Return what the work comes to; raises TimeoutError where it takes longer, or too much memory.

    A match of Python's `re` keeps even signals waiting, so nothing less than a process will do.
    What it raises as SockguardError is raised here too, with its text.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, work, given), daemon=True)
    process.start()
    there.close()
    try:
        _next(here, _START_SECONDS)
        done, result = cast("tuple[bool, Result]", _next(here, seconds))
    finally:
        process.kill()
        process.join()
        here.close()
    if not done:
        raise SockguardError(str(result))
    return result


def _next(pipe: Connection, seconds: float) -> object:
    if not pipe.poll(seconds):
        raise TimeoutError
    try:
        return pipe.recv()
    except EOFError:
        raise SockguardError("a process that does a part of this has died") from None


def _work(pipe: Connection, work: Callable[..., object], given: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    pipe.send(None)
    try:
        pipe.send((True, work(*given)))
    except SockguardError as error:
        pipe.send((False, str(error)))
    except MemoryError:
        signal.pause()  # as good as never ending: it is stopped in its time
