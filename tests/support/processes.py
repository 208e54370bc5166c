"""Starts programs for tests and stops each by its own pid, whatever happens in between.

Must never leave a process behind, nor end one that it did not start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Process = subprocess.Popen[bytes]

DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
"""Put before a command: the kernel ends it even when the tests themselves are killed."""


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    grace: float = 10,
) -> Iterator[Process]:
    """A program whose output goes to `log`; stopped by SIGTERM, after `grace` seconds by force."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,  # Ctrl-C ends the tests, and they end this
        )
    try:
        yield process
    finally:
        stop(process, grace)


def stop(process: Process, grace: float = 10) -> int:
    """End the process, with all its children if it does not go by itself; its exit code."""
    process.terminate()
    try:
        return process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def wait_until(
    holds: Callable[[], bool], *, seconds: float, process: Process | None = None, log: Path
) -> None:
    """Wait until a condition holds; fail with the log when it does not, or the process ended."""
    deadline = time.monotonic() + seconds
    while not holds():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            what = f"ended with {process.returncode}" if process and ended else "is not ready"
            raise AssertionError(f"{log.stem} {what}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.02)
