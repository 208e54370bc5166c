"""The decision: one client, one question, one verdict.

Must never look anywhere but at its arguments: the same question always gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.errors import Reason
from sockguard.policy.hints import smallest_item
from sockguard.policy.model import Decision, Effect, Mode
from sockguard.policy.protect import names_own
from sockguard.policy.query import spell_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client, Grant, Question

REPORTED = frozenset({Reason.NOT_GRANTED, Reason.QUERY, Reason.BODY})
"""What report mode lets through; everything else refuses in either mode."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """One thing about a question that a grant does not cover."""

    reason: Reason
    detail: str


def grants_for(client: Client, operation: Operation) -> tuple[Grant, ...]:
    """Return the alternatives under which the client may ask for the operation; () for not at all.

    Cheap, so that a request without any is refused before its body is read (unless the client is
    in report mode: its body has to be read to be forwarded).
    """
    return client.role.grants.get(operation.name, ())


def decide(client: Client, question: Question) -> Decision:
    """Give the verdict: the first alternative that covers the whole request allows it."""
    operation = question.operation
    if operation.refused:
        message = f"{operation.name} is never allowed: {operation.refused}"
        return Decision(Effect.DENY, Reason.UNKNOWN_OPERATION, message=message)
    grants = client.role.grants.get(operation.name, ())
    own = names_own(operation, question.names, question.query, question.own)
    if own and grants:
        grants = tuple(grant for grant in grants if grant.including_sockguard)
    for grant in grants:
        if covers(grant, question):
            pairs = _forwarded(grant, question) if grant.query else question.query.pairs
            return Decision(Effect.ALLOW, grant=grant, pairs=pairs)
    if own and (client.mode is Mode.REPORT or grants_for(client, operation)):
        return _deny(client, question, _Fault(Reason.SELF_PROTECTION, own), [])
    faults = min((_faults(grant, question) for grant in grants), key=len, default=[])
    return _deny(client, question, faults[0] if faults else _Fault(Reason.NOT_GRANTED, ""), faults)


def covers(grant: Grant, question: Question) -> bool:
    """Tell whether the grant covers the whole request; the common one has nothing to cover."""
    query, body = question.query, question.body
    if not (query.values or query.unknown or body.unknown or grant.query):
        return True
    return not _faults(grant, question)


def _faults(grant: Grant, question: Question) -> list[_Fault]:
    """List all that the grant does not cover, the query first."""
    faults = [_Fault(Reason.QUERY, name) for name in _query_faults(grant, question)]
    if not grant.body_any:
        faults += [_Fault(Reason.BODY, path) for path in question.body.unknown]
    return faults


def _query_faults(grant: Grant, question: Question) -> list[str]:
    if grant.query_any:
        return []
    values = question.query.values
    parameters = question.operation.parameters
    faults = [
        name
        for name, value in values.items()
        if value and parameters[name].sensitive and name not in grant.query
    ]
    for name, constraint in grant.query.items():
        value = constraint.always if constraint.replaces else values.get(name)
        if constraint.required if value is None else not constraint.holds(value):
            faults.append(name)
    return [*faults, *question.query.unknown]


def _forwarded(grant: Grant, question: Question) -> tuple[tuple[str, str], ...]:
    """Put the values that `always` sets in place of what was sent."""
    replaced: Mapping[str, object] = {
        name: constraint.always for name, constraint in grant.query.items() if constraint.replaces
    }
    if not replaced:
        return question.query.pairs
    kept = tuple(pair for pair in question.query.pairs if pair[0] not in replaced)
    parameters = question.operation.parameters
    spelled = (spell_pairs(parameters[name], value) for name, value in replaced.items())
    return kept + tuple(pair for pairs in spelled for pair in pairs)


def _deny(client: Client, question: Question, fault: _Fault, faults: list[_Fault]) -> Decision:
    message = f"{question.operation.name} is not allowed for client '{client.name}'"
    if fault.reason is Reason.SELF_PROTECTION:
        message += f": {fault.detail} belongs to sockguard itself"
    elif fault.detail:
        message += f": {fault.detail}"
    reported = client.mode is Mode.REPORT and fault.reason in REPORTED
    failing = [one.detail for one in faults if one.reason is Reason.QUERY]
    return Decision(
        Effect.WOULD_DENY if reported else Effect.DENY,
        fault.reason,
        fault.detail,
        message=message,
        hint=smallest_item(question, failing, own=fault.reason is Reason.SELF_PROTECTION),
        pairs=question.query.pairs if reported else (),
    )
