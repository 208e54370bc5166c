"""From an allowed request to what is sent: canonical head, re-encoded body, kind of exchange.

Must never look at the client's bytes again: everything comes from the judged form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sockguard.engine.operation import BodyKind, Streaming
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.answering import answering_of
from sockguard.policy.decide import needed_version
from sockguard.policy.question import Effect
from sockguard.proxy.forward import request_head
from sockguard.proxy.read_body import in_slices
from sockguard.wire.document import encode_steps
from sockguard.wire.head import Framing, FramingKind

if TYPE_CHECKING:
    from sockguard.policy.answering import Answering
    from sockguard.policy.model import Client
    from sockguard.policy.question import Decision
    from sockguard.proxy.intake import Request
    from sockguard.proxy.read_body import BodyReader
    from sockguard.wire.document import Value
    from sockguard.wire.head import RequestHead

_ATTACHES = frozenset({"containers.attach", "containers.attach_ws"})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes to the Engine: canonical head, JSON body (or b""), and how the exchange may go.

    `streamed` is the framing of a body that is still to come from the client. `stdin` tells
    whether a tunnel's client bytes may pass. `limit` bounds streamed bytes in each direction.
    """

    head: bytes
    body: bytes
    request: RequestHead
    streamed: Framing | None = None
    upgrade: bool = False
    tunnel: bool = False
    stdin: bool = True
    limit: int | None = None
    close: bool = False
    answering: Answering | None = None
    """What the client gets to see of the answer, None for all of it."""
    plain_tar: bool = False
    """Whether a streamed archive must not be compressed."""


async def write_outgoing(
    request: Request, client: Client, decision: Decision, reader: BodyReader, version: int
) -> Outgoing:
    """Return what the exchange sends; raises a refusal for a wrong Upgrade or version."""
    _check_limits_are_read(request, decision, version)
    document = cast("Value", decision.document)
    data = b"" if document is None else await in_slices(encode_steps(document))
    streamed = reader.streamed
    tunnel = _opens_tunnel(request, decision)
    answering = answering_of(client, request.operation, decision.grants)
    upgrade = tunnel and _upgrade_asked(request)
    head = request_head(
        request,
        version=version,
        names=decision.names,
        pairs=decision.pairs,
        framing=streamed or Framing(FramingKind.LENGTH if data else FramingKind.NONE, len(data)),
        content_type=_content_type(request, decision),
        upgrade=upgrade,
        plain_json=answering is not None,
    )
    return Outgoing(
        head=head,
        body=data,
        request=request.head,
        streamed=streamed,
        upgrade=upgrade,
        tunnel=tunnel,
        stdin=_passes_stdin(request, decision),
        limit=client.limits.body,
        close=not request.head.keep_alive or request.head.upgrade_asked,
        answering=answering,
        plain_tar=request.operation.name == "containers.archive_put"
        and not any(grant.compressed for grant in decision.grants)
        and decision.effect is Effect.ALLOW,
    )


def _opens_tunnel(request: Request, decision: Decision) -> bool:
    operation = request.operation
    if operation.streaming not in (Streaming.HIJACK, Streaming.H2C):
        return False
    document = decision.document
    return not (isinstance(document, dict) and document.get("Detach") is True)


def _passes_stdin(request: Request, decision: Decision) -> bool:
    """Tell whether the client may type; old Engines open all of a WebSocket whatever was asked."""
    attaches = request.operation.name in _ATTACHES
    return not attaches or decision.query.values.get("stdin") is True


def _check_limits_are_read(request: Request, decision: Decision, version: int) -> None:
    """Refuse to send a bare path to an Engine that turned out older than it was judged for."""
    grant = decision.grant
    if request.asked.version is not None or grant is None or not (grant.query or grant.body):
        return
    needed = needed_version(grant, request.operation)
    if version < needed:
        raise Refusal(
            Reason.QUERY,
            f"the Engine speaks API 1.{version}, but reads what limits {request.operation.name}"
            f" only from 1.{needed} on",
        )


def _upgrade_asked(request: Request) -> bool:
    """Whether the client asked for the operation's own Upgrade; any other one is refused."""
    head = request.head
    if not head.upgrade_asked:
        return False
    if head.upgrade.lower() != request.operation.upgrade:
        raise Malformed(
            f"{request.operation.name} upgrades to {request.operation.upgrade} only, "
            "with Connection: Upgrade",
            detail="Upgrade",
        )
    return True


def _content_type(request: Request, decision: Decision) -> str:
    if decision.document is not None:
        return "application/json"
    if request.operation.body in (BodyKind.TAR, BodyKind.RAW):
        return request.head.first("content-type")
    return ""
