"""Puts load on one socket with h2load, and reads what it reports.

Must never take an answer of the wrong kind for a fast one.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.processes import BenchError

if TYPE_CHECKING:
    from pathlib import Path

_FINISHED = re.compile(r"^finished in .*?, ([0-9.]+) req/s", re.MULTILINE)
_SERVED = re.compile(r"^status codes: (\d+) 2xx, \d+ 3xx, (\d+) 4xx", re.MULTILINE)
_LONGEST_RUN = 120.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; a body makes it a POST. `allowed`: what must come of it.

    Each connection takes the targets in order, and again from the start.
    """

    targets: tuple[str, ...]
    allowed: bool
    headers: tuple[str, ...] = ()
    body: Path | None = None


def requests_per_second(socket: Path, request: Request, *, count: int, connections: int) -> float:
    """Send `count` requests over so many connections, each with one request under way at a time.

    Raises BenchError unless all were answered as they should be.
    """
    command = ["h2load", "--h1", f"--requests={count}", f"--clients={connections}"]
    command += [f"--header={header}" for header in request.headers]
    command += [f"--data={request.body}"] if request.body else []
    command += [f"--base-uri=unix:{socket}"]
    command += [f"http://localhost{target}" for target in request.targets]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=_LONGEST_RUN, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"no end after {_LONGEST_RUN:g} s") from error
    finished, served = _FINISHED.search(run.stdout), _SERVED.search(run.stdout)
    if finished is None or served is None:
        raise BenchError(f"h2load failed:\n{run.stdout}{run.stderr}")
    if int(served[1 if request.allowed else 2]) != count:
        raise BenchError(f"not all of {count} answers are right: {served[0]}")
    return float(finished[1])
