"""What would be asked under one grant: what was sent, with what `always` puts in its place.

Must never leave a part of the request to the value that a client sent for what `always` sets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.policy.always import effective as effective_query

if TYPE_CHECKING:
    from sockguard.engine.inspection import Steps
    from sockguard.policy.model import Grant
    from sockguard.policy.question import Question


def effective(grant: Grant, question: Question) -> Question:
    """Return the question as it would be forwarded under this grant; itself if nothing is set."""
    query, document = effective_query(grant, question.query), question.body.document
    if question.body.present:
        for term in grant.body:
            if term.constraint.replaces:
                document = _with(document, term.steps, term.constraint.always)
    if query is question.query and document is question.body.document:
        return question
    return replace(question, query=query, body=replace(question.body, document=document))


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
