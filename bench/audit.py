"""The review of the audit log: how long people wait for an answer, at a log of a million events.

Must never count a second run for a first: each command is a process of its own, as people start it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from bench.figures import Table
from bench.history import write_history
from bench.processes import BenchError
from sockguard.audit.read_store import last_event
from sockguard.review.index_store import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_EVENTS = 1_000_000
_QUICK_EVENTS = 100_000
_ROUNDS = 5
_BUILD_AIM, _VERIFY_AIM, _ANSWER_AIM, _MEMORY_AIM = "60 s", "30 s", "2 s", "300 MB"
_FIRST = "query --limit 1"
_COMMANDS = {
    "summary": "summary",
    "summary of what is new": "summary since:review",
    "what was refused one client": (
        "query client:ci decision:deny -reason:rate_limited --limit 20"
    ),
    "who changed containers": "query operation:containers.* write:yes --limit 50",
    "words of the sentence": "query portainer-3 --limit 20",
    "a caller": "query caller:*pid=29999",
    "what is open": "query open:yes --limit 50",
    "what lies far apart": "query caller:*pid=29* write:yes --limit 300",
    "nothing that there is": "query nosuchword",
}


class _Run(NamedTuple):
    """Seconds on the clock and of the processor, and the most memory in bytes."""

    seconds: float
    cpu: float
    memory: int


def audit(folder: Path, *, quick: bool) -> Table:
    """Write a history, look whether it is whole, let the index be built, and ask."""
    events = _QUICK_EVENTS if quick else _EVENTS
    log = folder / "log"
    write_history(log, events, packed=True)
    rows = {
        "verify": _cells([_run("verify", log)], _VERIFY_AIM),
        "the first answer, which builds the index": _cells([_run(_FIRST, log)], _BUILD_AIM),
    }
    last = last_event(log) or {}
    commands = {**_COMMANDS, "one event by its id": f"show {last.get('id')}"}
    for title, words in commands.items():
        rows[title] = _cells([_run(words, log) for _ in range(_ROUNDS)], _ANSWER_AIM)
    size = sum(path.stat().st_size for path in log.glob("audit-*"))
    title = f"Review of {events:,} events ({size / 1e6:.0f} MB of log, "
    title += f"{(log / FILE).stat().st_size / 1e6:.0f} MB of index)"
    return Table(title, ("time", "CPU", "memory", "aim: time", "memory"), rows)


def _run(words: str, log: Path) -> _Run:
    began = time.perf_counter()
    line = [sys.executable, "-m", "sockguard", "audit", *shlex.split(words), f"--dir={log}"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"sockguard audit {words} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return _Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _cells(runs: Sequence[_Run], aim: str) -> tuple[str, ...]:
    return (
        f"{median(run.seconds for run in runs):.2f} s",
        f"{median(run.cpu for run in runs):.2f} s",
        f"{max(run.memory for run in runs) / 1e6:.0f} MB",
        aim,
        _MEMORY_AIM,
    )
