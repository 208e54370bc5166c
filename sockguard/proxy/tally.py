"""What happened since the start, in plain numbers: counted on the way, read by who asks.

Must never hold a text of a client: names are those of the policy, the catalogue and our own words.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from sockguard.errors import Reason

if TYPE_CHECKING:
    from sockguard.errors import Refusal

BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 600.0)
"""Seconds up to which each bucket of durations counts; one more counts the rest."""

_TIMEOUT = 504
_UNUSABLE = 502
_ENGINES_FAULT = (Reason.UPSTREAM, Reason.FACT_FAILED)


class Cell:
    """The requests of one client, operation and decision.

    All but `requests` count when a request has ended.
    """

    __slots__ = ("buckets", "bytes_in", "bytes_out", "requests", "seconds")

    def __init__(self) -> None:
        self.requests = 0
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.bytes_in = 0
        self.bytes_out = 0

    def add(self, seconds: float, bytes_in: int, bytes_out: int) -> None:
        """Add what one request took that has ended."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
        self.bytes_in += bytes_in
        self.bytes_out += bytes_out


class Tally:
    """The numbers of one server."""

    __slots__ = ("audit_failures", "cells", "completed", "events", "refusals", "upstream_errors")

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str, str], Cell] = {}
        """By client, operation and decision; "" is a client or operation that is not known."""
        self.refusals: dict[tuple[str, str], int] = {}
        """By client and reason."""
        self.upstream_errors: dict[str, int] = {}
        """By what became of the Engine: `gone`, `silent` or `garbage`."""
        self.events: dict[str, int] = {}
        """Events that belong to no request, by kind."""
        self.audit_failures = 0
        self.completed = 0
        """Requests that the Engine answered to the end."""

    def decided(self, client: str, operation: str, decision: str) -> Cell:
        """Count one request that is forwarded; what it took is added to the cell at its end."""
        cell = self.cell(client, operation, decision)
        cell.requests += 1
        return cell

    def cell(self, client: str, operation: str, decision: str) -> Cell:
        """Return where requests of this kind are counted."""
        key = (client, operation, decision)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell

    def refused(self, client: str, operation: str, refusal: Refusal) -> None:
        """Count one request that is not forwarded."""
        self.decided(client, operation, "deny")
        key = (client, refusal.reason.value)
        self.refusals[key] = self.refusals.get(key, 0) + 1
        if refusal.reason in _ENGINES_FAULT:
            self._upstream_failed("silent" if refusal.status == _TIMEOUT else "gone")

    def ended(self, status: int, ended: str) -> None:
        """Count the end of a request that was forwarded, by its outcome."""
        if ended == "complete":
            self.completed += 1
        elif fault := _engines_fault(status, ended):
            self._upstream_failed(fault)

    def happened(self, kind: str) -> None:
        """Count one event that belongs to no request."""
        self.events[kind] = self.events.get(kind, 0) + 1

    def _upstream_failed(self, how: str) -> None:
        self.upstream_errors[how] = self.upstream_errors.get(how, 0) + 1


def _engines_fault(status: int, ended: str) -> str:
    """Tell what was wrong with the Engine when a forwarded request ended so, "" for nothing."""
    if ended == "engine_gone":
        return "gone"
    if ended == "timeout":
        return "silent"
    return "garbage" if ended == "refused" and status == _UNUSABLE else ""
