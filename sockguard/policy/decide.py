"""The decision: one client, one question, one verdict.

Must never look anywhere but at its arguments: the same question always gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.facts import Facts, absence_of
from sockguard.errors import Reason
from sockguard.policy.covers import body_faults, gathered, query_faults, view_faults
from sockguard.policy.effective import effective
from sockguard.policy.fault import Fault
from sockguard.policy.hints import smallest_item
from sockguard.policy.model import Mode
from sockguard.policy.objects import object_faults
from sockguard.policy.protect import own_named
from sockguard.policy.question import Decision, Effect
from sockguard.policy.sent import NOTHING_SENT, sent_under

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.question import Question

REPORTED = frozenset(
    {*(Reason.NOT_GRANTED, Reason.QUERY, Reason.BODY), *(Reason.VIEW, Reason.TARGET)}
)
"""What report mode lets through; everything else refuses in either mode."""

_NO_GRANT = (Fault(Reason.NOT_GRANTED, ""),)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A grant held against a question, and what would be forwarded under it."""

    grant: Grant
    question: Question
    faults: Sequence[Fault] = ()
    pending: bool = False


def grants_for(client: Client, operation: Operation) -> tuple[Grant, ...]:
    """Return the alternatives under which the client may ask for the operation; () for not at all.

    Cheap, so that a request without any is refused before its body is read (unless the client is
    in report mode: its body has to be read to be forwarded).
    """
    return client.role.grants.get(operation.name, ())


def decide(client: Client, question: Question) -> Decision:
    """Give the verdict: an alternative that covers the whole request allows it.

    Each alternative is held against what would be forwarded under it. Of an answer, all that cover
    the request may show something, so all are tried; else the first one is enough. Where the Engine
    has to be asked for facts first, the decision says which, and nothing else.
    """
    operation = question.operation
    if operation.refused:
        message = f"{operation.name} is never allowed: {operation.refused}"
        return Decision(Effect.DENY, Reason.UNKNOWN_OPERATION, message=message)
    facts = Facts(question.facts)
    allowed: list[_Attempt] = []
    nearest: Sequence[Fault] = _NO_GRANT
    for grant in grants_for(client, operation):
        attempt = _try(client, grant, question, facts)
        if attempt.faults:
            if nearest is _NO_GRANT or len(attempt.faults) < len(nearest):
                nearest = attempt.faults
        elif not attempt.pending:
            allowed.append(attempt)
            if operation.writes:
                return _allow(client, question, allowed, facts)
    if facts.missing:
        return Decision(Effect.DENY, needs=frozenset(facts.missing))
    if allowed:
        return _allow(client, question, allowed, facts)
    return _refuse(client, question, nearest, facts)


def needed_version(grant: Grant, operation: Operation) -> int:
    """Return the oldest minor API version in which the Engine reads all that the grant limits."""
    parameters = operation.parameters
    limited = (name for name, constraint in grant.query.items() if not constraint.admits_all)
    return max((parameters[name].since for name in limited), default=0)


def _try(client: Client, grant: Grant, question: Question, facts: Facts) -> _Attempt:
    """Hold a grant against a question.

    Where it fails without facts, none are asked for; while some are missing, it is pending.
    """
    question = effective(grant, question)
    own = Facts(facts.known)
    views = gathered(grant, question, own)
    faults = [*query_faults(grant, question, views), *body_faults(grant, question, views)]
    if faults:
        return _Attempt(grant, question, faults)
    faults += [
        *view_faults(grant, views),
        *object_faults(client, grant, question, own),
        *_protection(grant, question, own),
    ]
    facts.missing |= own.missing
    facts.used |= own.used
    if own.missing:
        return _Attempt(grant, question, pending=True)
    return _Attempt(grant, question, faults)


def _protection(grant: Grant, question: Question, facts: Facts) -> Iterator[Fault]:
    own = "" if grant.including_sockguard else own_named(question, facts)
    if own:
        yield Fault(Reason.SELF_PROTECTION, own)


def _allow(
    client: Client, question: Question, allowed: Sequence[_Attempt], facts: Facts
) -> Decision:
    """Allow by the first alternative; others show more of the answer if they send the same."""
    first = allowed[0]
    alike = [one for one in allowed if one.question is first.question is question]
    sent = sent_under(client, first.grant, first.question, facts)
    return Decision(
        Effect.ALLOW,
        grants=tuple(one.grant for one in alike or [first]),
        query=sent.query,
        names=sent.names,
        document=sent.document,
        facts=facts.used,
    )


def _refuse(client: Client, question: Question, faults: Sequence[Fault], facts: Facts) -> Decision:
    if grants_for(client, question.operation) or client.mode is Mode.REPORT:
        own = own_named(question, facts)
        if facts.missing:
            return Decision(Effect.DENY, needs=frozenset(facts.missing))
        faults = (Fault(Reason.SELF_PROTECTION, own),) if own else faults
    fault = faults[0]
    reported = client.mode is Mode.REPORT and fault.reason in REPORTED
    sent = NOTHING_SENT
    if reported:
        sent = sent_under(client, None, question, facts)
    return Decision(
        Effect.WOULD_DENY if reported else Effect.DENY,
        reason=fault.reason,
        detail=fault.detail,
        message=_message(client, question, fault),
        hint=smallest_item(question, faults),
        query=sent.query,
        names=sent.names,
        document=sent.document,
        absent=absence_of(fault.hidden) if fault.hidden and not reported else "",
        facts=facts.used,
    )


def _message(client: Client, question: Question, fault: Fault) -> str:
    message = f"{question.operation.name} is not allowed for client '{client.name}'"
    if fault.reason is Reason.SELF_PROTECTION:
        return f"{message}: {fault.detail} belongs to sockguard itself"
    told = ", ".join(filter(None, (fault.detail, fault.message)))
    return f"{message}: {told}" if told else message
