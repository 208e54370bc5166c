"""Measures servers side by side, in rounds that alternate between them.

Must never compare figures of different runs: the machine's mood is part of each.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from bench.load import requests_per_second
from bench.processes import BenchError, cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.contenders import Server
    from bench.load import Request

_WARM_UP = 10
"""One part in so many of a round's requests is sent before the first round, unmeasured."""


@dataclass(frozen=True, slots=True)
class Series:
    """What one server did, round by round: requests per second, and µs of CPU per request."""

    rates: tuple[float, ...]
    cpus: tuple[float, ...]

    @property
    def spread(self) -> float:
        """How far the fastest round is from the slowest, as a part of the median."""
        return (max(self.rates) - min(self.rates)) / median(self.rates)


Outcome = dict[str, Series]
"""What each server did, by its name."""


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of each round: what slowed a whole round cancels out."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def side_by_side(
    servers: Sequence[Server], request: Request, *, rounds: int, count: int, connections: int
) -> Outcome:
    """Return what each server did; `count` requests are one server's part of a round."""
    for server in servers:
        _sample(server, request, max(count // _WARM_UP, connections), connections)
    samples: list[list[tuple[float, float]]] = [[] for _ in servers]
    for number in range(rounds):
        order = list(enumerate(servers))
        # Every second round runs backwards, so that a trend favours nobody.
        for index, server in order if number % 2 == 0 else reversed(order):
            samples[index].append(_sample(server, request, count, connections))
    return {
        server.contender.name: Series(*zip(*each, strict=True))
        for server, each in zip(servers, samples, strict=True)
    }


def _sample(server: Server, request: Request, count: int, connections: int) -> tuple[float, float]:
    before = cpu_seconds(server.process)
    try:
        rate = requests_per_second(server.socket, request, count=count, connections=connections)
    except BenchError as error:
        raise BenchError(f"{server.contender.name}: {error}") from error
    used = cpu_seconds(server.process) - before
    os.truncate(server.log, 0)  # HAProxy's would grow by gigabytes
    return rate, used / count * 1e6
