"""What judging and masking cost by themselves: no socket, no task, the same functions.

Must never leave out a part of the work: from the bytes that came to those that would be sent.
"""

from __future__ import annotations

import json
import time
from statistics import median
from typing import TYPE_CHECKING

from bench.contenders import DATA
from bench.figures import Table
from bench.processes import BenchError
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Facts, Thing
from sockguard.policy.answering import answering_of
from sockguard.policy.load import load_policy, shipped_folder
from sockguard.policy.question import OwnObjects
from sockguard.policy.rehearse import rehearse
from sockguard.wire.document import encode
from sockguard.wire.elements import document_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sockguard.policy.model import Client

_RUN = (DATA / "docker_run.json").read_bytes()
"""POST /containers/create of `docker run` 28.2 with ports, binds, a network and limits."""
_INSPECT = (DATA / "inspect.json").read_bytes()
"""GET /containers/ID/json of such a container, from an Engine 20.10."""
_OWN = OwnObjects(
    paths=frozenset({"/run/sockguard", "/var/lib/sockguard", "/etc/sockguard/policy.yaml"}),
    engine_paths=frozenset({"/var/run/docker.sock", "/var/lib/docker"}),
)
_THERE = {
    "network": Thing("network", "a1" * 32, ("shop",)),
    "volume": Thing("volume", "shop-cache", ("shop-cache",)),
}
_BATCH = 50
_BATCHES = 60
_QUICK_BATCHES = 15


def judging(_folder: Path, *, quick: bool) -> Table:
    """Measure a `docker run` and the inspect of a container under a policy that limits both."""
    client = load_policy(str(DATA / "deploy.yaml"), shipped=shipped_folder()).clients["shop"]
    subjects = {
        f"a `docker run` judged ({len(_RUN):,} bytes)": (_judge(client), _RUN),
        f"an inspect masked ({len(_INSPECT):,} bytes)": (_mask(client), _INSPECT),
    }
    batches = _QUICK_BATCHES if quick else _BATCHES
    rows = {name: _cells(work, data, batches) for name, (work, data) in subjects.items()}
    columns = ("CPU, least", "median", "times json.loads", "bar")
    return Table("Judging and masking, in the same process", columns, rows)


def _judge(client: Client) -> Callable[[], object]:
    """Read, judge, and write anew; the two objects that it rests on are told when asked for."""

    def judge() -> bytes:
        target = "/v1.50/containers/create?name=shop"
        decision = rehearse(client, "POST", target, _RUN, _OWN, given=_THERE).decision
        if not decision.allowed:
            raise BenchError(f"the body was refused: {decision.message}")
        return encode(decision.document)  # type: ignore[arg-type]  # it was decoded

    return judge


def _mask(client: Client) -> Callable[[], object]:
    operation = OPERATIONS["containers.inspect"]
    answering = answering_of(client, operation, client.role.grants[operation.name])
    if answering is None:
        raise BenchError("nothing is masked")

    def mask() -> bytes:
        steps = document_steps(_INSPECT, lambda element: answering.treat(element, Facts(), set()))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                shown: bytes = end.value
                return shown

    return mask


def _cells(work: Callable[[], object], data: bytes, batches: int) -> tuple[str, ...]:
    """Measure the work and, for what a machine's speed is, the decoder of the standard library."""
    ours, theirs = [], []
    for _ in range(batches):
        ours.append(_batch(work))
        theirs.append(_batch(lambda: json.loads(data)))
    times = median(our / their for our, their in zip(ours, theirs, strict=True))
    shown = [f"{seconds * 1e3:.2f} ms" for seconds in (min(ours), median(ours))]
    return (*shown, f"{times:.0f}", "1 ms")


def _batch(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_BATCH):
        work()
    return (time.process_time() - began) / _BATCH
