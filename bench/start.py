"""The start: from the command to the first answer, one server at a time.

Must never count what only the first start ever pays, such as compiling the source.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.client import answers
from bench.contenders import BARE, POLICY, everyone, starting
from bench.figures import Table
from bench.processes import BenchError, cpu_seconds, running

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contenders import Contender

_ROUNDS = 15
_QUICK_ROUNDS = 5
_LONGEST = 10.0
_POLL = 0.001
COLUMNS = ("to the first answer", "quickest", "CPU until then")


def start(folder: Path, *, quick: bool) -> Table:
    """Start each server again and again, in turn."""
    rounds = _QUICK_ROUNDS if quick else _ROUNDS
    contenders = everyone(POLICY)
    samples: dict[str, list[tuple[float, float]]] = {one.name: [] for one in contenders}
    command, upstream = starting(folder / "bare", BARE, None)
    with running(command, upstream, folder / "bare.log"):
        for number in range(rounds + 1):
            for place, contender in enumerate(contenders):
                sample = _start(folder / f"{number}-{place}", contender, upstream)
                if number:  # the first compiles
                    samples[contender.name].append(sample)
    rows = {}
    for name, each in samples.items():
        seconds, cpu = zip(*each, strict=True)
        shown = (median(seconds), min(seconds), median(cpu))
        rows[name] = tuple(f"{one * 1e3:.0f} ms" for one in shown)
    return Table("From the command to the first answer to a ping", COLUMNS, rows)


def _start(folder: Path, contender: Contender, upstream: Path) -> tuple[float, float]:
    """Return how long a start took, and how much of the processor."""
    command, socket = starting(folder, contender, upstream)
    began = time.perf_counter()
    with running(command, None, folder / "printed.log") as process:
        while not answers(socket):
            if time.perf_counter() - began > _LONGEST:
                raise BenchError(f"{contender.name} did not start")
            time.sleep(_POLL)
        return time.perf_counter() - began, cpu_seconds(process)
