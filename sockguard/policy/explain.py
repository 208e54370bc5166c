"""A client's rights in words: each operation of the Engine API with yes, with conditions, or no.

Must never say yes to less than everything plain of an operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.sets import SETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.policy.model import Client, Grant, Source


class Answer(StrEnum):
    """Whether a client may ask for an operation."""

    YES = "yes"
    CONDITIONS = "with conditions"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Right:
    """One way of being allowed one operation; `source` is None where there is none.

    `conditions` are as the policy writes them, `withheld` are sensitive parameters it does not
    name, `hands_over` says what the operation gives away.
    """

    operation: str
    answer: Answer
    hands_over: str
    item: str = ""
    source: Source | None = None
    conditions: str = ""
    withheld: tuple[str, ...] = ()


def rights_of(client: Client) -> Iterator[Right]:
    """Yield the rights of a client over every operation that a policy can grant, in their order."""
    for name, operation in OPERATIONS.items():
        grants = client.role.grants.get(name, ())
        if grants:
            yield from map(_right, grants)
        elif not operation.refused:
            yield Right(name, Answer.NO, operation.hands_over)


def sets_in(client: Client) -> dict[str, tuple[str, ...]]:
    """Spell out the sets that a client's role is granted."""
    items = {grant.item for grants in client.role.grants.values() for grant in grants}
    return {name: tuple(sorted(SETS[name])) for name in SETS if name in items}


def _right(grant: Grant) -> Right:
    operation = OPERATIONS[grant.operation]
    named = set(operation.parameters) if grant.query_any else set(grant.query)
    return Right(
        grant.operation,
        Answer.CONDITIONS if grant.query else Answer.YES,
        operation.hands_over,
        grant.item,
        grant.source,
        ", ".join(f"{name}: {constraint.text}" for name, constraint in grant.query.items()),
        tuple(
            name
            for name, parameter in operation.parameters.items()
            if parameter.sensitive and name not in named
        ),
    )
