"""A request that is only imagined: the path of a live one, from its text to the decision.

Must never judge by other pieces than live traffic does: what passes here passes there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, UNKNOWN, Unknown
from sockguard.engine.operation import BodyKind
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.asked import read_asked, wants_body
from sockguard.policy.decide import decide
from sockguard.policy.given import NONE
from sockguard.policy.judge import read_body
from sockguard.policy.question import NO_OBJECTS, Body, Decision, Effect, OwnObjects, Question
from sockguard.policy.recorded import records
from sockguard.wire.document import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.engine.facts import Need, Thing
    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client

    Known = Callable[[Need], Thing | Unknown | None]

NOTHING_GIVEN: Mapping[str, Thing | None] = MappingProxyType({})
MOST_ROUNDS = 8
"""So often facts lead to further ones at most: an exec to its container, that to its image."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would become of the request; `operation` is "" where none was recognised.

    `question` is what was judged, None where it did not come to that.
    """

    operation: str
    decision: Decision
    question: Question | None = None


def rehearse(  # noqa: PLR0913 - a request, and what is known beside it
    client: Client,
    method: str,
    target: str,
    body: bytes | None,
    own: OwnObjects = NO_OBJECTS,
    *,
    given: Mapping[str, Thing | None] = NOTHING_GIVEN,
    known: Known | None = None,
    stamps: bool = False,
) -> Rehearsal:
    """Judge one request of a client. `body` is JSON as sent, None for none.

    `given` has the object that the Engine would tell of, by kind; `known` tells of each by its
    name, in place of that. Where a verdict needs one that neither has, it is a refusal that names
    it.
    """
    try:
        asked = read_asked(method, target)
    except Refusal as refusal:
        return Rehearsal("", _denied(refusal))
    operation, names = asked.recognised.operation, asked.recognised.names
    try:
        judged = _read(operation, body, names) if wants_body(client, asked) else Body()
    except Refusal as refusal:
        return Rehearsal(operation.name, _denied(refusal))
    question = Question(operation, names, asked.query, judged, own, asked.sent, stamps=stamps)
    try:
        decision = _decide(client, question, known or partial(_given, given))
    except Refusal as refusal:
        decision = _denied(refusal)
    return Rehearsal(operation.name, decision, question)


def _decide(client: Client, question: Question, known: Known) -> Decision:
    for _ in range(MOST_ROUNDS):
        decision = decide(client, question)
        if not decision.needs:
            return decision
        found = {need: _told(client, need, known(need)) for need in sorted(decision.needs)}
        question = replace(question, facts={**question.facts, **found})
    raise Refusal(Reason.FACT_FAILED, "the verdict rests on too many objects")


def _given(given: Mapping[str, Thing | None], need: Need) -> Thing | Unknown | None:
    return given.get(need.kind, UNKNOWN)


def _told(client: Client, need: Need, thing: Thing | Unknown | None) -> Thing | None:
    """Return the object that is known; of an exec, that it was made under the client's own line."""
    kind = need.kind.removesuffix(ID)
    if isinstance(thing, Unknown):
        raise Refusal(
            Reason.FACT_FAILED,
            f"the verdict rests on the {kind} {need.reference!r}: say with `given` what the Engine"
            f" tells of it, as in given: {{{kind}: {{name: …}}}}, or {{{kind}: {NONE}}}",
            detail=kind,
        )
    lines = client.role.grants.get("exec.create", ())
    if thing is not None and thing.creator == client.name and lines:
        return replace(thing, granted=lines[0].meaning, recorded=records(lines))
    return thing


def _denied(refusal: Refusal) -> Decision:
    return Decision(Effect.DENY, refusal.reason, refusal.detail, message=refusal.message)


def _read(operation: Operation, body: bytes | None, names: tuple[str, ...]) -> Body:
    if not body:
        return Body()
    if operation.body in (BodyKind.TAR, BodyKind.RAW):
        raise Malformed(
            f"{operation.name} takes a {operation.body.value} stream, which nobody reads"
        )
    if operation.body is BodyKind.NONE:
        raise Malformed(f"{operation.name} takes no body")
    return read_body(operation, decode(body), names)
