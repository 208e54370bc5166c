"""The rights of a client as `sockguard policy explain` prints them, for people and for machines.

Must never leave out what a line of the policy hands over.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sockguard.policy.amounts import amounts_to
from sockguard.policy.explain import Answer, rights_of, sets_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.policy.explain import Right
    from sockguard.policy.model import Client


def explained(client: Client) -> dict[str, object]:
    """Return the rights as JSON has them."""
    return {
        "client": client.name,
        "role": client.role.name,
        "origin": client.role.origin,
        "mode": client.mode.value,
        "amounts_to": amounts_to(client),
        "sets": sets_in(client),
        "rights": [{**asdict(right), "source": _source(right)} for right in rights_of(client)],
    }


def explanation(client: Client) -> Iterable[str]:
    """Yield the lines: what it amounts to, its sets, and each operation with its answer."""
    yield f"client {client.name} ({client.role.describe()}, mode {client.mode.value})"
    yield f"  amounts to {amounts_to(client)}"
    for name, operations in sets_in(client).items():
        yield f"  {name} is {' '.join(operations)}"
    rights = list(rights_of(client))
    width = max(len(right.operation) for right in rights)
    for answer in Answer:
        for right in (right for right in rights if right.answer is answer):
            yield f"  {answer:<15}  {right.operation:<{width}}  {_remark(right)}".rstrip()


def _remark(right: Right) -> str:
    if right.source is None:
        return ""
    parts = [
        _source(right),
        f"by {right.item}" if "/" in right.item else "",
        right.conditions,
        *right.words,
        f"without {', '.join(right.withheld)}" if right.withheld else "",
    ]
    return f"{'; '.join(filter(None, parts))}  # {right.hands_over}"


def _source(right: Right) -> str:
    return str(right.source) if right.source else ""
