"""One soak: a real `sockguard serve` under mixed traffic, measured while it runs and at rest.

Must never judge by what the first moments cost: caches fill, and the allocator takes its arenas.
"""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from tests.soak.traffic import CLIENTS, POLICY, Traffic
from tests.support.engine_process import engine_process
from tests.support.leaks import descriptors_of, memory_of, sockets_of, threads_of
from tests.support.sockguard_process import sockguard
from tests.support.stack import send, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sockguard_process import Guard

PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
MIB = 1024 * 1024
WARM_UP = 0.3
"""The part of a soak after which memory has to stay flat."""
GROWTH = 4 * MIB
"""What memory may wander; a leak of 100 bytes for each request is more than that in ten minutes."""
REST_SECONDS = 20.0
SAMPLE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Rest:
    """What the guard holds while nobody is connected."""

    descriptors: int
    sockets: int
    threads: int

    def grown(self, before: Rest) -> list[str]:
        """Name what there is more of, but for what starts with the first use of it."""
        now, then = asdict(self), asdict(before)
        return [name for name in now if now[name] > then[name] + STARTED_ONCE.get(name, 0)]


STARTED_ONCE = {"threads": 1}
"""The thread that packs closed segments of the log."""


@dataclass(slots=True)
class Soak:
    """What was measured. Memory is in bytes, sampled every quarter of a second."""

    seconds: float = 0.0
    requests: int = 0
    before: Rest = field(default_factory=lambda: Rest(0, 0, 0))
    after: Rest = field(default_factory=lambda: Rest(0, 0, 0))
    memory: list[int] = field(default_factory=list)
    most_descriptors: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def warm(self) -> tuple[float, float]:
        """The median memory of the first and of the last third after the warm-up."""
        flat = self.memory[int(len(self.memory) * WARM_UP) :]
        third = max(1, len(flat) // 3)
        return statistics.median(flat[:third]), statistics.median(flat[-third:])

    def line(self) -> str:
        """All figures in one line."""
        first, last = self.warm
        return (
            f"soak: {self.seconds / 60:.1f} min, {self.requests} requests, "
            f"{len(self.failures)} wrong answers, "
            f"memory {first / MIB:.1f} -> {last / MIB:.1f} MiB, "
            f"descriptors {self.before.descriptors} -> {self.after.descriptors} "
            f"(at most {self.most_descriptors}), sockets {self.before.sockets} -> "
            f"{self.after.sockets}, threads {self.before.threads} -> {self.after.threads}"
        )

    def problems(self) -> list[str]:
        """What did not stay flat, and what was answered wrongly."""
        first, last = self.warm
        return [
            *([f"memory grew by {(last - first) / MIB:.1f} MiB"] * (last - first > GROWTH)),
            *(f"{name} grew" for name in self.after.grown(self.before)),
            *self.failures[:5],
        ]


def soak(folder: Path, seconds: float) -> Soak:
    """Run all traffic for so long; `folder` must have a short path."""
    found = Soak()
    with _served(folder) as guard:
        pid = guard.process.pid
        for client in CLIENTS:
            assert status_of(send(guard.socket(client), PING)) == 200
        found.before = _at_rest(pid, None)
        traffic = Traffic(guard.socket)
        began = time.monotonic()
        traffic.start()
        try:
            while (now := time.monotonic() - began) < seconds and guard.process.poll() is None:
                found.memory.append(memory_of(pid))
                found.most_descriptors = max(found.most_descriptors, len(descriptors_of(pid)))
                time.sleep(SAMPLE_SECONDS)
        finally:
            traffic.stop()
        found.seconds = now
        found.after = _at_rest(pid, found.before)
        found.requests = sum(traffic.done.values())
        found.failures = traffic.failures + _complaints(guard)
    return found


@contextmanager
def _served(folder: Path) -> Iterator[Guard]:
    policy = folder / "soak.yaml"
    policy.write_text(POLICY)
    sizes = ("--audit-segment=2MiB", "--audit-total=8MiB")
    with (
        engine_process(folder / "engine.sock") as engine,
        sockguard(
            folder, str(policy), f"unix://{engine.path}", *sizes, "--log=denied", clients=CLIENTS
        ) as guard,
    ):
        yield guard
        assert guard.stop() == 0


def _at_rest(pid: int, before: Rest | None) -> Rest:
    """What is held once it is no more than before, or after waiting for that in vain."""
    until = time.monotonic() + (REST_SECONDS if before else 1.0)
    while True:
        now = Rest(len(descriptors_of(pid)), sockets_of(pid), threads_of(pid))
        calm = before is not None and not now.grown(before)
        if calm or time.monotonic() > until:
            return now
        time.sleep(0.1)


def _complaints(guard: Guard) -> list[str]:
    log = guard.log.read_text(errors="replace")
    return ["a traceback in the log"] * ("Traceback" in log)
