"""A client's rights in words: each operation of the Engine API with yes, with conditions, or no.

Must never say yes to less than everything plain of an operation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.inspection import Part
from sockguard.engine.operation import BodyKind
from sockguard.engine.sets import SETS
from sockguard.policy.hints import handed_over
from sockguard.policy.named import (
    named_fields,
    named_parameters,
    withheld_fields,
    withheld_parameters,
)
from sockguard.policy.objects import OF_EXECS
from sockguard.policy.risks_of_fields import level_of
from sockguard.policy.risks_of_grants import MOST_SENTENCES, keeps_to_own, shown_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.policy.model import Client, Grant, Source
    from sockguard.policy.named import NamedField


class Answer(StrEnum):
    """Whether a client may ask for an operation."""

    YES = "yes"
    CONDITIONS = "with conditions"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What one grant asks of a request and does to its answer, as the policy writes it."""

    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    response: str = ""

    @property
    def narrow(self) -> bool:
        """Whether any of them lets in less than everything plain."""
        return bool(self.query or self.body or self.views or self.target)


@dataclass(frozen=True, slots=True)
class Right:
    """One way of being allowed one operation; `source` is None where there is none.

    `words` are those that let something in or out whole or keep to one's own objects. `withheld`
    are sensitive parameters that it does not name, `withheld_fields` such fields of the body, the
    strongest first. `hands_over` says what the operation gives away, with the sensitive parameters
    and fields that are named, and what of its answer is shown.
    """

    operation: str
    answer: Answer
    hands_over: str
    item: str = ""
    source: Source | None = None
    conditions: Conditions = Conditions()
    words: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    withheld_fields: tuple[str, ...] = ()


def rights_of(client: Client) -> Iterator[Right]:
    """Yield the rights of a client over every operation that a policy can grant, in their order."""
    for name, operation in OPERATIONS.items():
        grants = client.role.grants.get(name, ())
        if grants:
            yield from (_right(client, grant) for grant in grants)
        elif not operation.refused:
            yield Right(name, Answer.NO, operation.hands_over)


def sets_in(client: Client) -> dict[str, tuple[str, ...]]:
    """Spell out the sets that a client's role is granted."""
    items = {grant.item for grants in client.role.grants.values() for grant in grants}
    return {name: tuple(sorted(SETS[name])) for name in SETS if name in items}


def _right(client: Client, grant: Grant) -> Right:
    operation = OPERATIONS[grant.operation]
    conditions = _conditions(grant)
    own = keeps_to_own(client, grant)
    is_narrow = own or conditions.narrow or bool(grant.response.keep)
    return Right(
        grant.operation,
        Answer.CONDITIONS if is_narrow else Answer.YES,
        " ".join(
            (
                handed_over(
                    operation,
                    [one.parameter.name for one in named_parameters(grant)],
                    [Part(one.steps, one.field) for one in _told(grant)],
                ),
                *shown_by(grant)[:MOST_SENTENCES],
            )
        ),
        grant.item,
        grant.source,
        conditions,
        (*_words(grant), *(["own objects only"] if own else [])),
        tuple(withheld_parameters(grant)),
        tuple(one.path for one in withheld_fields(grant)),
    )


def _told(grant: Grant) -> list[NamedField]:
    """List the fields named that hand something over; of all of them, the strongest is enough."""
    named = list(named_fields(grant))
    if grant.body_any:
        return [max(named, key=lambda one: one.field.level)] if named else []
    return [one for one in named if level_of(grant, one)]


def _conditions(grant: Grant) -> Conditions:
    masks = OPERATIONS[grant.operation].masks
    return Conditions(
        {name: constraint.text for name, constraint in grant.query.items()},
        {term.path: term.constraint.text for term in grant.body},
        {name: constraint.text for name, constraint in grant.views.items()},
        grant.target.text if grant.target else "",
        "" if grant.response.any and not masks else grant.response.text,
    )


def _words(grant: Grant) -> Iterator[str]:
    """Yield the words of a grant that mean something for its operation."""
    operation = OPERATIONS[grant.operation]
    if grant.query_any and operation.parameters:
        yield "query: any"
    if grant.body_any and operation.body is BodyKind.JSON:
        yield "body: any"
    if grant.target_any and operation.name in OF_EXECS:
        yield "target: any"
    if grant.compressed and operation.name == "containers.archive_put":
        yield "compressed: true"
    for flag in ("including_sockguard", "shared", "record"):
        if getattr(grant, flag):
            yield f"{flag}: true"
