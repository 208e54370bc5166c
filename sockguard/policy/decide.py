"""The decision: one client, one question, one verdict.

Must never look anywhere but at its arguments: the same question always gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.errors import Reason
from sockguard.policy.always import effective
from sockguard.policy.hints import smallest_item
from sockguard.policy.model import NO_QUERY, Decision, Effect, Mode
from sockguard.policy.protect import names_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client, Grant, Query, Question

REPORTED = frozenset({Reason.NOT_GRANTED, Reason.QUERY, Reason.BODY})
"""What report mode lets through; everything else refuses in either mode."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """One thing about a question that a grant does not cover."""

    reason: Reason
    detail: str


_NO_GRANT = (_Fault(Reason.NOT_GRANTED, ""),)


def grants_for(client: Client, operation: Operation) -> tuple[Grant, ...]:
    """Return the alternatives under which the client may ask for the operation; () for not at all.

    Cheap, so that a request without any is refused before its body is read (unless the client is
    in report mode: its body has to be read to be forwarded).
    """
    return client.role.grants.get(operation.name, ())


def decide(client: Client, question: Question) -> Decision:
    """Give the verdict: the first alternative that covers the whole request allows it.

    Each alternative is held against the query that would be forwarded under it, and the one that
    allows the request hands just this query on.
    """
    operation = question.operation
    if operation.refused:
        message = f"{operation.name} is never allowed: {operation.refused}"
        return Decision(Effect.DENY, Reason.UNKNOWN_OPERATION, message=message)
    grants = grants_for(client, operation)
    own = names_own(operation, question.names, question.query, question.own)
    nearest: Sequence[_Fault] = _NO_GRANT
    for grant in grants:
        query = effective(grant, question.query)
        faults = _faults(grant, question, query)
        if faults:
            nearest = faults if nearest is _NO_GRANT or len(faults) < len(nearest) else nearest
            continue
        if query is question.query:
            touched = own
        else:
            touched = names_own(operation, question.names, query, question.own)
        if not touched or grant.including_sockguard:
            return Decision(Effect.ALLOW, grant=grant, query=query)
        own = own or touched
    if own and (grants or client.mode is Mode.REPORT):
        nearest = (_Fault(Reason.SELF_PROTECTION, own),)
    return _deny(client, question, nearest)


def needed_version(grant: Grant, operation: Operation) -> int:
    """Return the oldest minor API version in which the Engine reads all that the grant limits."""
    parameters = operation.parameters
    limited = (name for name, constraint in grant.query.items() if not constraint.admits_all)
    return max((parameters[name].since for name in limited), default=0)


def _faults(grant: Grant, question: Question, query: Query) -> Sequence[_Fault]:
    """List all that the grant does not cover, the query first; the common one has nothing."""
    unknown = question.body.unknown
    if not (query.values or query.unknown or unknown or grant.query):
        return ()
    faults = [_Fault(Reason.QUERY, name) for name in _query_faults(grant, question, query)]
    if not grant.body_any:
        faults += [_Fault(Reason.BODY, path) for path in unknown]
    return faults


def _query_faults(grant: Grant, question: Question, query: Query) -> list[str]:
    if grant.query_any:
        return []
    values, parameters = query.values, question.operation.parameters
    faults = [
        name
        for name, value in values.items()
        if value and parameters[name].sensitive and name not in grant.query
    ]
    for name, constraint in grant.query.items():
        value = values.get(name)
        unread = parameters[name].since > question.version and not constraint.admits_all
        if unread or (constraint.required if value is None else not constraint.holds(value)):
            faults.append(name)
    within = (path for paths in query.unknown_within.values() for path in paths)
    return [*faults, *query.unknown, *within]


def _deny(client: Client, question: Question, faults: Sequence[_Fault]) -> Decision:
    fault = faults[0]
    own = fault.reason is Reason.SELF_PROTECTION
    message = f"{question.operation.name} is not allowed for client '{client.name}'"
    if own:
        message += f": {fault.detail} belongs to sockguard itself"
    elif fault.detail:
        message += f": {fault.detail}{_unread(question, fault)}"
    reported = client.mode is Mode.REPORT and fault.reason in REPORTED
    failing = [one.detail for one in faults if one.reason is Reason.QUERY]
    return Decision(
        Effect.WOULD_DENY if reported else Effect.DENY,
        fault.reason,
        fault.detail,
        message=message,
        hint=smallest_item(question, failing, own=own),
        query=question.query if reported else NO_QUERY,
    )


def _unread(question: Question, fault: _Fault) -> str:
    parameter = question.operation.parameters.get(fault.detail)
    if fault.reason is not Reason.QUERY or parameter is None or parameter.since <= question.version:
        return ""
    return f", which Engines read from API 1.{parameter.since} on"
