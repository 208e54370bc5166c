"""One run of the benchmarks, from the command line to the tables.

Must never leave a server or a file behind.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contenders import everyone, serving
from bench.hotspots import print_hotspots
from bench.load import Request
from bench.measure import side_by_side
from bench.processes import BenchError
from bench.report import print_machine, print_markdown, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measure import Outcome

_TOOLS = ("haproxy", "nginx", "h2load")
_LIST = ("/v1.41/containers/json",)
# More than sockguard remembers of judged requests, so that it has to judge each.
_INSPECTS = tuple(f"/v1.41/containers/{number:012x}/json" for number in range(2048))
_CREATE = {"Image": "alpine", "Cmd": ["id"], "HostConfig": {"Binds": ["/:/host"]}}
_ROUNDS = 7
_QUICK_ROUNDS = 3
_QUICKER = 3


@dataclass(frozen=True, slots=True)
class Scenario:
    """A request, and how many of it make a round, by the number of connections."""

    title: str
    request: Request
    counts: dict[int, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 0, or 1 when it could not run."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description="What sockguard costs.")
    parser.add_argument("--quick", action="store_true", help="fewer requests and rounds")
    parser.add_argument("--profile", action="store_true", help="show where sockguard's time goes")
    parser.add_argument("--markdown", action="store_true", help="end with tables for the docs")
    options = parser.parse_args(arguments)
    # As an exception it unwinds what runs, where the default would leave the servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        _check_tools()
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            if options.profile:
                profile(Path(name), quick=options.quick)
            else:
                compare(Path(name), quick=options.quick, markdown=options.markdown)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _check_tools() -> None:
    missing = ", ".join(tool for tool in _TOOLS if shutil.which(tool) is None)
    if missing:
        packages = "Debian: haproxy, nginx-light, nghttp2-client"
        raise BenchError(f"not installed, or not on the path: {missing} ({packages})")


def compare(folder: Path, *, quick: bool, markdown: bool) -> None:
    """Measure everyone in every scenario, and print a table for each."""
    print_machine()
    rounds, fewer = (_QUICK_ROUNDS, _QUICKER) if quick else (_ROUNDS, 1)
    outcomes: dict[str, dict[int, Outcome]] = {}
    with serving(folder, everyone()) as servers:
        for scenario in _scenarios(folder):
            able = [each for each in servers if each.contender.judges or scenario.request.allowed]
            for connections, count in scenario.counts.items():
                outcome = side_by_side(
                    able,
                    scenario.request,
                    rounds=rounds,
                    count=count // fewer,
                    connections=connections,
                )
                print_table(scenario.title, connections, outcome)
                outcomes.setdefault(scenario.title, {})[connections] = outcome
    if markdown:
        for title, by_connections in outcomes.items():
            print_markdown(title, by_connections)


def profile(folder: Path, *, quick: bool) -> None:
    """Show where the time goes in the scenario that matters most."""
    first = _scenarios(folder)[0]
    connections = 10
    count = first.counts[connections] * (1 if quick else _QUICKER)
    print_hotspots(folder, first.request, count=count, connections=connections)


def _scenarios(folder: Path) -> list[Scenario]:
    """Return what is measured; the body of a request is a file below `folder`."""
    body = folder / "create.json"
    body.write_text(json.dumps(_CREATE))
    allowed = Request(_LIST, allowed=True)
    short = Request(_LIST, allowed=True, headers=("connection: close",))
    inspect = Request(_INSPECTS, allowed=True)
    refused = Request(
        ("/v1.41/containers/create",),
        allowed=False,
        headers=("content-type: application/json",),
        body=body,
    )
    return [
        Scenario("allowed", allowed, {1: 4_000, 10: 12_000, 100: 12_000}),
        Scenario("allowed, none like those before", inspect, {1: 4_096}),
        Scenario("refused", refused, {1: 2_500, 10: 6_000, 100: 6_000}),
        Scenario("allowed, one connection per request", short, {1: 2_500, 10: 6_000, 100: 6_000}),
    ]
