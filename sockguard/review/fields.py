"""What can be asked of an event: the fields of a filter, and what each is in an event.

Must never leave a field that can be named without a sentence that says what it is.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.audit.read_store import UNREADABLE
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.errors import Reason
from sockguard.policy.model import Mode
from sockguard.policy.question import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

_YES_NO = ("yes", "no")
REFUSED = frozenset({Effect.DENY.value, Effect.WOULD_DENY.value})
REFUSED_KINDS = frozenset({Kind.REFUSALS_COUNTED.value, Kind.CONNECTION_REFUSED.value})
_GROUP_BYTES = 5  # eight letters


@dataclass(frozen=True, slots=True)
class Field:
    """What a field means; `known` are the only values that there are, () where any may be."""

    says: str
    known: tuple[str, ...] = ()


FIELDS: Mapping[str, Field] = {
    "client": Field("the client"),
    "role": Field("its role"),
    "caller": Field("who connected: `uid=1000 gid=…`, names of a certificate, an address"),
    "listener": Field("the socket or address that was connected to"),
    "operation": Field("the operation of the Engine API", tuple(OPERATIONS)),
    "target": Field("the object, as it was named"),
    "write": Field("whether the operation changes something", _YES_NO),
    "decision": Field("what was decided", tuple(each.value for each in Effect)),
    "refused": Field("whether it was, or would be, refused; counted refusals too", _YES_NO),
    "reason": Field("why it was refused", tuple(each.value for each in Reason)),
    "detail": Field("the parameter or field at fault"),
    "group": Field("refusals that are alike, by the name that `audit summary` gives them"),
    "grant": Field("the line of the policy that allowed it, or came nearest"),
    "status": Field("the status of the answer, as in `404` or `5*`"),
    "ended": Field("how the answer ended"),
    "open": Field("whether it is a stream that still runs", _YES_NO),
    "kind": Field("what the event tells of", (*(each.value for each in Kind), UNREADABLE)),
    "mode": Field("whether the policy is enforced", tuple(each.value for each in Mode)),
    "method": Field("the method of the request"),
    "user_agent": Field("what the client calls itself"),
    "policy": Field("the SHA-256 of the policy that judged"),
    "host": Field("the host of sockguard"),
    "id": Field("the event id that a refusal names"),
}


def text_of(value: object) -> str:
    """Write a value of an event as filters see it; "" for none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def is_refusal(event: Mapping[str, object]) -> bool:
    """Tell whether the event tells of one or more refusals, or of what would be one."""
    return text_of(event.get("decision")) in REFUSED or text_of(event.get("kind")) in REFUSED_KINDS


def group_of(event: Mapping[str, object]) -> str:
    """Name the group of refusals that an event belongs to, "" for no refusal.

    Those are alike that have client, operation, reason and detail in common. The name is the same
    on every machine.
    """
    if not is_refusal(event):
        return ""
    parts = (text_of(event.get(name)) for name in ("client", "operation", "reason", "detail"))
    told = "\0".join(parts).encode("utf-8", "surrogatepass")
    return b32encode(hashlib.sha256(told).digest()[:_GROUP_BYTES]).decode().lower()


def value_of(event: Mapping[str, object], name: str) -> str:
    """Return what a field of FIELDS is in an event, "" where it has none."""
    match name:
        case "write":
            read_only = event.get("read_only")
            return ("no" if read_only else "yes") if isinstance(read_only, bool) else ""
        case "refused":
            return "yes" if is_refusal(event) else "no"
        case "group":
            return group_of(event)
        case "open":
            return "yes" if event.get("open") is True else "no"
        case _:
            return text_of(event.get(name))
