"""Exporters for tests: quick to try again, with what they say to people."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.cli.export import sender_to
from sockguard.export.backlog import BOUNDS, Bounds
from sockguard.export.exporter import Exporter, Pauses
from sockguard.export.target import target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Pauses(0.02, 0.1)


def a_line(seq: int = 1, **fields: object) -> bytes:
    """A line as the log has them."""
    event = {
        "v": 1,
        "seq": seq,
        "time": "2026-11-26T13:33:44.941624Z",
        "id": f"01M8C0ZSKD8P0KHP0{seq:09}",
        "kind": "decision",
        "host": "h",
        "client": "ci",
        "operation": "containers.list",
        "decision": "allow",
        **fields,
        "prev": "0" * 64,
    }
    return json.dumps(event).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class Exporting:
    """An exporter that runs, and the sentences it said."""

    exporter: Exporter
    said: list[str]

    def offer(self, *lines: bytes) -> None:
        """Hand each over as a write of its own."""
        for line in lines:
            self.exporter.offer([line])

    def stop(self, seconds: float = 2.0) -> None:
        self.exporter.finish()
        self.exporter.stop(seconds)


@contextmanager
def exporting(url: str, bounds: Bounds = BOUNDS, pauses: Pauses = QUICK) -> Iterator[Exporting]:
    """Export to this URL until the block ends, or it is stopped in it."""
    said: list[str] = []
    target = target_of(url)
    exporter = Exporter(
        target, sender_to(target, "h"), said.append, host="h", bounds=bounds, pauses=pauses
    )
    running = Exporting(exporter, said)
    exporter.start()
    try:
        yield running
    finally:
        running.stop(0.5)
