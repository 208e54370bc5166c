"""How grave an event is, as other systems want to know it.

Must never decide what is exported: all of the log is.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(IntEnum):
    """The numbers of RFC 5424, section 6.2.1."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6


OF_DECISION = {
    "allow": Severity.INFO,
    "deny": Severity.WARNING,
    "would_deny": Severity.NOTICE,
    "would_filter": Severity.NOTICE,
    "would_mask": Severity.NOTICE,
}

EXPORT_GAP = "export_gap"
"""The kind of what an exporter says itself: so many events are in the log only."""

OF_KIND: Mapping[str, Severity] = {
    Kind.DECISION: Severity.WARNING,
    Kind.OUTCOME: Severity.INFO,
    Kind.START: Severity.NOTICE,
    Kind.STOP: Severity.NOTICE,
    Kind.GAP: Severity.ERROR,
    Kind.CHECKPOINT: Severity.INFO,
    Kind.POLICY_LOADED: Severity.NOTICE,
    Kind.POLICY_REJECTED: Severity.ERROR,
    Kind.REFUSALS_COUNTED: Severity.WARNING,
    Kind.CONNECTION_REFUSED: Severity.WARNING,
    Kind.CERTIFICATES_LOADED: Severity.NOTICE,
    Kind.CERTIFICATES_REJECTED: Severity.ERROR,
    Kind.ENGINE_DOWN: Severity.ERROR,
    Kind.ENGINE_BACK: Severity.NOTICE,
    Kind.ACKNOWLEDGED: Severity.NOTICE,
    Kind.RECORDING_CLOSED: Severity.NOTICE,
    Kind.RECORDING_REMOVED: Severity.NOTICE,
    Kind.RECORDING_OPENED: Severity.NOTICE,
    EXPORT_GAP: Severity.ERROR,
}
"""A decision is as `OF_DECISION` says, where that knows it."""

_AUDIT_FAILED, _UNRECORDED = "audit_failed", "recording_failed"


def severity_of(event: Mapping[str, object]) -> Severity:
    """Return how grave an event is; what is not known is a warning."""
    if event.get("reason") == _AUDIT_FAILED or event.get("ended") == _UNRECORDED:
        return Severity.ERROR
    decision = OF_DECISION.get(str(event.get("decision")))
    return decision or OF_KIND.get(str(event.get("kind")), Severity.WARNING)
