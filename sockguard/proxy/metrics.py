"""The numbers of a running server as Prometheus reads them, put together when somebody asks.

Must never label a number with a text of a client: labels are words of the policy, the catalogue
and our own.
"""

from __future__ import annotations

import platform
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

from sockguard import __version__
from sockguard.audit.event import Kind
from sockguard.export.numbers import EXPORTED
from sockguard.proxy.tally import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from prometheus_client import Metric

    from sockguard.export.exporter import Exporter
    from sockguard.proxy.connection import Connection
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.places import Places
    from sockguard.proxy.tally import Cell, Tally

    Samples: TypeAlias = Iterable[tuple[tuple[str, ...], float]]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SHOWN_SHA256 = 12
_RELOADS = ((Kind.POLICY_LOADED, "loaded"), (Kind.POLICY_REJECTED, "rejected"))


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers come from."""

    gate: Gate
    places: Places

    @property
    def tally(self) -> Tally:
        """What was counted since the start."""
        return self.gate.recorder.tally


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: `samples` gives the values of its labels, and the number, for each series."""

    name: str
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Sources], Samples]

    @property
    def counts(self) -> bool:
        """Whether it only grows; all others are gauges."""
        return self.name.endswith("_total")


def _one(number: Callable[[Sources], float]) -> Callable[[Sources], Samples]:
    """Return the samples of a metric without labels."""
    return lambda sources: [((), number(sources))]


def _by_name(numbers: Callable[[Sources], dict[str, int]]) -> Callable[[Sources], Samples]:
    return lambda sources: [((name,), number) for name, number in numbers(sources).items()]


def _summed(number: Callable[[Cell], int]) -> Callable[[Sources], Samples]:
    """Return the samples of what requests took, by client."""

    def samples(sources: Sources) -> Samples:
        sums: dict[str, int] = defaultdict(int)
        for (client, _, _), cell in sources.tally.cells.items():
            sums[client] += number(cell)
        return [((client,), total) for client, total in sums.items()]

    return samples


def _open(which: Callable[[Connection], bool]) -> Callable[[Sources], Samples]:
    """Return the samples of the connections of which this holds, by client."""
    return _by_name(lambda sources: sources.places.count(which))


def _exported(number: Callable[[Exporter], float]) -> Callable[[Sources], Samples]:
    """Return the samples of what each destination of events has come to."""
    return lambda sources: [(one.labels, number(one)) for one in sources.gate.exporters]


def _tunnelled(connection: Connection) -> bool:
    return connection.exchange is not None and connection.exchange.tunnel is not None


FAMILIES = (
    Family(
        "sockguard_requests_total",
        "Requests, when they were decided.",
        ("client", "operation", "decision"),
        lambda s: [(key, cell.requests) for key, cell in s.tally.cells.items()],
    ),
    Family(
        "sockguard_refusals_total",
        "Requests that were refused, by reason.",
        ("client", "reason"),
        lambda s: list(s.tally.refusals.items()),
    ),
    Family(
        "sockguard_request_bytes_total",
        "Bytes of bodies and tunnels to the Engine, when a request has ended.",
        ("client",),
        _summed(lambda cell: cell.bytes_in),
    ),
    Family(
        "sockguard_response_bytes_total",
        "Bytes of bodies and tunnels from the Engine, when a request has ended.",
        ("client",),
        _summed(lambda cell: cell.bytes_out),
    ),
    Family(
        "sockguard_connections",
        "Open connections.",
        ("client",),
        _by_name(lambda s: s.places.held),
    ),
    Family(
        "sockguard_streams",
        "Requests that run now and may stay open for long.",
        ("client",),
        _open(lambda connection: connection.streaming),
    ),
    Family(
        "sockguard_tunnels", "Open tunnels: attach, exec, build.", ("client",), _open(_tunnelled)
    ),
    Family(
        "sockguard_connections_limit",
        "Connections that may be open at once.",
        (),
        _one(lambda s: s.places.most),
    ),
    Family(
        "sockguard_connections_kept",
        "Connections that are kept for each client.",
        (),
        _one(lambda s: s.places.kept),
    ),
    Family(
        "sockguard_connections_turned_away_total",
        "Connections that found no room.",
        ("client",),
        _by_name(lambda s: s.places.turned_away),
    ),
    Family(
        "sockguard_connections_evicted_total",
        "Idle connections that made room for another.",
        ("client",),
        _by_name(lambda s: s.places.evicted),
    ),
    Family(
        "sockguard_body_bytes",
        "Memory that request bodies take while they are read and judged.",
        ("client",),
        lambda s: [((name,), use.buffered) for name, use in s.gate.limiter.uses.items()],
    ),
    Family(
        "sockguard_upstream_errors_total",
        "Requests that failed because the Engine was gone, silent or answered garbage.",
        ("error",),
        _by_name(lambda s: s.tally.upstream_errors),
    ),
    Family(
        "sockguard_engine_up",
        "1 when the Engine answered the last ping or a request since, else 0.",
        (),
        _one(lambda s: not s.gate.engine.fault),
    ),
    Family(
        "sockguard_audit_failures_total",
        "Times that the audit log could not be written or synced.",
        (),
        _one(lambda s: s.tally.audit_failures),
    ),
    Family(
        "sockguard_audit_missing_total",
        "Events that gap events tell of: lost, removed, or gone to make room.",
        (),
        _one(lambda s: s.gate.recorder.sink.missing),
    ),
    Family(
        "sockguard_audit_backlog",
        "Events that wait to be written.",
        (),
        _one(lambda s: s.gate.recorder.sink.held),
    ),
    *(
        Family(f"sockguard_export_{name}", text, ("export", "scheme"), _exported(number))
        for name, text, number in EXPORTED
    ),
    Family(
        "sockguard_policy_info",
        "The policy that is served, by the first digits of its SHA-256.",
        ("sha256",),
        lambda s: [((s.gate.policy.sha256[:_SHOWN_SHA256],), 1)],
    ),
    Family(
        "sockguard_policy_generation",
        "How many policies were served since the start, this one included.",
        (),
        _one(lambda s: s.gate.policy.generation),
    ),
    Family(
        "sockguard_policy_since_seconds",
        "When the policy began to be served, in seconds since 1970.",
        (),
        _one(lambda s: s.gate.policy_since),
    ),
    Family(
        "sockguard_policy_stale",
        "1 when the policy that was loaded last was rejected and another is served, else 0.",
        (),
        _one(lambda s: bool(s.gate.policy_fault)),
    ),
    Family(
        "sockguard_policy_reloads_total",
        "Policies that were loaded after the start, or rejected.",
        ("result",),
        lambda s: [((word,), s.tally.events.get(kind.value, 0)) for kind, word in _RELOADS],
    ),
    Family(
        "sockguard_build_info",
        "Versions.",
        ("version", "python"),
        lambda _: [((__version__, platform.python_version()), 1)],
    ),
)

DURATIONS = "sockguard_request_duration_seconds"
_DURATIONS_HELP = "How long requests took that were forwarded, from head to end."


class Metrics:
    """Collects all families, and what the kernel knows of the process, as text."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all numbers of now in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield each family; the registry asks."""
        for family in FAMILIES:
            made = CounterMetricFamily if family.counts else GaugeMetricFamily
            metric = made(family.name, family.help, labels=family.labels)
            for labels, number in family.samples(self._sources):
                metric.add_metric(labels, number)
            yield metric
        yield self._durations()

    def _durations(self) -> Metric:
        metric = HistogramMetricFamily(DURATIONS, _DURATIONS_HELP, labels=("operation",))
        cells: dict[str, list[Cell]] = defaultdict(list)
        for (_, operation, decision), cell in self._sources.tally.cells.items():
            if decision != "deny":
                cells[operation].append(cell)
        bounds = [*map(str, BOUNDS), "+Inf"]
        for operation, its in cells.items():
            sums = accumulate(map(sum, zip(*(cell.buckets for cell in its), strict=True)))
            buckets = list(zip(bounds, sums, strict=True))
            metric.add_metric((operation,), buckets, sum(cell.seconds for cell in its))
        return metric
