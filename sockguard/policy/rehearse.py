"""A request that is only imagined: the path of a live one, from its text to the decision.

Must never judge by other pieces than live traffic does: what passes here passes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind
from sockguard.engine.recognise import recognise
from sockguard.engine.version import check_version
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.decide import decide, grants_for
from sockguard.policy.judge import read_body
from sockguard.policy.model import Body, Decision, Effect, Mode, OwnObjects, Question
from sockguard.policy.query import read_query
from sockguard.wire.document import decode
from sockguard.wire.target import parse_target

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation, Recognised
    from sockguard.policy.model import Client, Query

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
        recognised, query = _recognise(method, target)
    except Refusal as refusal:
        return Rehearsal("", _denied(refusal))
    operation, names = recognised.operation, recognised.names
    try:
        is_read = grants_for(client, operation) or client.mode is Mode.REPORT
        judged = _read(operation, body, names) if is_read else Body()
        decision = decide(client, Question(operation, names, query, judged, own))
    except Refusal as refusal:
        decision = _denied(refusal)
    return Rehearsal(operation.name, decision)


def _recognise(method: str, target: str) -> tuple[Recognised, Query]:
    parsed = parse_target(target)
    if parsed.version is not None:
        check_version(parsed.version)
    recognised = recognise(method, parsed.segments, parsed.literal, parsed.query)
    if recognised is None:
        message = f"no operation of the Engine API is {method} on this path"
        raise Refusal(Reason.UNKNOWN_OPERATION, message)
    return recognised, read_query(recognised.operation, parsed.query)


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
