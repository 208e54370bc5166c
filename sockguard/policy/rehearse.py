"""A request that is only imagined: the path of a live one, from its text to the decision.

Must never judge by other pieces than live traffic does: what passes here passes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind
from sockguard.engine.recognise import recognise
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.decide import decide, grants_for
from sockguard.policy.judge import read_body
from sockguard.policy.model import Body, Decision, Effect, Mode, OwnObjects, Question
from sockguard.policy.query import read_query
from sockguard.wire.document import decode
from sockguard.wire.target import parse_target

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
    operation = ""
    try:
        parsed = parse_target(target)
        recognised = recognise(method, parsed.segments, parsed.literal, parsed.query)
        if recognised is None:
            raise Refusal(
                Reason.UNKNOWN_OPERATION,
                f"no operation of the Engine API is {method} on this path",
            )
        operation = recognised.operation.name
        query = read_query(recognised.operation, parsed.query)
        question = Question(recognised.operation, recognised.names, query, Body(), own)
        if grants_for(client, recognised.operation) or client.mode is Mode.REPORT:
            read = _read(recognised.operation, body, recognised.names)
            question = Question(recognised.operation, recognised.names, query, read, own)
        return Rehearsal(operation, decide(client, question))
    except Refusal as refusal:
        decision = Decision(Effect.DENY, refusal.reason, refusal.detail, message=refusal.message)
        return Rehearsal(operation, decision)


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
