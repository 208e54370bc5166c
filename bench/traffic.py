"""Requests per second, and processor time for each, of all servers side by side.

Must never ask one server what the others are not asked in the same round.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contenders import everyone, serving
from bench.hotspots import print_hotspots
from bench.load import Request
from bench.measure import side_by_side
from bench.report import print_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measure import Outcome

LIST = "/v1.41/containers/json"
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


def traffic(folder: Path, *, quick: bool) -> dict[str, dict[int, Outcome]]:
    """Measure everyone in every scenario; return what came of it, by title and connections."""
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
                print_outcome(scenario.title, connections, outcome)
                outcomes.setdefault(scenario.title, {})[connections] = outcome
    return outcomes


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
    allowed = Request((LIST,), allowed=True)
    short = Request((LIST,), allowed=True, headers=("connection: close",))
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
