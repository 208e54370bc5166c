"""A policy as text, with a comment on each line of what it hands over.

Must never write what the loader would not read, nor say of a line less than it hands over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.policy.explain import rights_of
from sockguard.policy.load import load_text
from sockguard.policy.risks import amounts_to, risks_of
from sockguard.policy.tree import spell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.policy.model import Policy

_UNPRINTABLE = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Granted:
    """One item: an operation and its conditions."""

    operation: str
    conditions: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Items that one thing asked for, which stands above them."""

    title: str
    items: tuple[Granted, ...]


@dataclass(frozen=True, slots=True)
class WrittenClient:
    """A client with all that it may do; `match` is empty for one with a socket of its own."""

    name: str
    groups: tuple[Group, ...]
    match: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write(head: Sequence[str], clients: Sequence[WrittenClient]) -> str:
    """Return the text of a policy; `head` are the lines of the comment above it."""
    policy = load_text("\n".join(_lines(clients, {})))
    return "\n".join(
        [*map(comment, head), *map(comment, _amounts(policy)), *_lines(clients, _told(policy)), ""]
    )


def comment(text: str) -> str:
    """Write a line of a comment; what cannot be shown in one is spelled out."""
    safe = _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)
    return f"# {safe}".rstrip()


def _amounts(policy: Policy) -> Iterator[str]:
    clients = policy.clients.values()
    for client in clients:
        yield f"client '{client.name}' amounts to {amounts_to(risks_of(client, clients))}"


def _told(policy: Policy) -> Mapping[tuple[str, str], str]:
    """Say what each client's operations hand over."""
    return {
        (name, right.operation): right.hands_over
        for name, client in policy.clients.items()
        for right in rights_of(client)
        if right.source is not None
    }


def _lines(clients: Sequence[WrittenClient], told: Mapping[tuple[str, str], str]) -> Iterator[str]:
    yield "version: 1"
    yield "clients:"
    for client in clients:
        yield from (f"  {comment(note)}" for note in client.notes)
        yield f"  {client.name}:"
        if client.match:
            yield f"    match: {spell(dict(client.match))}"
        items = [item for group in client.groups for item in group.items]
        yield f"    allow:{'' if items else ' []'}"
        for group in client.groups:
            yield f"      {comment(group.title)}"
            for item in group.items:
                yield _item(item, told.get((client.name, item.operation), ""))


def _item(item: Granted, hands_over: str) -> str:
    said = f": {spell(dict(item.conditions))}" if item.conditions else ""
    return f"      - {item.operation}{said}" + (f"  {comment(hands_over)}" if hands_over else "")
