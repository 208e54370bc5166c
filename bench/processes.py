"""Starts the servers under test, reads what CPU they used, and stops them by their own pid.

Must never leave a process behind, nor end one that it did not start.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Process = subprocess.Popen[bytes]

# As installed programs are, ours are compiled once, whatever the shell of this run says.
_ENVIRONMENT = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
_START_SECONDS = 10.0
_STOP_SECONDS = 15.0


class BenchError(Exception):
    """What keeps the benchmark from running, in a sentence."""


@contextmanager
def running(command: Sequence[str], listens_at: Path | None, log: Path) -> Iterator[Process]:
    """Run a server until the block ends; enter the block once it accepts, or at once if None."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_ENVIRONMENT,
        )
    try:
        if listens_at is not None:
            _wait_until_accepting(process, listens_at, log)
        yield process
    finally:
        _stop(process)


def cpu_seconds(process: Process) -> float:
    """Return the user and system time of a process and its children, in seconds.

    It is the sum of utime and stime in /proc/PID/stat, read from the process's CPU clock
    (clock_getcpuclockid), since /proc counts in hundredths of a second.
    """
    pids = [process.pid, *_children(process.pid)]
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def memory_of(process: Process) -> int:
    """Return the resident bytes of a process and its children; what they share counts once."""
    parts = [_resident(pid) for pid in (process.pid, *_children(process.pid))]
    return sum(own for own, _ in parts) + max(shared for _, shared in parts)


def _resident(pid: int) -> tuple[int, int]:
    """Return the bytes that a process has for itself, and those that others may have, too."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(size) * 1024 for name, size in (line.split()[:2] for line in lines)}
    own = sizes["Private_Clean:"] + sizes["Private_Dirty:"]
    return own, sizes["Rss:"] - own


def _children(pid: int) -> list[int]:
    listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(word) for text in listed for word in text.split()]


def _wait_until_accepting(process: Process, path: Path, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _accepts(path):
        if process.poll() is not None or time.monotonic() > deadline:
            told = log.read_text(errors="replace")[-2000:]
            raise BenchError(f"nobody listens at {path}; the server said:\n{told}")
        time.sleep(0.02)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True


def _stop(process: Process) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
