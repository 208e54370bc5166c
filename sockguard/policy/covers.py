"""What a grant covers of a query and a body: each sensitive part named, each constraint met.

Must never take a part for named that no word of the grant names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.inspection import spell_steps
from sockguard.engine.shape import is_absent
from sockguard.engine.view import Asking
from sockguard.engine.views.all import VIEWS
from sockguard.errors import Reason
from sockguard.policy.effective import value_at
from sockguard.policy.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.engine.cover import Cover
    from sockguard.engine.facts import Facts
    from sockguard.engine.inspection import Steps
    from sockguard.engine.view import Gathered
    from sockguard.policy.model import Grant
    from sockguard.policy.question import Question

_UNNAMED = "which has to be named under `{}`"
_UNKNOWN = "which sockguard does not know: only `{}: any` lets it in"
_ANOTHER = "which is not what the policy admits there"
_MISSING = "which has to be given"


def gathered(grant: Grant, question: Question, facts: Facts) -> dict[str, Gathered]:
    """Gather what the request asks for within each view that the grant names."""
    if not grant.views:
        return {}
    asking = Asking(
        question.operation.name,
        question.names,
        question.query.values,
        question.body.document,
        question.registries,
        question.own.paths | question.own.engine_paths,
    )
    return {name: VIEWS[name].gather(asking, facts) for name in grant.views}


def query_faults(
    grant: Grant, question: Question, views: Mapping[str, Gathered]
) -> Iterator[Fault]:
    """Yield the parameters that the grant does not cover."""
    if grant.query_any:
        return
    query, parameters = question.query, question.operation.parameters
    for name, value in query.values.items():
        named = name in grant.query or any(name in one.parameters for one in views.values())
        if value and not named and parameters[name].sensitive:
            yield Fault(Reason.QUERY, name, _UNNAMED.format("query"))
    for name in grant.query:
        yield from _constraint_faults(grant, question, name)
    for name in query.unknown:
        yield Fault(Reason.QUERY, name, _UNKNOWN.format("query"))
    for paths in query.unknown_within.values():
        for path in paths:
            yield Fault(Reason.QUERY, path, _UNKNOWN.format("query"))
    for name in question.loose_headers:
        yield Fault(Reason.QUERY, name, "a header for the registry: only `query: any` lets it in")


def _constraint_faults(grant: Grant, question: Question, name: str) -> Iterator[Fault]:
    constraint, value = grant.query[name], question.query.values.get(name)
    since = question.operation.parameters[name].since
    if since > question.version and not constraint.admits_all:
        yield Fault(Reason.QUERY, name, f"which Engines read from API 1.{since} on")
    elif constraint.required if value is None else not constraint.holds(value):
        yield Fault(Reason.QUERY, name, _MISSING if value is None else _ANOTHER)
    elif not constraint.replaces:
        for part in question.query.parts.get(name, ()):
            if not constraint.cover.admits(part.steps):
                path = spell_steps(part.steps, name)
                yield Fault(Reason.QUERY, path, _UNNAMED.format("query"))


def body_faults(grant: Grant, question: Question, views: Mapping[str, Gathered]) -> Iterator[Fault]:
    """Yield the parts of the body that the grant does not cover."""
    body = question.body
    if body.sensitive and not grant.body_any:
        covers = [grant.body_cover, *(one.cover for one in views.values())]
        for part in body.sensitive:
            if not _is_named(part.steps, covers):
                yield Fault(Reason.BODY, part.path, _UNNAMED.format("body"))
    for path in () if grant.body_any else body.unknown:
        yield Fault(Reason.BODY, path, _UNKNOWN.format("body"))
    for term in grant.body:
        value = value_at(body.document, term.steps)
        if not term.constraint.satisfied(term.shape, value):
            told = _MISSING if is_absent(term.shape, value) else _ANOTHER
            yield Fault(Reason.BODY, term.path, told)


def _is_named(steps: Steps, covers: Iterable[Cover]) -> bool:
    for cover in covers:  # noqa: SIM110 - a generator for each part costs more than the looking
        if cover.admits(steps):
            return True
    return False


def view_faults(grant: Grant, views: Mapping[str, Gathered]) -> Iterator[Fault]:
    """Yield where something is asked for that the views of the grant do not admit."""
    for name, one in views.items():
        for item in one.items:
            if not grant.views[name].holds(item):
                yield Fault(Reason.VIEW, item.where, f"which `{name}` does not admit", view=name)
