"""From a request head to a request whose operation, client and grants are known.

Must never wait nor read a body: what is refused here is refused before any body is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind, Streaming
from sockguard.engine.recognise import recognise
from sockguard.engine.version import check_version
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.decide import grants_for
from sockguard.policy.model import Body, Mode, Query, Question
from sockguard.policy.query import read_query
from sockguard.wire.head import FramingKind
from sockguard.wire.target import parse_target

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation, Recognised
    from sockguard.policy.model import Client, OwnObjects
    from sockguard.wire.head import RequestHead

_JSON_TYPES = ("application/json",)
_JSON_CHARSETS = ("charset=utf-8", 'charset="utf-8"')


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the policy can be asked about. `version` is None for the bare path."""

    head: RequestHead
    version: int | None
    recognised: Recognised
    query: Query
    has_body: bool

    @property
    def operation(self) -> Operation:
        """The operation that was recognised."""
        return self.recognised.operation

    @property
    def streams(self) -> bool:
        """Whether this request may stay open or carry much."""
        return self.operation.streaming is not Streaming.NONE

    @property
    def quick(self) -> bool:
        """Whether the Engine answers this one at once."""
        return self.operation.quick and not self.query.values.get("size")

    def question(self, body: Body, own: OwnObjects) -> Question:
        """Put the question that `decide` answers."""
        return Question(
            operation=self.operation,
            names=self.recognised.names,
            query=self.query,
            body=body,
            own=own,
        )


def read_request(head: RequestHead) -> Request:
    """Recognise the operation and decode the query; raises a refusal for what is not modelled."""
    target = parse_target(head.target)
    if target.version is not None:
        check_version(target.version)
    recognised = recognise(head.method, target.segments, target.literal, target.query)
    if recognised is None:
        raise Refusal(
            Reason.UNKNOWN_OPERATION,
            f"no operation of the Engine API is {head.method} on this path",
        )
    operation = recognised.operation
    if operation.refused:
        raise Refusal(
            Reason.UNKNOWN_OPERATION, f"{operation.name} is never allowed: {operation.refused}"
        )
    query = read_query(operation, target.query) if target.query else Query()
    has_body = _check_body(head, operation)
    return Request(head, target.version, recognised, query, has_body)


def check_granted(client: Client, request: Request) -> None:
    """Refuse what no line of the policy grants, unless the client is in report mode."""
    if client.mode is Mode.ENFORCE and not grants_for(client, request.operation):
        raise Refusal(
            Reason.NOT_GRANTED,
            f"{request.operation.name} is not allowed for client '{client.name}'",
        )


def _check_body(head: RequestHead, operation: Operation) -> bool:
    """Return whether a body follows; refuse one that the operation has no use for."""
    framing = head.framing
    if framing.kind is FramingKind.NONE or (
        framing.kind is FramingKind.LENGTH and framing.length == 0
    ):
        return False
    if operation.body is BodyKind.NONE:
        if framing.kind is FramingKind.CHUNKED and head.method != "GET":
            return True  # may turn out empty; the reader refuses a first byte
        if framing.kind is FramingKind.LENGTH:
            raise Malformed(f"{operation.name} takes no body")
        return True
    if operation.body is BodyKind.JSON:
        _check_json_headers(head)
    elif head.first("content-encoding").lower() not in ("", "gzip", "identity"):
        raise Malformed("a tar may be compressed with gzip only", detail="Content-Encoding")
    return True


def _check_json_headers(head: RequestHead) -> None:
    kind, _, parameters = head.first("content-type").partition(";")
    if kind.strip().lower() not in _JSON_TYPES:
        raise Malformed("the body's Content-Type must be application/json", detail="Content-Type")
    if parameters.strip() and parameters.strip().lower() not in _JSON_CHARSETS:
        raise Malformed("the only charset of a JSON body is utf-8", detail="Content-Type")
    if head.first("content-encoding"):
        raise Malformed("a JSON body must not be compressed", detail="Content-Encoding")
