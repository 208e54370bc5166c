"""What happened, in numbers: per client, what was refused most, what is used most, what is open.

Must never lose a number: refusals that were only counted are in every sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.audit.quota import OTHERS
from sockguard.policy.question import Effect
from sockguard.review.fields import group_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_GROUPS = 10
MOST_OBJECTS = 10


@dataclass(frozen=True, slots=True)
class Alike:
    """Events with the same shape: how many, how many refusals they count, first and last time."""

    shape: Mapping[str, str]
    events: int
    counted: int = 0
    first: str = ""
    last: str = ""

    @property
    def kind(self) -> str:
        """What they tell of."""
        return self.shape["kind"]

    @property
    def number(self) -> int:
        """How many requests or happenings they stand for."""
        return self.counted if self.kind == Kind.REFUSALS_COUNTED else self.events

    @property
    def refused(self) -> int:
        """How many of them were refused."""
        if self.kind in (Kind.REFUSALS_COUNTED, Kind.CONNECTION_REFUSED):
            return self.number
        return self.events if self.shape["decision"] == Effect.DENY else 0

    @property
    def would_refuse(self) -> int:
        """How many would have been."""
        return self.events if self.shape["decision"] == Effect.WOULD_DENY else 0


@dataclass(frozen=True, slots=True)
class NewOperation:
    """An operation that a client asked for the first time since the last review."""

    operation: str
    refused: bool
    """Whether it never was let through."""


@dataclass(frozen=True, slots=True)
class ClientSummary:
    """One client in numbers; the name is "" for callers that are no client."""

    client: str
    requests: int = 0
    writes: int = 0
    refused: int = 0
    would_refuse: int = 0
    first: str = ""
    last: str = ""
    new: tuple[NewOperation, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusalGroup:
    """Refusals that are alike; `group` is their name in filters."""

    group: str
    client: str
    operation: str
    reason: str
    detail: str
    number: int
    would: bool
    last: str
    counted_only: bool
    """Whether they were counted and not recorded one by one, so that nothing else is known."""


@dataclass(frozen=True, slots=True)
class BusyObject:
    """An object with how often it was asked for."""

    kind: str
    name: str
    requests: int
    writes: int
    refused: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All that `audit summary` tells; `open` are events of requests, `reviewed` the last ack."""

    clients: tuple[ClientSummary, ...] = ()
    refusals: tuple[RefusalGroup, ...] = ()
    more_groups: int = 0
    more_refusals: int = 0
    objects: tuple[BusyObject, ...] = ()
    open: tuple[Mapping[str, object], ...] = ()
    reviewed: Mapping[str, object] | None = None
    happened: Mapping[str, int] = field(default_factory=dict)
    missing: int = 0
    """How many events gaps tell of."""
    first: str = ""
    last: str = ""
    last_seq: int = 0


def clients_of(
    alike: Iterable[Alike], new: Mapping[str, tuple[NewOperation, ...]]
) -> tuple[ClientSummary, ...]:
    """Sum up per client, the busiest first."""
    found: dict[str, ClientSummary] = {}
    for one in alike:
        if one.kind not in _OF_CALLERS:
            continue
        name = one.shape["client"]
        sums = found.get(name) or ClientSummary(name, new=new.get(name, ()))
        requests = 0 if one.kind == Kind.CONNECTION_REFUSED else one.number
        is_write = one.shape["write"] == "yes" and not one.refused
        found[name] = replace(
            sums,
            requests=sums.requests + requests,
            writes=sums.writes + is_write * one.events,
            refused=sums.refused + one.refused,
            would_refuse=sums.would_refuse + one.would_refuse,
            first=earlier(sums.first, one.first),
            last=max(sums.last, one.last),
        )
    return tuple(sorted(found.values(), key=lambda each: (-each.requests, each.client)))


_OF_CALLERS = (Kind.DECISION, Kind.REFUSALS_COUNTED, Kind.CONNECTION_REFUSED)


def refusals_of(alike: Iterable[Alike]) -> tuple[RefusalGroup, ...]:
    """Gather what was or would have been refused, the most frequent first."""
    found: dict[str, RefusalGroup] = {}
    for one in alike:
        shape, number = one.shape, one.refused + one.would_refuse
        group = group_of(shape) if number else ""
        if not group:
            continue
        told = found.get(group) or RefusalGroup(
            group,
            shape["client"],
            shape["operation"],
            shape["reason"],
            shape["detail"],
            number=0,
            would=one.would_refuse > 0,
            last="",
            counted_only=one.kind == Kind.REFUSALS_COUNTED,
        )
        found[group] = replace(
            told,
            number=told.number + number,
            would=told.would and one.would_refuse > 0,
            last=max(told.last, one.last),
            counted_only=told.counted_only and one.kind == Kind.REFUSALS_COUNTED,
        )
    return tuple(sorted(found.values(), key=lambda each: (-each.number, each.group)))


def new_operations(
    seen: Iterable[Mapping[str, str]], unseen: Iterable[Mapping[str, str]]
) -> dict[str, tuple[NewOperation, ...]]:
    """Return what each client asked for and never had before, from shapes of events."""
    before = {(shape["client"], shape["operation"]) for shape in seen}
    passed: dict[tuple[str, str], bool] = {}
    for shape in unseen:
        key = (shape["client"], shape["operation"])
        if shape["operation"] and shape["kind"] == Kind.DECISION and key not in before:
            passed[key] = passed.get(key, False) or shape["decision"] != Effect.DENY
    new: dict[str, tuple[NewOperation, ...]] = {}
    for (client, operation), was_let_through in sorted(passed.items()):
        one = NewOperation(operation, not was_let_through)
        new[client] = (*new.get(client, ()), one)
    return new


def happenings(alike: Iterable[Alike]) -> dict[str, int]:
    """Count what is no request, nor of the log alone, by kind."""
    found: dict[str, int] = {}
    for one in alike:
        if one.kind and one.kind not in (*_OF_CALLERS, Kind.OUTCOME, Kind.CHECKPOINT):
            found[one.kind] = found.get(one.kind, 0) + one.events
    return dict(sorted(found.items()))


def missing_events(alike: Iterable[Alike]) -> int:
    """Return how many events gaps tell of."""
    return sum(one.counted for one in alike if one.kind == Kind.GAP)


def most(
    groups: Sequence[RefusalGroup], number: int = MOST_GROUPS
) -> tuple[tuple[RefusalGroup, ...], int, int]:
    """Return the first groups, how many more there are, and how many refusals those hold."""
    rest = groups[number:]
    return tuple(groups[:number]), len(rest), sum(each.number for each in rest)


def client_in_words(name: str) -> str:
    """Name a client for people: refusals may have none, or be counted for many together."""
    return {"": "(no client)", OTHERS: "(other clients)"}.get(name, name)


def earlier(one: str, other: str) -> str:
    """Return the earlier of two times, of which each may be "" for none."""
    return min(one, other) if one and other else one or other
