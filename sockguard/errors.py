"""The root error, the reason codes and the refusal that every layer raises.

Must never import anything of sockguard: every other module may import this one.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a request was refused; the same words in policy tests, audit events and metrics."""

    NOT_GRANTED = "not_granted"
    QUERY = "query"
    BODY = "body"
    VIEW = "view"
    TARGET = "target"
    NOT_OWNED = "not_owned"
    UNKNOWN_OPERATION = "unknown_operation"
    UNKNOWN_CALLER = "unknown_caller"
    AMBIGUOUS_CALLER = "ambiguous_caller"
    TLS = "tls"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_STREAMS = "too_many_streams"
    SELF_PROTECTION = "self_protection"
    FACT_FAILED = "fact_failed"
    VERSION = "version"
    AUDIT_FAILED = "audit_failed"
    UPSTREAM = "upstream"
    INTERNAL = "internal"


_STATUS = {
    Reason.MALFORMED: 400,
    Reason.VERSION: 400,
    Reason.TOO_LARGE: 413,
    Reason.RATE_LIMITED: 429,
    Reason.TOO_MANY_STREAMS: 429,
    Reason.UPSTREAM: 502,
    Reason.FACT_FAILED: 502,
    Reason.AUDIT_FAILED: 503,
    Reason.INTERNAL: 500,
}


def status_of(reason: Reason) -> int:
    """The HTTP status of a refusal for this reason, 403 unless the reason has its own."""
    return _STATUS.get(reason, 403)


class SockguardError(Exception):
    """Root of all errors that sockguard raises on purpose; its text is meant for people."""


class Refusal(SockguardError):
    """A request that does not pass, raised where the fact is known.

    `message` is one sentence for people, `detail` the parameter or field path at fault
    (empty where there is none), `status` the HTTP status of the answer. `told` is all that the
    client gets to read where that is not the message.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        detail: str = "",
        status: int | None = None,
        told: str = "",
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.detail = detail
        self.told = told
        self.status = status_of(reason) if status is None else status


class Malformed(Refusal):
    """A message outside the grammar that sockguard accepts; answered with 400 unless said."""

    def __init__(self, message: str, *, detail: str = "", status: int | None = None) -> None:
        super().__init__(Reason.MALFORMED, message, detail=detail, status=status)
