"""`sockguard` as it is, but watched: `profiled.py samples|calls DUMP ARGUMENT…`.

Must never import from this folder: what is watched is sockguard alone.
"""

from __future__ import annotations

import cProfile
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_PERIOD = 0.001
"""Seconds of CPU between two samples; the kernel rounds it up to its own tick."""


def sampled(run: Callable[[], int], dump: Path) -> int:
    """Count, at each tick of CPU time, the function that runs and those that called it."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()

    def sample(_number: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            stack.append(_name(frame))
            frame = frame.f_back
        own[stack[0]] += 1
        whole.update(set(stack))

    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, _PERIOD, _PERIOD)
    try:
        return run()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        dump.write_text(json.dumps({"own": own, "whole": whole}))


def counted(run: Callable[[], int], dump: Path) -> int:
    """Count calls; each is made dearer by it, so its times are not to be trusted."""
    profiler = cProfile.Profile()
    try:
        return profiler.runcall(run)
    finally:
        profiler.dump_stats(dump)


def _name(frame: FrameType) -> str:
    # Generated code, such as a dataclass's __init__, has no file: "/<string>".
    path = Path(frame.f_code.co_filename)
    return f"{path.parent.name}/{path.name} {frame.f_code.co_qualname}"


if __name__ == "__main__":
    watch = {"samples": sampled, "calls": counted}[sys.argv[1]]
    sys.exit(watch(lambda: main(sys.argv[3:]), Path(sys.argv[2])))
