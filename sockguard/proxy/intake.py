"""From a request head to a request whose operation, client and grants are known.

Must never wait nor read a body: what is refused here is refused before any body is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind, Streaming
from sockguard.errors import Malformed
from sockguard.policy.asked import read_asked
from sockguard.policy.headers import loose_headers, read_headers, registries_in
from sockguard.policy.question import Body, Question
from sockguard.wire.head import FramingKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.facts import Need, Thing
    from sockguard.engine.operation import Operation
    from sockguard.policy.asked import Asked
    from sockguard.policy.headers import Headers
    from sockguard.policy.question import OwnObjects
    from sockguard.wire.head import RequestHead

_JSON_TYPES = ("application/json",)
_JSON_CHARSETS = ("charset=utf-8", 'charset="utf-8"')


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the policy can be asked about."""

    head: RequestHead
    asked: Asked
    has_body: bool
    headers: Headers = ()
    """What passes of the headers that the Engine acts on."""
    registries: tuple[str, ...] = ()
    """The servers that the credentials among them are for."""

    @property
    def operation(self) -> Operation:
        """The operation that was recognised."""
        return self.asked.recognised.operation

    @property
    def names(self) -> tuple[str, ...]:
        """The object names in the path."""
        return self.asked.recognised.names

    @property
    def streams(self) -> bool:
        """Whether this request may stay open or carry much."""
        return self.operation.streaming is not Streaming.NONE

    def question(
        self,
        body: Body,
        own: OwnObjects,
        facts: Mapping[Need, Thing | None],
        *,
        stamps: bool,
    ) -> Question:
        """Put the question that `decide` answers."""
        return Question(
            self.operation,
            self.names,
            self.asked.query,
            body,
            own,
            self.asked.sent,
            registries=self.registries,
            loose_headers=loose_headers(self.headers) if self.headers else (),
            facts=facts,
            stamps=stamps,
        )


def read_request(head: RequestHead, newest_served: int) -> Request:
    """Read what is asked and whether a body follows; raises a refusal for what is not modelled."""
    asked = read_asked(head.method, head.target, newest_served)
    operation = asked.recognised.operation
    headers = read_headers(operation, head.headers) if operation.headers else ()
    registries = registries_in(headers) if headers else ()
    return Request(head, asked, _check_body(head, operation), headers, registries)


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
