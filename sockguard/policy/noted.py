"""What the log tells of the objects of a request that report mode lets through.

Must never let a verdict rest on it: it is for whoever writes the line that such a request needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.engine.facts import Need
from sockguard.engine.level import Level
from sockguard.policy.objects import (
    CREATES,
    INVOLVING,
    OF_EXECS,
    TARGETABLE,
    is_filtered,
)
from sockguard.policy.question import references_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.operation import Operation
    from sockguard.engine.references import Reference
    from sockguard.policy.question import Decision, Question


def has_target(operation: Operation) -> bool:
    """Tell whether a line for it should say which objects it is about, and can."""
    name = operation.name
    harmless = operation.level <= Level.METADATA or (
        operation.masks and operation.level is Level.SECRETS
    )
    several = is_filtered(name) or name.endswith(".prune") or name in CREATES or name in OF_EXECS
    return name in TARGETABLE and not harmless and not several


def targets_of(question: Question) -> Iterator[Reference]:
    """Yield the objects that a target of the operation is held against."""
    named = list(references_of(question))
    yield from named if question.operation.name in INVOLVING else named[:1]


def noted_objects(question: Question) -> frozenset[Need]:
    """Name the objects that have to be known to write a line for this request."""
    if question.operation.name in OF_EXECS or has_target(question.operation):
        return frozenset(Need(one.kind, one.name) for one in targets_of(question))
    return frozenset()


def with_noted(decision: Decision, question: Question) -> Decision:
    """Return the decision, with what is known of those objects among its facts."""
    known = {need: question.facts[need] for need in noted_objects(question) & question.facts.keys()}
    return replace(decision, facts={**known, **decision.facts})
