"""What would be asked under one grant: what was sent, with what `always` puts in its place.

Must never leave a part of the request to the value that a client sent for what `always` sets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.engine.inspection import spell_steps
from sockguard.policy.always import effective as effective_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sockguard.engine.inspection import Steps
    from sockguard.policy.model import BodyTerm, Grant
    from sockguard.policy.question import Body, Question


def effective(grant: Grant, question: Question) -> Question:
    """Return the question as it would be forwarded under this grant; itself if nothing is set."""
    query, body = effective_query(grant, question.query), question.body
    if grant.body and (replacing := [term for term in grant.body if term.constraint.replaces]):
        body = _effective_body(sorted(replacing, key=lambda term: len(term.steps)), body)
    if query is question.query and body is question.body:
        return question
    return replace(question, query=query, body=body)


def _effective_body(terms: Sequence[BodyTerm], body: Body) -> Body:
    """Set the values of these terms, outer ones first; where no body was sent, they make one."""
    document, strange = body.document, body.strange
    for term in terms:
        document = _with(document, term.steps, term.constraint.always)
        strange = tuple(steps for steps in strange if steps[: len(term.steps)] != term.steps)
    unknown = body.unknown
    if len(strange) < len(body.strange):
        unknown = tuple(dict.fromkeys(map(spell_steps, strange)))
    return replace(body, document=document, present=True, unknown=unknown, strange=strange)


def value_at(document: object, steps: Steps) -> object:
    """Return the value of a field, None where it or an object above it is not there."""
    for step in steps:
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document


def _with(document: object, steps: Steps, value: object) -> object:
    if not steps:
        return value
    step, *rest = steps
    fields = document if isinstance(document, dict) else {}
    return {**fields, step: _with(fields.get(step), tuple(rest), value)}
