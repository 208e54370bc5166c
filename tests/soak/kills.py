"""`python -m tests.soak.kills --rounds 200`: kill the server at random moments, look at the log.

Must never pass over a request that reached the Engine, or a log that does not verify: exit 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.evidence_store import lines
from sockguard.audit.key_store import PUBLIC, read_public
from sockguard.audit.read_store import UNREADABLE, events
from sockguard.audit.seal import holds
from sockguard.audit.verify import verify
from tests.support.audit_events import missing_numbers, told_missing
from tests.support.demo_engine import running_demo_engine
from tests.support.sockguard_process import sockguard
from tests.support.sudden_load import CLIENTS, Load, heads_in

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

ROUNDS_OF_ONE_LOG = 10
LONGEST = 1.2
SEGMENT = ("--audit-segment", "256KiB")
"""Segments are begun and packed while the server is killed."""


@dataclass(slots=True)
class Killed:
    """What came of some rounds: how many requests reached the Engine, and what is wrong."""

    rounds: int = 0
    reached: int = 0
    writes: int = 0
    torn: int = 0
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The figures as one line."""
        return (
            f"killed {self.rounds} times under load: {self.reached} requests reached the Engine, "
            f"{self.writes} of them writes; {self.torn} lines were torn; "
            f"{len(self.problems)} problems"
        )


def kills(folder: Path, rounds: int, seed: int) -> Killed:
    """Start a server, load it, kill it; `rounds` times, a few of them on one log."""
    chance = random.Random(seed)
    found = Killed()
    for first in range(0, rounds, ROUNDS_OF_ONE_LOG):
        place = folder / str(first)
        place.mkdir()
        with running_demo_engine(place / "e.sock") as engine:
            of_log = range(first, min(first + ROUNDS_OF_ONE_LOG, rounds))
            paths = [path for number in of_log for path in _one(place, engine, number, chance)]
            _look(place, engine, paths, found)
        found.rounds += len(of_log)
    return found


def _one(place: Path, engine: RunningDemo, number: int, chance: random.Random) -> list[str]:
    """Kill one server; return what reached the Engine, with the method."""
    with sockguard(place, "everything", engine.path, *SEGMENT) as guard:
        load = [Load(guard.socket(), f"r{number}c{client}") for client in range(CLIENTS)]
        engine.clear()
        for client in load:
            client.start()
        time.sleep(chance.uniform(0.0, LONGEST))
        guard.process.kill()
        guard.process.wait(10)
        for client in load:
            client.join(15)
    of_round = f"/containers/r{number}c"
    return [f"{item.method} {item.path}" for item in engine.received if of_round in item.path]


def _look(place: Path, engine: RunningDemo, paths: list[str], found: Killed) -> None:
    """Hold what reached the Engine against the log, after one more start that tells of the end."""
    with sockguard(place, "everything", engine.path, *SEGMENT) as guard:
        pass
    told = [event for event in events(guard.audit) if event["kind"] != UNREADABLE]
    decided = {f"{one['method']} {one['path']}" for one in told if one["kind"] == "decision"}
    unknown = sorted(path for path in set(paths) if path not in decided)
    found.problems += [f"{place.name}: {path} is not in the log" for path in unknown]
    pinned = [one.partition("@") for one in heads_in(guard)[1::2]]
    heads = {int(seq): head for head, _, seq in pinned}
    keys = read_public(guard.audit / PUBLIC)
    report = verify(lines(guard.audit), lambda *signed: holds(keys, *signed), heads)
    if report.finding is not None:
        found.problems.append(f"{place.name}: {report.finding}")
    if missing_numbers(told) != told_missing(told):
        found.problems.append(f"{place.name}: gaps do not tell what is missing")
    found.reached += len(paths)
    found.writes += sum(path.startswith("POST ") for path in paths)
    found.torn += report.torn


def main() -> int:
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sg-") as folder:
        found = kills(Path(folder), told.rounds, told.seed)
    print(f"{found.line()} (seed {told.seed})")
    for problem in found.problems:
        print(f"kills: {problem}", file=sys.stderr)
    return bool(found.problems)


if __name__ == "__main__":
    sys.exit(main())
