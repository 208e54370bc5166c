"""The decision: one client, one question, one verdict.

Must never look anywhere but at its arguments: the same question always gets the same answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sockguard.engine.facts import Facts, absence_of
from sockguard.errors import Reason
from sockguard.policy.answering import MASKING, masks
from sockguard.policy.covers import body_faults, gathered, query_faults, view_faults
from sockguard.policy.effective import effective
from sockguard.policy.fault import Fault
from sockguard.policy.hints import smallest_item
from sockguard.policy.likeness import taken_for_client
from sockguard.policy.model import Mode
from sockguard.policy.objects import judges_objects, object_faults
from sockguard.policy.protect import own_named
from sockguard.policy.question import Decision, Effect
from sockguard.policy.recorded import DETACHED, is_detached, made_under_record, records
from sockguard.policy.relied import relied_on
from sockguard.policy.sent import NOTHING_SENT, sent_under
from sockguard.policy.visible import filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.question import Question

REPORTED = frozenset(
    {*(Reason.NOT_GRANTED, Reason.QUERY, Reason.BODY), *(Reason.VIEW, Reason.TARGET)}
)
"""What report mode lets through; everything else refuses in either mode."""

_NO_GRANT = (Fault(Reason.NOT_GRANTED, ""),)
_NO_FACTS = Facts()


class _Attempt(NamedTuple):
    """A grant held against a question, what would be forwarded under it, and by which facts."""

    grant: Grant
    question: Question
    facts: Facts
    faults: Sequence[Fault] = ()


def grants_for(client: Client, operation: Operation) -> tuple[Grant, ...]:
    """Return the alternatives under which the client may ask for the operation; () for not at all.

    Cheap, so that a request without any is refused before its body is read (unless the client is
    in report mode: its body has to be read to be forwarded).
    """
    return client.role.grants.get(operation.name, ())


def decide(client: Client, question: Question) -> Decision:
    """Give the verdict: an alternative that covers the whole request allows it.

    Each alternative is held against what would be forwarded under it. Of an answer, all that cover
    the request may show something, so all are tried, and also where one of them records it; else
    the first one is enough. Where the Engine has to be asked for facts first, the decision says
    which, and nothing else.
    """
    operation = question.operation
    if operation.refused:
        message = f"{operation.name} is never allowed: {operation.refused}"
        return Decision(Effect.DENY, Reason.UNKNOWN_OPERATION, message=message)
    grants = grants_for(client, operation)
    once = operation.writes and operation.name not in MASKING
    first_is_enough = once and not records(grants)
    facts = Facts(question.facts)
    allowed: list[_Attempt] = []
    nearest: Sequence[Fault] = _NO_GRANT
    for grant in grants:
        attempt = _try(client, grant, question)
        facts.note(attempt.facts)
        if attempt.faults:
            if nearest is _NO_GRANT or len(attempt.faults) < len(nearest):
                nearest = attempt.faults
        elif not attempt.facts.missing:
            allowed.append(attempt)
            if first_is_enough:
                return _allow(client, question, allowed, attempt.facts, kept=False)
    if facts.missing:
        return Decision(Effect.DENY, needs=frozenset(facts.missing))
    if allowed:
        kept = records(one.grant for one in allowed)
        return _allow(client, question, allowed[:1] if once else allowed, facts, kept=kept)
    return _refuse(client, question, nearest, facts)


def needed_version(grant: Grant, operation: Operation) -> int:
    """Return the oldest minor API version in which the Engine reads all that the grant limits."""
    parameters = operation.parameters
    limited = (name for name, constraint in grant.query.items() if not constraint.admits_all)
    fields = (young.since for young in relied_on(grant))
    return max((*(parameters[name].since for name in limited), *fields), default=0)


def _try(client: Client, grant: Grant, question: Question) -> _Attempt:
    """Hold a grant against a question.

    Where it fails without facts, none are asked for; while some are missing, it is pending.
    """
    asked = effective(grant, question)
    facts = Facts(question.facts)
    views = gathered(grant, asked, facts)
    faults = [*query_faults(grant, asked, views), *body_faults(grant, asked, views)]
    if faults:
        return _Attempt(grant, asked, _NO_FACTS, faults)
    faults += view_faults(grant, views)
    if judges_objects(client, grant):
        faults += object_faults(client, grant, asked, facts)
    if not grant.including_sockguard and (protected := _protected(asked, facts)):
        faults.append(protected)
    return _Attempt(grant, asked, facts, () if facts.missing else faults)


def _protected(question: Question, facts: Facts) -> Fault | None:
    """Say what is named that is sockguard's own, or that would make a container a client."""
    if own := own_named(question, facts):
        return Fault(Reason.SELF_PROTECTION, own, "belongs to sockguard itself")
    return taken_for_client(question, facts)


def _allow(
    client: Client, question: Question, allowed: Sequence[_Attempt], facts: Facts, *, kept: bool
) -> Decision:
    """Allow by the first alternative; others show more of the answer if they send the same.

    `kept`: one that covers the request says that what is typed and shown is recorded.
    """
    first = allowed[0]
    alike = [one for one in allowed if one.question is first.question is question]
    grants = tuple(one.grant for one in alike or [first])
    query, names, document = sent_under(client, first.grant, first.question, facts)
    recorded = kept or made_under_record(facts.used)
    if recorded and is_detached(question.operation.name, document):
        return replace(_refuse(client, question, (DETACHED,), facts), hint="")
    return Decision(
        _effect(client, question.operation, grants),
        grants=grants,
        query=query,
        names=names,
        document=document,
        facts=facts.used,
        recorded=recorded,
    )


def _effect(client: Client, operation: Operation, grants: tuple[Grant, ...]) -> Effect:
    """Say what report mode lets through although the policy would show less of it."""
    if client.mode is Mode.ENFORCE or operation.answer is None:
        return Effect.ALLOW
    if filters(client, operation.name, grants):
        return Effect.WOULD_FILTER
    return Effect.WOULD_MASK if masks(operation, grants) else Effect.ALLOW


def _refuse(client: Client, question: Question, faults: Sequence[Fault], facts: Facts) -> Decision:
    reports = client.mode is Mode.REPORT and all(fault.reason in REPORTED for fault in faults)
    if reports or grants_for(client, question.operation):
        protected = _protected(question, facts)
        if facts.missing and reports:
            return Decision(Effect.DENY, needs=frozenset(facts.missing))
        faults = (protected,) if protected else faults
        reports = reports and not protected
    fault = _told(client, faults)
    sent = sent_under(client, None, question, facts) if reports else NOTHING_SENT
    return Decision(
        effect=Effect.WOULD_DENY if reports else Effect.DENY,
        reason=fault.reason,
        detail=fault.detail,
        message=_message(client, question, fault),
        hint=smallest_item(question, faults),
        query=sent.query,
        names=sent.names,
        document=sent.document,
        absent=absence_of(fault.hidden) if fault.hidden and not reports else "",
        facts=facts.used,
        recorded=reports and _reported_is_recorded(client, question, facts),
    )


def _reported_is_recorded(client: Client, question: Question, facts: Facts) -> bool:
    """Tell whether report mode records what it lets through: wherever any line might have."""
    return records(grants_for(client, question.operation)) or made_under_record(facts.used)


def _told(client: Client, faults: Sequence[Fault]) -> Fault:
    """Return the fault that is the reason: in report mode one that refuses there too, if any."""
    refusing = (one for one in faults if one.reason not in REPORTED)
    return next(refusing, faults[0]) if client.mode is Mode.REPORT else faults[0]


def _message(client: Client, question: Question, fault: Fault) -> str:
    message = f"{question.operation.name} is not allowed for client '{client.name}'"
    if fault.reason is Reason.SELF_PROTECTION:
        return f"{message}: {fault.detail} {fault.message}"
    told = ", ".join(filter(None, (fault.detail, fault.message)))
    return f"{message}: {told}" if told else message
