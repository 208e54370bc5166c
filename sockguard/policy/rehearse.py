"""A request that is only imagined: the path of a live one, from its text to the decision.

Must never judge by other pieces than live traffic does: what passes here passes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind
from sockguard.errors import Malformed, Refusal
from sockguard.policy.asked import read_asked, wants_body
from sockguard.policy.decide import decide
from sockguard.policy.judge import read_body
from sockguard.policy.model import Body, Decision, Effect, OwnObjects, Question
from sockguard.wire.document import decode

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client

NOBODY = OwnObjects()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would become of the request; `operation` is "" where none was recognised."""

    operation: str
    decision: Decision


def rehearse(
    client: Client, method: str, target: str, body: bytes | None, own: OwnObjects = NOBODY
) -> Rehearsal:
    """Judge one request of a client. `body` is JSON as sent, None for none."""
    try:
        asked = read_asked(method, target)
    except Refusal as refusal:
        return Rehearsal("", _denied(refusal))
    operation, names = asked.recognised.operation, asked.recognised.names
    try:
        judged = _read(operation, body, names) if wants_body(client, asked) else Body()
        question = Question(operation, names, asked.query, judged, own, asked.sent)
        decision = decide(client, question)
    except Refusal as refusal:
        decision = _denied(refusal)
    return Rehearsal(operation.name, decision)


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
