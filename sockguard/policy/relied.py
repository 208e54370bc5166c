"""Which young fields of a body a grant relies on, so that an Engine has to read them.

Must never take a field for relied on whose absence the grant admits just as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.inspection import ITEM
from sockguard.engine.shape import is_absent
from sockguard.engine.young import YOUNG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.inspection import Steps
    from sockguard.engine.young import Young
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import BodyTerm, Grant


def relied_on(grant: Grant) -> Iterator[Young]:
    """Yield the young fields that the grant sets or asks for, alone or as part of another."""
    if not grant.body:
        return
    for young in YOUNG.get(grant.operation, ()):
        if any(_relies(term, young.steps) for term in grant.body):
            yield young


def _relies(term: BodyTerm, steps: Steps) -> bool:
    own = term.steps
    if own[: len(steps)] == steps:
        sets = term.constraint.replaces and not is_absent(term.shape, term.constraint.always)
        return sets or term.constraint.required
    return steps[: len(own)] == own and _asks_for(term.constraint, steps[len(own) :])


def _asks_for(constraint: Constraint, steps: Steps) -> bool:
    """Tell whether a constraint on what a field stands in wants the field to be there."""
    if constraint.replaces:
        return _holds(constraint.always, steps)
    if not steps:
        return constraint.required
    if constraint.exact is not None:
        return any(_holds(value, steps) for value in constraint.exact)
    step, *rest = steps
    inner = constraint.item if step == ITEM else constraint.parts.get(step)
    return inner is not None and _asks_for(inner, tuple(rest))


def _holds(value: object, steps: Steps) -> bool:
    if not steps:
        return not is_absent(None, value)
    step, *rest = steps
    if step == ITEM:
        return isinstance(value, list) and any(_holds(item, tuple(rest)) for item in value)
    return isinstance(value, dict) and _holds(value.get(step), tuple(rest))
