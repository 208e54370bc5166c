"""A client's rights in words: each operation of the Engine API with yes, with conditions, or no.

Must never say yes to less than everything plain of an operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import BodyKind
from sockguard.engine.sets import SETS
from sockguard.policy.hints import handed_over

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

    `conditions` on the query are as the policy writes them, `words` those that let something in
    or out whole, `withheld` are sensitive parameters that it does not name. `hands_over` says what
    the operation gives away, with the sensitive parameters that are named.
    """

    operation: str
    answer: Answer
    hands_over: str
    item: str = ""
    source: Source | None = None
    conditions: str = ""
    words: tuple[str, ...] = ()
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
    sensitive = [name for name, one in operation.parameters.items() if one.sensitive]
    return Right(
        grant.operation,
        Answer.CONDITIONS if grant.query else Answer.YES,
        handed_over(operation, (name for name in sensitive if name in named)),
        grant.item,
        grant.source,
        ", ".join(f"{name}: {constraint.text}" for name, constraint in grant.query.items()),
        tuple(_words(grant)),
        tuple(name for name in sensitive if name not in named),
    )


def _words(grant: Grant) -> Iterator[str]:
    """Yield the words of a grant that mean something for its operation."""
    operation = OPERATIONS[grant.operation]
    if grant.query_any and operation.parameters:
        yield "query: any"
    if grant.body_any and operation.body is BodyKind.JSON:
        yield "body: any"
    if grant.response.any and operation.masks:
        yield "response: any"
    if grant.including_sockguard:
        yield "including_sockguard: true"
