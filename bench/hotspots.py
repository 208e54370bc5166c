"""Where sockguard's time goes: samples of a server under load, and calls of another.

Must never be read as a speed: watching costs, counting calls more than the work itself.
"""

from __future__ import annotations

import json
import pstats
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contenders import serving, sockguard
from bench.load import requests_per_second

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.load import Request

_PROFILED = str(Path(__file__).with_name("profiled.py"))
_TOP = 30


def print_hotspots(folder: Path, request: Request, *, count: int, connections: int) -> None:
    """Print sockguard's dearest functions while it serves so many requests."""
    print(f"{count} requests over {connections} connections")

    def watched(how: str) -> Path:
        dump = folder / how
        place = folder / f"watched-{how}"
        place.mkdir()
        guard = sockguard((sys.executable, _PROFILED, how, str(dump)))
        with serving(place, [guard]) as (server, _):
            requests_per_second(server.socket, request, count=count, connections=connections)
        return dump

    samples = json.loads(watched("samples").read_text())
    total = sum(samples["own"].values())
    _print_shares("CPU time by module", _by_module(samples["own"]), total)
    _print_shares("CPU time in the function itself", samples["own"], total)
    _print_shares("CPU time in the function and what it calls", samples["whole"], total)
    print(f"\nPython calls of {count} requests, start and stop included")
    pstats.Stats(str(watched("calls"))).strip_dirs().sort_stats("tottime").print_stats(_TOP)


def _print_shares(title: str, samples: Mapping[str, int], total: int) -> None:
    print(f"\n{title} ({total} samples)")
    for name, seen in sorted(samples.items(), key=lambda item: -item[1])[:_TOP]:
        print(f"{seen / total:>7.1%}  {name}")


def _by_module(samples: Mapping[str, int]) -> Mapping[str, int]:
    modules: Counter[str] = Counter()
    for name, seen in samples.items():
        modules[name.split(" ")[0]] += seen
    return modules
