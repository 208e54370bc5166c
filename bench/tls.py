"""Callers over TLS: requests, handshakes and bulk, beside HAProxy with the same certificates.

Must never show a rate alone: client, server and upstream share the processors, so CPU tells more.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from bench.bulk import transfers
from bench.client import download, upload
from bench.contenders import KEPT, REFERENCE, own_upstream
from bench.figures import Table
from bench.load import Request
from bench.measure import ratio, side_by_side
from bench.tls_servers import make_certificates, serving_tls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.bulk import Samples
    from bench.measure import Outcome
    from bench.tls_servers import Certificates, Ways

_GUARD = "sockguard"
_LIST = Request(("/v1.41/containers/json",), allowed=True)
_REQUESTS = {1: 3_000, 10: 9_000}
_HANDSHAKES = {1: 500, 10: 1_500}
"""By the number of connections, how many of them make a round."""
_ROUNDS = 7
_QUICK_ROUNDS = 3
_QUICKER = 3
_MEBIBYTES = 512
_QUICK_MEBIBYTES = 128
_AIM = "0.70"
_COLUMNS = (
    *("sockguard", "HAProxy", "kept", "speed", "bar", "spread"),
    *("CPU: sockguard", "CPU: HAProxy", "CPU: kept", "CPU"),
)
"""`kept` is HAProxy with kept connections to the upstream; `spread` the wider of the first two."""


@dataclass(frozen=True, slots=True)
class _Load:
    title: str
    anew: bool
    counts: Mapping[int, int]
    aim: str


_LOADS = (
    _Load("requests", anew=False, counts=_REQUESTS, aim=_AIM),
    _Load("handshakes", anew=True, counts=_HANDSHAKES, aim=""),
)


def tls(folder: Path, *, quick: bool) -> Table:
    """Measure requests on kept connections, a handshake for each request, and bulk both ways."""
    certificates = make_certificates(folder)
    rows: dict[str, tuple[str, ...]] = {}
    place = folder / "requests"
    with serving_tls(place, certificates) as servers:
        for load in _LOADS:
            for connections, count in load.counts.items():
                rows[f"{load.title}, {connections} at once"] = _row_of_load(
                    _measure(servers, load, connections, count, quick=quick), load.aim
                )
    rows |= _bulk(folder / "bulk", certificates, _QUICK_MEBIBYTES if quick else _MEBIBYTES)
    return Table(
        f"Over TLS 1.3, with certificates of both sides; '{REFERENCE}' beside it", _COLUMNS, rows
    )


def _measure(
    servers: Sequence[Ways], load: _Load, connections: int, count: int, *, quick: bool
) -> Outcome:
    return side_by_side(
        [ways.anew if load.anew else ways.kept for ways in servers],
        _LIST,
        rounds=_QUICK_ROUNDS if quick else _ROUNDS,
        count=count // (_QUICKER if quick else 1),
        connections=connections,
    )


def _row_of_load(outcome: Outcome, aim: str) -> tuple[str, ...]:
    ours, theirs = outcome[_GUARD], outcome[REFERENCE]
    each = [outcome[name] for name in (_GUARD, REFERENCE, KEPT)]
    return (
        *(f"{median(one.rates):,.0f}" for one in each),
        f"{ratio(ours.rates, theirs.rates):.2f}",
        aim,
        f"{max(ours.spread, theirs.spread):.0%}",
        *(f"{median(one.cpus):,.0f} µs" for one in each),
        f"{ratio(ours.cpus, theirs.cpus):.2f}",
    )


def _bulk(folder: Path, certificates: Certificates, mebibytes: int) -> dict[str, tuple[str, ...]]:
    upstream = own_upstream(f"--mebibytes={mebibytes}")
    with serving_tls(folder, certificates, upstream) as servers:
        # As HTTP, HAProxy 2.6 as the adapter now and then stops to read a long chunked answer.
        straight = [ways.straight for ways in servers]
        down = transfers(straight, lambda socket: download(socket, mebibytes))
        up = transfers(straight, lambda socket: upload(socket, mebibytes))
    return {
        f"download of {mebibytes} MiB": _row_of_bulk(down, mebibytes),
        f"upload of {mebibytes} MiB": _row_of_bulk(up, mebibytes),
    }


def _row_of_bulk(samples: Samples, mebibytes: int) -> tuple[str, ...]:
    taken, used = (
        {name: [sample[place] for sample in each] for name, each in samples.items()}
        for place in (0, 1)
    )
    names = (_GUARD, REFERENCE, KEPT)
    size = mebibytes * 1024**2 / 1e6
    return (
        *(f"{size / median(taken[name]):,.0f} MB" for name in names),
        f"{ratio(taken[REFERENCE], taken[_GUARD]):.2f}",
        "",
        f"{max(map(_spread, (taken[_GUARD], taken[REFERENCE]))):.0%}",
        *(f"{median(used[name]) * 1024 / mebibytes:.2f} s/GiB" for name in names),
        f"{ratio(used[_GUARD], used[REFERENCE]):.2f}",
    )


def _spread(values: Sequence[float]) -> float:
    return (max(values) - min(values)) / median(values)
