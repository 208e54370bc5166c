"""A refusal as the Docker-shaped HTTP answer that clients know how to print.

Must never answer with a redirect, with 501 or with anything but JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.wire.head import format_response

if TYPE_CHECKING:
    from sockguard.policy.question import Decision
    from sockguard.proxy.account import Account

NOT_FOUND = 404
_PHRASES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def refusal_response(
    refusal: Refusal, event_id: str, *, hint: str = "", head_only: bool = False, close: bool
) -> bytes:
    """Return the whole answer to a refused request, as bytes.

    An object that is to be taken for absent is answered in the Engine's words alone. `head_only`
    leaves the body out, as the answer to HEAD must. The content type is exactly
    `application/json`: the docker CLI prints the raw document for anything else.
    """
    body = (
        json.dumps(
            {"message": refusal.told or _message(refusal, event_id, hint)}, separators=(",", ":")
        ).encode("ascii")
        + b"\n"
    )
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if refusal.reason in (Reason.RATE_LIMITED, Reason.TOO_MANY_STREAMS):
        headers.append(("Retry-After", refusal.detail or "1"))
    if close:
        headers.append(("Connection", "close"))
    head = format_response(refusal.status, _PHRASES[refusal.status], headers)
    return head if head_only else head + body


def _message(refusal: Refusal, event_id: str, hint: str) -> str:
    message = f"sockguard: {refusal.message}"
    if hint:
        message += f"; to allow it: {hint}"
    if event_id:
        message += f" (event {event_id}; sockguard audit show {event_id})"
    return message


def answer_to(account: Account, refusal: Refusal, *, hints: bool, close: bool) -> bytes:
    """Return the answer to this request, with the line that would allow it if `hints` may show."""
    decision, head = account.decision, account.head
    return refusal_response(
        refusal,
        "" if account.counted else account.event_id,
        hint=decision.hint if hints and decision else "",
        head_only=head is not None and head.method == "HEAD",
        close=close,
    )


def refusal_of(decision: Decision, before: str = "") -> Refusal:
    """Return a decision against a request as a refusal; `before` begins its sentence."""
    reason = decision.reason or Reason.INTERNAL
    return Refusal(
        reason,
        before + decision.message,
        detail=decision.detail,
        status=NOT_FOUND if decision.absent else None,
        told=decision.absent,
    )
